"""Signing in: password or identity provider, then second factor. Every sign-in is a record that can be
looked at and ended.

The browser alone holds the key of its sign-in; here is a hash of it. The key changes when the sign-in is
complete, so one that was known before it is worth nothing after it.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lcm_service.domain.errors import Conflict, NotFound, NotSignedIn, NotValid
from lcm_service.domain.permissions import Actor, must_prove_twice
from lcm_service.domain.sentences import sentence
from lcm_service.domain.sign_in_terms import (
    LONGEST_REST,
    LONGEST_SIGN_IN,
    TIME_FOR_SECOND_FACTOR,
)
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import Person, SignIn
from lcm_service.services import passwords, second_factor, throttle
from lcm_service.services.accounts import actor_of, end_sign_ins_of, may_act, plain_address
from lcm_service.services.sealing import Sealer
from lcm_service.services.second_factor import Enrolment
from lcm_service.services.throttle import Limit, key_of, sha256_of
from lcm_service.services.trail import enqueue_message, record_event

log = logging.getLogger(__name__)

LONGEST_DEVICE = 200
# When somebody was last here is for its owner to notice a stranger; to five minutes is near enough.
SEEN_IS_NOTED_EVERY = LONGEST_REST / 24

WRONG_SIGN_IN = sentence("The e-mail address or the password is not right.")
WRONG_CODE = sentence("This code is not right, or it was used already.")
SET_UP_FIRST = sentence(
    "Your second step is not set up yet. Sign in with your password and set it up; after that you can sign "
    "in by the identity provider."
)
SIGN_IN_OVER = sentence("This sign-in has taken too long. Begin again.")

type WaitsFor = Literal["", "code", "set_up"]


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in after its first step. ``waits_for``: its second factor's code, setting one up, or nothing."""

    person: Person
    key: str
    waits_for: WaitsFor


@dataclass(frozen=True, slots=True)
class SignInView:
    """A sign-in as its owner may see it; ``is_this``: the one by which it is being looked at."""

    id: int
    device: str
    begun_at: datetime
    last_seen_at: datetime
    is_this: bool


# -- Getting in ------------------------------------------------------------------------------------------


def sign_in(
    email: str, password: str, source: str = "", device: str = "", *, with_demonstration: bool = False
) -> Begun:
    """Begin a sign-in of the active person with this address and password; ``source`` is where the attempt
    comes from.

    Made-up people sign in ``with_demonstration`` alone, as the settings say, without second factor. Raises
    NotValid, with the same words and after the same work, whether the address is unknown, the person may not
    sign in or the password is wrong; TooMany after ten failures within a quarter of an hour, for that address
    from that source alone, so that nobody can lock somebody else out from elsewhere; and after a hundred from
    one source, whatever the addresses.
    """
    source = throttle.source_of(source)
    failures, from_here = key_of(plain_address(email), source), key_of("source", source)
    throttle.count_attempt(Limit(failures), Limit(from_here, throttle.MOST_FAILURES_OF_A_SOURCE))
    person = db.session.scalar(select(Person).where(Person.email == plain_address(email)))
    kept_hash = person.password_hash if person is not None and may_act(person, with_demonstration) else None
    # A password is checked in any case: how long the answer takes tells nobody which addresses exist.
    is_right = passwords.is_password(kept_hash, password)
    if person is None or kept_hash is None or not is_right:
        log.warning("A sign-in from %s was refused: wrong address or password.", source or "nowhere")
        raise NotValid(WRONG_SIGN_IN)
    with transaction() as session:
        session.refresh(person, with_for_update={"of": Person})
        if person.password_hash != kept_hash or not may_act(person, with_demonstration):
            # It was changed, or the access ended, while this password was being compared.
            raise NotValid(WRONG_SIGN_IN)
        throttle.forget_failures(session, failures)
        throttle.forget_one(session, from_here)
        if passwords.is_outdated(kept_hash):
            person.password_hash = passwords.hash_of(password)
        return _begin(session, person, device)


def begin_by_provider(session: Session, person: Person, device: str, *, has_second_factor: bool) -> Begun:
    """Begin the sign-in of somebody for whom an identity provider vouches, for the second factor too where
    the provider ``has_second_factor``; part of the caller's transaction.

    Raises NotValid where the person has a first second factor to set up: the provider's word alone would
    stand for both steps.
    """
    waits_for: WaitsFor = "" if has_second_factor else _waits_for(session, person)
    if waits_for == "set_up":
        log.warning("A sign-in of person %s by the identity provider was refused: no factor yet.", person.id)
        raise NotValid(SET_UP_FIRST)
    row, key = _new_row(session, person, device)
    row.is_by_provider = True
    if waits_for:
        return Begun(person, key, waits_for)
    return Begun(person, _complete(session, row, "provider" if has_second_factor else "none"), "")


def half_sign_in(key: str) -> Begun:
    """The sign-in that waits for its second factor. Raises NotSignedIn where there is none any more."""
    session = db.session()
    row = _half_row(session, key)
    return Begun(row.person, key, _waits_for(session, row.person))


def prove_with_code(key: str, code: str, source: str, sealer: Sealer) -> Begun:
    """Complete a sign-in with a code of the second factor, or with a recovery code.

    Raises NotSignedIn where the sign-in is over, NotValid for a wrong code, and TooMany after ten wrong ones
    within a quarter of an hour from that source. The short codes of a telephone stop after ten from all
    sources together, for a million are soon tried from many places; the owner, who is told, still gets in
    with a recovery code.
    """
    person = half_sign_in(key).person
    source = throttle.source_of(source)
    from_here = key_of("code", str(person.id), source)
    anywhere, day = (
        Limit(key_of("code", str(person.id))),
        Limit(key_of("code", str(person.id)), throttle.MOST_CODES_A_DAY, throttle.LONGEST_COUNT),
    )
    is_short = second_factor.is_short(second_factor.plain_code(code))
    limits = (Limit(from_here), anywhere, day) if is_short else (Limit(from_here),)
    throttle.count_attempt(*limits)
    with transaction() as session:
        row = _half_row(session, key, is_to_complete=True)
        way = second_factor.take_code(session, row.person, code, sealer)
        if way is not None:
            # What others have tried stays counted; of the owner's own attempts nothing does.
            throttle.forget_failures(session, from_here)
            if is_short:
                throttle.forget_one(session, anywhere.key)
            if way == "recovery_code":
                enqueue_message(session, "sign_in.recovery_code", person_id=row.person_id)
            return Begun(row.person, _complete(session, row, way), "")
    log.warning("A sign-in of person %s from %s was refused: wrong code.", person.id, source or "nowhere")
    _tell_of_failures(person, anywhere if is_short else Limit(from_here))
    raise NotValid(WRONG_CODE, {"code": [WRONG_CODE]})


def find_enrolment(key: str, sealer: Sealer, shown: str = "") -> Enrolment:
    """What to scan, for a sign-in that waits for a second factor to be set up; ``shown`` again where its
    first code was wrong.

    Raises NotSignedIn, and Conflict where the person has a second factor already: it is asked for then, and
    cannot be replaced by one who knows the password alone.
    """
    session = db.session()
    row = _half_row(session, key)
    _require_none_yet(session, row.person)
    return second_factor.find_enrolment(session, row.person, key, sealer, shown)


def prove_by_set_up(key: str, code: str, shown: str, sealer: Sealer) -> tuple[Begun, list[str]]:
    """Complete a sign-in by confirming the second factor that was ``shown``; gives its recovery codes.

    Raises NotSignedIn, Conflict as `find_enrolment` does, and NotValid for a wrong code.
    """
    with transaction() as session:
        row = _half_row(session, key, is_to_complete=True)
        # Of several half sign-ins of one person at once, one sets up; the others find it done.
        session.refresh(row.person, with_for_update={"of": Person})
        _require_none_yet(session, row.person)
        codes = second_factor.set_up(session, row.person, key, code, shown, sealer)
        if codes is None:
            raise NotValid(WRONG_CODE, {"code": [WRONG_CODE]})
        record_event(session, actor_of(row.person), "set_up_factor", "person", str(row.person_id))
        enqueue_message(session, "account.second_factor", person_id=row.person_id)
        return Begun(row.person, _complete(session, row, "set_up"), ""), codes


# -- Being signed in -------------------------------------------------------------------------------------


def person_of_key(key: str, *, with_demonstration: bool = False) -> Person | None:
    """The person of a sign-in cookie; nobody once the sign-in is over, or the person may no longer act."""
    row = db.session.scalar(select(SignIn).where(SignIn.key_sha256 == sha256_of(key)))
    if row is None or row.completed_at is None or not _goes_on(row):
        return None
    if row.last_seen_at <= utc_now() - LONGEST_REST or not may_act(row.person, with_demonstration):
        return None
    person = row.person
    _note_seen(row)
    person.sign_in_key = key
    return person


def list_sign_ins(actor: Actor, key: str) -> list[SignInView]:
    """The actor's own sign-ins that go on, the latest first; ``key`` is that of the present one."""
    since = utc_now() - LONGEST_REST
    rows = db.session.scalars(
        select(SignIn)
        .where(
            SignIn.person_id == actor.person_id,
            SignIn.completed_at.is_not(None),
            SignIn.ended_at.is_(None),
            SignIn.ends_at > utc_now(),
            SignIn.last_seen_at > since,
        )
        .order_by(SignIn.id.desc())
    )
    this = sha256_of(key)
    return [
        SignInView(row.id, row.device, row.begun_at, row.last_seen_at, row.key_sha256 == this) for row in rows
    ]


def is_by_password(key: str) -> bool:
    """Whether the sign-in of this key goes on, is whole, and began with the password of this service."""
    row = db.session.scalar(select(SignIn).where(SignIn.key_sha256 == sha256_of(key)))
    return row is not None and row.completed_at is not None and _goes_on(row) and not row.is_by_provider


def sign_out(key: str) -> None:
    """End the sign-in of this key: a cookie that was copied is worthless from now on."""
    with transaction() as session:
        row = session.scalar(select(SignIn).where(SignIn.key_sha256 == sha256_of(key)))
        if row is not None and row.ended_at is None:
            row.ended_at = utc_now()
            record_event(session, actor_of(row.person), "sign_out", "person", str(row.person_id))


def end_sign_in(actor: Actor, sign_in_id: int) -> None:
    """End one of one's own sign-ins, in whatever browser. Pressed twice it changes nothing.

    Raises NotFound for one that is not the actor's.
    """
    with transaction() as session:
        row = session.get(SignIn, sign_in_id)
        if row is None or row.person_id != actor.person_id:
            raise NotFound(sentence("There is no such sign-in."))
        if row.ended_at is None:
            row.ended_at = utc_now()
            record_event(session, actor, "end_sign_in", "person", str(row.person_id))


def end_other_sign_ins(actor: Actor, key: str) -> int:
    """End all of one's own sign-ins but the one of this key; gives how many were ended."""
    if actor.person_id is None:
        raise NotSignedIn(sentence("Nobody is signed in."))
    with transaction() as session:
        ended = end_sign_ins_of(session, actor.person_id, but_key_sha256=sha256_of(key))
        record_event(session, actor, "end_sign_ins", "person", str(actor.person_id), facts={"ended": ended})
        return ended


# -- Inside ----------------------------------------------------------------------------------------------


def _begin(session: Session, person: Person, device: str) -> Begun:
    row, key = _new_row(session, person, device)
    waits_for = _waits_for(session, person)
    return Begun(person, key if waits_for else _complete(session, row, "password"), waits_for)


def _new_row(session: Session, person: Person, device: str) -> tuple[SignIn, str]:
    now = utc_now()
    key = secrets.token_urlsafe(32)
    printable = "".join(character for character in device if character.isprintable())
    row = SignIn(
        person=person,
        key_sha256=sha256_of(key),
        device=printable[:LONGEST_DEVICE],
        ends_at=now + TIME_FOR_SECOND_FACTOR,
    )
    session.add(row)
    session.flush()
    return row, key


def _complete(session: Session, row: SignIn, way: str) -> str:
    """Make a sign-in whole, under a new key."""
    now, key = utc_now(), secrets.token_urlsafe(32)
    row.key_sha256, row.completed_at, row.last_seen_at = sha256_of(key), now, now
    row.ends_at = now + LONGEST_SIGN_IN
    session.flush()
    facts = {"first": "provider" if row.is_by_provider else "password", "second": way}
    record_event(session, actor_of(row.person), "sign_in", "person", str(row.person_id), facts=facts)
    return key


def _waits_for(session: Session, person: Person) -> WaitsFor:
    if second_factor.is_set_up(session, person.id):
        return "code"
    return "set_up" if must_prove_twice(person.role) and not person.is_demonstration else ""


def _half_row(session: Session, key: str, *, is_to_complete: bool = False) -> SignIn:
    query = select(SignIn).where(SignIn.key_sha256 == sha256_of(key))
    row = session.scalar(query.with_for_update() if is_to_complete else query)
    if row is None or row.completed_at is not None or not _goes_on(row) or not row.person.is_active:
        raise NotSignedIn(SIGN_IN_OVER)
    return row


def _goes_on(row: SignIn) -> bool:
    return row.ended_at is None and row.ends_at > utc_now()


def _require_none_yet(session: Session, person: Person) -> None:
    if second_factor.is_set_up(session, person.id):
        raise Conflict(sentence("This account has a second factor already. Sign in with its code."))


def _note_seen(row: SignIn) -> None:
    """Note when the person was last here; where others are writing at this moment, the next page does."""
    if utc_now() - row.last_seen_at < SEEN_IS_NOTED_EVERY or db.session().info.get("in_transaction"):
        return
    sign_in_id = row.id
    try:
        with transaction() as session:
            session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=utc_now()))
    except Conflict:
        return


def _tell_of_failures(person: Person, limit: Limit) -> None:
    """Whoever gives wrong codes knows the password: the owner is told when too many were wrong."""
    if not throttle.has_too_many(limit):
        return
    with transaction() as session:
        enqueue_message(session, "sign_in.wrong_codes", person_id=person.id)
        record_event(session, actor_of(person), "refuse_codes", "person", str(person.id))
