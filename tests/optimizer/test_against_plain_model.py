"""The solver against the plain model of `tests/bench`, on rounds too large to try every plan.

The plain model is a second reading of the whole contract in another hand; all objectives must be equal. A
failure prints the seed; `random_round(seed, 10, 10)` is that problem.
"""

import pytest

from optimizer.files.canonical import problem_sha256
from optimizer.solving.solve import solve
from optimizer.verifying.verify import verify
from tests.bench.generator import make_problem
from tests.bench.plain_model import solve_plainly
from tests.optimizer.builders import full_plan
from tests.optimizer.random_problems import random_round

GROUPS = 4
SECONDS = 120


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(80 if size == "full" else 6)


def check_both_agree(problem, name: str) -> None:
    plan = solve(problem, time_limit_seconds=SECONDS)
    assert verify(problem, plan, problem_sha256(problem)).violations == (), name
    assert plan.outcome == "optimal", name
    answer = solve_plainly(problem, SECONDS)
    plain = full_plan(problem, answer.seats, answer.supports, answer.bridges)
    assert verify(problem, plain).violations == (), name
    assert [(row.name, row.value) for row in plan.objectives] == [
        (row.name, row.value) for row in answer.objectives
    ], name


@pytest.mark.parametrize("group", range(GROUPS))
def test_two_models_of_the_contract_reach_the_same_values_of_every_objective(seeds, group):
    for seed in seeds[group::GROUPS]:
        check_both_agree(random_round(seed, 10, 10), f"seed {seed}")


def test_two_models_of_the_contract_agree_on_a_round_of_usual_size():
    check_both_agree(make_problem(30, 40, seed=3), "30 needs, 40 sessions")
