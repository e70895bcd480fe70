"""What a coordinator should look at twice before a plan is published. Nothing of it stops a publication.

Two providers who give one State the same subject in the same months waste what others wait for, and a course
that ends when its mission is over helps nobody. Both are seen across rounds and beside what is given outside
of the mechanism (activities): that nobody gives the same twice is what the mechanism is for (resolution 2518
(2020), paragraph 12).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any, Literal

from sqlalchemy import select

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Activity, Match, Need, Plan
from lcm_service.services import publication
from lcm_service.services.delivery_views import days_of_match
from lcm_service.services.moved_days import as_of_now

Kind = Literal["plan", "round", "activity"]


@dataclass(frozen=True, slots=True)
class Course:
    """What one participant gets from one provider on some subjects between two days.

    ``kind`` says where it stands: in the plan, as a match of another round, or as an activity. ``reference``
    is the session's code or the activity's reference; ``provider`` is ``None`` where an activity names it
    in words alone (``provider_as_stated``). Where the days are not fixed, ``first`` and ``last`` are those of
    the time in which it is held, and ``soonest_end`` is before ``last``.
    """

    kind: Kind
    recipient: str
    reference: str
    provider: str | None
    areas: frozenset[str]
    first: date
    last: date
    soonest_end: date
    need: str | None = None
    round: str | None = None
    provider_as_stated: str | None = None

    def doubles(self, other: "Course") -> bool:
        """Whether both give the same recipient a subject in a month, from two providers."""
        return (
            self.recipient == other.recipient
            and (self.provider is None or self.provider != other.provider)
            and not self.areas.isdisjoint(other.areas)
            and _month(self.first) <= _month(other.last)
            and _month(other.first) <= _month(self.last)
        )


@dataclass(frozen=True, slots=True)
class Double:
    """The same support twice: a course of the plan, and another one; the subjects that both teach."""

    course: Course
    other: Course

    @property
    def areas(self) -> list[str]:
        return sorted(self.course.areas & self.other.areas)


@dataclass(frozen=True, slots=True)
class Late:
    """A course of the plan that ends after the mission for which the need was stated."""

    course: Course
    mission: str
    ends_on: date


@dataclass(frozen=True, slots=True)
class Notices:
    doubles: tuple[Double, ...] = ()
    late: tuple[Late, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.doubles or self.late)


def find_notices(actor: Actor, plan_id: int) -> Notices:
    """What to look at twice in a plan: for coordinators. Raises NotAllowed and NotFound.

    Only what is stated is compared: a course whose subjects or days nobody has said is not called a double.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators read what a plan repeats."))
    plan = publication.find_plan(actor, plan_id)
    session = db.session()
    courses = list(_courses_of_plan(plan))
    others = [*_courses_of_other_rounds(session, plan, courses), *_activities(session, courses)]
    beside = _by_recipient(others)
    doubles = [
        Double(one, other)
        for own in _by_recipient(courses).values()
        for one, other in combinations(own, 2)
        if one.doubles(other)
    ]
    doubles += [
        Double(one, other) for one in courses for other in beside[one.recipient] if one.doubles(other)
    ]
    return Notices(tuple(doubles), tuple(_find_late(session, courses)))


def _by_recipient(courses: Iterable[Course]) -> defaultdict[str, list[Course]]:
    """Only courses of one recipient can double each other: of hundreds, few are compared."""
    found = defaultdict[str, list[Course]](list)
    for course in courses:
        found[course.recipient].append(course)
    return found


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _courses_of_plan(plan: Plan) -> Iterator[Course]:
    pairs = [(row["need"], row["session"]) for row in plan.document["assignments"]]
    return _courses(plan.labels, pairs, "plan", None)


def _courses(
    labels: Mapping[str, Any], pairs: Iterable[tuple[str, str]], kind: Kind, round_code: str | None
) -> Iterator[Course]:
    """The courses of these pairs, from the labels of their plan; of those whose days and subjects are
    stated.
    """
    for need, session in pairs:
        asked, given = labels["needs"][need], labels["sessions"][session]
        days = _days_of(given)
        areas = frozenset(given["areas"] or ()) - {"any"}
        if days is not None:
            yield Course(
                kind,
                asked["recipient"],
                session,
                given["provider"],
                areas,
                *days,
                need=need,
                round=round_code,
            )


def _days_of(session: Mapping[str, Any]) -> tuple[date, date, date] | None:
    """First and last day of a session, or of the time in which it is held, and the soonest on which it can
    end; ``None`` where no day is known.
    """
    first = session["start"] or session["not_before"] or session["end"] or session["not_after"]
    last = session["end"] or session["not_after"] or session["start"] or session["not_before"]
    if first is None or last is None:
        return None
    soonest = session["end"] or first
    return date.fromisoformat(first), date.fromisoformat(last), date.fromisoformat(soonest)


def _courses_of_other_rounds(session: Session, plan: Plan, courses: Iterable[Course]) -> Iterator[Course]:
    """What the recipients of the plan were matched with in other rounds and have not given back."""
    recipients = {course.recipient for course in courses}
    statement = (
        select(Match)
        .join(Need, Match.need_reference == Need.reference)
        .where(Match.round_id != plan.round_id, Match.state.in_(LIVE_MATCH_STATES))
        .order_by(Match.need_reference, Match.session_code)
    )
    for match in session.scalars(statement):
        pair = (match.need_reference, match.session_code)
        labels = match.plan.labels
        here = {pair[1]: as_of_now(labels["sessions"][pair[1]], days_of_match(match))}
        found = _courses({**labels, "sessions": here}, [pair], "round", match.plan.round.code)
        yield from (course for course in found if course.recipient in recipients)


def _activities(session: Session, courses: Iterable[Course]) -> Iterator[Course]:
    recipients = {course.recipient for course in courses}
    statement = select(Activity).where(Activity.recipient_code.in_(recipients)).order_by(Activity.reference)
    for row in session.scalars(statement):
        first, last = row.first_month or row.last_month, row.last_month or row.first_month
        if row.recipient_code is not None and first is not None and last is not None:
            yield Course(
                kind="activity",
                recipient=row.recipient_code,
                reference=row.reference,
                provider=row.provider_code,
                areas=frozenset(row.areas or ()) - {"any"},
                first=first,
                last=last,
                soonest_end=last,
                provider_as_stated=row.provider_as_stated,
            )


def _find_late(session: Session, courses: Sequence[Course]) -> Iterator[Late]:
    """Courses that cannot end before their mission does; one that may still be held in time is not named."""
    references = {course.need for course in courses if course.need is not None}
    missions = reads.missions_of_needs(session, references)
    for course in courses:
        mission = missions.get(course.need or "")
        if mission is not None and mission.ends_on is not None and course.soonest_end > mission.ends_on:
            yield Late(course, mission.code, mission.ends_on)
