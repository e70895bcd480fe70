"""The ways to solve a problem that the benches compare: ours, and the competitors."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import accumulate
from typing import Protocol

from optimizer.clock import Progress
from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.solving.solve import solve
from tests.bench.competitor import Answer, ObjectiveRun
from tests.bench.cp_sat_model import solve_with_cp_sat
from tests.bench.plain_model import solve_plainly
from tests.bench.pulp_clock import pulp_timed
from tests.optimizer.builders import full_plan

PARTS = ("prepare", "build", "hand_over", "solve")


@dataclass
class Solved:
    """What a way has found. `parts` are seconds of `PARTS`, as far as the way tells them."""

    objectives: list[ObjectiveRun]
    make_plan: Callable[[], Plan]
    parts: dict[str, float] = field(default_factory=dict)
    progress: list[Progress] = field(default_factory=list)


class Way(Protocol):
    """Solve a problem within so many seconds and threads."""

    def __call__(self, problem: Problem, seconds: float, threads: int) -> Solved: ...


def run_optimizer(problem: Problem, seconds: float, threads: int) -> Solved:
    """Solve with the optimizer; an objective took the seconds from the end of the one before to its own."""
    progress: list[Progress] = []
    with pulp_timed() as parts:
        plan = solve(problem, time_limit_seconds=seconds, threads=threads, on_progress=progress.append)
    ended = ends_of_objectives([row.name for row in plan.objectives], progress)
    before = [0.0, *ended[:-1]]
    runs = [
        ObjectiveRun(row.name, row.value, row.bound, end - began)
        for row, began, end in zip(plan.objectives, before, ended, strict=True)
    ]
    told = {part: seconds for part, seconds in asdict(parts).items() if part != "prepare"}
    return Solved(runs, lambda: plan, told, progress)


def ends_of_objectives(names: Sequence[str], progress: Sequence[Progress]) -> list[float]:
    """The second at which each objective, in their order, was left for the next.

    What is told of an objective after a later one has begun is what the whole search knew of it in the end,
    and no time that it took.
    """
    ended = [0.0] * len(names)
    latest = 0
    for report in progress:
        place = names.index(report.objective)
        if place >= latest:
            latest, ended[place] = place, report.seconds
    return list(accumulate(ended, max))


def run_competitor(
    solve_with: Callable[[Problem, float, int], Answer], problem: Problem, seconds: float, threads: int
) -> Solved:
    answer = solve_with(problem, seconds, threads)

    def make_plan() -> Plan:
        return full_plan(problem, answer.seats, answer.supports, answer.bridges)

    return Solved(answer.objectives, make_plan, asdict(answer.parts))


WAYS: dict[str, Way] = {
    "optimizer": run_optimizer,
    "plain": partial(run_competitor, solve_plainly),
    "cp_sat": partial(run_competitor, solve_with_cp_sat),
}
