"""Plans that the relaxation leads to obey every rule, and its bounds hold."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.clock import Clock
from optimizer.model.arrays import ProgramArrays
from optimizer.model.drafts import draft_of_pins
from optimizer.model.program import Program
from optimizer.model.vectors import EMPTY_DRAFT
from optimizer.problem import Problem
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.diving import Diver
from optimizer.solving.prepared import PreparedRound
from optimizer.solving.relaxation import Relaxation, bound_by_prices
from optimizer.solving.solve import solve
from tests.bench.generator import make_problem
from tests.optimizer.builders import need, problem, session
from tests.optimizer.contended import values_of
from tests.optimizer.random_problems import random_round


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(150 if size == "full" else 10)


def prepare(problem: Problem) -> PreparedRound:
    facts = Facts(problem)
    return PreparedRound(facts, find_pairs(facts))


def test_no_plan_is_better_than_the_relaxation_says(seeds):
    near = 0
    for seed in seeds:
        round_ = random_round(seed, 10, 10)
        best = solve(round_)
        if best.outcome != "optimal":
            continue
        bounds = Diver(prepare(round_)).bounds(Clock(None))
        assert set(bounds) == set(round_.policy.objectives), f"seed {seed}"
        # Only the first objective is at its best by itself; those after it may fall short of theirs.
        first = best.objectives[0]
        assert first.value <= bounds[first.name], f"seed {seed}"
        for row in best.objectives:
            assert row.value <= bounds[row.name], f"seed {seed}: {row.name}"
        near += first.value == bounds[first.name]
    assert near > len(seeds) // 3


def test_a_bound_counts_what_is_fixed_by_the_program_itself():
    prepared = prepare(problem([need(seats=10), need("N-2", seats=10)], [session(seats=14)]))
    cost = np.zeros(len(prepared.lower))
    cost[prepared.seat_columns] = 1.0
    matrix, relaxation = prepared.arrays.matrix, Relaxation(1)
    for most, bound in ((14.0, 14.0), (3.0, 13.0)):
        upper = matrix.upper.copy()
        upper[prepared.seat_columns[0]] = min(upper[prepared.seat_columns[0]], most)
        relaxation.load(matrix, (matrix.lower, upper), cost)
        prices = relaxation.solve(seconds=10.0).prices
        assert prices is not None
        assert bound_by_prices(matrix, (matrix.lower, upper), cost, prices).most == pytest.approx(bound)


def test_a_round_in_which_nothing_fits_has_bounds_of_nothing():
    bounds = Diver(prepare(problem([need(areas=("MED",))], [session(areas=("C-IED",))]))).bounds(Clock(None))
    assert set(bounds.values()) == {0}
    assert len(bounds) == 8


def test_a_dive_ends_in_a_plan_that_obeys_every_row(seeds):
    found = 0
    for seed in seeds:
        prepared = prepare(random_round(seed, 12, 12))
        plan = Diver(prepared).find(Clock(30))
        if plan is None:
            continue
        found += 1
        draft = prepared.draft_of(plan)
        assert draft is not None, f"seed {seed}"
        assert prepared.model.find_violation(draft) is None, f"seed {seed}"
        assert prepared.plan_of(draft).values == plan.values, f"seed {seed}"
    assert found > len(seeds) // 2


def test_a_dive_comes_near_the_best_plan():
    round_ = make_problem(60, 80, 1)
    prepared = prepare(round_)
    diver = Diver(prepared)
    plan = diver.find(Clock(30))
    assert plan is not None
    best = diver.weigh(replace(plan, values=values_of(solve(round_))))
    assert diver.weigh(plan) >= 0.9 * best


def test_a_dive_goes_on_where_the_sessions_that_it_wanted_cannot_all_run():
    prepared = prepare(make_problem(60, 80, 18, shape="scarce_seats"))
    plan = Diver(prepared).find(Clock(30))
    assert plan is not None
    assert prepared.obeys(plan.vector)
    assert plan.values[0] > 0


def test_a_dive_near_some_sessions_leaves_the_others_as_they_are():
    round_ = make_problem(60, 80, 2)
    prepared = prepare(round_)
    begun = draft_of_pins(prepared.model) if round_.pinned else EMPTY_DRAFT
    assert begun is not None
    plan = prepared.plan_of(begun)
    near = sorted(prepared.model.model.running)[:20]
    found = Diver(prepared).find_near(plan, near, Clock(30))
    assert found is not None
    assert found.values > plan.values
    before, after = prepared.seats_of(plan), prepared.seats_of(found)
    assert {k: n for k, n in before.items() if k[1] not in near} == {
        k: n for k, n in after.items() if k[1] not in near
    }


def test_no_dive_begins_after_time_is_over():
    assert Diver(prepare(make_problem(60, 80, 3))).find(Clock(0)) is None
    assert Diver(prepare(make_problem(60, 80, 3))).bounds(Clock(0)) == {}


def test_a_program_of_which_highs_leaves_a_row_out_has_no_prices():
    program = Program()
    column = program.add_column("column", 0, 5)
    for coefficient, has_prices in ((1, True), (10**15, False)):
        program.rows.clear()
        program.add_row("row", [(column, coefficient)], "<=", 4 * coefficient)
        matrix, relaxation = ProgramArrays(program).matrix, Relaxation(1)
        relaxation.load(matrix, (matrix.lower, matrix.upper), np.ones(1))
        assert (relaxation.solve().prices is not None) == has_prices
        relaxation = Relaxation(1)
        empty = replace(
            matrix,
            starts=matrix.starts[:1],
            columns=matrix.columns[:0],
            coefficients=matrix.coefficients[:0],
            row_lower=matrix.row_lower[:0],
            row_upper=matrix.row_upper[:0],
        )
        relaxation.load(empty, (matrix.lower, matrix.upper), np.ones(1))
        relaxation.grow(matrix, empty)
        assert (relaxation.solve().prices is not None) == has_prices


def test_a_relaxation_that_takes_more_steps_than_it_may_has_no_values():
    prepared = prepare(random_round(3, 12, 12))
    matrix, relaxation = prepared.arrays.matrix, Relaxation(1)
    together = prepared.all_together(np.arange(matrix.column_count, dtype=np.int32))
    relaxation.load(matrix, (matrix.lower, matrix.upper), together)
    assert relaxation.solve(most_steps=1).values is None
    assert relaxation.solve(most_steps=100_000).values is not None
