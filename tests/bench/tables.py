"""The tables of the benches in Markdown, for any set of ways: medians over the seeds of a shape and size."""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

from optimizer.problem import OBJECTIVES
from tests.bench.competitor import ObjectiveRun
from tests.bench.measure import Run, counts_of
from tests.bench.ways import PARTS

WORST_VALUE = -(10**15)

Cell = Callable[[list[Run], str], str]


def table_of(shape: str, size: str, runs: Sequence[Run]) -> str:
    """Return the tables of one shape and size: objectives, cost, and who has the better plan."""
    chosen = [run for run in runs if (run.case.shape, run.case.size) == (shape, size)]
    by_way: dict[str, list[Run]] = {}
    for run in chosen:
        by_way.setdefault(run.case.way, []).append(run)
    needs, sessions = counts_of(size)
    seeds = len({run.case.seed for run in chosen})
    limits = " and ".join(f"{seconds:g}" for seconds in sorted({run.case.seconds for run in chosen}))
    threads = " and ".join(str(count) for count in sorted({run.case.threads for run in chosen}))
    return "\n".join(
        [
            f"**{size}, {shape}: {needs:,} needs x {sessions:,} sessions**, {seeds} seeds, medians, "
            f"limit {limits} s, threads {threads}",
            "",
            *objectives_table(by_way),
            "",
            *cost_table(by_way),
            "",
            *comparisons(by_way),
        ]
    )


def objectives_table(by_way: dict[str, list[Run]]) -> list[str]:
    """Return, for each objective: how many seeds are proven, seconds and gap, of each way."""
    cells: dict[str, Cell] = {"proven": proven_cell, "seconds": seconds_cell, "gap %": gap_cell}
    heads = [f"{title}: {way}" for title in cells for way in by_way]
    lines = [row_of(["objective", *heads]), "|" + "---|" * (len(heads) + 1)]
    for name in OBJECTIVES:
        found = [cell(by_way[way], name) for cell in cells.values() for way in by_way]
        lines.append(row_of([name, *found]))
    return lines


def cost_table(by_way: dict[str, list[Run]]) -> list[str]:
    """Return seconds, their parts as far as a way tells them, and memory, of each way."""
    lines = [row_of(["", *by_way]), "|" + "---|" * (len(by_way) + 1)]
    rows: dict[str, Callable[[Run], float | None]] = {
        "seconds, all": lambda run: run.seconds,
        **{f"seconds, {part.replace('_', '-')}": partial(seconds_of_part, part=part) for part in PARTS},
        "seconds, verify": lambda run: run.verify_seconds,
        "peak memory, MiB": lambda run: run.peak_mib or None,
    }
    for title, value in rows.items():
        lines.append(row_of([title, *(median_cell(by_way[way], value) for way in by_way)]))
    return lines


def seconds_of_part(run: Run, part: str) -> float | None:
    return run.parts.get(part)


def comparisons(by_way: dict[str, list[Run]]) -> list[str]:
    """Say who has the better plan, objectives compared in order; what verify found; what did not finish."""
    first, *others = by_way
    lines = [comparison_of(by_way[first], by_way[other]) for other in others]
    refused = ", ".join(
        f"{sum(bool(run.violations) for run in runs)} of {way}" for way, runs in by_way.items()
    )
    unseen = sum(run.violations is None for runs in by_way.values() for run in runs)
    lines.append(f"Plans that verify refuses: {refused}; runs without a plan that it has seen: {unseen}.")
    for way, runs in by_way.items():
        for run in runs:
            if run.ending != "finished":
                lines.append(f"{way}, seed {run.case.seed}: {run.ending}.")
    return [line for pair in ((line, "") for line in lines) for line in pair][:-1]


def comparison_of(ours: list[Run], theirs: list[Run]) -> str:
    mine = {run.case.seed: values_in_order(run) for run in ours}
    other = {run.case.seed: values_in_order(run) for run in theirs}
    seeds = mine.keys() & other.keys()
    better = sum(mine[seed] > other[seed] for seed in seeds)
    worse = sum(mine[seed] < other[seed] for seed in seeds)
    return (
        f"Plans compared objective by objective, in order, {ours[0].case.way} against {theirs[0].case.way}: "
        f"better for {better} seeds, equal for {len(seeds) - better - worse}, worse for {worse}."
    )


def values_in_order(run: Run) -> list[int]:
    """Return the values of the final plan's objectives, derived by verify where it was reached.

    A missing value is the worst of all.
    """
    told = {row.name: row.value for row in run.objectives}
    found = [run.values.get(name, told.get(name)) for name in OBJECTIVES]
    return [WORST_VALUE if value is None else value for value in found]


# -- cells ---------------------------------------------------------------------------------------------------


def row_of(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def objective_of(run: Run, name: str) -> ObjectiveRun:
    """Return what a run reached for an objective; one that it did not come to has nothing."""
    return next((row for row in run.objectives if row.name == name), ObjectiveRun(name, None, None, 0.0))


def gap_percent(row: ObjectiveRun) -> float:
    """Return the gap; a run without a plan or a bound counts as the worst of all."""
    if row.value is None or row.bound is None:
        return float("inf")
    return 100 * abs(row.bound - row.value) / max(1, abs(row.value))


def proven_cell(runs: list[Run], name: str) -> str:
    return f"{sum(gap_percent(objective_of(run, name)) == 0 for run in runs)} of {len(runs)}"


def seconds_cell(runs: list[Run], name: str) -> str:
    """The median over the runs that came to the objective."""
    seconds = [row.seconds for run in runs for row in run.objectives if row.name == name]
    return f"{median(seconds):.2f}" if seconds else "not reached"


def gap_cell(runs: list[Run], name: str) -> str:
    middle = median(gap_percent(objective_of(run, name)) for run in runs)
    return "no bound" if middle == float("inf") else f"{middle:.2f}"


def median_cell(runs: list[Run], value: Callable[[Run], float | None]) -> str:
    found = [number for run in runs if (number := value(run)) is not None]
    if not found:
        return "not told"
    middle = median(found)
    return f"{middle:,.0f}" if middle >= 100 else f"{middle:.2f}"
