"""The solver against the CP-SAT model of `tests/bench`: another solver, of another kind, in another idiom.

All objectives must be equal. A failure prints the seed; the functions of `random_problems` give that problem.
"""

import pytest

from optimizer.canonical import problem_sha256
from optimizer.solve import solve
from optimizer.verify import verify
from tests.bench.cp_sat_model import solve_with_cp_sat
from tests.bench.generator import make_problem
from tests.bench.shapes import SHAPES
from tests.optimizer.builders import full_plan
from tests.optimizer.random_problems import random_problem, random_round

GROUPS = 4
SECONDS = 120


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(160 if size == "full" else 32)


def check_both_agree(problem, name: str) -> None:
    plan = solve(problem, time_limit_seconds=SECONDS)
    assert verify(problem, plan, problem_sha256(problem)).violations == (), name
    answer = solve_with_cp_sat(problem, SECONDS)
    if plan.outcome == "clashing_pins":
        assert answer.objectives[0].value is None, name
        return
    assert plan.outcome == "optimal", name
    other = full_plan(problem, answer.seats, answer.supports, answer.bridges)
    assert verify(problem, other).violations == (), name
    assert [(row.name, row.value, row.bound) for row in answer.objectives] == [
        (row.name, row.value, row.bound) for row in plan.objectives
    ], name


@pytest.mark.parametrize("group", range(GROUPS))
def test_cp_sat_reaches_and_proves_the_same_values_of_every_objective(seeds, group):
    for seed in seeds[group::GROUPS]:
        check_both_agree(random_round(seed, 10, 10), f"seed {seed}")


def test_cp_sat_agrees_on_tiny_rounds_with_pins_and_without(seeds):
    for seed in seeds:
        check_both_agree(random_problem(seed), f"seed {seed}")


@pytest.mark.parametrize("shape", SHAPES)
def test_cp_sat_agrees_on_a_round_of_each_shape(shape):
    check_both_agree(make_problem(30, 40, seed=3, shape=shape), shape)
