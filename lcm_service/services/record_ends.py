"""A record stands until the last day that its owner has named: then it expires, and its owner may renew it.

What nobody looks after any more would otherwise be matched for years. A record expires on its day whatever
stands on it: that it did not would tell its owner, and everybody, of a match of which they may know nothing.
What a live match holds goes on taking part under that match all the same (`run_out`).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from lcm_service.domain.errors import Conflict, NotAllowed, NotValid
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.record_lives import next_state
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.domain.vocabulary import LIVE_RECORD_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.services import records
from lcm_service.services.questions import close_questions_of
from lcm_service.services.run_out import has_run_out
from lcm_service.services.trail import enqueue_message

# So long before the last day of a record its owner is reminded of it, once.
REMIND_BEFORE: Final = timedelta(days=14)

SAY_UNTIL_WHEN = sentence("State the day until which it stands.")
IS_PAST = sentence("This day is past.")


def expire_overdue(actor: Actor) -> int:
    """Let the live records expire whose last day is past; gives how many.

    Their owners are told. Raises NotAllowed for all but coordinators and the system.
    """
    _require_coordinator(actor)
    today, touched = utc_now().date(), 0
    for round_id in _rounds_with_ends(date.min, today - timedelta(days=1)):
        with transaction() as session:
            reads.lock_round(session, round_id)
            for record in _live_records(session, round_id):
                if has_run_out(record, today):
                    _expire(session, actor, record)
                    touched += 1
    return touched


def remind_of_ends(actor: Actor) -> int:
    """Bring records that end soon to the mind of their owners, once for each last day that they name; gives
    how many messages were left. Raises NotAllowed as `expire_overdue`.
    """
    _require_coordinator(actor)
    today, left = utc_now().date(), 0
    for round_id in _rounds_with_ends(today, today + REMIND_BEFORE, is_reminder=True):
        with transaction() as session:
            reads.lock_round(session, round_id)
            for record in _live_records(session, round_id):
                ends_soon = (
                    record.expires_on is not None and today <= record.expires_on <= today + REMIND_BEFORE
                )
                if not ends_soon or record.reminded_of == record.expires_on:
                    continue
                table: Any = type(record)
                kind = records.KINDS[table]
                # No change of the record: whoever has its form open has not missed anything.
                noted = update(table).where(table.id == record.id).values(reminded_of=record.expires_on)
                session.execute(noted, execution_options={"synchronize_session": False})
                facts = {"reference": record.reference}
                enqueue_message(
                    session, f"{kind}.ends_soon", participant_id=record.participant_id, facts=facts
                )
                left += 1
    return left


def renew_record(actor: Actor, kind: str, reference: str, *, expires_on: date | None, version: int) -> Any:
    """Let a record that expired stand until another day. It is acknowledged anew, and its note verbale stays
    on record but vouches for it no more: the permanent mission vouched for what has ended.

    Raises NotFound, NotAllowed, Stale, NotValid without a day that is still to come or today, and Conflict
    where it has not expired: then its last day is changed like any other of its fields.
    """
    with transaction() as session:
        table: Any = records.TABLES[kind]
        record: Any = records.lock_with_round(session, actor, table, reference, version)
        if expires_on is None or expires_on < utc_now().date():
            fault = SAY_UNTIL_WHEN if expires_on is None else IS_PAST
            raise NotValid(records.FAULTY, {"expires_on": [fault]})
        state = next_state("renew", record.state)
        if state is None:
            raise Conflict(
                sentence(
                    "%(reference)s is %(state)s: only what has expired is renewed.",
                    reference=reference,
                    state=Coded("record_state", record.state),
                )
            )
        record.state, record.expires_on = state, expires_on
        records.forget_reception(record)
        records.end_change(session, actor, record, "renew", ["expires_on", "state"])
        return record


def _expire(session: Session, actor: Actor, record: Any) -> None:
    record.state, record.changed_at = "expired", utc_now()
    session.flush()
    close_questions_of(session, record)
    records.trace(session, actor, "expire", record, ["state"])


def _rounds_with_ends(first: date, last: date, *, is_reminder: bool = False) -> list[int]:
    """The rounds of live records that end between these days; for a reminder, of those not reminded yet."""
    session = db.session()
    session.rollback()
    found: set[int] = set()
    tables: Any = records.TABLES.values()
    for table in tables:
        query = select(table.round_id).where(
            table.state.in_(LIVE_RECORD_STATES), table.expires_on.between(first, last)
        )
        if is_reminder:
            query = query.where(or_(table.reminded_of.is_(None), table.reminded_of != table.expires_on))
        found |= set(session.scalars(query))
    return sorted(found)


def _live_records(session: Session, round_id: int) -> Iterator[Any]:
    """The live records of a round that end on some day, held until the transaction ends."""
    tables: Any = records.TABLES.values()
    for table in tables:
        query = select(table).where(
            table.round_id == round_id, table.state.in_(LIVE_RECORD_STATES), table.expires_on.is_not(None)
        )
        yield from session.scalars(query.order_by(table.id).with_for_update(of=table, key_share=True))


def _require_coordinator(actor: Actor) -> None:
    if not may_coordinate(actor):
        raise NotAllowed(
            sentence("The last days of records are looked after by coordinators and the service itself.")
        )
