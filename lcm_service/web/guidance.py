"""The guidance of the United Nations on each training area, and what the mechanism has on it."""

import re
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from lcm_service.domain import permissions
from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor
from lcm_service.persistence import reads
from lcm_service.schemas.records import GuidanceSchema
from lcm_service.services import guidance, rounds
from lcm_service.web import choices
from lcm_service.web.fields import Field, FormView, Section
from lcm_service.web.saving import Page, Values, read_version, save_or_show_again
from lcm_service.web.showing import current_actor, in_one_line

bp = Blueprint("guidance", __name__)

SECTIONS = (
    Section(
        _("The document"),
        (
            Field("area", _("Subject"), "select", list_choices=choices.areas),
            Field("title", _("Title, in the language of the document")),
            Field("number", _("Its number"), hint=_("Such as 2021.11")),
            Field("year", _("Its year"), "number"),
            Field(
                "where",
                _("Where to find it"),
                hint=_("An address that begins with https://, or where to ask for it."),
            ),
        ),
    ),
)


@bp.get("/guidance")
def index() -> str:
    """The documents of one subject, or of all; with the open rounds, whose offers are looked through."""
    actor = current_actor()
    area = request.args.get("area") or None
    rows = guidance.list_guidance(area)
    named = {row.area_code for row in rows}
    return render_template(
        "guidance/index.html",
        area_code=area,
        areas=[one for one in reads.list_areas() if (one.code == area if area else one.code in named)],
        all_areas=choices.areas(),
        paragraphs_of=paragraphs_of,
        rows=rows,
        open_rounds=[one for one in rounds.list_rounds(actor) if one.state == "open"],
    )


@bp.get("/guidance/new")
def new() -> str:
    """An empty form, for the subject of the page that led here."""
    _require_keeper()
    form = FormView(SECTIONS, {"area": request.args.get("area", "")})
    return render_template("guidance/form.html", form=form)


@bp.post("/guidance/new")
def record() -> Page:
    """Record a document."""
    actor = _require_keeper()

    def save(values: Values) -> str:
        row = guidance.record_guidance(actor, values)
        flash(gettext("The document is recorded as %(reference)s.", reference=row.reference), "good")
        return url_for("guidance.index", area=row.area_code)

    return save_or_show_again(
        SECTIONS,
        save,
        lambda form, _stale: render_template("guidance/form.html", form=form),
        schema=GuidanceSchema,
    )


@bp.post("/guidance/withdraw")
def withdraw() -> Response:
    """Take a document out of the list."""
    reference = request.form.get("reference", "")
    guidance.withdraw_guidance(current_actor(), reference, read_version(request.form))
    flash(gettext("%(reference)s is in the list no more.", reference=reference), "good")
    return redirect(url_for("guidance.index", area=request.form.get("area") or None), HTTPStatus.SEE_OTHER)


def paragraphs_of(area: Any) -> str:
    """The numbers of the paragraphs that name a subject; what the list says beside them is in English."""
    return str(in_one_line(re.findall(r"[0-9]+", area.paragraphs or "")))


def _require_keeper() -> Actor:
    actor = current_actor()
    if not permissions.may_keep_guidance(actor):
        raise NotAllowed(guidance.KEPT_BY_COORDINATORS)
    return actor
