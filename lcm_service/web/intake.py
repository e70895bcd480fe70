"""What came in to a round and waits for coordinators, in four tables, and the press that acknowledges many
records at once.

It works by keyboard alone and without a script: each row has a box of its own, one button takes those that
are ticked, and a second one all that the page shows.
"""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lcm_service.domain.sent_twice import spans_of
from lcm_service.services import intake, rounds
from lcm_service.services.intake import Acknowledged, Chosen
from lcm_service.services.record_ends import REMIND_BEFORE
from lcm_service.web.portions import portion_of
from lcm_service.web.saving import Page
from lcm_service.web.showing import current_actor

bp = Blueprint("intake", __name__)

# Of an offer with many sessions these are shown beside its double.
SPANS_SHOWN: Final = 3


@bp.get("/rounds/<code>/intake")
def show(code: str) -> str:
    """The records of a round that wait: not acknowledged, not complete, soon over, perhaps sent twice."""
    return _show(code)


@bp.post("/rounds/<code>/intake")
def acknowledge(code: str) -> Page:
    """Acknowledge the records that were chosen, or all that the page showed."""
    sent = request.form.getlist("on_page" if "all" in request.form else "chosen")
    found = intake.acknowledge_chosen(current_actor(), code, _read_chosen(sent))
    if found.done:
        told = ngettext(
            "%(num)s record is acknowledged.", "%(num)s records are acknowledged.", len(found.done)
        )
        flash(told, "good")
    elif not found.left:
        flash(_("Choose at least one record."), "warn")
    if found.left:
        # Why each was not, on the page itself: a cookie, which carries what is told once, is too small.
        return _show(code, found), HTTPStatus.OK if found.done else HTTPStatus.CONFLICT
    return redirect(url_for("intake.show", code=code), HTTPStatus.SEE_OTHER)


def _read_chosen(sent: list[str]) -> list[Chosen]:
    """Each box names kind, reference and version; what is no such name was not on the page."""
    found = []
    for text in sent:
        match text.split(" "):
            case [kind, reference, version] if version.isdecimal() and len(version) < 10:
                found.append(Chosen(kind, reference, int(version)))
    return found


def _show(code: str, acknowledged: Acknowledged | None = None) -> str:
    actor = current_actor()
    found = intake.read_intake(actor, code)
    return render_template(
        "rounds/intake.html",
        round=rounds.find_round(actor, code),
        waiting=portion_of(found.waiting, "waiting"),
        incomplete=portion_of(found.incomplete, "incomplete"),
        ending=portion_of(found.ending, "ending"),
        doubles=portion_of(found.doubles, "doubles"),
        acknowledged=acknowledged,
        remind_before=REMIND_BEFORE.days,
        spans_of=spans_of,
        spans_shown=SPANS_SHOWN,
    )
