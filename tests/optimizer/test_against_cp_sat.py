"""The solver against the CP-SAT model of `tests/bench`: another solver, of another kind, in another idiom.

All objectives must be equal. A failure prints the seed; the functions of `random_problems` give that problem.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from optimizer.files.canonical import problem_sha256
from optimizer.solving.solve import solve
from optimizer.verifying.verify import verify
from tests.bench.cp_sat_model import solve_with_cp_sat
from tests.bench.generator import make_problem
from tests.bench.shapes import SHAPES
from tests.optimizer.builders import full_plan
from tests.optimizer.random_problems import random_problem, random_round

GROUPS = 4
SECONDS = 120


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(160 if size == "full" else 12)


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


def test_ctrl_c_is_pythons_again_after_cp_sat_has_solved():
    # In a process of its own: where CP-SAT leaves its handling of the signal behind, the process just dies.
    script = """
import signal
from tests.bench.cp_sat_model import solve_with_cp_sat
from tests.optimizer.random_problems import random_round
solve_with_cp_sat(random_round(1, 10, 10), 60)
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=120
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "interrupted"), ran.stderr
