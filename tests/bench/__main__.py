"""Measure the optimizer beside the plain model: `python -m tests.bench [--sizes S,M] [--seconds N]`.

For each size and seed both solve the same problem, one after the other, each in a process of its own and
taking turns at going first. Prints a table in Markdown for each size and writes all of it to a JSON file.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from optimizer.problem import OBJECTIVES
from tests.bench.measure import SIZES, Run, measure_apart
from tests.bench.plain_model import ObjectiveRun

DEFAULT_SECONDS = {"S": 60, "M": 120, "L": 300, "XL": 900}
WAYS = ("optimizer", "plain")


def measure_all(sizes: list[str], seeds: list[int], seconds: float | None) -> list[Run]:
    runs = []
    for size in sizes:
        for turn, seed in enumerate(seeds):
            for way in WAYS if turn % 2 == 0 else reversed(WAYS):
                run = measure_apart(size, seed, way, seconds or DEFAULT_SECONDS[size])
                tell_progress(f"{size} seed {seed} {way}: {run.seconds:.1f} s")
                runs.append(run)
    return runs


def tell_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


# -- the table -----------------------------------------------------------------------------------------------


def gap_percent(run: ObjectiveRun) -> float | None:
    if run.value is None or run.bound is None:
        return None
    return 100 * abs(run.bound - run.value) / max(1, abs(run.value))


def table_of(size: str, runs: list[Run]) -> str:
    """Return the table of one size: for each objective, both ways, the median over the seeds."""
    by_way = {way: [run for run in runs if run.size == size and run.way == way] for way in WAYS}
    count = len(by_way["optimizer"])
    lines = [
        f"**{size}: {SIZES[size][0]:,} needs x {SIZES[size][1]:,} sessions**, {count} seeds, medians",
        "",
        "| objective | proven: optimizer | plain | seconds: optimizer | plain | gap %: optimizer | plain |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in OBJECTIVES:
        cells: list[str] = []
        for cell in (proven_cell, seconds_cell, gap_cell):
            cells += [cell([found(run, name) for run in by_way[way]]) for way in WAYS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    totals = " | ".join(f"{median(run.seconds for run in by_way[way]):.1f}" for way in WAYS)
    lines.append(f"| all | | | {totals} | | |")
    return "\n".join([*lines, "", comparison_of(by_way)])


def found(run: Run, name: str) -> ObjectiveRun:
    missing = ObjectiveRun(name, None, None, 0.0)
    return next((row for row in run.objectives if row.name == name), missing)


def proven_cell(rows: list[ObjectiveRun]) -> str:
    return f"{sum(row.value is not None and row.value == row.bound for row in rows)} of {len(rows)}"


def seconds_cell(rows: list[ObjectiveRun]) -> str:
    return f"{median(row.seconds for row in rows):.2f}"


def gap_cell(rows: list[ObjectiveRun]) -> str:
    """The median gap; a run without a bound counts as the worst of all."""
    gaps = [gap if (gap := gap_percent(row)) is not None else float("inf") for row in rows]
    middle = median(gaps)
    return "no bound" if middle == float("inf") else f"{middle:.2f}"


def comparison_of(by_way: dict[str, list[Run]]) -> str:
    """Say who has the better plan, objectives compared in order, and whether verify found anything."""
    ours = {run.seed: values_in_order(run) for run in by_way["optimizer"]}
    plain = {run.seed: values_in_order(run) for run in by_way["plain"]}
    better = sum(ours[seed] > plain[seed] for seed in ours)
    worse = sum(ours[seed] < plain[seed] for seed in ours)
    faults = {way: sum(bool(run.violations) for run in by_way[way]) for way in WAYS}
    return (
        f"Plans compared objective by objective, in order: the optimizer's is better for {better} seeds, "
        f"equal for {len(ours) - better - worse}, worse for {worse}. Plans that verify refuses: "
        f"{faults['optimizer']} of the optimizer, {faults['plain']} of the plain model."
    )


def values_in_order(run: Run) -> list[int]:
    """Return the values of the final plan's objectives as far as there are any; none is the worst."""
    values = [found(run, name).value for name in OBJECTIVES]
    return [-(10**15) if value is None else value for value in values]


def describe_machine() -> dict[str, str | int | None]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "command": "python -m tests.bench " + " ".join(sys.argv[1:]),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load_before": f"{os.getloadavg()[0]:.2f}",
        "pulp": version("pulp"),
        "highspy": version("highspy"),
    }


def parse_arguments() -> argparse.Namespace:
    def whole_numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(",")]

    def sizes(text: str) -> list[str]:
        names = text.split(",")
        if not set(names) <= SIZES.keys():
            raise argparse.ArgumentTypeError(f"{text} is not among {', '.join(SIZES)}")
        return names

    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", type=sizes, default=["S", "M"], help="of S, M, L, XL; S,M where not said")
    parser.add_argument(
        "--seeds", type=whole_numbers, default=[1, 2, 3], help="seeds of the generator; 1,2,3"
    )
    parser.add_argument("--seconds", type=float, help="limit of each run; S 60, M 120, L 300, XL 900")
    parser.add_argument("--output", type=Path, default=Path("build/bench.json"), help="build/bench.json")
    return parser.parse_args()


def main(print_line: Callable[[str], None] = print) -> None:
    arguments = parse_arguments()
    machine = describe_machine()
    runs = measure_all(arguments.sizes, arguments.seeds, arguments.seconds)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine, "runs": [asdict(run) for run in runs]}
    arguments.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for size in arguments.sizes:
        print_line(table_of(size, runs) + "\n")


if __name__ == "__main__":
    main()
