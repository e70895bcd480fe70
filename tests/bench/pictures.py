"""The pictures of the benches. Drawn without a window, in one look."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

COLOURS = {"optimizer": "#0072b2", "plain": "#d55e00", "cp_sat": "#009e73"}
OTHER_COLOUR = "#444444"
VALUE_COLOUR, BOUND_COLOUR = "#0072b2", "#d55e00"


def new_figure(rows: int, columns: int, inches: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """Return an empty figure and its panels, row by row."""
    figure = Figure(figsize=inches, layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    panels = [figure.add_subplot(rows, columns, number + 1) for number in range(rows * columns)]
    for panel in panels:
        panel.grid(visible=True, color="#dddddd", linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
    return figure, panels


def colour_of(way: str) -> str:
    return COLOURS.get(way, OTHER_COLOUR)


def count_by_tens(panel: Axes, counts: Sequence[int]) -> None:
    """Make both axes logarithmic, with these counts below and plain numbers beside."""
    panel.set(xscale="log", yscale="log")
    panel.set_xticks(counts, [f"{count:,}" for count in counts], rotation=30, minor=False)
    panel.xaxis.set_minor_formatter(NullFormatter())
    for set_formatter in (panel.yaxis.set_major_formatter, panel.yaxis.set_minor_formatter):
        set_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    panel.tick_params(labelsize=8, which="both")


def draw_steps(
    panel: Axes, seconds: Sequence[float], values: Sequence[float], colour: str, label: str
) -> None:
    """Draw a line that keeps each value until the next report."""
    panel.step(seconds, values, where="post", color=colour, label=label, linewidth=1.6)
    panel.plot(seconds[-1:], values[-1:], ".", color=colour)


def save(figure: Figure, path: Path) -> Path:
    """Write the picture without what differs from run to run, so that the same data is the same file."""
    figure.savefig(path, metadata={"Software": None})
    return path
