"""The second factor: a code that changes twice a minute (TOTP, RFC 6238), or one of ten that are good once.

Functions here take part in their caller's transaction. Who may ask, and how often, is for the caller to say.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from typing import Final

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from lcm_service.domain.sign_in_terms import LETTERS_OF_CODES
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.tables import Person, RecoveryCode, SecondFactor
from lcm_service.services.sealing import Sealer
from lcm_service.services.throttle import sha256_of

ISSUER: Final = "Light Coordination Mechanism"
STEP_SECONDS: Final = 30
DIGITS: Final = 6
# Clocks of telephones go wrong: the code before and the one after are taken as well (RFC 6238, 5.2).
STEPS_EITHER_WAY: Final = 1
RECOVERY_CODES: Final = 10
# 138 bits: more than the 112 from which on a plain hash keeps a code well, and the 128 of what nobody may
# guess (ASVS 5, 6.5.2 and 11.5.1).
RECOVERY_CODE_LENGTH: Final = 28
# From the moment at which a secret is shown to the first code of the telephone that has taken it.
TIME_TO_SET_UP: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person gives to the application on its telephone: by hand, or as a picture of the address.

    ``sealed`` goes to the browser with it and comes back with the first code: nothing is stored before.
    """

    secret: str
    address: str
    sealed: str


def is_set_up(session: Session, person_id: int) -> bool:
    """Whether the person has a second factor that works."""
    return _present(session, person_id) is not None


def count_recovery_codes(session: Session, person_id: int) -> int:
    """How many recovery codes are left."""
    left = select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return session.scalar(left) or 0


def find_enrolment(
    session: Session, person: Person, sign_in_key: str, sealer: Sealer, shown: str = ""
) -> Enrolment:
    """What is to be scanned to set up the next second factor of a person: another secret each time, or the
    one that was ``shown`` where that is still good.

    The secret is drawn by chance. Whoever has copied the cookie of a sign-in is shown another than its owner,
    whose telephone has taken the one of the owner's own page.
    """
    about = _about(session, person, sign_in_key)
    secret = _secret_in(shown, about, sealer)
    if secret is None:
        secret = pyotp.random_base32()
        shown = sealer.seal("\n".join((*about, secret)))
    address = pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=ISSUER)
    return Enrolment(secret, address, shown)


def set_up(
    session: Session, person: Person, sign_in_key: str, code: str, shown: str, sealer: Sealer
) -> list[str] | None:
    """Take the new factor in place of any before, and give ten recovery codes, shown this once; ``shown`` is
    the sealed secret of the page.

    Nothing where the secret was not shown to this sign-in lately, or the code is not one that the application
    shows about now.
    """
    secret = _secret_in(shown, _about(session, person, sign_in_key), sealer)
    step = None if secret is None else _step_of(secret, plain_code(code), after=0)
    if secret is None or step is None:
        return None
    session.execute(delete(SecondFactor).where(SecondFactor.person_id == person.id))
    session.add(SecondFactor(person_id=person.id, sealed_secret=sealer.seal(secret), last_step=step))
    session.flush()
    return renew_recovery_codes(session, person.id)


def renew_recovery_codes(session: Session, person_id: int) -> list[str]:
    """Ten new recovery codes; all earlier ones are worthless."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = [
        "".join(secrets.choice(LETTERS_OF_CODES) for _ in range(RECOVERY_CODE_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    session.add_all(RecoveryCode(person_id=person_id, code_sha256=sha256_of(code)) for code in codes)
    session.flush()
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def take_code(session: Session, person: Person, code: str, sealer: Sealer) -> str | None:
    """Use a code up: ``"totp"`` or ``"recovery_code"`` by its kind, nothing where it is not right.

    A code is taken once, also of two requests at the same moment.
    """
    plain = plain_code(code)
    if not is_short(plain):
        used = session.execute(
            update(RecoveryCode)
            .where(
                RecoveryCode.person_id == person.id,
                RecoveryCode.code_sha256 == sha256_of(plain),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=utc_now())
        )
        return "recovery_code" if used.rowcount == 1 else None  # type: ignore[attr-defined]
    row = _present(session, person.id, is_to_change=True)
    step = None if row is None else _step_of(sealer.open(row.sealed_secret), plain, after=row.last_step)
    if row is None or step is None:
        return None
    row.last_step = step
    session.flush()
    return "totp"


def remove(session: Session, person_id: int) -> None:
    """Take the second factor away, with all recovery codes."""
    session.execute(delete(SecondFactor).where(SecondFactor.person_id == person_id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))


def plain_code(code: str) -> str:
    """A code as it was meant: without spaces and hyphens, and with the digits of any script as 0 to 9."""
    kept = (character for character in code[:80].lower() if character.isalnum())
    return "".join(str(int(character)) if character.isdecimal() else character for character in kept)


def is_short(plain: str) -> bool:
    """Whether a code is of the telephone's kind, of which there are a million; others cannot be guessed."""
    return len(plain) <= DIGITS


def _about(session: Session, person: Person, sign_in_key: str) -> tuple[str, ...]:
    """For what a secret is good: setting up once, for this person, in this sign-in."""
    present = _present(session, person.id)
    # Numbers of rows are used again; the moment of setting up is not.
    after = "" if present is None else present.set_up_at.isoformat()
    return "enrolment", sha256_of(sign_in_key), str(person.id), after


def _secret_in(shown: str, about: tuple[str, ...], sealer: Sealer) -> str | None:
    *kept_about, secret = (sealer.open_fresh(shown, TIME_TO_SET_UP) or "").split("\n")
    return secret if tuple(kept_about) == about else None


def _step_of(secret: str, plain: str, *, after: int) -> int | None:
    """The half minute whose code this is, near now and later than ``after``."""
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    now = int(utc_now().timestamp()) // STEP_SECONDS
    for step in range(now - STEPS_EITHER_WAY, now + STEPS_EITHER_WAY + 1):
        if step > after and compare_digest(totp.generate_otp(step).encode(), plain.encode()):
            return step
    return None


def _present(session: Session, person_id: int, *, is_to_change: bool = False) -> SecondFactor | None:
    query = select(SecondFactor).where(SecondFactor.person_id == person_id)
    return session.scalar(query.with_for_update() if is_to_change else query)
