"""A State's share of what it asked, beside the shares of others, from the first published plan of a round.

The range of others is worked out once, with the public figures, and kept: by a range that followed each
repair a State could read what was given to others since.
"""

import json
from dataclasses import dataclass

from lcm_service.domain.permissions import Actor, may_change_record, may_coordinate
from lcm_service.domain.shares import Given, middle_shares, own_share_percent
from lcm_service.persistence import figure_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Need, Plan
from lcm_service.services.snapshots import planning_seats

# The priority of a need that has none recognised, as the optimizer reads it.
NO_PRIORITY = "routine"


@dataclass(frozen=True, slots=True)
class Share:
    """What the first plan gave the owner of a need of all seats that it asked with this priority, and between
    which shares the middle half of all who asked with it lie; all in whole percent. ``lower`` and ``upper``
    are None where too few asked for anybody to be compared.
    """

    priority: str
    own: int
    lower: int | None
    upper: int | None


def ranges_of(plan: Plan) -> dict[str, dict[str, int]]:
    """The ranges that are kept with the figures of a plan."""
    return middle_shares(_given_by(plan))


def share_of(actor: Actor, need: Need) -> Share | None:
    """How the owner of a need came off in the first published plan of its round, for itself and for
    coordinators; None for all others, where nothing is published, where the figures were kept before ranges
    were, and where that plan did not know the need.
    """
    if not (may_coordinate(actor) or may_change_record(actor, need.participant_id)):
        return None
    session = db.session()
    figures = figure_reads.find_figures(session, need.round_id, "plan")
    plan = None if figures is None else reads.first_published_plan(session, need.round_id)
    if figures is None or plan is None or "shares" not in figures.document:
        return None
    rows = _given_by(plan)
    priority = next((row.priority for row in rows if row.need == need.reference), None)
    if priority is None:
        return None
    own = own_share_percent(rows, need.participant.code, priority)
    if own is None:
        return None
    middle = figures.document["shares"].get(priority, {})
    return Share(priority, own, middle.get("lower"), middle.get("upper"))


def _given_by(plan: Plan) -> list[Given]:
    """What a plan gives each need of what it asks, as the plan counts its seats."""
    problem = json.loads(plan.problem)
    planned_seats, _ = planning_seats(problem.get("policy") or {})
    placed = dict[str, int]()
    for row in plan.document["assignments"]:
        placed[row["need"]] = placed.get(row["need"], 0) + row["seats"]
    return [
        Given(
            need=row["id"],
            participant=row["recipient"],
            priority=row.get("priority") or NO_PRIORITY,
            seats=seats,
            placed=min(seats, placed.get(row["id"], 0)),
        )
        for row in problem["needs"]
        for seats in [planned_seats if row.get("seats") is None else row["seats"]]
    ]
