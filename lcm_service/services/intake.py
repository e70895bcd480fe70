"""What came in to a round and waits for the secretariat: to be acknowledged, to be asked back, to be renewed,
to be told apart.

It is read from the records as they are, so there is no list that anybody has to keep.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from lcm_service.domain.completeness import missing_fields
from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import Actor, may_look_after_intake
from lcm_service.domain.record_lives import next_state
from lcm_service.domain.sent_twice import may_be_the_same
from lcm_service.domain.sentences import Sentence, sentence
from lcm_service.domain.vocabulary import LIVE_RECORD_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import AuditEvent
from lcm_service.services import records
from lcm_service.services.record_ends import REMIND_BEFORE
from lcm_service.services.record_life import acknowledge_within
from lcm_service.services.require import require_round
from lcm_service.services.trail import no_such

# As many as a page of them shows: whoever acknowledges says of each that it came, so it is on the page.
MOST_AT_ONCE: Final = 100


class Chosen(NamedTuple):
    """A record as it was read on the page."""

    kind: str
    reference: str
    version: int


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What a press has done: the references of those acknowledged, and of each other why it was not."""

    done: tuple[str, ...]
    left: tuple[tuple[str, Sentence], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in one of the lists, with what brought it there."""

    kind: str
    record: Any
    # Since when it waits to be acknowledged, and for how many days.
    since: datetime | None = None
    days: int = 0
    # What nobody has stated, in asking order.
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Double:
    """Two records of one kind that may be the same, the older first."""

    kind: str
    one: Any
    other: Any


@dataclass(frozen=True, slots=True)
class Intake:
    """The four lists of a round: those waiting longest, with most questions, or ending soonest come first.

    Of an entry that ends, ``days`` are those that are left.
    """

    waiting: Sequence[Entry]
    incomplete: Sequence[Entry]
    ending: Sequence[Entry]
    doubles: Sequence[Double]


def read_intake(actor: Actor, round_code: str) -> Intake:
    """What is to be looked after among the live records of a round.

    Raises NotAllowed for all but coordinators, NotFound.
    """
    _require_coordinator(actor)
    tables: Any = records.TABLES.items()
    live = [
        (kind, record)
        for kind, table in tables
        for record in records.list_records(actor, table, round_code, only_live=True)
    ]
    today = utc_now().date()
    return Intake(_waiting(live, today), _incomplete(live), _ending(live, today), _doubles(live))


def acknowledge_chosen(actor: Actor, round_code: str, chosen: Sequence[Chosen]) -> Acknowledged:
    """Acknowledge those of the chosen records of a round that are still as they were read, each by the step
    of a single one; of every other one it is said why not. Sent twice, it acknowledges nothing again.

    Raises NotAllowed for all but coordinators, NotFound for the round, and NotValid for more than
    `MOST_AT_ONCE`.
    """
    _require_coordinator(actor)
    if len(chosen) > MOST_AT_ONCE:
        raise NotValid(sentence("Choose at most %(most)s records at once.", most=MOST_AT_ONCE))
    first: dict[tuple[str, str], Chosen] = {}
    for one in chosen:
        first.setdefault((one.kind, one.reference), one)
    done: list[str] = []
    left: list[tuple[str, Sentence]] = []
    with transaction() as session:
        # Held first: of two coordinators that press at once, the second one finds what the first has done.
        round_ = reads.lock_round(session, require_round(session, round_code).id)
        for one in first.values():
            refusal = _acknowledge(session, actor, round_.id, one)
            if refusal is None:
                done.append(one.reference)
            else:
                left.append((one.reference, refusal))
    return Acknowledged(tuple(done), tuple(left))


def _acknowledge(session: Session, actor: Actor, round_id: int, one: Chosen) -> Sentence | None:
    """Acknowledge a record; gives why it was not."""
    table: Any = records.TABLES.get(one.kind)
    state = None
    if table is not None:
        of_round = select(table.state).where(table.reference == one.reference, table.round_id == round_id)
        state = session.scalar(of_round)
    if state is None:
        return no_such(one.kind, one.reference)
    if state in LIVE_RECORD_STATES and next_state("acknowledge", state) is None:
        return sentence("%(reference)s is acknowledged already.", reference=one.reference)
    try:
        acknowledge_within(session, actor, one.kind, one.reference, one.version)
    except (Conflict, NotFound) as refusal:
        return refusal.message
    return None


def _waiting(live: Iterable[tuple[str, Any]], today: date) -> list[Entry]:
    submitted = [(kind, record) for kind, record in live if record.state == "submitted"]
    again = _came_again(record.reference for _, record in submitted if record.version > 1)
    since = {record.reference: again.get(record.reference, record.created_at) for _, record in submitted}
    submitted.sort(key=lambda pair: (since[pair[1].reference], pair[1].reference))
    return [
        Entry(kind, record, since=moment, days=(today - moment.date()).days)
        for kind, record in submitted
        for moment in [since[record.reference]]
    ]


def _came_again(references: Iterable[str]) -> dict[str, datetime]:
    """When a record that was given back or had expired was last sent anew: from then on it waits again, and
    not since it came first.
    """
    wanted = sorted(references)
    if not wanted:
        return {}
    query = select(AuditEvent.record_reference, AuditEvent.fields, AuditEvent.at).where(
        AuditEvent.record_reference.in_(wanted), AuditEvent.action.in_(("revise", "renew"))
    )
    rows = db.session.execute(query.order_by(AuditEvent.id))
    return {reference: at for reference, fields, at in rows if "state" in fields}


def _incomplete(live: Iterable[tuple[str, Any]]) -> list[Entry]:
    found = [Entry(kind, record, missing=missing_fields(kind, record)) for kind, record in live]
    asked = [one for one in found if one.missing]
    return sorted(asked, key=lambda one: (-len(one.missing), one.record.reference))


def _ending(live: Iterable[tuple[str, Any]], today: date) -> list[Entry]:
    """Those of which their owners are reminded, for their last day is near."""
    found = [
        Entry(kind, record, days=(record.expires_on - today).days)
        for kind, record in live
        if record.expires_on is not None and today <= record.expires_on <= today + REMIND_BEFORE
    ]
    return sorted(found, key=lambda one: (one.days, one.record.reference))


def _doubles(live: Iterable[tuple[str, Any]]) -> list[Double]:
    of_owner: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for kind, record in live:
        of_owner[kind, record.participant_id].append(record)
    return [
        Double(kind, one, other)
        for (kind, _), own in of_owner.items()
        for one, other in combinations(own, 2)
        if may_be_the_same(kind, one, other)
    ]


def _require_coordinator(actor: Actor) -> None:
    if not may_look_after_intake(actor):
        raise NotAllowed(sentence("Only coordinators look through what came in to a round."))
