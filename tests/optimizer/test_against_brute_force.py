"""The solver against trying every plan: tiny random problems of every kind, all objectives equal.

A failure prints the seed; `random_problem(seed)` is that problem.
"""

from collections import Counter
from dataclasses import replace

import pytest

from optimizer.files.canonical import problem_sha256
from optimizer.problem import OBJECTIVES, PlanningSeats, Problem
from optimizer.solving.solve import solve
from optimizer.verifying.verify import verify
from tests.optimizer.brute_force import find_optimum, find_smallest_clash
from tests.optimizer.builders import need, problem, session
from tests.optimizer.random_problems import random_problem

GROUPS = 10
# What can be left out of the constraints, to see whether it made a difference.
RELAXABLE = (
    "C1.seats",
    "C1.min_seats",
    "C2",
    "C3",
    "C4",
    "C5.recipients",
    "C5.per_recipient",
    "C5.travels",
    "C6",
    "C7",
    "C8",
    "C9",
    "C9.only",
    "C9.per_session",
    "C10",
    "C12",
)


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(600 if size == "full" else 200)


@pytest.fixture(scope="session")
def solved_seeds(size, seeds) -> range:
    """Those that are solved too: all of them at full size."""
    return seeds if size == "full" else seeds[:100]


def seeds_of_group(seeds: range, group: int) -> range:
    return seeds[group::GROUPS]


def check_against_brute_force(seed: int) -> str:
    """Solve a problem both ways, compare, and return the plan's outcome."""
    problem = random_problem(seed)
    optimum = find_optimum(problem)
    plan = solve(problem)
    verification = verify(problem, plan, problem_sha256(problem))
    assert verification.violations == (), f"seed {seed}"
    if optimum is None:
        assert plan.outcome == "clashing_pins", f"seed {seed}"
        assert plan.clash is not None
        assert plan.clash.pins == find_smallest_clash(problem), f"seed {seed}"
        return plan.outcome
    assert plan.outcome == "optimal", f"seed {seed}"
    values = {row.name: (row.value, row.bound) for row in plan.objectives}
    best = dict(zip(problem.policy.objectives, optimum.values, strict=True))
    assert values == {name: (value, value) for name, value in best.items()}, f"seed {seed}"
    return plan.outcome


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_objective_of_a_tiny_problem_is_that_of_the_best_of_all_its_plans(solved_seeds, group):
    outcomes = Counter(check_against_brute_force(seed) for seed in seeds_of_group(solved_seeds, group))
    assert outcomes["optimal"] > 0


def test_some_of_the_problems_have_pins_that_clash_alone_and_some_only_together(seeds):
    sizes = Counter(len(find_smallest_clash(random_problem(seed)) or ()) for seed in seeds)
    assert sizes[0] > sizes[1] > 0
    assert sizes[2] > 0


def test_a_pin_that_waits_for_the_group_of_a_need_without_a_pin_clashes_and_says_so():
    # Two seats are left beside the pin; the session needs two more, and the only other group is of three.
    needs = [need("N-1", "XAA", seats=1), need("N-2", "XAB", seats=3, min_group=3)]
    round_ = problem(needs, [session(seats=3, min_seats=3)], pinned=[("N-1", "S-1", 1)])
    plan = solve(round_)
    assert plan.clash is not None
    assert plan.clash.pins == find_smallest_clash(round_) == round_.pinned
    assert ("C2", "N-2") in {(limit.code, limit.record) for limit in plan.clash.limits}


def values_of(problem: Problem, relaxed: set[str] | None = None) -> tuple[int, ...] | None:
    optimum = find_optimum(problem, relaxed=relaxed or ())
    return optimum.values if optimum is not None else None


def test_leaving_out_each_constraint_changes_the_optimum_of_some_of_the_problems(seeds):
    waiting = set(RELAXABLE)
    for seed in seeds:
        problem = random_problem(seed)
        values = values_of(problem)
        waiting -= {name for name in waiting if values_of(problem, {name}) != values}
        if not waiting:
            break
    assert waiting == set()


EVEN_FIT = {"area": 20, "language": 20, "mode": 20, "proximity": 20, "record": 20}
# What a problem holds besides constraints: its other form without it, whose optimum is another one somewhere.
OTHER_FORMS = {
    "pins of at least": lambda p: replace(p, pinned=tuple(x for x in p.pinned if x.rule == "exactly")),
    "pins of exactly": lambda p: replace(p, pinned=tuple(x for x in p.pinned if x.rule == "at_least")),
    "bans": lambda p: replace(p, forbidden=()),
    "scores": lambda p: replace(p, scores=()),
    "previous seats": lambda p: replace(p, previous=()),
    "substitutions": lambda p: replace(p, substitutions=()),
    "interpreters": lambda p: replace(p, supports=supports_but(p, lambda x: x.kind == "interpretation")),
    "supports of no stated quantity": lambda p: replace(p, supports=quantities_stated(p)),
    "supports kept for areas": lambda p: replace(p, supports=without(p.supports, areas=None)),
    "supports kept for places": lambda p: replace(p, supports=without(p.supports, places=None)),
    "supports from a day": lambda p: replace(p, supports=without(p.supports, from_=None)),
    "supports to a day": lambda p: replace(p, supports=without(p.supports, to=None)),
    "women": lambda p: replace(p, needs=without(p.needs, women=None)),
    "sessions for women": lambda p: replace(p, sessions=without(p.sessions, women_only=False)),
    "teams": lambda p: replace(p, sessions=without(p.sessions, team=False)),
    "unknown seats": lambda p: with_policy(p, planning_seats=PlanningSeats(1, 1)),
    "unknowns that are excluded": lambda p: with_policy(p, unknowns="allow"),
    "weights": lambda p: with_policy(p, weights={"critical": 1, "high": 1, "routine": 1}),
    "quarters": lambda p: with_policy(p, quarters=(1, 1, 1, 1)),
    "seats that reach": lambda p: with_policy(p, reached_seats=1),
    "weights of the fit": lambda p: with_policy(p, fit=EVEN_FIT),
}


def without(records, **fields):
    return tuple(replace(record, **fields) for record in records)


def supports_but(problem, is_left_out):
    return tuple(support for support in problem.supports if not is_left_out(support))


def quantities_stated(problem):
    return tuple(replace(x, quantity=10_000) if x.quantity is None else x for x in problem.supports)


def with_policy(problem, **fields):
    return replace(problem, policy=replace(problem.policy, **fields))


def test_everything_a_problem_may_hold_changes_the_optimum_of_some_of_the_problems(seeds):
    waiting = dict(OTHER_FORMS)
    for seed in seeds:
        problem = random_problem(seed)
        values = values_of(problem)
        for name, change in OTHER_FORMS.items():
            if name in waiting and (other := change(problem)) != problem and values_of(other) != values:
                del waiting[name]
        if not waiting:
            break
    assert list(waiting) == []


def test_each_objective_is_asked_for_first_and_last_and_left_out_in_some_of_the_problems(seeds):
    orders = [random_problem(seed).policy.objectives for seed in seeds]
    for name in OBJECTIVES:
        assert any(order[0] == name for order in orders)
        assert any(order[-1] == name and len(order) > 1 for order in orders)
        assert any(name not in order for order in orders)
