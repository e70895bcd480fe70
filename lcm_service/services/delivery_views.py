"""What came of a match, as its reader may see it: days and place, what was reported, what a side says of it.

Both sides read that a course was held, on which days and with how many seats. Why it was not held is for the
side that said so and for coordinators; so is what a side says of a course afterwards. A gap that was not
closed shows a weakness, so no provider reads the answer of one recipient (docs/decisions.md, 34).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from lcm_service.domain.lives import NOTHING, states_before
from lcm_service.domain.permissions import Actor, may_decide_as, may_read_assessment
from lcm_service.domain.vocabulary import ASSESSING_SIDES
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.tables import Assessment, Delivery, Match, Participant, Person
from lcm_service.services.match_turns import agreed_seats
from lcm_service.services.session_views import SessionNow, session_now


@dataclass(frozen=True, slots=True)
class AssessmentOfMatch:
    """What one side says of the course: for that side itself and for coordinators."""

    side: str
    answer: str
    note: str | None
    given_at: datetime
    by: str | None
    is_on_behalf: bool


@dataclass(frozen=True, slots=True)
class DeliveryOfMatch:
    """What came of an agreed match. ``state`` is empty until something is said of it.

    ``reason`` and ``note`` of a course that was not held are for the side that reported it and coordinators.
    ``is_overdue``: its days are over and nobody has reported. ``to_assess``: sides of the reader's that have
    not said yet what they think of it. ``open_steps``: what the reader may do now (`domain/lives.py`).
    """

    state: str | None
    starts_on: date | None
    ends_on: date | None
    place: str | None
    venue: str | None
    held_from: date | None
    held_to: date | None
    seats_used: int | None
    women_used: int | None
    reported_side: str | None
    reported_at: datetime | None
    is_on_behalf: bool
    reason: str | None
    note: str | None
    is_overdue: bool
    assessments: tuple[AssessmentOfMatch, ...]
    to_assess: tuple[str, ...]
    open_steps: tuple[str, ...]


def days_of_match(match: Match) -> SessionNow:
    """The days and the place of the session of a match, as its pages show them and as they bind."""
    label = match.plan.labels["sessions"][match.session_code]
    return session_now(match.offer, match.session_code, label, match.moved_days)


def days_said(match: Match) -> tuple[date | None, date | None]:
    """The first and the last day that the session allows, as far as it says them."""
    days = days_of_match(match)
    return days.start or days.not_before, days.end or days.not_after


def first_day(match: Match) -> date | None:
    """The day on which the course begins, as it was scheduled or as its session says; else unknown."""
    scheduled = _scheduled(match)
    return days_of_match(match).start if scheduled is None else scheduled[0]


def last_day(match: Match) -> date | None:
    """The day on which the course ends, as it was scheduled or as its session says; else unknown."""
    scheduled = _scheduled(match)
    return days_of_match(match).end if scheduled is None else scheduled[1]


def view_delivery(
    actor: Actor,
    match: Match,
    recipient: Participant,
    provider: Participant,
    people: Mapping[int, Person],
) -> DeliveryOfMatch | None:
    """What the reader may see of what came of a match; nothing where the match is not agreed and never was
    held or scheduled.
    """
    delivery = match.delivery
    # While sides are asked for more, what all have agreed before stands.
    is_agreed = agreed_seats(match) > 0
    if delivery is None and not is_agreed:
        return None
    row = delivery or Delivery(state=None, assessments=[])
    owners = {"recipient": recipient.id, "provider": provider.id}
    sides = [side for side in ASSESSING_SIDES if may_decide_as(actor, side, recipient.id, provider.id)]
    today, last = utc_now().date(), last_day(match)
    end = last or days_said(match)[1]
    given = {one.side: one for one in row.assessments}
    reads_why = row.reported_side is not None and may_read_assessment(
        actor, row.reported_side, recipient.id, provider.id
    )
    is_reported = row.state in ("delivered", "not_delivered")
    return DeliveryOfMatch(
        state=row.state,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        place=row.place_code,
        venue=row.venue,
        held_from=row.held_from,
        held_to=row.held_to,
        seats_used=row.seats_used,
        women_used=row.women_used,
        reported_side=row.reported_side,
        reported_at=row.reported_at,
        is_on_behalf=is_reported
        and _is_on_behalf(row.reported_by_id, owners.get(row.reported_side or ""), people),
        reason=row.reason if reads_why else None,
        note=row.note if reads_why else None,
        is_overdue=is_agreed and not is_reported and end is not None and end < today,
        assessments=tuple(
            _view_assessment(one, owners[one.side], people)
            for one in sorted(row.assessments, key=lambda one: ASSESSING_SIDES.index(one.side))
            if may_read_assessment(actor, one.side, recipient.id, provider.id)
        ),
        to_assess=tuple(side for side in sides if row.state == "delivered" and side not in given),
        open_steps=_open_steps(actor, match, sides, row.state) if is_agreed else (),
    )


def people_of_delivery(match: Match) -> set[int]:
    """The numbers of those who reported and assessed it."""
    if match.delivery is None:
        return set()
    found = {match.delivery.reported_by_id, *(one.given_by_id for one in match.delivery.assessments)}
    return {number for number in found if number is not None}


def _open_steps(actor: Actor, match: Match, sides: list[str], state: str | None) -> tuple[str, ...]:
    """The steps whose button the reader is shown."""
    today, first, last = utc_now().date(), first_day(match), last_day(match)
    now = state or NOTHING
    corrects = actor.is_coordinator and now in states_before("delivery", "correct")
    # What was not held on the days that its session names is scheduled once all have accepted others; by a
    # letter also on those of its days that are still to come.
    said = days_of_match(match)
    named = (said.end,) if actor.is_coordinator else (said.start, said.end)
    is_past = now == "not_delivered" and any(day and day <= today for day in named)
    open_now = {
        "schedule": "provider" in sides and now in states_before("delivery", "schedule") and not is_past,
        "deliver": (corrects or now in states_before("delivery", "deliver"))
        and (last is None or last <= today),
        "not_deliver": (corrects or now in states_before("delivery", "not_deliver"))
        and (first is None or first <= today),
        "assess": now in states_before("delivery", "assess"),
    }
    return tuple(step for step, is_open in open_now.items() if is_open and sides)


def _view_assessment(one: Assessment, owner: int, people: Mapping[int, Person]) -> AssessmentOfMatch:
    person = None if one.given_by_id is None else people.get(one.given_by_id)
    return AssessmentOfMatch(
        side=one.side,
        answer=one.answer,
        note=one.note,
        given_at=one.given_at,
        by=None if person is None else person.name,
        is_on_behalf=_is_on_behalf(one.given_by_id, owner, people),
    )


def _is_on_behalf(person_id: int | None, owner: int | None, people: Mapping[int, Person]) -> bool:
    person = None if person_id is None else people.get(person_id)
    return person is None or person.participant_id != owner


def _scheduled(match: Match) -> tuple[date | None, date | None] | None:
    """The days that were fixed; none where nothing was, or where it no longer stands."""
    delivery = match.delivery
    if delivery is None or delivery.starts_on is None or delivery.state == "called_off":
        return None
    return delivery.starts_on, delivery.ends_on
