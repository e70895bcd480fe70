"""A need as the optimizer is asked about it: what it has left to ask, and what its words mean there."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from lcm_service.domain.vocabulary import ANY
from lcm_service.persistence.tables import Need
from lcm_service.services.courses_held import TakenBeside


def write_need(
    need: Need, not_areas: frozenset[str], planned_seats: int, taken: TakenBeside
) -> dict[str, Any]:
    """A need as recognised. Until it is, the seats that it asks count where they are no more than are planned
    for a need of which nobody has said how many: so small an ask takes nothing from others. A larger one is
    unknown. What was trained already is taken off: seats, those for women, and groups that were sent. Women
    and the least group never exceed the seats that count; while these are unknown, the group is kept to the
    seats that are planned, or it could be placed nowhere.
    """
    code, seats = need.reference, need.seats_recognised
    if seats is None and need.seats_asked is not None and need.seats_asked <= planned_seats:
        seats = need.seats_asked
    seats = None if seats is None else max(1, seats - taken.seats[code])
    women = None if need.women is None else max(0, need.women - taken.seats_for_women[code])
    most = planned_seats if seats is None else seats
    return {
        "id": need.reference,
        "recipient": need.participant.code,
        "areas": matched_areas(need.areas, not_areas),
        "place": need.trainees_place,
        "level": need.level,
        "personnel": listed(need.personnel),
        "seats": seats,
        "women": women if seats is None or women is None else min(women, seats),
        "min_group": None if need.min_group is None else min(need.min_group, most),
        "max_groups": None if need.max_groups is None else max(1, need.max_groups - taken.groups[code]),
        "whole": need.whole,
        "earliest": day(need.earliest),
        "latest": day(need.latest),
        "languages": listed(need.languages),
        "modes": listed(need.modes),
        "priority": need.priority_recognised,
    }


def matched_areas(codes: Sequence[str] | None, not_areas: frozenset[str]) -> list[str] | None:
    """Areas by which a course is matched. Phases, delivery modes, registers and agreements are none: a record
    that names nothing else has not said its area.
    """
    if codes is None or ANY in codes:
        return listed(codes)
    return [code for code in codes if code not in not_areas] or None


def listed(values: Sequence[str] | None) -> list[str] | None:
    """An empty list says nothing: it is unknown."""
    return list(values) if values else None


def day(value: date | None) -> str | None:
    """A day as a problem writes it; one that nobody has said is unknown."""
    return None if value is None else value.isoformat()
