"""One run: make a problem, solve it with the optimizer or with the plain model, and verify the plan."""

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.solve import Progress, solve
from optimizer.verify import verify
from tests.bench.generator import make_problem
from tests.bench.plain_model import ObjectiveRun, solve_plainly
from tests.optimizer.builders import full_plan

SIZES = {"S": (60, 80), "M": (500, 500), "L": (5_000, 5_000), "XL": (50_000, 50_000)}


@dataclass
class Run:
    """One solve of one problem one way, and what verify says of its plan."""

    size: str
    seed: int
    way: str
    seconds: float
    objectives: list[ObjectiveRun] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


def run_optimizer(problem: Problem, seconds: float) -> tuple[list[ObjectiveRun], Plan]:
    """Solve with the optimizer; an objective took the seconds from the last report before it to its last."""
    ended: dict[str, float] = {}

    def note(progress: Progress) -> None:
        ended[progress.objective] = progress.seconds

    plan = solve(problem, time_limit_seconds=seconds, on_progress=note)
    runs, before = [], 0.0
    for row in plan.objectives:
        end = ended.get(row.name, before)
        runs.append(ObjectiveRun(row.name, row.value, row.bound, end - before))
        before = end
    return runs, plan


def run_plain(problem: Problem, seconds: float) -> tuple[list[ObjectiveRun], Plan]:
    answer = solve_plainly(problem, seconds)
    return answer.objectives, full_plan(problem, answer.seats, answer.supports, answer.bridges)


def measure(size: str, seed: int, way: str, seconds: float) -> Run:
    """Make the problem, solve it one way and verify the plan; only solving is timed."""
    problem = make_problem(*SIZES[size], seed)
    begin = monotonic()
    objectives, plan = (run_optimizer if way == "optimizer" else run_plain)(problem, seconds)
    spent = monotonic() - begin
    violations = [violation.message for violation in verify(problem, plan).violations]
    return Run(size, seed, way, spent, objectives, violations)


def measure_apart(size: str, seed: int, way: str, seconds: float) -> Run:
    """Measure in a fresh process, so that no run finds memory or a solver that another has left."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=leave_output_to_tables) as pool:
        return pool.submit(measure, size, seed, way, seconds).result()


def leave_output_to_tables() -> None:
    """Send what a solver prints to standard error, so that standard output holds the tables alone."""
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
