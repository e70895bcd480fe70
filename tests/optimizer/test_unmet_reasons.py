"""Why a need is short of seats: the solver's plans of tiny rounds against the contract's words, tried out.

The reasons are stated a second time here, by trying what the need could still get with all else held.
"""

from collections import Counter

import pytest

from optimizer.plan import MAX_NEAREST, Plan
from optimizer.problem import Need, PlanningSeats, Problem
from optimizer.solving.solve import solve
from optimizer.verifying.rules import judge_pair_again
from tests.optimizer import builders
from tests.optimizer.brute_force import Seats, TinyRound
from tests.optimizer.random_problems import random_problem


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(20_000, 20_600 if size == "full" else 20_050)


def refusals_of(round_: TinyRound, need: Need) -> dict[str, tuple[str, ...]]:
    """Return, for each session by id, the rules that refuse it to the need."""
    return {
        session.id: tuple(
            code for code, word in judge_pair_again(round_.facts, need, session).items() if word == "no"
        )
        for session in round_.problem.sessions
    }


def could_gain(problem: Problem, need: Need, seats: Seats) -> bool:
    """Say whether more seats in one session could be had if supports did not matter, all else held."""
    free = TinyRound(problem, relaxed={"C9", "C10"})
    others = {pair: count for pair, count in seats.items() if pair[0] != need.id}
    own = {pair: count for pair, count in seats.items() if pair[0] == need.id}
    for spread in free.spread(need):
        changed = [pair for pair in spread.keys() | own.keys() if spread.get(pair) != own.get(pair)]
        is_a_gain = len(changed) == 1 and spread.get(changed[0], 0) > own.get(changed[0], 0)
        plan = others | spread
        if is_a_gain and holds_everybody(free, plan) and free.is_allowed(plan):
            return True
    return False


def holds_everybody(round_: TinyRound, plan: Seats) -> bool:
    filled: Counter[str] = Counter()
    for (_, session_id), count in plan.items():
        filled[session_id] += count
    return all(
        count <= round_.facts.seats_of_session(round_.problem.session_by_id[id])
        for id, count in filled.items()
    )


def reason_of(problem: Problem, need: Need, seats: Seats) -> str:
    round_ = TinyRound(problem)
    refusals = refusals_of(round_, need)
    sessions = [session_id for need_id, session_id in round_.pairs if need_id == need.id]
    if all("area" in codes for codes in refusals.values()):
        return "no_session"
    if not sessions:
        return "blocked"
    if could_gain(problem, need, seats):
        return "support_missing"
    others = Counter[str]()
    for (need_id, session_id), count in seats.items():
        others[session_id] += count if need_id != need.id else 0
    left = [round_.facts.seats_of_session(problem.session_by_id[id]) - others[id] for id in sessions]
    return "not_enough_for_a_group" if all(seats < need.min_group for seats in left) else "contention"


def unmet_again(problem: Problem, plan: Plan):
    round_ = TinyRound(problem)
    seats = {(row.need, row.session): row.seats for row in plan.assignments}
    rows = []
    for need in problem.needs:
        placed = sum(count for pair, count in seats.items() if pair[0] == need.id)
        short = round_.facts.seats_of_need(need) - placed
        if short == 0:
            continue
        refusals = refusals_of(round_, need)
        counts = Counter(code for codes in refusals.values() for code in codes)
        near = sorted(
            (len(codes), id, codes) for id, codes in refusals.items() if codes and "area" not in codes
        )
        nearest = [(id, codes) for _, id, codes in near[:MAX_NEAREST]]
        rows.append((need.id, short, reason_of(problem, need, seats), dict(counts), nearest))
    return tuple(rows)


def told(plan: Plan):
    return tuple(
        (
            row.need,
            row.seats_short,
            row.reason,
            dict(row.blocked_counts),
            [(near.session, near.rules) for near in row.nearest],
        )
        for row in plan.unmet
    )


def test_every_unmet_need_is_told_with_the_first_reason_that_holds_and_how_near_the_sessions_came(seeds):
    reasons: Counter[str] = Counter()
    for seed in seeds:
        problem = random_problem(seed)
        plan = solve(problem)
        if plan.outcome != "clashing_pins":
            assert told(plan) == unmet_again(problem, plan), f"seed {seed}"
            reasons.update(row.reason for row in plan.unmet)
    assert set(reasons) == {
        "no_session",
        "blocked",
        "support_missing",
        "not_enough_for_a_group",
        "contention",
    }


def test_a_whole_need_planned_for_fewer_seats_than_its_smallest_group_lacks_no_support():
    # Nobody has said its seats: planned for two, it could never send the three that make a group.
    one = builders.need(seats=None, women=None, min_group=3, whole=True)
    round_ = builders.problem([one], [builders.session()], planning_seats=PlanningSeats(need=2, session=20))
    (row,) = solve(round_).unmet
    assert row.reason == "contention"
    assert unmet_again(round_, solve(round_)) == told(solve(round_))
