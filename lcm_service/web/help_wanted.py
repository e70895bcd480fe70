"""Where help is wanted: what was asked and is still open beside what is offered, for would-be providers.

It reads the figures that everybody may read, and nothing else: whatever stands here stands there, under the
same rule of disclosure (`domain/disclosure.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _

from lcm_service.services import figures
from lcm_service.services.figures import FiguresOfRound, KindOfFigures
from lcm_service.web.bars import Piece, pieces
from lcm_service.web.figures import DIMENSIONS as NAMES
from lcm_service.web.figures import MERGED, name_of_cell, name_of_group

# The dimensions in which needs and offers are both counted.
DIMENSIONS: Final = ("area", "language", "month")
CAPTIONS: Final = {
    "area": _("Asked and offered, by subject"),
    "language": _("Asked and offered, by language"),
    "month": _("Asked and offered, by first month"),
}

bp = Blueprint("help_wanted", __name__)

type Key = tuple[str | None, ...]
type Cells = Mapping[Key, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line: a cell of the needs, and the offers of the same name.

    ``offers`` is None where these are not told by themselves, or where several cells are merged in the line,
    for the two tables need not merge the same ones. ``left`` is None where what is open is not told.
    """

    name: Any
    needs: int
    seats: int
    left: int | None
    offers: int | None
    bar: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class WantedInRound:
    """The lines of a round in each dimension, those with most open seats first."""

    figures: FiguresOfRound
    kind: KindOfFigures
    tables: Mapping[str, Sequence[Wanted]]
    tells_what_is_open: bool


@bp.get("/where-help-is-wanted")
def index() -> str:
    """Demand beside supply of each open round that has figures."""
    found = [
        wanted_in(one, kind)
        for one in figures.list_figures()
        if one.is_open
        for kind in one.kinds
        if kind.kind == "plan"
    ]
    return render_template("figures/help_wanted.html", found=found, view=_VIEW)


def wanted_in(found: FiguresOfRound, kind: KindOfFigures) -> WantedInRound:
    """What the figures of a round's plan say of where help is wanted."""
    measures = {measure["name"]: measure for measure in kind.measures}
    needs, offers = (
        {table["dimension"]: cells_of(table) for table in measures[name]["tables"]}
        for name in ("needs", "offers")
    )
    return WantedInRound(
        found,
        kind,
        {
            dimension: lines_of(dimension, needs[dimension], offers.get(dimension, {}))
            for dimension in DIMENSIONS
            if dimension in needs
        },
        "open" in measures["needs"]["amounts"],
    )


def lines_of(dimension: str, needs: Cells, offers: Cells) -> list[Wanted]:
    """The lines of one dimension. What is merged comes last, for it names nothing to offer."""
    most = max((cell["amounts"]["seats"] for cell in needs.values()), default=1)
    lines = [
        (None in key, _line(dimension, key, cell, None if None in key else offers.get(key), most))
        for key, cell in needs.items()
        if not _is_split(key, needs)
    ]
    lines.sort(key=lambda one: (one[0], -(one[1].left or 0), -one[1].seats))
    return [line for _is_merged, line in lines]


def cells_of(table: Mapping[str, Any]) -> dict[Key, Mapping[str, Any]]:
    """Every cell of a table by ``(group,)`` or ``(group, cell)``; a code is None where it was merged."""
    found: dict[Key, Mapping[str, Any]] = {}
    for group in table["groups"]:
        found[group["code"],] = group
        found.update({(group["code"], cell["code"]): cell for cell in group["cells"]})
    return found


def _is_split(key: Key, cells: Cells) -> bool:
    """Whether a group is told by its cells, so that it needs no line itself."""
    return len(key) == 1 and any(len(other) > 1 and other[0] == key[0] for other in cells)


def _line(
    dimension: str, key: Key, cell: Mapping[str, Any], offered: Mapping[str, Any] | None, most: int
) -> Wanted:
    amounts = cell["amounts"]
    seats, left = amounts["seats"], amounts.get("open")
    shown = {"open": seats} if left is None else {"placed": amounts["placed"], "open": left}
    return Wanted(
        name=_name(dimension, key),
        needs=cell["records"],
        seats=seats,
        left=left,
        offers=None if offered is None else offered["records"],
        bar=pieces(most, **shown),
    )


def _name(dimension: str, key: Key) -> Any:
    if key[-1] is None and len(key) > 1:
        return f"{name_of_group(key[0])} – {MERGED[dimension]}"
    if key[-1] is None:
        return MERGED[dimension]
    if dimension == "area" and len(key) == 1:
        return name_of_group(key[0])
    return name_of_cell(dimension, key[-1])


_VIEW: Final = {"captions": CAPTIONS, "dimensions": NAMES}
