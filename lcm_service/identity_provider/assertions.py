"""ID tokens: what a provider says of a person, believed only if it is signed, for us, fresh and asked for."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from time import time
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, KeySet, RSAKey
from joserfc.jws import JWSRegistry

from lcm_service.identity_provider.asking import LONGEST_REASON, ProviderFault

# Signatures with a key pair alone. Not "none", which signs nothing; and nothing by a shared secret (HS256),
# for which whoever reads a public key could take that as the secret (RFC 8725, 2.1 and 3.1).
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
FEWEST_BITS_OF_RSA: Final = 2048
# Clocks of two machines go apart.
LEEWAY_SECONDS: Final = 60
LONGEST_SUBJECT: Final = 255
# Since the person was asked there: for a link, and where the provider's word stands for the second factor, as
# long as one of our own sign-ins lasts.
FRESH_SECONDS: Final = 5 * 60
LONGEST_WORD_SECONDS: Final = 12 * 60 * 60


def read_keys(document: Mapping[str, Any]) -> KeySet:
    """The public keys of a provider by which it may sign (RFC 7517). Raises ProviderFault where none is
    left.
    """
    listed = document.get("keys")
    keys = [key for data in listed if (key := _key_of(data))] if isinstance(listed, list) else []
    if not keys:
        raise ProviderFault("The provider publishes no key by which its signatures could be checked")
    return KeySet(list(keys))


def read_id_token(
    text: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, access_token: Any
) -> Any:
    """The claims of an ID token (OpenID Connect Core 1.0, 3.1.3.7).

    Raises ProviderFault where it is not signed by one of the keys, is of another issuer or for another
    client, has expired or comes from the future, or answers another request than that with the nonce.
    """
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        token = jwt.decode(text, keys, registry=registry)
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            {
                "nonce": nonce,
                "client_id": client_id,
                "access_token": access_token if isinstance(access_token, str) else None,
            },
        )
        claims.validate(leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        # The libraries raise more than they say where a token or a key is malformed.
        reason = f"{type(error).__name__}: {error}"[:LONGEST_REASON]
        raise ProviderFault(f"The ID token is not to be believed: {reason}") from error
    subject = claims["sub"]
    # A lone surrogate could be neither hashed nor stored (OpenID Connect Core 1.0, 2: 255 ASCII characters).
    if not (1 <= len(subject) <= LONGEST_SUBJECT and subject.isascii() and subject.isprintable()):
        raise ProviderFault("The ID token names nobody")
    return claims


def methods_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """How the provider says that it has made sure of the person: the words of ``amr`` and ``acr``."""
    listed = claims.get("amr")
    words = [*(listed if isinstance(listed, list) else ()), claims.get("acr")]
    return frozenset(word for word in words if isinstance(word, str))


def was_asked_within(claims: Mapping[str, Any], seconds: int) -> bool:
    """Whether the provider states when it last asked the person (``auth_time``), and that is not long ago."""
    moment = claims.get("auth_time")
    if not isinstance(moment, int | float):
        return False
    # Compared and not subtracted: no sum can be made with a number of four hundred digits.
    now = time()
    return now - seconds - LEEWAY_SECONDS <= moment <= now + LEEWAY_SECONDS


def _key_of(data: object) -> RSAKey | ECKey | None:
    """A key that can be used; others in the same set are passed over (RFC 7517, 5)."""
    if not isinstance(data, dict) or data.get("use", "sig") != "sig":
        return None
    # A tuple: what is looked for may be a list, which no set can hold.
    if data.get("kty") not in ("RSA", "EC"):
        return None
    try:
        if data["kty"] == "RSA" and _bits_of(data["n"]) < FEWEST_BITS_OF_RSA:
            return None
        key = JWKRegistry.import_key(data)
        key.ensure_kid()
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, RSAKey | ECKey) else None


def _bits_of(number: str) -> int:
    """How long a number is that is written as in a key (Base64urlUInt, RFC 7518, 2)."""
    return int.from_bytes(urlsafe_b64decode(number + "==")).bit_length()
