"""The chain of audit events: each holds the hash of the one before, so that none can be changed unseen.

Events wait in their session and are chained when it commits, in the order in which they were added. The last
link is one row, held for as long as the commit takes: two writers follow each other, and the unique hashes
refuse a fork even to one who bypasses this.
"""

import hashlib
import json
from typing import Any, Final

from sqlalchemy import event, insert, select, update
from sqlalchemy.orm import Session

from lcm_service.persistence.database import UNCHAINED_EVENTS
from lcm_service.persistence.tables.traces import AuditEvent, AuditHead

# What the first event holds as the hash before it.
NO_HASH: Final = "0" * 64
HEAD_ID: Final = 1


def add_event(session: Session, row: AuditEvent) -> None:
    """Have an event chained when the session commits; it is gone if the session rolls back."""
    session.info.setdefault(UNCHAINED_EVENTS, []).append(row)


def digest(row: AuditEvent) -> str:
    """SHA-256, in hex, over an event as canonical JSON: its place, its content and the hash before it."""
    content = [
        row.id,
        row.at.isoformat(timespec="microseconds"),
        row.actor_id,
        row.actor_role,
        row.action,
        row.record_kind,
        row.record_reference,
        row.fields,
        row.facts,
        row.previous_sha256,
    ]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@event.listens_for(Session, "before_commit")
def _chain_events(session: Session) -> None:
    waiting: list[AuditEvent] = session.info.pop(UNCHAINED_EVENTS, [])
    if not waiting:
        return
    # Whatever the use case wrote goes first, so that the last link is held for the commit alone.
    session.flush()
    held = select(AuditHead.number, AuditHead.sha256).where(AuditHead.id == HEAD_ID).with_for_update()
    head = session.execute(held).one_or_none()
    if head is None:
        session.execute(insert(AuditHead).values(id=HEAD_ID, number=0, sha256=NO_HASH))
    number, previous = (0, NO_HASH) if head is None else head
    for row in waiting:
        number += 1
        row.id, row.previous_sha256 = number, previous
        # As the database will give it back: a key that is no text becomes one.
        row.facts = _as_stored(row.facts)
        row.sha256 = previous = digest(row)
        session.add(row)
    session.execute(update(AuditHead).where(AuditHead.id == HEAD_ID).values(number=number, sha256=previous))
    session.flush()


def _as_stored(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if facts is None else json.loads(json.dumps(facts))
