"""A sheet that was read: what would be made of each row, before anything is, and the press that makes it.

Its address is its person's own. The rows wait in the database and not in the page: the page that is sent back
on a slow line holds nothing but the press and the numbers of the rows that were shown to be good.
"""

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as AnyResponse

from lcm_service.reports.sheet_writing import write_book
from lcm_service.services import sheets
from lcm_service.web import needs, offers, sheet_columns, sheet_rows, supports
from lcm_service.web.portions import portion_of
from lcm_service.web.record_kinds import RecordKind
from lcm_service.web.sheet_columns import REMARKS
from lcm_service.web.sheet_pages import book_answer, words_of
from lcm_service.web.showing import current_actor, page_language

KINDS: Final[dict[str, RecordKind]] = {
    kind.name: kind for kind in (needs.NEED, offers.OFFER, supports.SUPPORT)
}

bp = Blueprint("sheets", __name__)


@bp.get("/sheets/<sheet_key>")
def show(sheet_key: str) -> str:
    """Every row, what would be made of it, and what has to be put right; after the press, what was made."""
    actor = current_actor()
    sheet = sheets.find_sheet(actor, sheet_key)
    views = sheet_rows.views_of(actor, KINDS[sheet.kind], sheet)
    return render_template(
        "sheets/show.html",
        sheet=sheet,
        round=sheet.round,
        kind=KINDS[sheet.kind],
        makes_drafts=sheets.is_kept_as_draft(actor, sheet.participant_id),
        good=[one for one in views if one.is_good],
        already=[one for one in views if one.already],
        bad=[one for one in views if one.faults],
        portions={
            "good": portion_of([one for one in views if one.is_good], "good"),
            "bad": portion_of([one for one in views if one.faults], "bad"),
            "kept": portion_of(sheet.kept or [], "kept"),
        },
    )


@bp.post("/sheets/<sheet_key>/keep")
def keep(sheet_key: str) -> AnyResponse:
    """Make records of the rows that were shown to be good. A second press makes nothing more."""
    actor = current_actor()
    sheet = sheets.find_sheet(actor, sheet_key)
    was_kept = sheet.kept is not None
    shown = {int(one) for one in request.form.get("rows", "").split() if one.isdecimal() and len(one) < 10}
    if not shown:
        # The page says which rows it has shown to be good; without them, nobody has seen what would be made.
        return redirect(url_for("sheets.show", sheet_key=sheet_key), HTTPStatus.SEE_OTHER)
    rows = sheet_rows.rows_to_keep(KINDS[sheet.kind], sheet)
    kept = sheets.keep_rows(actor, sheet_key, rows, shown=shown).kept or []
    if not was_kept:
        flash(_told(kept, sheets.is_kept_as_draft(actor, sheet.participant_id)), "good" if kept else "warn")
    return redirect(url_for("sheets.show", sheet_key=sheet_key), HTTPStatus.SEE_OTHER)


@bp.post("/sheets/<sheet_key>/discard")
def discard(sheet_key: str) -> AnyResponse:
    """Take the sheet away; what was kept of it stays."""
    actor = current_actor()
    sheet = sheets.find_sheet(actor, sheet_key)
    address = url_for(f"{KINDS[sheet.kind].area}.ask_sheet", code=sheet.round.code)
    sheets.discard_sheet(actor, sheet_key)
    flash(_("The sheet is taken away. Records that were kept of it stay."), "good")
    return redirect(address, HTTPStatus.SEE_OTHER)


@bp.get("/sheets/<sheet_key>/faults.xlsx")
def faults(sheet_key: str) -> Response:
    """The rows that have to be put right, each with its faults before it; after the press, all that were not
    kept.
    """
    actor = current_actor()
    sheet = sheets.find_sheet(actor, sheet_key)
    kind = KINDS[sheet.kind]
    rows = [
        {**view.stored["cells"], REMARKS: sheet_rows.remarks_on(view)}
        for view in sheet_rows.views_of(actor, kind, sheet)
        if view.faults or (sheet.kept is not None and view.is_good)
    ]
    data = write_book(sheet_columns.columns_of(kind.form.sections), rows, words_of(kind))
    return book_answer(data, f"lcm-{kind.area}-{page_language()}.xlsx")


def _told(kept: list[dict[str, Any]], are_drafts: bool) -> str:
    """What a press has made."""
    if not kept:
        return str(_("No row could be kept. Put them right, and send the sheet again."))
    number = len(kept)
    if are_drafts:
        return str(ngettext("%(num)s draft is kept.", "%(num)s drafts are kept.", number))
    return str(ngettext("%(num)s record is submitted.", "%(num)s records are submitted.", number))
