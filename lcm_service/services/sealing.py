"""Short secrets that have to be read again, kept encrypted under keys that the database does not hold."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lcm_service.domain.errors import Conflict
from lcm_service.domain.sentences import sentence


class Sealer:
    """Seals with the first of the keys and opens with any: so keys can be replaced without loss."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        keys = [urlsafe_b64encode(_derived(key, b"lcm second factor", 32)) for key in secret_keys]
        self._present_key = secret_keys[0]
        self._present = Fernet(keys[0])
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, secret: str) -> str:
        """The secret as it may be stored."""
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """The secret again. Raises Conflict where none of the keys fits."""
        try:
            return self._fernet.decrypt(sealed.encode("ascii")).decode()
        except InvalidToken as error:
            raise Conflict(
                sentence(
                    "A stored secret was sealed with a key that this service no longer has. The "
                    "administrators can put the former key among LCM_FORMER_SECRET_KEYS."
                )
            ) from error

    def derive(self, about: str, *, purpose: str, length: int) -> bytes:
        """Bytes that nobody can guess who knows ``about`` alone; the same again for the same."""
        return _derived(self._present_key, f"lcm {purpose}\n{about}".encode(), length)

    def is_former(self, sealed: str) -> bool:
        """Whether this was sealed with another key than the present one."""
        try:
            self._present.decrypt(sealed.encode("ascii"))
        except InvalidToken:
            return True
        return False

    def open_fresh(self, sealed: str, longest: timedelta) -> str | None:
        """What was sealed within this time; nothing where it is older, or was sealed by nobody here."""
        try:
            return self._fernet.decrypt(sealed.encode(), ttl=int(longest.total_seconds())).decode()
        except InvalidToken:
            return None


def _derived(secret_key: str, purpose: bytes, length: int) -> bytes:
    """A key for this purpose alone (HKDF, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(secret_key.encode())
