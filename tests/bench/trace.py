"""Value and bound over the time of one run of the optimizer, objective by objective."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes

from optimizer.clock import Progress
from optimizer.problem import OBJECTIVES
from tests.bench.measure import Run
from tests.bench.pictures import BOUND_COLOUR, VALUE_COLOUR, draw_steps, new_figure, save


def reports_of(progress: Sequence[Progress], name: str) -> list[Progress]:
    return [report for report in progress if report.objective == name]


def draw_trace(run: Run, path: Path) -> Path:
    """Draw one panel for each objective: what was reached and what is proven not to be passed.

    Raises
    ------
    ValueError: the run has told no progress.
    """
    if not run.progress:
        raise ValueError(f"{run.case.size} seed {run.case.seed} told no progress: {run.ending}")
    figure, panels = new_figure(2, 4, (13, 5.6))
    for panel, name in zip(panels, OBJECTIVES, strict=True):
        draw_objective(panel, name, reports_of(run.progress, name))
    panels[0].legend(fontsize=8)
    needs, sessions = run.case.counts
    figure.suptitle(
        f"Value and bound over time: {needs:,} needs x {sessions:,} sessions, shape {run.case.shape}, "
        f"seed {run.case.seed}, limit {run.case.seconds:g} s"
    )
    return save(figure, path)


def draw_objective(panel: Axes, name: str, reports: Sequence[Progress]) -> None:
    values = [(row.seconds, row.value) for row in reports if row.value is not None]
    bounds = [(row.seconds, row.bound) for row in reports if row.bound is not None]
    for points, colour, label in ((bounds, BOUND_COLOUR, "bound"), (values, VALUE_COLOUR, "value")):
        if points:
            draw_steps(panel, [x for x, _ in points], [y for _, y in points], colour, label)
    panel.set(title=f"{name}: {ending_of(values, bounds)}", xlabel="seconds since the start")
    panel.title.set_fontsize(10)


def ending_of(values: Sequence[tuple[float, int]], bounds: Sequence[tuple[float, int]]) -> str:
    """Say in a word how far the objective came."""
    if not values or not bounds:
        return "not reached" if not values else "no bound"
    value, bound = values[-1][1], bounds[-1][1]
    return "proven" if value == bound else f"gap {100 * abs(bound - value) / max(1, abs(value)):.2f} %"
