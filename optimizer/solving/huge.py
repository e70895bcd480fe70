"""A round whose program would not fit into memory: a greedy plan, with bounds counted need by need.

No program is built, so no row can be asked whether the plan obeys it: the independent check is asked instead,
before anyone sees the plan.
"""

from collections.abc import Sequence
from typing import Final

from optimizer.errors import NoPlanFound
from optimizer.files.canonical import problem_sha256
from optimizer.model.objective_columns import WEIGHTS
from optimizer.model.supply import share_supports
from optimizer.model.vectors import Draft
from optimizer.plan import ObjectiveValue, Plan, SolverInfo
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts
from optimizer.rules.objectives import (
    is_firm_objective,
    quality_of_seat,
    seats_to_reach,
    wished_by_recipient,
    worth,
)
from optimizer.solving.greedy import draft_greedily
from optimizer.solving.planning import write_plan
from optimizer.verifying.verify import verify

# About 3,000 bytes a pair: past this many, a program takes several gigabytes.
MAX_PAIRS_OF_A_PROGRAM: Final = 1_000_000


def plan_greedily(facts: Facts, pairs: Sequence[Pair], solver: SolverInfo) -> Plan:
    """Return the pins and what a greedy turn over all sessions adds to them.

    Raises
    ------
    NoPlanFound: the pinned seats alone are no plan, and finding another takes a program.
    """
    problem = facts.problem
    draft = draft_greedily(facts, pairs, _pins_alone(facts, pairs))
    ceilings = count_ceilings(facts, pairs)
    values = [ObjectiveValue(name, 0, ceilings[name]) for name in problem.policy.objectives]
    plan = write_plan(facts, pairs, draft, values, problem_sha256(problem), solver)
    if not verify(problem, plan).ok:
        raise NoPlanFound(
            f"the round has {len(pairs)} pairs, and the pinned seats alone break a rule: "
            "too many pairs to look for another plan that holds them"
        )
    return plan


def _pins_alone(facts: Facts, pairs: Sequence[Pair]) -> Draft:
    """The pinned seats, each group that needs it bridged by the first language that can."""
    seats = {(pin.need, pin.session): pin.seats for pin in facts.problem.pinned}
    bridges = {
        (pair.need, pair.session): pair.bridges[0].casefold()
        for pair in pairs
        if pair.bridges and (pair.need, pair.session) in seats
    }
    uses = share_supports(facts, seats, bridges)
    return Draft(seats, bridges, {} if uses is None else uses)


def count_ceilings(facts: Facts, pairs: Sequence[Pair]) -> dict[str, int]:
    """Objective -> a value that no plan passes: every need by itself at its best.

    A need gets at most the seats that it asks for, and at most what its sessions hold.
    """
    problem, quarters = facts.problem, facts.problem.policy.quarters
    most_of = {is_firm: _most_by_need(facts, pairs, is_firm) for is_firm in (False, True)}
    ceilings: dict[str, int] = {}
    for name in problem.policy.objectives:
        kind = name.removeprefix("firm.")
        if kind == "stability":
            ceilings[name] = sum(row.seats for row in problem.previous)
        elif kind == "quality":
            ceilings[name] = _most_quality(facts, pairs)
        else:
            weight = WEIGHTS[kind]
            placed = dict.fromkeys((recipient.id for recipient in problem.recipients), 0)
            for need in problem.needs:
                most = most_of[is_firm_objective(name)].get(need.id, 0)
                placed[need.recipient] += weight(facts, need) * most
            wished = wished_by_recipient(facts, weight)
            if kind == "reached":
                ceilings[name] = sum(placed[q] >= seats_to_reach(facts, w) for q, w in wished.items())
            else:
                ceilings[name] = sum(worth(quarters, w, min(w, placed[q])) for q, w in wished.items())
    return ceilings


def _most_by_need(facts: Facts, pairs: Sequence[Pair], is_firm: bool) -> dict[str, int]:
    """The seats that each need could get in all its pairs, or in the firm ones."""
    most: dict[str, int] = {}
    for pair in pairs:
        if pair.firm or not is_firm:
            session = facts.problem.session_by_id[pair.session]
            room = facts.seats_of_session(session)
            if session.max_per_recipient is not None:
                room = min(room, session.max_per_recipient)
            most[pair.need] = most.get(pair.need, 0) + room
    needs = facts.problem.need_by_id
    return {need: min(seats, facts.seats_of_need(needs[need])) for need, seats in most.items()}


def _most_quality(facts: Facts, pairs: Sequence[Pair]) -> int:
    best: dict[str, int] = {}
    for pair in pairs:
        best[pair.need] = max(best.get(pair.need, 0), quality_of_seat(pair))
    needs = facts.problem.need_by_id
    return sum(quality * facts.seats_of_need(needs[need]) for need, quality in best.items())
