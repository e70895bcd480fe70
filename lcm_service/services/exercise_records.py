"""The greater part of the exercise: needs and offers drawn from a table of courses to a realistic scale.

Courses take 20 to 40 people and one to six weeks; States ask for 4 to 20 seats. The deliberate cases, where
each reason for an unmet need can be seen, are written by hand in ``exercise_cases.json``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from lcm_service.domain.vocabulary import ANY
from lcm_service.services.data_files import codes_in, read_rows
from lcm_service.services.exercise_draws import Draws
from lcm_service.services.exercise_world import ExerciseParticipant

FIRST_MONDAY: Final = date(2027, 2, 1)
WEEKS_OF_THE_YEAR: Final = 40
NEEDS_DRAWN: Final = 40
# So many courses of the table are offered by two providers.
OFFERS_DRAWN_TWICE: Final = 10
# A course runs from a Monday to a Friday.
FROM_MONDAY_TO_FRIDAY: Final = 4

type Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Course:
    """A kind of course, as the table of courses has it."""

    area: str
    title: str
    levels: Sequence[str]
    personnel: Sequence[str]
    weeks: tuple[int, int]
    audience: str


@dataclass(frozen=True, slots=True)
class DrawnRecord:
    """A record before it is loaded: what its owner wrote, and what the secretariat recognised of it."""

    kind: str
    participant: str
    fields: Fields
    recognised: Fields


def read_courses() -> tuple[Course, ...]:
    """The table of courses, in the order of the file, which the draws rely on."""
    return tuple(
        Course(
            area=row["area"],
            title=row["title"],
            levels=codes_in(row["levels"]),
            personnel=codes_in(row["personnel"]),
            weeks=(int(row["fewest_weeks"]), int(row["most_weeks"])),
            audience=row["audience"],
        )
        for row in read_rows("exercise_courses.csv")
    )


def draw_records(draws: Draws, participants: Sequence[ExerciseParticipant]) -> list[DrawnRecord]:
    """The drawn offers, then the drawn needs. Every offer has a need of its subject somewhere."""
    courses = read_courses()
    providers = [one for one in participants if one.provides]
    recipients = [one for one in participants if one.kind == "member_state" and not one.provides]
    offers = [draw_offer(draws, course, draws.pick(providers), participants) for course in courses]
    offers += [
        draw_offer(draws, course, draws.pick(providers), participants)
        for course in draws.pick_some(courses, OFFERS_DRAWN_TWICE)
    ]
    needs = [
        draw_need(draws, courses[number % len(courses)], recipients[number % len(recipients)])
        for number in range(NEEDS_DRAWN)
    ]
    return [*offers, *needs]


def draw_offer(
    draws: Draws, course: Course, provider: ExerciseParticipant, participants: Sequence[ExerciseParticipant]
) -> DrawnRecord:
    """An offer of which everything that decides a match is known, with one or two dated sessions."""
    mode = draws.pick(("regional_centre", "regional_centre", "provider_centre", "mobile_team", "online"))
    seats = draws.between(20, 40, 5)
    level = ANY if draws.has_luck(40) else draws.pick(course.levels)
    fields: Fields = {
        "title": course.title if level == ANY else f"{course.title} ({level})",
        "areas": [course.area],
        "level": level,
        "personnel": [ANY] if draws.has_luck(30) else list(course.personnel),
        "seats": seats,
        "min_seats": draws.between(6, 10, 2),
        "max_per_recipient": draws.pick((None, seats // 2)),
        "languages": list(provider.languages),
        "mode": mode,
        "place_code": draw_place(draws, mode, provider, participants),
        "only": draw_eligible(draws, provider),
        "requires": draw_requirements(draws, mode),
        "occupies_team": mode == "mobile_team" and provider.teams is not None,
        "implementer": "Exercise training centre",
        "un_standard": f"Core and specialised training materials on {course.area}",
        "costs": {"tuition": "provider", "travel": "recipient", "board": "provider"},
        "sessions": draw_sessions(draws, course),
        "expires_on": date(2027, 12, 31),
        "visibility_consent": True,
    }
    return DrawnRecord("offer", provider.code, fields, {})


def draw_need(draws: Draws, course: Course, recipient: ExerciseParticipant) -> DrawnRecord:
    """A need of which everything that decides a match is known."""
    seats = draws.between(4, 20)
    first = FIRST_MONDAY + timedelta(weeks=draws.between(0, 8))
    priority = draws.pick(("critical", "high", "high", "routine", "routine"))
    level = draws.pick(course.levels)
    fields: Fields = {
        "title": f"{course.title} ({level})",
        "areas": [course.area],
        "level": level,
        "personnel": draws.pick_some(course.personnel, min(2, len(course.personnel))),
        "audience": course.audience,
        "phase": draws.pick(("pre_deployment", "pre_deployment", "in_mission", "training_of_trainers")),
        "seats_asked": seats,
        "women": draws.between(0, seats // 2),
        "min_group": draws.between(1, min(4, seats)),
        "max_groups": draws.pick((1, 2, None)),
        "earliest": first,
        "latest": first + timedelta(weeks=draws.between(20, 36)),
        "languages": list(recipient.languages),
        "modes": draw_modes(draws),
        "priority_asked": priority,
        "basis": draws.pick(("assessment_visit", "in_mission_evaluation", "national_assessment")),
        "contribution": draws.pick(("A venue for 30 people", "Board and lodging", "Two interpreters")),
        "prior_support": "None in the past two years",
        "visibility_consent": False,
    }
    return DrawnRecord("need", recipient.code, fields, draw_recognition(draws, seats, priority))


def draw_recognition(draws: Draws, seats: int, priority: str) -> Fields:
    """What the secretariat recognises: mostly what was asked, at times fewer seats or another priority."""
    if draws.has_luck(12):
        return {
            "seats_recognised": max(4, seats * 3 // 4),
            "priority_recognised": priority,
            "recognition_reason": "A quarter of the unit deploys after the course would end.",
        }
    if priority == "critical" and draws.has_luck(25):
        return {
            "seats_recognised": seats,
            "priority_recognised": "high",
            "recognition_reason": "The assessment visit found no danger to life.",
        }
    return {"seats_recognised": seats, "priority_recognised": priority}


def draw_sessions(draws: Draws, course: Course) -> list[Fields]:
    """One or two sessions of the same length, nine weeks apart."""
    days = timedelta(weeks=draws.between(*course.weeks) - 1, days=FROM_MONDAY_TO_FRIDAY)
    number = draws.pick((1, 2, 2))
    first = draws.between(6, 16)
    starts = [FIRST_MONDAY + timedelta(weeks=first + 9 * place) for place in range(number)]
    return [{"starts_on": start, "ends_on": start + days} for start in starts]


def draw_place(
    draws: Draws, mode: str, provider: ExerciseParticipant, participants: Sequence[ExerciseParticipant]
) -> str | None:
    """Where the course is held: nowhere fixed for a team that travels, and nowhere at all online."""
    if mode in {"mobile_team", "online"}:
        return None
    hosts = [one.place for one in participants if one.place is not None]
    return provider.place if mode == "provider_centre" and provider.place else draws.pick(hosts)


def draw_eligible(draws: Draws, provider: ExerciseParticipant) -> list[str]:
    """Mostly open to all; at times to the provider's own part of the world."""
    if provider.regions and draws.has_luck(20):
        return [provider.regions[0]]
    return [ANY]


def draw_requirements(draws: Draws, mode: str) -> list[Fields]:
    """What a course needs from others: mostly nothing, at times money for each seat, for a team a venue."""
    if mode == "mobile_team" and draws.has_luck(40):
        return [{"kind": "venue", "quantity": 1, "per_seat": None}]
    if mode in {"regional_centre", "provider_centre"} and draws.has_luck(30):
        return [
            {
                "kind": "funds",
                "quantity": draws.between(5_000, 20_000, 5_000),
                "per_seat": draws.between(400, 1_200, 100),
            }
        ]
    return []


def draw_modes(draws: Draws) -> list[str]:
    """Three or four modes in order of preference; everyone can travel to a regional centre."""
    modes = draws.pick_some(("mobile_team", "regional_centre", "provider_centre", "online"), 3)
    return modes if "regional_centre" in modes else [*modes, "regional_centre"]
