"""A part as its reader may see it: the session, its days, its place and totals; never a recipient or a
need.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lcm_service.domain.permissions import Actor, may_answer_part, may_coordinate, may_see_part
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence import part_reads
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Offer, Part, Person
from lcm_service.services.session_views import SessionOfMatch, session_now, session_of_match


@dataclass(frozen=True, slots=True)
class PartView:
    """What one support gives to one session, as its owner was asked for it.

    ``quantity`` is for ``seats`` seats in all, however many recipients they are of. Reason, note and name are
    shown to the owner itself and to coordinators, who are all that see a part. ``may_answer``: whether the
    reader answers for the owner.
    """

    id: int
    version: int
    round_code: str
    standing: str
    state: str
    quantity: int
    quantity_confirmed: int
    seats: int
    answer_by: datetime | None
    owner_id: int
    owner: str
    owner_names: Mapping[str, str]
    support_reference: str
    support_title: str
    kind: str
    offer_reference: str
    offer_title: str
    provider: str
    provider_names: Mapping[str, str]
    session: SessionOfMatch
    reason: str | None
    note: str | None
    decided_at: datetime | None
    by: str | None
    is_on_behalf: bool
    may_answer: bool


def is_known(part: Part) -> bool:
    """Whether the support's owner may know of the part at all."""
    return part.put_at is not None


def state_for(actor: Actor, part: Part) -> str:
    """The state of a part for its reader: to its owner one that is planned anew reads as before, until it is
    asked; that a plan counts on it again would tell of a recipient who has not agreed to be put.
    """
    if may_coordinate(actor) or part.state not in ("planned", "released"):
        return part.state
    return part.known_state or "released"


def view_parts(session: Session, actor: Actor, parts: Sequence[Part]) -> list[PartView]:
    """The parts among these that the actor may see, in their order."""
    seen = [part for part in parts if may_see_part(actor, part.support.participant_id, is_put=is_known(part))]
    people = reads.list_people(session, {part.decided_by_id for part in seen if part.decided_by_id})
    offers = part_reads.offers_by_reference(session, {_label_of(part)["offer"] for part in seen})
    return [_view(actor, part, people, offers[_label_of(part)["offer"]]) for part in seen]


def _label_of(part: Part) -> Mapping[str, Any]:
    """The session of a part in the plan that sets it aside."""
    label: Mapping[str, Any] = part.plan.labels["sessions"][part.session_code]
    return label


def _view(actor: Actor, part: Part, people: Mapping[int, Person], offer: Offer) -> PartView:
    labels, owner = part.plan.labels, part.support.participant
    label = _label_of(part)
    person = None if part.decided_by_id is None else people.get(part.decided_by_id)
    coordinates = may_coordinate(actor)
    # Who gives nothing there any more is not told that those who stayed have moved.
    stands = coordinates or state_for(actor, part) in ("asked", "confirmed")
    now = session_now(offer, part.session_code, label, part.moved_days) if stands else None
    # A later plan may set aside more, or the same anew; its owner goes on to read what it was asked.
    is_as_planned = coordinates and part.state == "planned"
    return PartView(
        id=part.id,
        version=part.version,
        round_code=part.plan.round.code,
        standing=part.plan.round.standing,
        state=state_for(actor, part),
        quantity=part.quantity if is_as_planned else part.quantity_asked,
        quantity_confirmed=part.quantity_confirmed,
        seats=part.seats if is_as_planned else part.seats_asked,
        answer_by=part.answer_by if part.state == "asked" else None,
        owner_id=owner.id,
        owner=owner.code,
        owner_names=owner.names,
        support_reference=part.support_reference,
        support_title=part.support.title,
        kind=part.kind,
        offer_reference=label["offer"],
        offer_title=labels["offers"][label["offer"]]["title"],
        provider=label["provider"],
        provider_names=labels["participants"].get(label["provider"], {}),
        session=session_of_match(part.session_code, label, now),
        reason=part.reason,
        note=part.note,
        decided_at=part.decided_at,
        by=None if person is None else person.name,
        is_on_behalf=person is not None and person.participant_id != owner.id,
        may_answer=may_answer_part(actor, owner.id),
    )
