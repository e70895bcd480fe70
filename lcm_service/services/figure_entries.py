"""The records of a round as the figures count them: whose each is, where it stands, and how much it asks.

A record counts once, under the first of its subjects and of its languages. Drafts, and what was given back,
withdrawn or has expired, do not count.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final

from lcm_service.domain.disclosure import Entry, Measure, Path
from lcm_service.domain.vocabulary import LIVE_RECORD_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Delivery, Need, Offer, Participant, Plan, Round
from lcm_service.services.delivery_states import is_delivered
from lcm_service.services.run_out import has_run_out
from lcm_service.services.snapshot_needs import matched_areas
from lcm_service.services.snapshots import planning_seats

# Where nobody has said it, or no paragraph names it.
NONE: Final = "none"
PREAMBLE: Final = "preamble"

NEEDS: Final = Measure(
    "needs",
    ("area", "region", "language", "month"),
    amounts=("seats",),
    # What is placed and what stays open add up to what is asked.
    splits=(("matches", "placed", "open"),),
)
OFFERS: Final = Measure("offers", ("area", "language", "month"), splits=(("sessions",),))
COURSES: Final = Measure(
    "courses",
    ("area", "region"),
    amounts=("seats",),
    splits=(("women", "men"), ("closed", "not_closed")),
    hidden=frozenset(("men", "not_closed")),
    # That no gap was closed tells it of everybody there.
    never_none=frozenset(("closed",)),
)


def need_entries(session: Session, plan: Plan, round_: Round, today: date) -> list[Entry]:
    """The needs that the plan answers, with the seats that they ask as the plan counts them, their matches in
    it, and the seats that stay open.
    """
    problem = json.loads(plan.problem)
    asked = {row["id"]: row.get("seats") for row in problem["needs"]}
    planned_seats, _ = planning_seats(problem.get("policy") or {})
    matches, placed = Counter[str](), Counter[str]()
    for row in plan.document["assignments"]:
        matches[row["need"]] += 1
        placed[row["need"]] += row["seats"]
    areas = _Areas(session)
    return [
        _entry(
            need.participant,
            {
                "area": areas.path_of(need.areas),
                "region": (_region_of(need.participant),),
                "language": (_first(need.languages),),
                "month": (_month(need.earliest),),
            },
            seats=seats,
            matches=matches[need.reference],
            placed=min(seats, placed[need.reference]),
            open=max(0, seats - placed[need.reference]),
        )
        for need in reads.list_needs(session, round_.id, set(asked))
        if _counts(need, today)
        for seats in [planned_seats if asked[need.reference] is None else asked[need.reference]]
    ]


def offer_entries(session: Session, plan: Plan, round_: Round, today: date) -> list[Entry]:
    """The offers that the plan chose from and whose owners have said that they may be shown outside, with the
    sessions that may run.
    """
    problem = json.loads(plan.problem)
    most = {row["id"]: row.get("max_sessions") for row in problem["offers"]}
    days = defaultdict[str, list[str | None]](list)
    for row in problem["sessions"]:
        days[row["offer"]].append(row.get("start") or row.get("not_before"))
    areas = _Areas(session)
    return [
        _entry(
            offer.participant,
            {
                "area": areas.path_of(offer.areas),
                "language": (_first(offer.languages),),
                "month": (_first_month(days[offer.reference]),),
            },
            sessions=_at_most(len(days[offer.reference]), most[offer.reference]),
        )
        for offer in reads.list_offers(session, round_.id, set(most))
        if _counts(offer, today) and (offer.visibility_consent is True or offer.source is not None)
    ]


def course_entries(session: Session, round_: Round) -> list[Entry]:
    """What was delivered: each recipient in each course, with the seats that were used, those that women
    used, and whether the recipient says that its gap was closed.
    """
    areas = _Areas(session)
    held = [
        (match, recipient, match.delivery)
        for match, recipient, _ in reads.list_match_sides(session, round_id=round_.id)
        if is_delivered(match) and match.delivery is not None
    ]
    references = {match.need_reference for match, _, _ in held}
    needs = {need.reference: need for need in reads.list_needs(session, round_.id, references)}
    return [
        _entry(
            recipient,
            {
                "area": areas.path_of(needs[match.need_reference].areas),
                "region": (_region_of(recipient),),
            },
            **_amounts_of(delivery),
        )
        for match, recipient, delivery in held
    ]


def paragraph_of(stated: str | None) -> str:
    """The first numbered paragraph of the resolution that names a subject, else its preamble, else none.

    ``stated`` is a list such as ``9; 10 (inferred); preamble``.
    """
    numbers = re.findall(r"[0-9]+", stated or "")
    if numbers:
        return str(numbers[0])
    return PREAMBLE if PREAMBLE in (stated or "") else NONE


class _Areas:
    """The training areas, each with its paragraph."""

    def __init__(self, session: Session) -> None:
        areas = reads.list_areas(session)
        self._paragraphs = {area.code: paragraph_of(area.paragraphs) for area in areas}
        self._not_areas = frozenset(area.code for area in areas if not area.is_area)

    def path_of(self, codes: Sequence[str] | None) -> Path:
        """Where the first of these subjects stands; phases and delivery modes are no subjects."""
        code = _first(matched_areas(codes, self._not_areas))
        return self._paragraphs.get(code, NONE), code


def _entry(participant: Participant, paths: Mapping[str, Path], **amounts: int) -> Entry:
    return Entry(participant.code, paths, amounts)


def _amounts_of(delivery: Delivery) -> dict[str, int]:
    seats, women = delivery.seats_used or 0, delivery.women_used or 0
    answers = {one.side: one.answer for one in delivery.assessments}
    is_closed = answers.get("recipient") == "yes"
    return {
        "seats": seats,
        "women": women,
        "men": seats - women,
        "closed": int(is_closed),
        "not_closed": int(not is_closed),
    }


def _counts(record: Need | Offer, today: date) -> bool:
    """Whether a record that the plan knows still takes part."""
    return record.state in LIVE_RECORD_STATES and not has_run_out(record, today)


def _region_of(participant: Participant) -> str:
    """The widest region of the participant's place: a State is in several, one inside the other."""
    place = participant.place
    return NONE if place is None or not place.regions else str(place.regions[0])


def _first(codes: Sequence[str] | None) -> str:
    return codes[0] if codes else NONE


def _month(day: date | None) -> str:
    return NONE if day is None else f"{day:%Y-%m}"


def _first_month(days: Collection[str | None]) -> str:
    return min((day[:7] for day in days if day is not None), default=NONE)


def _at_most(number: int, most: Any) -> int:
    return number if most is None else min(number, int(most))
