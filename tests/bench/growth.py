"""What growing rounds cost: seconds and memory at 500 to 50,000 needs, as a table and a picture."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.axes import Axes

from tests.bench.apart import FINISHED
from tests.bench.comparison import cases_in_turns
from tests.bench.measure import Case, Run, counts_of
from tests.bench.pictures import colour_of, count_by_tens, new_figure, save
from tests.bench.tables import gap_percent, row_of

# The seconds that each way may take at each size: what the mechanism may wait for.
GROWTH_SIZES = {
    "500": 60.0,
    "1000": 60.0,
    "2000": 120.0,
    "5000": 120.0,
    "10000": 300.0,
    "50000": 600.0,
}
OTHER_SECONDS = 120.0


def growth_cases(
    shape: str,
    sizes: Sequence[str],
    seeds: Sequence[int],
    ways: Sequence[str],
    seconds: float | None,
    **limits: Any,
) -> list[Case]:
    """Return the cases, smallest rounds first; `seconds` in place of the limits of `GROWTH_SIZES`."""
    return [
        case
        for size in sorted(sizes, key=counts_of)
        for case in cases_in_turns(
            [shape], [size], seeds, ways, seconds or GROWTH_SIZES.get(size, OTHER_SECONDS), **limits
        )
    ]


def building_seconds(run: Run) -> float | None:
    """Seconds of writing the model in PuLP or CP-SAT and of handing it over, where they are told."""
    if "build" not in run.parts or "hand_over" not in run.parts:
        return None
    return run.parts["build"] + run.parts["hand_over"]


def first_gap(run: Run) -> float | None:
    """The gap of the first objective in percent, where there is a plan and a bound."""
    gap = gap_percent(run.objectives[0]) if run.objectives else float("inf")
    return None if gap == float("inf") else gap


MEASURES: dict[str, Callable[[Run], float | None]] = {
    "seconds": lambda run: run.seconds,
    "building": building_seconds,
    "peak MiB": lambda run: run.peak_mib or None,
    "first objective's gap %": first_gap,
    "objectives proven": lambda run: sum(gap_percent(row) == 0 for row in run.objectives),
    "verify": lambda run: run.verify_seconds,
}


def middle(runs: Sequence[Run], measure: Callable[[Run], float | None]) -> float | None:
    found = [value for run in runs if (value := measure(run)) is not None]
    return median(found) if found else None


def grouped(runs: Sequence[Run]) -> dict[str, dict[str, list[Run]]]:
    """Return the runs by way and size, in the order in which they were measured."""
    groups: dict[str, dict[str, list[Run]]] = {}
    for run in runs:
        groups.setdefault(run.case.way, {}).setdefault(run.case.size, []).append(run)
    return groups


def growth_table(runs: Sequence[Run]) -> str:
    """Return one row for each size and way: medians over the seeds, and what did not finish."""
    heads = ["needs x sessions", "limit s", "way", *MEASURES, "ending"]
    lines = [row_of(heads), "|" + "---|" * len(heads)]
    for way, by_size in grouped(runs).items():
        for size, group in by_size.items():
            needs, sessions = counts_of(size)
            cells = [middle(group, measure) for measure in MEASURES.values()]
            endings = sorted({run.ending for run in group} | refused(group))
            lines.append(
                row_of(
                    [
                        f"{needs:,} x {sessions:,}",
                        f"{group[0].case.seconds:g}",
                        way,
                        *("not told" if cell is None else f"{cell:,.2f}" for cell in cells),
                        "; ".join(endings),
                    ]
                )
            )
    return "\n".join(lines)


def refused(runs: Sequence[Run]) -> set[str]:
    return {"verify refuses the plan" for run in runs if run.violations}


def draw_growth(runs: Sequence[Run], path: Path) -> Path:
    """Draw seconds and memory over the needs, both by powers of ten; a cross is a run that did not finish."""
    figure, (seconds, memory) = new_figure(1, 2, (11, 4.4))
    for way, by_size in grouped(runs).items():
        draw_way(seconds, way, by_size, lambda run: run.seconds, "-")
        draw_way(seconds, f"{way}, building the model", by_size, building_seconds, ":")
        draw_way(memory, way, by_size, MEASURES["peak MiB"], "-")
    limits = sorted({(counts_of(run.case.size)[0], run.case.seconds) for run in runs})
    seconds.plot(*zip(*limits, strict=True), color="#999999", linewidth=1, linestyle="--", label="limit")
    for panel, title, unit in ((seconds, "Time", "seconds"), (memory, "Memory", "peak, MiB")):
        count_by_tens(panel, sorted({counts_of(run.case.size)[0] for run in runs}))
        panel.set(xlabel="needs (and sessions)", ylabel=unit, title=title)
        panel.legend(fontsize=8)
    figure.suptitle(f"Cost as rounds grow, shape {runs[0].case.shape}, threads {runs[0].case.threads}")
    return save(figure, path)


def draw_way(
    panel: Axes,
    label: str,
    by_size: dict[str, list[Run]],
    measure: Callable[[Run], float | None],
    style: str,
) -> None:
    """Draw one line; where nothing was told at any size, none."""
    points = [
        (counts_of(size)[0], value, all(run.ending == FINISHED for run in group))
        for size, group in by_size.items()
        if (value := middle(group, measure))  # Nothing has no place on an axis by powers of ten.
    ]
    if not points:
        return
    colour = colour_of(label.partition(",")[0])
    panel.plot([x for x, _, _ in points], [y for _, y, _ in points], style, color=colour, label=label)
    for is_finished, marker in ((True, "o"), (False, "x")):
        some = [(x, y) for x, y, finished in points if finished == is_finished]
        if some:
            panel.plot(*zip(*some, strict=True), marker, color=colour, markersize=5)
