"""What is traced: events are only ever added, messages leave through the outbox of the same transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotFound, Stale
from lcm_service.domain.permissions import (
    Actor,
    may_coordinate,
    may_see_draft,
    may_see_match,
    may_see_need,
    may_see_offer,
    may_see_offers,
    may_see_part,
)
from lcm_service.domain.sentences import Coded, Sentence, sentence
from lcm_service.domain.vocabulary import ROLES
from lcm_service.persistence.audit_chain import add_event
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import (
    AuditEvent,
    Match,
    Need,
    Offer,
    OutboxMessage,
    Part,
    Person,
    Support,
)
from lcm_service.services.match_turns import is_put
from lcm_service.services.references import is_draft_reference


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One event as its reader may see it. ``by`` is a name for colleagues and coordinators, else a role."""

    at: datetime
    by: str
    role: str
    action: str
    fields: tuple[str, ...]
    facts: dict[str, Any]


def record_event(
    session: Session,
    actor: Actor,
    action: str,
    record_kind: str,
    reference: str,
    fields: Iterable[str] = (),
    facts: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Add who did what to which record. ``fields`` are names of fields; ``facts`` hold no personal values:
    the event stays for ever, and what must be erasable is kept elsewhere.
    """
    event = AuditEvent(
        at=utc_now(),
        actor_id=actor.person_id,
        actor_role=actor.role,
        action=action,
        record_kind=record_kind,
        record_reference=reference,
        fields=list(fields),
        facts=dict(facts) if facts else None,
    )
    add_event(session, event)
    return event


def enqueue_message(
    session: Session,
    kind: str,
    participant_id: int | None = None,
    person_id: int | None = None,
    facts: Mapping[str, Any] | None = None,
) -> OutboxMessage:
    """Leave a message for a participant or a person; it goes out if, and only if, the transaction commits."""
    if (participant_id is None) == (person_id is None):
        raise ValueError("A message goes to a participant or to a person.")
    message = OutboxMessage(
        kind=kind, participant_id=participant_id, person_id=person_id, facts=dict(facts or {})
    )
    session.add(message)
    return message


def list_events(actor: Actor, record_kind: str, reference: str) -> list[TrailEntry]:
    """The history of a record, oldest first. Raises NotFound where the actor may not see the record."""
    _check_may_read(actor, record_kind, reference)
    rows = db.session.execute(
        select(AuditEvent, Person)
        .outerjoin(Person, AuditEvent.actor_id == Person.id)
        .where(AuditEvent.record_kind == record_kind, AuditEvent.record_reference == reference)
        .order_by(AuditEvent.id)
    )
    own_side = _side_of(actor, reference) if record_kind == "match" else None
    return [
        TrailEntry(
            event.at,
            _named(actor, event, person),
            event.actor_role,
            event.action,
            _fields_for(actor, event),
            _facts_for(actor, event, own_side),
        )
        for event, person in _readable(actor, record_kind, reference, rows)
    ]


def check_version(session: Session, actor: Actor, record_kind: str, record: Any, version: int) -> None:
    """Raise Stale, saying who changed what, unless ``version`` is the record's present one.

    Events of a record carry the version that they led to; those after ``version`` are what the writer missed.
    """
    if record.version == version:
        return
    changes = [
        {
            "by": _named(actor, event, person),
            "at": event.at.isoformat(timespec="seconds"),
            "action": event.action,
            "fields": list(event.fields),
        }
        for event, person in _events_since(session, actor, record_kind, record, version)
    ]
    raise Stale(
        _stale_message(record.reference, changes),
        your_version=version,
        present_version=record.version,
        changes=changes,
    )


def actions_since(
    session: Session, actor: Actor, record_kind: str, record: Any, version: int
) -> tuple[str, ...]:
    """What happened to a record after ``version``, as far as the actor may read it, oldest first."""
    if record.version == version:
        return ()
    events = _events_since(session, actor, record_kind, record, version)
    return tuple(event.action for event, _ in events)


def _events_since(
    session: Session, actor: Actor, record_kind: str, record: Any, version: int
) -> list[tuple[AuditEvent, Person | None]]:
    rows = session.execute(
        select(AuditEvent, Person)
        .outerjoin(Person, AuditEvent.actor_id == Person.id)
        .where(AuditEvent.record_kind == record_kind, AuditEvent.record_reference == record.reference)
        .order_by(AuditEvent.id)
    )
    return [
        row
        for row in _readable(actor, record_kind, record.reference, rows)
        if (row[0].facts or {}).get("version", 0) > version
    ]


def _stale_message(reference: str, changes: list[dict[str, Any]]) -> Sentence:
    if not changes:
        return sentence(
            "%(reference)s is not in the version that you name. Read it again and repeat your change.",
            reference=reference,
        )
    last = changes[-1]
    by = Coded("role", last["by"]) if last["by"] in ROLES else last["by"]
    at = datetime.fromisoformat(last["at"])
    fields = sorted({field for change in changes for field in change["fields"]})
    if not fields:
        return sentence(
            "%(reference)s was changed since you read it, last by %(by)s at %(at)s. Read it again and repeat "
            "your change.",
            reference=reference,
            by=by,
            at=at,
        )
    return sentence(
        "%(reference)s was changed (%(fields)s) since you read it, last by %(by)s at %(at)s. Read it again "
        "and repeat your change.",
        reference=reference,
        fields=[Coded("field", one) for one in fields],
        by=by,
        at=at,
    )


def _named(actor: Actor, event: AuditEvent, person: Person | None) -> str:
    """Colleagues and coordinators read names; everyone else reads a role."""
    if person is None:
        return event.actor_role
    is_colleague = actor.participant_id is not None and actor.participant_id == person.participant_id
    return person.name if actor.is_coordinator or actor.is_system or is_colleague else event.actor_role


def _readable(
    actor: Actor, record_kind: str, reference: str, rows: Iterable[Any]
) -> list[tuple[AuditEvent, Person | None]]:
    """The events that the actor may read: of a match, a provider none of what the recipient was asked before
    it agreed to be put to it; of an offer or a support, that it was given back is for its owner and
    coordinators; of other days, who has answered is for coordinators.
    """
    events = [(event, person) for event, person in rows]
    if record_kind == "dates" and not may_coordinate(actor):
        return []
    if record_kind in ("offer", "support") and not _owns_or_coordinates(actor, record_kind, reference):
        return [row for row in events if row[0].action != "return"]
    if record_kind != "match" or may_coordinate(actor):
        return events
    found = _sides_of_match(reference)
    if found is not None and may_see_need(actor, found[1]):
        return events
    return [row for row in events if not (row[0].facts or {}).get("is_secret")]


def _facts_for(actor: Actor, event: AuditEvent, own_side: str | None) -> dict[str, Any]:
    """What stands with an event. Of a match, seats and why a side declined are for that side and
    coordinators.
    """
    facts = event.facts or {}
    if event.record_kind != "match" or may_coordinate(actor) or facts.get("side") == own_side:
        return facts
    told = ("on_behalf", "version") if "side" in facts else ("on_behalf", "version", "reason")
    return {name: value for name, value in facts.items() if name in told}


def _side_of(actor: Actor, reference: str) -> str | None:
    """For which side of a match the actor answers."""
    found = _sides_of_match(reference)
    if found is None:
        return None
    return "recipient" if actor.answers_for(found[1]) else "provider"


def no_such(record_kind: str, reference: str) -> Sentence:
    """What is said where there is no such record, and in the same words where the actor may not see it."""
    match record_kind:
        case "need":
            return sentence("There is no need %(reference)s.", reference=reference)
        case "offer":
            return sentence("There is no offer %(reference)s.", reference=reference)
        case "support":
            return sentence("There is no support %(reference)s.", reference=reference)
        case "match":
            return sentence("There is no match %(match)s.", match=reference)
        case "part":
            return sentence("There is no part %(part)s.", part=reference)
        case "plan":
            return sentence("There is no plan %(plan)s.", plan=reference)
    return sentence("There is no record %(reference)s.", reference=reference)


def _check_may_read(actor: Actor, record_kind: str, reference: str) -> None:
    if not _may_read(actor, record_kind, reference):
        raise NotFound(no_such(record_kind, reference))


def _may_read(actor: Actor, record_kind: str, reference: str) -> bool:
    if is_draft_reference(reference):
        return _may_read_draft(actor, record_kind, reference)
    if may_coordinate(actor):
        return True
    if record_kind == "need":
        owner = db.session.scalar(select(Need.participant_id).where(Need.reference == reference))
        return owner is not None and may_see_need(actor, owner)
    if record_kind == "match":
        found = _sides_of_match(reference)
        if found is None:
            return False
        match, recipient_id, provider_id = found
        return may_see_match(actor, recipient_id, provider_id, is_put=is_put(match))
    if record_kind == "part":
        part = db.session.get(Part, _number_of(reference))
        return part is not None and may_see_part(
            actor, part.support.participant_id, is_put=part.put_at is not None
        )
    if record_kind in ("offer", "support"):
        return _may_read_offer(actor, record_kind, reference)
    return record_kind == "activity" and may_see_offers(actor)


def _owns_or_coordinates(actor: Actor, record_kind: str, reference: str) -> bool:
    table: Any = Offer if record_kind == "offer" else Support
    owner = db.session.scalar(select(table.participant_id).where(table.reference == reference))
    return may_coordinate(actor) or (owner is not None and actor.answers_for(owner))


def _fields_for(actor: Actor, event: AuditEvent) -> tuple[str, ...]:
    """The fields of an event. That a change led an offer back from where it was given back is told to no more
    people than that it was given back.
    """
    is_told = event.action != "revise" or event.record_kind not in ("offer", "support")
    if is_told or _owns_or_coordinates(actor, event.record_kind, event.record_reference):
        return tuple(event.fields)
    return tuple(name for name in event.fields if name != "state")


def _may_read_draft(actor: Actor, record_kind: str, reference: str) -> bool:
    table: Any = {"need": Need, "offer": Offer, "support": Support}.get(record_kind)
    query = None if table is None else select(table.participant_id).where(table.reference == reference)
    owner = None if query is None else db.session.scalar(query)
    return owner is not None and may_see_draft(actor, owner)


def _may_read_offer(actor: Actor, record_kind: str, reference: str) -> bool:
    table: Any = Offer if record_kind == "offer" else Support
    record = db.session.scalar(select(table).where(table.reference == reference))
    return record is not None and may_see_offer(actor, record.visibility_consent)


def _sides_of_match(reference: str) -> tuple[Match, int, int] | None:
    row = db.session.execute(
        select(Match, Need.participant_id, Offer.participant_id)
        .join(Need, Match.need_reference == Need.reference)
        .join(Offer, Match.offer_reference == Offer.reference)
        .where(Match.id == _number_of(reference))
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def _number_of(reference: str) -> int:
    """A match and a part are traced by their numbers; anything else names none."""
    is_number = reference.isascii() and reference.isdecimal() and len(reference) < 10
    return int(reference) if is_number else -1
