"""What people do to their own account while signed in. Whatever would keep a stranger in, or the owner out,
asks for the present password again.
"""

import logging
from dataclasses import dataclass

from lcm_service.domain.errors import Conflict, NotSignedIn, NotValid
from lcm_service.domain.permissions import Actor, must_prove_twice
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import Person
from lcm_service.services import accounts, passwords, second_factor, throttle, tokens
from lcm_service.services.sealing import Sealer
from lcm_service.services.second_factor import Enrolment
from lcm_service.services.sign_ins import WRONG_CODE
from lcm_service.services.throttle import Limit, key_of, sha256_of
from lcm_service.services.trail import enqueue_message, record_event

log = logging.getLogger(__name__)

NOT_THE_PRESENT_PASSWORD = sentence("This is not your present password.")


@dataclass(frozen=True, slots=True)
class Safety:
    """How a person's account is kept safe."""

    has_second_factor: bool
    must_have_second_factor: bool
    recovery_codes: int


def find_safety(actor: Actor) -> Safety:
    """How the actor's own account is kept safe."""
    person = _own(actor)
    session = db.session()
    return Safety(
        has_second_factor=second_factor.is_set_up(session, person.id),
        must_have_second_factor=must_prove_twice(person.role) and not person.is_demonstration,
        recovery_codes=second_factor.count_recovery_codes(session, person.id),
    )


def change_password(actor: Actor, present: str, new: str, source: str, key: str) -> None:
    """Change one's own password; every other sign-in ends.

    Raises NotValid for a wrong present password or a new one that is too easy, and TooMany.
    """
    person = require_password(actor, present, source)
    accounts.set_password(actor, person.email, new, but_key_sha256=sha256_of(key))


def find_enrolment(actor: Actor, key: str, sealer: Sealer, shown: str = "") -> Enrolment:
    """What to scan for a second factor, the first or one that is to take the place of the present one;
    ``shown`` again where its first code was wrong.
    """
    return second_factor.find_enrolment(db.session(), _own(actor), key, sealer, shown)


def set_up_second_factor(
    actor: Actor, present: str, code: str, shown: str, source: str, key: str, sealer: Sealer
) -> list[str]:
    """Take the second factor that was ``shown`` in place of any before; gives new recovery codes. Every
    other sign-in ends.

    Raises NotValid for a wrong present password or a wrong code, and TooMany.
    """
    require_password(actor, present, source)
    with transaction() as session:
        person = _own(actor)
        session.refresh(person, with_for_update={"of": Person})
        codes = second_factor.set_up(session, person, key, code, shown, sealer)
        if codes is None:
            raise NotValid(WRONG_CODE, {"code": [WRONG_CODE]})
        accounts.end_sign_ins_of(session, person.id, but_key_sha256=sha256_of(key))
        enqueue_message(session, "account.second_factor", person_id=person.id)
        record_event(session, actor, "set_up_factor", "person", str(person.id))
        return codes


def renew_recovery_codes(actor: Actor, present: str, source: str) -> list[str]:
    """Ten new recovery codes in place of all earlier ones.

    Raises NotValid for a wrong present password, Conflict where there is no second factor, and TooMany.
    """
    require_password(actor, present, source)
    with transaction() as session:
        person = _own(actor)
        session.refresh(person, with_for_update={"of": Person})
        if not second_factor.is_set_up(session, person.id):
            raise Conflict(sentence("Recovery codes stand in for a second factor. Set one up first."))
        codes = second_factor.renew_recovery_codes(session, person.id)
        record_event(session, actor, "renew_recovery_codes", "person", str(person.id))
        return codes


def make_token(actor: Actor, present: str, source: str, label: str, days: int, scope: str) -> str:
    """Make a token for one of one's own programs, and give it: it is shown this once.

    Raises NotValid for a wrong present password or what is wrong with the token, and TooMany.
    """
    require_password(actor, present, source)
    return tokens.create_own_token(actor, label, days, scope)


def _own(actor: Actor) -> Person:
    person = None if actor.person_id is None else db.session.get(Person, actor.person_id)
    if person is None:
        raise NotSignedIn(sentence("Nobody is signed in."))
    return person


def require_password(actor: Actor, present: str, source: str) -> Person:
    """The person at the browser, who knows the password; guesses are counted as those of a sign-in are.

    Raises NotSignedIn, NotValid for a wrong password, and TooMany.
    """
    person = _own(actor)
    # Over all sources: whoever guesses here holds a sign-in already, and may be anywhere.
    failures = key_of("again", str(person.id))
    throttle.count_attempt(Limit(failures))
    if not passwords.is_password(person.password_hash, present):
        log.warning("Person %s gave a wrong present password, from %s.", person.id, source or "nowhere")
        raise NotValid(NOT_THE_PRESENT_PASSWORD, {"present_password": [NOT_THE_PRESENT_PASSWORD]})
    with transaction() as session:
        throttle.forget_failures(session, failures)
    return person
