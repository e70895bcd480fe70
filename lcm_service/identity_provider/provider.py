"""The authorization code flow with PKCE, from our side (OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9700)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from lcm_service.identity_provider.asking import (
    LONGEST_REASON,
    THIS_MACHINE,
    ProviderFault,
    ask_json,
    is_safe,
    turn,
)
from lcm_service.identity_provider.assertions import (
    FRESH_SECONDS,
    LONGEST_WORD_SECONDS,
    methods_of,
    read_id_token,
    read_keys,
    was_asked_within,
)

WELL_KNOWN = "/.well-known/openid-configuration"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class RequestSecrets:
    """What ties an answer to the request, and the request to one browser."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who has signed in at the provider. A subject is never given to somebody else by the same issuer.

    ``has_second_factor``: the provider says so in words that the settings take for it, and of a sign-in there
    that is no older than one of ours may be.
    """

    issuer: str
    subject: str
    has_second_factor: bool


@dataclass(frozen=True, slots=True)
class Description:
    """What a provider says of itself, as far as it is needed (OpenID Connect Discovery 1.0, 3)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_way: str
    names_itself: bool


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """The one provider of the settings. Nothing is kept between two questions: keys may change any time."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    second_factor_words: frozenset[str] = frozenset()

    def request_address(
        self, answer_address: str, request: RequestSecrets, *, asks_anew: bool = False
    ) -> str:
        """Where a browser is sent to sign in; ``asks_anew``: also one that is signed in there already.

        Nothing but who it is is asked for: no name, no e-mail address. Raises ProviderFault.
        """
        with turn() as until:
            description = self._describe(until)
        # It is also by this that the provider has to state when it asked (OpenID Connect Core 1.0, 3.1.2.1).
        oldest = 0 if asks_anew else LONGEST_WORD_SECONDS if self.second_factor_words else None
        address = prepare_grant_uri(
            description.authorization_endpoint,
            self.client_id,
            "code",
            redirect_uri=answer_address,
            scope="openid",
            state=request.state,
            nonce=request.nonce,
            code_challenge=create_s256_code_challenge(request.verifier),
            code_challenge_method="S256",
            prompt="login" if asks_anew else None,
            max_age=None if oldest is None else str(oldest),
        )
        return str(address)

    def redeem(
        self,
        code: str,
        answering_issuer: str,
        answer_address: str,
        request: RequestSecrets,
        *,
        was_asked_anew: bool = False,
    ) -> Identity:
        """Who signed in, for a code that a browser brought; ``answering_issuer`` came with it (RFC 9207).

        Raises ProviderFault where the provider does not answer or cannot be believed, also when it should
        have asked anew and did not.
        """
        with turn() as until:
            description = self._describe(until)
            if (answering_issuer or description.names_itself) and answering_issuer != self.issuer:
                raise ProviderFault("The answer comes from another issuer")
            answer = self._exchange(description, code, answer_address, request, until)
            keys = read_keys(_ask_for(description.jwks_uri, until))
        claims = read_id_token(
            answer["id_token"],
            keys,
            issuer=self.issuer,
            client_id=self.client_id,
            nonce=request.nonce,
            access_token=answer.get("access_token"),
        )
        if was_asked_anew and not was_asked_within(claims, FRESH_SECONDS):
            raise ProviderFault("The provider did not ask the person anew, or does not say when it did")
        proven = bool(methods_of(claims) & self.second_factor_words)
        proven = proven and was_asked_within(claims, LONGEST_WORD_SECONDS)
        return Identity(self.issuer, claims["sub"], proven)

    def _describe(self, until: float) -> Description:
        document = _ask_for(self.issuer.rstrip("/") + WELL_KNOWN, until)
        if document.get("issuer") != self.issuer:
            raise ProviderFault("The description is of another issuer than that of the settings")
        # Only a provider on this machine may name addresses on it: others would have us ask our own services.
        is_local = urlsplit(self.issuer).hostname in THIS_MACHINE
        endpoints = [document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if not all(is_safe(address, with_this_machine=is_local) for address in endpoints):
            raise ProviderFault("The description names an address that is missing or not safe")
        challenges = document.get("code_challenge_methods_supported", ["S256"])
        if not isinstance(challenges, list) or "S256" not in challenges:
            raise ProviderFault("The provider does not check PKCE by S256")
        ways = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        known = [way for way in ("client_secret_basic", "client_secret_post") if way in _words(ways)]
        if not known:
            raise ProviderFault("The provider takes the client's secret in no way that is known here")
        authorization, token, keys = map(str, endpoints)
        names_itself = document.get("authorization_response_iss_parameter_supported") is True
        return Description(authorization, token, keys, known[0], names_itself)

    def _exchange(
        self,
        description: Description,
        code: str,
        answer_address: str,
        request: RequestSecrets,
        until: float,
    ) -> Mapping[str, Any]:
        """The tokens for a code. Raises ProviderFault, also where the code is refused."""
        form = prepare_token_request(
            "authorization_code", "", answer_address, code=code, code_verifier=request.verifier
        )
        client = ClientAuth(self.client_id, self.client_secret, description.secret_way)
        address, headers, form = client.prepare(
            "POST", description.token_endpoint, {"Content-Type": FORM}, form
        )
        status, answer = ask_json(address, until, form=form, headers=headers)
        if status is not HTTPStatus.OK:
            raise ProviderFault(f"The code was refused ({status}): {answer.get('error')!r}"[:LONGEST_REASON])
        if not isinstance(answer.get("id_token"), str):
            raise ProviderFault("The provider gave no ID token")
        return answer


def _ask_for(address: str, until: float) -> dict[str, Any]:
    status, document = ask_json(address, until)
    if status is not HTTPStatus.OK:
        raise ProviderFault(f"{address} answers {status}")
    return document


def _words(listed: object) -> list[str]:
    return [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
