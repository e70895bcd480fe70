"""Repair after one decline in a process that holds the prepared round: `python -m tests.bench.repairing`.

A plan is solved and published; then matches of it are declined, each from the published plan. Measured for
each: the first answer (from event to a plan in whole numbers that obeys every row), `verify` of the written
plan, and the proof over all that can still move; and whether the first answer is as good as that proof.
Prints one table in Markdown. Making the round, solving it and preparing the desk are told apart.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from optimizer import (
    Plan,
    Problem,
    canonical_bytes,
    load_plan,
    load_problem,
    plan_to_document,
    write_json,
)
from optimizer.solving.repair import SECONDS_OF_PROOF, Repair, RepairDesk
from optimizer.solving.solve import solve
from tests.bench.generator import make_problem
from tests.bench.measure import SIZES


def percentile(values: Sequence[float], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


class Tally:
    """What the declines took and led to."""

    def __init__(self) -> None:
        self.first: list[float] = []
        self.checked: list[float] = []
        self.event_to_verified: list[float] = []
        self.proof: list[float] = []
        self.equal = self.proven = self.proven_at_once = self.refused = self.violations = 0

    def row(self, name: str, values: list[float]) -> str:
        if not values:
            return f"| {name} | not asked | | |"
        cells = [f"{percentile(values, share) * 1000:,.0f}" for share in (0.5, 0.95, 1.0)]
        return f"| {name} | {' | '.join(cells)} |"


def decline_all(
    desk: RepairDesk, rows: list[tuple[str, str]], tally: Tally, proofs: int, seconds_each: float
) -> None:
    """Decline each row from the same plan; the first so many answers are also compared with a longer search,
    of so many seconds for each objective."""
    mark = desk.mark()
    for number, (need, session) in enumerate(rows):
        desk.return_to(mark)
        begin = perf_counter()
        first = desk.decline(need, session)
        tally.first.append(perf_counter() - begin)
        if first is None:
            tally.refused += 1
            continue
        begin = perf_counter()
        tally.violations += len(desk.verify(desk.write(first)).violations)
        tally.checked.append(perf_counter() - begin)
        tally.event_to_verified.append(tally.first[-1] + tally.checked[-1])
        tally.proven_at_once += first.is_proven
        if number >= proofs:
            continue
        begin = perf_counter()
        is_whole = first.is_proven and first.free_sessions is None
        whole = first if is_whole else desk.prove(seconds_each=seconds_each)
        tally.proof.append(perf_counter() - begin)
        tally.equal += whole.values == first.values
        tally.proven += whole.is_proven
        tell_comparison(number, first, whole, tally)


def tell_comparison(number: int, first: Repair, whole: Repair, tally: Tally) -> None:
    """One line on standard error for each comparison: at L each takes minutes, and a run that is stopped
    must not lose what it has found."""
    differs = [
        f"{before} then {after}"
        for before, after in zip(first.values, whole.values, strict=True)
        if before != after
    ]
    found = f"the longer search differs: {'; '.join(differs)}" if differs else "equal"
    print(
        f"decline {number + 1}: {found}{', proven' if whole.is_proven else ''}, {tally.proof[-1]:.0f} s; "
        f"{tally.equal} of {len(tally.proof)} equal",
        file=sys.stderr,
        flush=True,
    )


def time_cold(problem: Problem, plan: Plan, need: str, session: str) -> list[tuple[str, float]]:
    """Seconds of a repair that begins with files, part by part: what a process pays that holds nothing."""
    with TemporaryDirectory() as folder:
        problem_file, plan_file = Path(folder) / "problem.json", Path(folder) / "plan.json"
        problem_file.write_bytes(canonical_bytes(problem))
        write_json(plan_file, plan_to_document(plan))
        marks = [perf_counter()]
        read, published = load_problem(problem_file), load_plan(plan_file)
        marks.append(perf_counter())
        desk = RepairDesk(read, published)
        marks.append(perf_counter())
        answer = desk.decline(need, session)
        marks.append(perf_counter())
        if answer is None:
            raise SystemExit(
                "The match that was declined leaves a session that cannot run; take another seed."
            )
        if desk.verify(desk.write(answer)).violations:
            raise SystemExit("verify refuses the repaired plan.")
        marks.append(perf_counter())
    names = ("reading both files", "preparing the desk", "the answer", "writing the plan and verify")
    return [(name, after - before) for name, before, after in zip(names, marks, marks[1:], strict=False)]


def measure_cold(size: str, seed: int, seconds: float) -> str:
    """The parts of one cold repair, as a line of text."""
    problem = make_problem(*SIZES[size], seed)
    plan = solve(problem, time_limit_seconds=seconds)
    row = plan.assignments[len(plan.assignments) // 2]
    parts = time_cold(problem, plan, row.need, row.session)
    told = ", ".join(f"{name} {taken * 1000:,.0f} ms" for name, taken in parts)
    return f"**{size}, seed {seed}, cold from files**: {told}; together {sum(t for _, t in parts):.2f} s."


def measure(size: str, seed: int, count: int, seconds: float, proofs: int, seconds_each: float) -> str:
    problem = make_problem(*SIZES[size], seed)
    plan = solve(problem, time_limit_seconds=seconds)
    begin = perf_counter()
    desk = RepairDesk(problem, plan)
    prepared = perf_counter() - begin
    every = max(1, len(plan.assignments) // count)
    rows = [(row.need, row.session) for row in plan.assignments[::every]][:count]
    tally = Tally()
    decline_all(desk, rows, tally, proofs, seconds_each)
    answered = len(tally.proof)
    lines = [
        f"**{size}, seed {seed}**: {len(plan.assignments)} matches published, desk prepared in "
        f"{prepared:.1f} s, {len(rows)} declines, {tally.refused} of which leave a session that cannot run.",
        "",
        "| milliseconds | median | p95 | most |",
        "|---|---|---|---|",
        tally.row("first answer", tally.first),
        tally.row("writing the plan and verify", tally.checked),
        tally.row("both, from event to verified plan", tally.event_to_verified),
        tally.row("proof over all that can move, where that is still open", tally.proof),
        "",
        f"Proven at once: {tally.proven_at_once} of {len(tally.first) - tally.refused}. The first answer "
        f"equals that of a longer search in {tally.equal} of {answered}, {tally.proven} of them proven. "
        f"Violations found by verify: {tally.violations}.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", default="M", help="of S, M, L; with commas")
    parser.add_argument("--seeds", default="1", help="with commas")
    parser.add_argument("--declines", type=int, default=100)
    parser.add_argument(
        "--proofs",
        type=int,
        help="compare so many first answers with a search over all that can move; all",
    )
    parser.add_argument(
        "--seconds-each",
        type=float,
        default=SECONDS_OF_PROOF,
        help="most of each objective in that search",
    )
    parser.add_argument("--cold", action="store_true", help="one repair from files instead, part by part")
    parser.add_argument("--seconds", type=float, default=30.0, help="for the plan that is published")
    arguments = parser.parse_args()
    proofs = arguments.declines if arguments.proofs is None else arguments.proofs
    for size in arguments.sizes.split(","):
        for seed in arguments.seeds.split(","):
            if arguments.cold:
                print(measure_cold(size, int(seed), arguments.seconds), flush=True)
                continue
            print(
                measure(
                    size, int(seed), arguments.declines, arguments.seconds, proofs, arguments.seconds_each
                ),
                end="\n\n",
                flush=True,
            )


if __name__ == "__main__":
    main()
