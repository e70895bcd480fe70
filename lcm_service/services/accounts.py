"""Who signs in, by password or by token, and as whom they then act."""

import hashlib
import hmac
import re
import secrets
import unicodedata
from datetime import timedelta
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotSignedIn, NotValid, TooMany
from lcm_service.domain.permissions import Actor, may_manage_people
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES, ROLES
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import ApiToken, Participant, Person, SignInFailure
from lcm_service.services.trail import record_event

# argon2id with the library's present defaults (64 MiB, three passes).
HASHER = PasswordHasher()

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 200
LONGEST_TOKEN_LIFE_DAYS: Final = 366
MOST_FAILURES: Final = 10
FAILURES_COUNT_FOR: Final = timedelta(minutes=15)
# The time of a token's last use is for its owner to notice a stranger; to the hour is near enough.
TOKEN_USE_IS_NOTED_EVERY = timedelta(hours=1)

# What stands in lists in place of a name that was erased; the address is one that can never receive mail.
ERASED_NAME: Final = "–"

WRONG_SIGN_IN = sentence("The e-mail address or the password is not right.")
TOO_MANY_FAILURES = sentence("Too many attempts. Wait a quarter of an hour and try again.")
TOKEN_REFUSED = sentence("The token is not known, has expired or was taken back.")
NOT_AN_ADDRESS = sentence("This is not an e-mail address.")
PASSWORD_LENGTH = sentence("A password has between 12 and 200 characters.")
FAULTY_ACCOUNT = sentence("The account cannot be made like this.")


def sign_in(email: str, password: str, source: str = "", *, with_demonstration: bool = False) -> Person:
    """The active person with this address and password; ``source`` is where the attempt comes from.

    Made-up people sign in ``with_demonstration`` alone, as the settings say. Raises NotValid, with the same
    words and after the same work, whether the address is unknown, the person may not sign in or the password
    is wrong; TooMany after `MOST_FAILURES` within `FAILURES_COUNT_FOR`, for that
    address from that source alone, so that nobody can lock somebody else out from elsewhere.
    """
    key = _sha256(f"{_plain_address(email)}\n{source}")
    _require_few_failures(key)
    person = db.session.scalar(select(Person).where(Person.email == _plain_address(email)))
    may_sign_in = (
        person is not None and person.password_hash is not None and _may_act(person, with_demonstration)
    )
    kept_hash = person.password_hash if person is not None and may_sign_in else None
    # A password is checked in any case: how long the answer takes tells nobody which addresses exist.
    is_right = _is_password(kept_hash or _hash_of_nobody(HASHER), password)
    if person is None or not may_sign_in or not is_right:
        _note_failure(key)
        raise NotValid(WRONG_SIGN_IN)
    with transaction() as session:
        session.refresh(person)
        session.execute(delete(SignInFailure).where(SignInFailure.key_sha256 == key))
        if kept_hash is not None and HASHER.check_needs_rehash(kept_hash):
            person.password_hash = HASHER.hash(_plain_password(password))
        record_event(session, actor_of(person), "sign_in", "person", str(person.id))
    return person


def person_of_key(key: str, *, with_demonstration: bool = False) -> Person | None:
    """The person of a sign-in cookie; nobody once the person is inactive or its sign-ins were ended."""
    person_id, _, _epoch = key.partition(".")
    if not (person_id.isascii() and person_id.isdecimal() and len(person_id) < 10):
        return None
    person = db.session.get(Person, int(person_id))
    if person is None or not _may_act(person, with_demonstration) or person.get_id() != key:
        return None
    return person


def end_sign_ins(actor: Actor) -> None:
    """End every sign-in of the actor, on every device: a cookie that was copied is worthless from now on."""
    with transaction() as session:
        person = None if actor.person_id is None else session.get(Person, actor.person_id)
        if person is None:
            raise NotSignedIn("Nobody is signed in.")
        person.sign_in_epoch += 1
        record_event(session, actor, "sign_out", "person", str(person.id))


def actor_of(person: Person) -> Actor:
    """As whom a person acts."""
    return Actor(
        person_id=person.id,
        role=person.role,
        participant_id=person.participant_id,
        participant_code=person.participant.code if person.participant else None,
        name=person.name,
        language=person.language,
    )


def create_person(
    actor: Actor,
    *,
    email: str,
    name: str,
    role: str,
    participant_code: str | None = None,
    password: str | None = None,
    language: str = "en",
    is_demonstration: bool = False,
) -> Person:
    """Make an account. A focal point belongs to a participant; without a password nobody can sign in yet.

    Raises NotAllowed unless an administrator or the system asks, NotValid, and Conflict for a known address.
    """
    if not may_manage_people(actor):
        raise NotAllowed("Accounts are made by administrators.")
    faults = _account_faults(email, name, role, participant_code, language)
    if password is not None and not _has_good_length(password):
        faults["password"] = [PASSWORD_LENGTH]
    if faults:
        raise NotValid(FAULTY_ACCOUNT, faults)
    with transaction() as session:
        if session.scalar(select(Person.id).where(Person.email == _plain_address(email))) is not None:
            raise Conflict("There is an account with this e-mail address already.")
        person = Person(
            email=_plain_address(email),
            name=name,
            role=role,
            participant=_participant(session, participant_code),
            password_hash=HASHER.hash(_plain_password(password)) if password is not None else None,
            language=language,
            is_demonstration=is_demonstration,
        )
        session.add(person)
        session.flush()
        record_event(session, actor, "create", "person", str(person.id), facts={"role": role})
        return person


def set_password(actor: Actor, email: str, password: str) -> None:
    """Set one's own password, or as an administrator anybody's; every sign-in of the person ends.

    Raises NotAllowed, NotFound and NotValid.
    """
    if not _has_good_length(password):
        raise NotValid(PASSWORD_LENGTH, {"password": [PASSWORD_LENGTH]})
    with transaction() as session:
        person = _person_to_manage(session, actor, email)
        person.password_hash = HASHER.hash(_plain_password(password))
        person.sign_in_epoch += 1
        record_event(session, actor, "set_password", "person", str(person.id), ["password"])


def erase_person(actor: Actor, email: str) -> None:
    """Take out who a person is: name, address, password, tokens. What the person did stays traced under a
    number, so the chain of events stays whole.

    Raises NotAllowed for all but administrators and the system, and NotFound.
    """
    if not may_manage_people(actor):
        raise NotAllowed("Accounts are erased by administrators.")
    with transaction() as session:
        person = _person_to_manage(session, actor, email)
        session.execute(delete(ApiToken).where(ApiToken.person_id == person.id))
        # Failed sign-ins are kept under hashes of addresses, which one who knows an address can find again.
        session.execute(delete(SignInFailure))
        person.name, person.email = ERASED_NAME, f"{secrets.token_hex(8)}@erased.invalid"
        person.password_hash, person.is_active = None, False
        person.sign_in_epoch += 1
        record_event(session, actor, "erase", "person", str(person.id), ["name", "email"])


def create_api_token(actor: Actor, person_email: str, label: str, days: int) -> str:
    """Make a token with which a person's system acts as that person, and give it: it is shown this once.

    Raises NotAllowed unless it is one's own or an administrator asks, NotFound and NotValid.
    """
    if not 1 <= days <= LONGEST_TOKEN_LIFE_DAYS:
        text = sentence("A token is good for 1 to 366 days.")
        raise NotValid(text, {"days": [text]})
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    with transaction() as session:
        person = _person_to_manage(session, actor, person_email)
        session.add(
            ApiToken(
                person=person,
                label=label[:100],
                prefix=prefix,
                secret_sha256=_sha256(secret),
                expires_at=utc_now() + timedelta(days=days),
            )
        )
        record_event(session, actor, "create_token", "person", str(person.id), facts={"prefix": prefix})
    return f"lcm_{prefix}_{secret}"


def actor_of_token(token: str, *, with_demonstration: bool = False) -> Actor:
    """As whom a token acts. Raises NotSignedIn, in the same words whatever is wrong with it."""
    match = re.fullmatch(r"lcm_([0-9a-f]{8})_([A-Za-z0-9_-]{43})", token)
    if match is None:
        raise NotSignedIn(TOKEN_REFUSED)
    row = db.session.scalar(select(ApiToken).where(ApiToken.prefix == match[1]))
    is_right = hmac.compare_digest(row.secret_sha256 if row else _sha256(""), _sha256(match[2]))
    if row is None or not is_right or row.expires_at <= utc_now():
        raise NotSignedIn(TOKEN_REFUSED)
    if not _may_act(row.person, with_demonstration):
        raise NotSignedIn(TOKEN_REFUSED)
    actor = actor_of(row.person)
    if row.last_used_at is None or utc_now() - row.last_used_at > TOKEN_USE_IS_NOTED_EVERY:
        with transaction() as session:
            session.refresh(row)
            row.last_used_at = utc_now()
    return actor


def _may_act(person: Person, with_demonstration: bool) -> bool:
    """Nobody acts as someone inactive, and outside a demonstration nobody as someone made up for one."""
    return person.is_active and (with_demonstration or not person.is_demonstration)


def _require_few_failures(key: str) -> None:
    since = utc_now() - FAILURES_COUNT_FOR
    failures = select(func.count()).where(SignInFailure.key_sha256 == key, SignInFailure.at > since)
    if (db.session.scalar(failures) or 0) >= MOST_FAILURES:
        seconds = int(FAILURES_COUNT_FOR.total_seconds())
        raise TooMany(TOO_MANY_FAILURES, retry_after_seconds=seconds)


def _note_failure(key: str) -> None:
    """Count a failure, and forget those that no longer count."""
    with transaction() as session:
        session.execute(delete(SignInFailure).where(SignInFailure.at <= utc_now() - FAILURES_COUNT_FOR))
        session.add(SignInFailure(key_sha256=key))


def _account_faults(
    email: str, name: str, role: str, participant_code: str | None, language: str
) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if not re.fullmatch(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}", email):
        faults["email"] = [NOT_AN_ADDRESS]
    if not 1 <= len(name) <= 200:
        faults["name"] = [sentence("A name has between 1 and 200 characters.")]
    if role not in ROLES:
        faults["role"] = [sentence("There is no such role.")]
    if (role == "focal_point") != (participant_code is not None):
        faults["participant_code"] = [
            sentence("A focal point belongs to a participant, and nobody else does.")
        ]
    if language not in LANGUAGES_OF_PAGES:
        faults["language"] = [sentence("The pages are not in this language.")]
    return faults


def _participant(session: Session, code: str | None) -> Participant | None:
    if code is None:
        return None
    participant = session.scalar(select(Participant).where(Participant.code == code))
    if participant is None:
        text = sentence("There is no such participant.")
        raise NotValid(text, {"participant_code": [text]})
    return participant


def _person_to_manage(session: Session, actor: Actor, email: str) -> Person:
    person = session.scalar(select(Person).where(Person.email == _plain_address(email)))
    is_own = person is not None and actor.person_id == person.id
    if not (is_own or may_manage_people(actor)):
        raise NotAllowed("You manage your own account alone.")
    if person is None:
        raise NotFound("There is no account with this e-mail address.")
    return person


def _plain_address(email: str) -> str:
    return email.strip().lower()


def _plain_password(password: str) -> str:
    """The same password typed on two keyboards is the same text."""
    return unicodedata.normalize("NFC", password)


def _has_good_length(password: str) -> bool:
    return SHORTEST_PASSWORD <= len(_plain_password(password)) <= LONGEST_PASSWORD


def _is_password(kept_hash: str, password: str) -> bool:
    try:
        # Longer ones cannot have been set; cutting them keeps a flood of text from costing much.
        return HASHER.verify(kept_hash, _plain_password(password)[: LONGEST_PASSWORD + 1])
    except VerifyMismatchError:
        return False


@lru_cache(maxsize=2)
def _hash_of_nobody(hasher: PasswordHasher) -> str:
    """A hash that no password fits, as dear to check as anybody's."""
    return hasher.hash(secrets.token_urlsafe(32))


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
