"""What the secretariat does with a record that came in: say that it has it, note the letter that vouches for
it, or give it back with questions.

Whoever sends something and hears nothing writes again, or gives up; so the time until a record is
acknowledged is shown to both sides. A record is authenticated by the note verbale of its permanent mission,
because anybody who signs in for a State may err about what the State wants.
"""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import Conflict, NotAllowed, NotValid
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.record_lives import next_state
from lcm_service.domain.record_rules import Faults
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.persistence.database import transaction, utc_now
from lcm_service.persistence.tables import Match, Need, Offer
from lcm_service.services import records
from lcm_service.services.parties import stands_in_part

SAY_WHICH = sentence("Say which note it is, as it is written on it.")
SAY_WHEN = sentence("State the date of the note.")
NOT_YET = sentence("This day is still to come.")
SAY_WHAT = sentence("Say what is asked; the participant reads it.")


def acknowledge_record(actor: Actor, kind: str, reference: str, version: int) -> Any:
    """Tell the owner that the secretariat has the record. Raises NotAllowed for all but coordinators,
    NotFound, Stale, and Conflict where it was acknowledged before or no longer takes part.
    """
    with transaction() as session:
        return acknowledge_within(session, actor, kind, reference, version)


def acknowledge_within(session: Session, actor: Actor, kind: str, reference: str, version: int) -> Any:
    """The same in the transaction of a press on several records. What is refused has changed nothing."""
    record = begin_step(session, actor, kind, reference, version, "acknowledge")
    record.acknowledged_at = utc_now()
    end_step(session, actor, record, "acknowledge", ["state"])
    return record


def authenticate_record(
    actor: Actor,
    kind: str,
    reference: str,
    *,
    note_reference: str | None,
    note_date: date | None,
    version: int,
) -> Any:
    """Note the note verbale by which the permanent mission vouches for the record.

    Raises as `acknowledge_record`, and NotValid without a reference and a date that has come.
    """
    faults: Faults = {}
    if not note_reference:
        faults["note_reference"] = [SAY_WHICH]
    if note_date is None:
        faults["note_date"] = [SAY_WHEN]
    elif note_date > utc_now().date():
        faults["note_date"] = [NOT_YET]
    if faults:
        raise NotValid(records.FAULTY, faults)
    with transaction() as session:
        record = begin_step(session, actor, kind, reference, version, "authenticate")
        if record.authenticated_at is not None:
            raise Conflict(sentence("%(reference)s is authenticated already.", reference=reference))
        record.authenticated_at = utc_now()
        record.acknowledged_at = record.acknowledged_at or record.authenticated_at
        record.note_reference, record.note_date = note_reference, note_date
        end_step(session, actor, record, "authenticate", ["note_date", "note_reference", "state"])
        return record


def return_record(actor: Actor, kind: str, reference: str, *, questions: str | None, version: int) -> Any:
    """Give a record back with questions: it takes no part until its owner has changed it.

    Raises as `acknowledge_record`, NotValid without a question, and Conflict while a match stands on it: both
    sides of a match count on the record, and are asked by it instead.
    """
    if not questions:
        raise NotValid(records.FAULTY, {"questions": [SAY_WHAT]})
    with transaction() as session:
        record = begin_step(session, actor, kind, reference, version, "return")
        if _has_matches(session, record):
            raise Conflict(
                sentence(
                    "%(reference)s stands in a match. End the match first, or ask the question there.",
                    reference=reference,
                )
            )
        record.return_questions = questions
        end_step(session, actor, record, "return", ["return_questions", "state"])
        return record


def begin_step(session: Session, actor: Actor, kind: str, reference: str, version: int, step: str) -> Any:
    """The record, held together with its round, if a coordinator asks and the step is open in its state."""
    if not may_coordinate(actor):
        raise NotAllowed(
            sentence("Only coordinators acknowledge, authenticate, circulate and return records.")
        )
    table: Any = records.TABLES[kind]
    record: Any = records.begin_withdrawal(session, actor, table, reference, version)
    state = next_state(step, record.state)
    if state is None:
        raise Conflict(
            sentence(
                "%(reference)s is %(state)s: this step is no longer open. Read it again.",
                reference=reference,
                state=Coded("record_state", record.state),
            )
        )
    record.state = state
    return record


def end_step(session: Session, actor: Actor, record: Any, step: str, fields: list[str]) -> None:
    """Write a step that was taken: its moment, its event, and the message to the owner."""
    record.changed_at = utc_now()
    session.flush()
    records.trace(session, actor, step, record, fields)


def _has_matches(session: Session, record: Any) -> bool:
    """Whether a match that is proposed or agreed was made with the record."""
    if isinstance(record, Need):
        of_record = Match.need_reference == record.reference
    elif isinstance(record, Offer):
        of_record = Match.offer_reference == record.reference
    else:
        return stands_in_part(session, record)
    standing = select(Match.id).where(of_record, Match.state.in_(LIVE_MATCH_STATES)).limit(1)
    return session.scalar(standing) is not None
