"""What would help each unmet need of a round of size M: seconds a need, and for all of them.

``python -m tests.bench.explaining`` draws a round, solves it within ``--seconds``, makes the search ready
once and asks about unmet needs one after the other, as a running process would. Answers differ: a need
that nothing would help is answered by one question, and one with several helpful changes takes a proof
and a witness for each.
"""

import argparse
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from time import perf_counter

from optimizer.explaining.near_rounds import RoundWithPlan
from optimizer.explaining.would_help import ChangeSearch, NeedChanges
from optimizer.files.plan_files import load_plan
from optimizer.solving.solve import solve
from tests.bench.generator import make_problem
from tests.bench.measure import SIZES


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which that part of the values lies (the next larger one)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def count_answers(answers: Sequence[NeedChanges]) -> dict[str, int]:
    """How many changes of each kind help, and how much was not settled."""
    counts: Counter[str] = Counter(one.change.kind for answer in answers for one in answer.helps)
    counts["gains_unchanged"] = sum(answer.gains_unchanged for answer in answers)
    counts["nothing_helps"] = sum(not answer.helps and not answer.gains_unchanged for answer in answers)
    counts["not_settled"] = sum(len(answer.not_settled) for answer in answers)
    counts["not_least"] = sum(not one.is_least for answer in answers for one in answer.helps)
    return dict(sorted(counts.items()))


def main(print_line: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.explaining")
    parser.add_argument("--size", choices=SIZES, default="M")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=30, help="limit of the solve before; 30")
    parser.add_argument("--plan", help="a plan of that round, instead of solving it")
    parser.add_argument("--needs", type=int, help="so many unmet needs, drawn at random; all where not said")
    arguments = parser.parse_args()
    problem = make_problem(*SIZES[arguments.size], arguments.seed)
    plan = (
        load_plan(arguments.plan) if arguments.plan else solve(problem, time_limit_seconds=arguments.seconds)
    )
    begin = perf_counter()
    search = ChangeSearch(RoundWithPlan(problem, plan))
    asker = search.asker
    ready = perf_counter() - begin
    unmet = [row.need for row in plan.unmet]
    asked = unmet if arguments.needs is None else random.Random(1).sample(unmet, arguments.needs)
    seconds: list[float] = []
    answers: list[NeedChanges] = []
    for need in asked:
        begin = perf_counter()
        answers.append(search.find_changes(need))
        seconds.append(perf_counter() - begin)
    print_line(f"python -m tests.bench.explaining {' '.join(sys.argv[1:])}")
    print_line(f"load before {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {type(asker).__name__}")
    placed = sum(row.seats for row in plan.assignments)
    print_line(f"plan: {plan.outcome}, {placed} seats placed, {len(unmet)} needs short of seats")
    print_line(f"made ready in {ready:.2f} s; asked about {len(asked)} needs in {sum(seconds):.1f} s")
    print_line(
        f"a need: p50 {percentile(seconds, 0.5):.2f} s, p95 {percentile(seconds, 0.95):.2f} s, "
        f"most {max(seconds):.2f} s"
    )
    print_line(f"answers: {count_answers(answers)}")


if __name__ == "__main__":
    main()
