"""An identity provider on a real socket, built of authlib's server side: it checks the client, its redirect
address, PKCE and that a code is used once, and can be told to misbehave.

What it signs is put together here by hand where authlib would refuse to write it.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, redirect, request
from joserfc import jws
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from lcm_service.identity_provider.provider import IdentityProvider
from tests.browser.serving import QuietHandler

CLIENT_ID, CLIENT_SECRET = "lcm", "a secret of the client that is only used in tests"
NAME = "Example Secretariat"
ANSWER_ADDRESS = "https://lcm.example.org/sign-in/answer"
# Made once: two keys of a provider, and one of somebody else under the same name.
KEYS = [RSAKey.generate_key(2048, {"kid": name, "use": "sig"}) for name in ("first", "second")]
FALSE_KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})


CONSENT_PAGE = (
    "<!doctype html><html lang=en><title>Provider</title><form method=post>"
    "<button name=answer value=yes>Yes, it is me</button><button name=answer value=no>Cancel</button>"
    "</form></html>"
)


@dataclass
class Client(ClientMixin):  # type: ignore[misc]
    """The one client that is registered: this service."""

    redirect_addresses: list[str]

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return scope if scope == "openid" else ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_addresses

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in {"client_secret_basic", "client_secret_post"}

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """A code that was given out and not yet redeemed."""

    redirect_uri: str
    code_challenge: str
    code_challenge_method: str
    nonce: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return "openid"

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class LocalProvider:
    """What the provider says and does; a test changes it, and what it changed is forgotten after it.

    ``claims`` and ``description`` are written over what is right (``None`` takes away, and a claim may be
    worked out from the present second); ``answers`` maps a path to what is answered there instead;
    ``answering_issuer`` is who it says sends a browser back (RFC 9207).
    """

    issuer: str = ""
    client: Client = field(default_factory=lambda: Client([ANSWER_ADDRESS]))
    subject: str = "248289761001"
    claims: dict[str, Any] = field(default_factory=dict)
    description: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "first"})
    signing_key: RSAKey = field(default_factory=lambda: KEYS[0])
    published: list[dict[str, Any]] = field(
        default_factory=lambda: [dict(key.as_dict(private=False)) for key in KEYS]
    )
    codes: dict[str, Code] = field(default_factory=dict)
    answers: dict[str, Callable[[], Response]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answering_issuer: str = ""
    is_patient: threading.Event = field(default_factory=threading.Event)

    def describe(self) -> dict[str, Any]:
        """The discovery document (OpenID Connect Discovery 1.0, 3)."""
        whole = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        } | self.description
        return {name: value for name, value in whole.items() if value is not None}

    def sign(self, claims: dict[str, Any]) -> str:
        """The ID token, with whatever the test wants to be wrong with it."""
        changed = {
            name: value(int(time.time())) if callable(value) else value
            for name, value in (claims | self.claims).items()
            if value is not None
        }
        if self.header["alg"] == "none":
            return f"{part_of_token(self.header)}.{part_of_token(changed)}."
        if self.header["alg"] == "HS256":
            # The trick of a client that lets the token choose: the public key as a shared secret.
            signed = f"{part_of_token(self.header)}.{part_of_token(changed)}"
            secret = KEYS[0].as_pem(private=False)
            digest = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
            return f"{signed}.{_encoded(digest)}"
        # Put together as bytes: what cannot be written in UTF-8 can be, by an escape.
        payload = json.dumps(changed).encode()
        return jws.serialize_compact(dict(self.header), payload, self.signing_key, [self.header["alg"]])

    def provider(self, **changes: Any) -> IdentityProvider:
        """The provider as our settings name it."""
        settings = {
            "issuer": self.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "name": NAME,
        }
        return IdentityProvider(**(settings | changes))

    def settings(self, address: str = "https://lcm.example.org", **changes: str) -> dict[str, Any]:
        """The settings of a service that trusts this provider."""
        return {
            "address": address,
            "oidc_issuer": self.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_name": NAME,
        } | changes


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def part_of_token(document: dict[str, Any]) -> str:
    """Header or claims as they stand in a token (RFC 7515, 7.1)."""
    return _encoded(json.dumps(document).encode())


def build_app(local: LocalProvider) -> Flask:
    """The provider's own web application."""
    app = Flask("identity provider")
    server = AuthorizationServer(
        app, query_client=lambda name: local.client if name == CLIENT_ID else None, save_token=_keep_nothing
    )
    tokens = id_tokens_of(local)
    server.register_grant(grant_of(local), [CodeChallenge(required=True), tokens(require_nonce=True)])

    @app.before_request
    def note() -> Response | None:
        local.asked.append(f"{request.method} {request.path}")
        answer = local.answers.get(request.path)
        return answer() if answer else None

    @app.get("/.well-known/openid-configuration")
    def describe() -> Response:
        return _json(local.describe())

    @app.get("/jwks")
    def keys() -> Response:
        return _json({"keys": local.published})

    @app.get("/authorize")
    def ask() -> str:
        server.get_consent_grant(end_user=local.subject)
        return CONSENT_PAGE

    @app.post("/authorize")
    def authorize() -> Any:
        grant = server.get_consent_grant(end_user=local.subject)
        user = local.subject if request.form["answer"] == "yes" else None
        sent_back = server.create_authorization_response(grant=grant, grant_user=user)
        if local.answering_issuer:
            sent_back.location += "&" + urlencode({"iss": local.answering_issuer})
        return sent_back

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    return app


def grant_of(local: LocalProvider) -> Any:
    """The authorization code grant (RFC 6749, 4.1), with the codes of this provider."""

    class Grant(AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

        def save_authorization_code(self, code: str, asked: Any) -> None:
            data = asked.payload.data
            local.codes[code] = Code(
                asked.payload.redirect_uri,
                data["code_challenge"],
                data["code_challenge_method"],
                data["nonce"],
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return local.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            local.codes = {code: one for code, one in local.codes.items() if one is not authorization_code}

        def authenticate_user(self, authorization_code: Code) -> str:
            return local.subject

    return Grant


def id_tokens_of(local: LocalProvider) -> Any:
    """What makes OpenID Connect of it: the ID tokens of this provider."""

    class IdTokens(OpenIDCode):  # type: ignore[misc]
        def exists_nonce(self, nonce: str, asked: Any) -> bool:
            return any(one.nonce == nonce for one in local.codes.values())

        def get_client_claims(self, client: Client) -> dict[str, Any]:
            return {"iss": local.issuer}

        def generate_user_info(self, user: str, scope: str) -> UserInfo:
            return UserInfo(sub=user)

        def encode_id_token(self, token: dict[str, Any], asked: Any) -> str:
            claims = self.get_compatible_claims(asked)
            claims |= self.get_authorization_code_claims(asked.authorization_code)
            return local.sign(claims | self.generate_user_info(asked.user, token["scope"]))

    return IdTokens


def _keep_nothing(_token: object, _request: object) -> None:
    """Access tokens of this provider open nothing."""


def _json(document: object) -> Response:
    return Response(json.dumps(document), mimetype="application/json")


# -- How it misbehaves ---------------------------------------------------------------------------------------


def says(content: str | bytes, status: int = 200) -> Callable[[], Response]:
    """Answer with this, whatever is asked."""
    return lambda: Response(content, status, mimetype="application/json")


def leads_on_to(address: str) -> Callable[[], Response]:
    """Answer with a redirect."""
    return lambda: redirect(address, 302)  # type: ignore[return-value]


def never_ends() -> Response:
    """Send the beginning of an answer, and then more of it without end."""

    def pieces() -> Iterator[bytes]:
        yield b'{"issuer": "'
        while True:
            yield b"x" * 65536

    return Response(pieces(), mimetype="application/json")


def drips(local: LocalProvider) -> Callable[[], Response]:
    """Send an answer so slowly that it never comes to an end, but never silent for long."""

    def pieces() -> Iterator[bytes]:
        while not local.is_patient.wait(0.02):
            yield b" "

    return lambda: Response(pieces(), mimetype="application/json")


def stays_silent(local: LocalProvider) -> Callable[[], Response]:
    """Take the question and say nothing until the test is over."""

    def wait() -> Response:
        local.is_patient.wait()
        return Response("{}")

    return wait


@contextmanager
def serve_provider(port: int = 0) -> Iterator[LocalProvider]:
    """A provider at work on a port of this machine."""
    local = LocalProvider()
    server = make_server("127.0.0.1", port, build_app(local), threaded=True, request_handler=QuietHandler)
    # By another name than that of our own service, so that a browser takes the two for different sites.
    local.issuer = f"http://localhost:{server.server_port}"
    # The interval is how long the end of each test waits.
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield local
    finally:
        local.is_patient.set()
        server.shutdown()
        thread.join()
        server.server_close()


def sign_in_there(address: str, answer: str = "yes") -> dict[str, str]:
    """Follow the address as a browser does, press the button, and give what the provider sends back with."""
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    path = f"{parts.path}?{parts.query}"
    connection.request("GET", path)
    page = connection.getresponse()
    assert page.status == 200, page.read()
    page.read()
    connection.request(
        "POST", path, urlencode({"answer": answer}), {"Content-Type": "application/x-www-form-urlencoded"}
    )
    sent_back = connection.getresponse()
    location = sent_back.getheader("Location") or ""
    sent_back.read()
    connection.close()
    assert sent_back.status == 302, sent_back.status
    return dict(parse_qsl(urlsplit(location).query))
