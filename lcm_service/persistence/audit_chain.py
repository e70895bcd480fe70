"""The chain of audit events: each holds the hash of the one before, so that none can be changed unseen.

Events wait in their session and are chained when it commits, in the order in which they were added. The last
link is one row, held for as long as the commit takes: two writers follow each other, and the unique hashes
refuse a fork even to one who bypasses this. What is hashed is the text that the database keeps, not what a
reader makes of it.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, String, cast, event, func, select, type_coerce, update
from sqlalchemy.orm import Session, SessionTransaction

from lcm_service.persistence.database import UNCHAINED_EVENTS
from lcm_service.persistence.tables.traces import AuditEvent, AuditHead

# What the first event holds as the hash before it.
NO_HASH: Final = "0" * 64
HEAD_ID: Final = 1
READ_AT_ONCE: Final = 2_000


def add_event(session: Session, row: AuditEvent) -> None:
    """Have an event chained when the transaction commits; it is gone if that rolls back.

    Raises RuntimeError outside of `transaction` and inside a savepoint, which may be undone by itself.
    """
    if not session.info.get("in_transaction") or session.in_nested_transaction():
        raise RuntimeError("An event is recorded in the transaction of its use case, and not in a savepoint.")
    session.info.setdefault(UNCHAINED_EVENTS, []).append(row)


def digest(row: AuditEvent) -> str:
    """SHA-256, in hex, over an event that is to be stored: its place, its content, the hash before it."""
    return digest_as_stored(
        (
            row.id,
            row.at.strftime("%Y-%m-%d %H:%M:%S.%f"),
            row.actor_id,
            row.actor_role,
            row.action,
            row.record_kind,
            row.record_reference,
            json.dumps(row.fields),
            None if row.facts is None else json.dumps(row.facts),
            row.previous_sha256,
        )
    )


def digest_as_stored(content: tuple[Any, ...]) -> str:
    """The same over what `read_as_stored` gives. Whatever stands there, a number comes out."""
    return hashlib.sha256(json.dumps(content, default=repr, separators=(",", ":")).encode()).hexdigest()


def read_as_stored(session: Session) -> Iterator[tuple[tuple[Any, ...], str, tuple[int, str] | None]]:
    """Every event as the text that is kept, with its hash, and the head as it was at that moment.

    All in one statement, so that what is added meanwhile is in neither.
    """
    is_postgres = session.get_bind().dialect.name == "postgresql"
    head = select(AuditHead).where(AuditHead.id == HEAD_ID)
    columns = (
        AuditEvent.id,
        _moment_as_text(is_postgres),
        *(AuditEvent.actor_id, AuditEvent.actor_role, AuditEvent.action, AuditEvent.record_kind),
        AuditEvent.record_reference,
        *(_as_text(column, is_postgres) for column in (AuditEvent.fields, AuditEvent.facts)),
        AuditEvent.previous_sha256,
        AuditEvent.sha256,
        head.with_only_columns(AuditHead.number).scalar_subquery(),
        head.with_only_columns(AuditHead.sha256).scalar_subquery(),
    )
    query = select(*columns).order_by(AuditEvent.id).execution_options(yield_per=READ_AT_ONCE)
    for row in session.execute(query):
        *content, sha256, number, head_sha256 = row
        yield tuple(content), sha256, None if number is None else (number, head_sha256)


def read_head(session: Session) -> tuple[int, str, int] | None:
    """Number and hash of the head with the count of events, in one statement."""
    count = select(func.count()).select_from(AuditEvent).scalar_subquery()
    row = session.execute(
        select(AuditHead.number, AuditHead.sha256, count).where(AuditHead.id == HEAD_ID)
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def read_head_sha256(session: Session) -> str | None:
    """The hash of the head alone: another one after every event."""
    return session.scalar(select(AuditHead.sha256).where(AuditHead.id == HEAD_ID))


def _as_text(column: Any, is_postgres: bool) -> ColumnElement[Any]:
    return cast(column, String) if is_postgres else type_coerce(column, String)


def _moment_as_text(is_postgres: bool) -> ColumnElement[Any]:
    if is_postgres:
        return func.to_char(AuditEvent.at, "YYYY-MM-DD HH24:MI:SS.US", type_=String)
    return type_coerce(AuditEvent.at, String)


@event.listens_for(Session, "before_commit")
def _chain_events(session: Session) -> None:
    if session.in_nested_transaction():
        return
    waiting: list[AuditEvent] = session.info.pop(UNCHAINED_EVENTS, [])
    if not waiting:
        return
    # Whatever the use case wrote goes first, so that the last link is held for the commit alone.
    session.flush()
    held = select(AuditHead.number, AuditHead.sha256).where(AuditHead.id == HEAD_ID).with_for_update()
    head = session.execute(held).one_or_none()
    if head is None:
        raise RuntimeError("The chain of audit events has lost its head. Run `flask lcm verify-audit`.")
    number, previous = head
    for row in waiting:
        number += 1
        row.id, row.previous_sha256 = number, previous
        # As the database will give it back: a key that is no text becomes one.
        row.facts = _as_stored(row.facts)
        row.sha256 = previous = digest(row)
        session.add(row)
    session.execute(update(AuditHead).where(AuditHead.id == HEAD_ID).values(number=number, sha256=previous))
    session.flush()


@event.listens_for(Session, "after_soft_rollback")
def _forget_events(session: Session, previous: SessionTransaction) -> None:
    if not previous.nested:
        session.info.pop(UNCHAINED_EVENTS, None)


def _as_stored(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if facts is None else json.loads(json.dumps(facts))
