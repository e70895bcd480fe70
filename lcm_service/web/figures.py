"""Figures: the page that everybody may read, its file, and the page on which a coordinator makes those of
courses public.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as Answer

from lcm_service.domain.disclosure import LEAST_DOUBT, LEAST_RECORDS, LEAST_STATES
from lcm_service.reports import tables
from lcm_service.services import figures, rounds
from lcm_service.web import showing
from lcm_service.web.saving import read_version
from lcm_service.web.showing import current_actor

bp = Blueprint("figures", __name__)

type Row = tuple[Any, Mapping[str, Any], int]

HEADINGS: Final = {"needs": _("Needs"), "offers": _("Offers"), "courses": _("Courses that were held")}
CAPTIONS: Final = {
    ("needs", "area"): _("Needs by subject"),
    ("needs", "region"): _("Needs by region"),
    ("needs", "language"): _("Needs by language"),
    ("needs", "month"): _("Needs by first month"),
    ("offers", "area"): _("Offers by subject"),
    ("offers", "language"): _("Offers by language"),
    ("offers", "month"): _("Offers by first month"),
    ("courses", "area"): _("Courses by subject"),
    ("courses", "region"): _("Courses by region"),
}
DIMENSIONS: Final = {
    "area": _("Subject"),
    "region": _("Region"),
    "language": _("Language"),
    "month": _("Month"),
}
RECORDS: Final = {"needs": _("Needs"), "offers": _("Offers"), "courses": _("Courses attended")}
AMOUNTS: Final = {
    ("needs", "seats"): _("Seats asked"),
    ("needs", "matches"): _("Matches planned"),
    ("needs", "placed"): _("Seats planned"),
    ("needs", "open"): _("Seats still open"),
    ("offers", "sessions"): _("Sessions that may run"),
    ("courses", "seats"): _("Seats used"),
    ("courses", "women"): _("Of them by women"),
    ("courses", "closed"): _("Gaps closed, as the recipient says"),
}
NOT_STATED: Final = {
    "area": _("No subject stated"),
    "region": _("No region stated"),
    "language": _("No language stated"),
    "month": _("No month stated"),
}
MERGED: Final = {
    "area": _("Other subjects"),
    "region": _("Other regions"),
    "language": _("Other languages"),
    "month": _("Other months"),
}
MERGED_IN_GROUP: Final = _("Other subjects of this group")
COLUMNS: Final = (
    "notice",
    "standing",
    "round",
    "frozen_at",
    "measure",
    "dimension",
    "group",
    "cell",
    "records",
    *dict.fromkeys(amount for _measure, amount in AMOUNTS),
)


@bp.get("/figures")
def index() -> str:
    """What everybody may read of each round that has published a plan."""
    rule = {"states": LEAST_STATES, "records": LEAST_RECORDS, "percent": LEAST_DOUBT}
    return render_template("figures/index.html", found=figures.list_figures(), rule=rule, view=_VIEW)


@bp.get("/figures.csv")
def csv() -> Response:
    """The same as rows, one for each cell, with the codes of the API."""
    text = "\ufeff" + tables.write_csv(COLUMNS, _rows_of_file())
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="lcm-figures.csv"'
    return response


@bp.get("/rounds/<code>/figures")
def ask(code: str) -> str:
    """What would be public of the courses of a round, before it is."""
    actor = current_actor()
    found = figures.find_courses_to_tell(actor, code)
    return render_template("figures/ask.html", round=rounds.find_round(actor, code), found=found, view=_VIEW)


@bp.post("/rounds/<code>/figures")
def freeze(code: str) -> Answer:
    """Make the figures of its courses public, for good."""
    sha256 = request.form.get("sha256", "")
    figures.freeze_course_figures(current_actor(), code, sha256, read_version(request.form))
    flash(gettext("The figures of the courses are public. They stay as they are."), "good")
    return redirect(url_for("figures.index"), HTTPStatus.SEE_OTHER)


def rows_of(table: Mapping[str, Any]) -> Iterator[Row]:
    """(name, numbers, level) of every line of a table but the last, which is its total. What is all merged is
    that total.
    """
    dimension = table["dimension"]
    groups = [] if table["groups"][0]["code"] is None else table["groups"]
    for group in groups:
        is_paragraph = dimension == "area"
        yield (
            name_of_group(group["code"]) if is_paragraph else name_of_cell(dimension, group["code"]),
            group,
            0,
        )
        for cell in group["cells"]:
            is_merged = cell["code"] is None
            yield MERGED_IN_GROUP if is_merged else name_of_cell(dimension, cell["code"]), cell, 1


def withheld(measure: Mapping[str, Any]) -> Any:
    """The columns of a measure that cannot be told, in one line."""
    return showing.in_one_line(AMOUNTS[(measure["name"], amount)] for amount in measure["withheld"])


def name_of_group(code: str | None) -> Any:
    """What a group of subjects is called: its paragraph of the resolution."""
    if code is None:
        return MERGED["area"]
    if code.isdecimal():
        return gettext("Paragraph %(number)s", number=code)
    return gettext("Preamble") if code == "preamble" else gettext("Subjects that no paragraph names")


def name_of_cell(dimension: str, code: str | None) -> Any:
    """What a cell of a dimension is called."""
    if code is None:
        return MERGED[dimension]
    if code == "none":
        return NOT_STATED[dimension]
    if dimension == "area":
        return showing.area(code)
    if dimension == "region":
        return showing.eligible(code)
    if dimension == "language":
        return showing.language_name(code)
    return showing.month(date.fromisoformat(f"{code}-01"))


def _rows_of_file() -> Iterator[dict[str, Any]]:
    """A merged cell is called ``other``; a group's own line has no cell, and a table's total no group."""
    for round_ in figures.list_figures():
        for kind in round_.kinds:
            common = {
                "notice": round_.notice,
                "standing": round_.standing,
                "round": round_.round,
                "frozen_at": kind.frozen_at.isoformat(timespec="seconds"),
            }
            for measure in kind.measures:
                for table in measure["tables"]:
                    of_table = common | {"measure": measure["name"], "dimension": table["dimension"]}
                    yield of_table | _numbers(table["total"])
                    for group in table["groups"]:
                        of_group = of_table | {"group": group["code"] or "other"}
                        yield of_group | _numbers(group)
                        yield from (
                            of_group | {"cell": cell["code"] or "other"} | _numbers(cell)
                            for cell in group["cells"]
                        )


def _numbers(cell: Mapping[str, Any]) -> dict[str, Any]:
    return {"records": cell["records"], **cell["amounts"]}


_VIEW: Final = {
    "headings": HEADINGS,
    "captions": CAPTIONS,
    "dimensions": DIMENSIONS,
    "records": RECORDS,
    "amounts": AMOUNTS,
    "rows_of": rows_of,
    "withheld": withheld,
}
