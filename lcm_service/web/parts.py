"""What a participant's supports give to sessions: seen by its owner once it is asked, and by coordinators."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from lcm_service.domain import permissions
from lcm_service.schemas.decisions import DeclineSchema
from lcm_service.services import parties, rounds, trail
from lcm_service.web import choices
from lcm_service.web.fields import Field, FormView, Section
from lcm_service.web.saving import Page, StaleFacts, Values, read_version, save_or_show_again
from lcm_service.web.showing import current_actor

bp = Blueprint("parts", __name__)

DECLINING = (
    Section(
        lazy_gettext("Decline"),
        (
            Field("reason", lazy_gettext("Why?"), "one", list_choices=choices.of("decline_reason")),
            Field("note", lazy_gettext("Anything that helps to find another support"), "longtext"),
        ),
    ),
)


@bp.get("/rounds/<code>/parts")
def index(code: str) -> str:
    """What the reader's supports are asked to give in a round."""
    actor = current_actor()
    return render_template(
        "parts/index.html", round=rounds.find_round(actor, code), parts=parties.list_parts(actor, code)
    )


@bp.get("/parts/<row:part_id>")
def show(part_id: int) -> str:
    """One part: the session, how much, for how many seats in all, and the answer."""
    actor = current_actor()
    part = parties.find_part(actor, part_id)
    return render_template(
        "parts/show.html",
        round=rounds.find_round(actor, part.round_code),
        part=part,
        events=trail.list_events(actor, "part", str(part_id)),
    )


@bp.post("/parts/<row:part_id>/confirm")
def confirm(part_id: int) -> Response:
    """Confirm what is asked. A coordinator records what reached it in writing."""
    actor = current_actor()
    parties.confirm_part(
        actor, part_id, read_version(request.form), on_behalf=permissions.may_coordinate(actor)
    )
    flash(_("The part is confirmed. Thank you."), "good")
    return redirect(url_for("parts.show", part_id=part_id), HTTPStatus.SEE_OTHER)


@bp.get("/parts/<row:part_id>/decline")
def ask_reason(part_id: int) -> str:
    """Ask why: the reason helps to find another support."""
    return _show_declining(part_id, FormView(DECLINING), None)


@bp.post("/parts/<row:part_id>/decline")
def decline(part_id: int) -> Page:
    """Decline what is asked, with a reason. Nobody is moved."""
    actor = current_actor()

    def save(values: Values) -> str:
        parties.decline_part(
            actor,
            part_id,
            values["reason"] or "",
            read_version(request.form),
            values["note"],
            on_behalf=permissions.may_coordinate(actor),
        )
        flash(_("The part is declined. The coordinators look for another support."), "good")
        return url_for("parts.show", part_id=part_id)

    return save_or_show_again(
        DECLINING, save, lambda form, stale: _show_declining(part_id, form, stale), schema=DeclineSchema
    )


def _show_declining(part_id: int, form: FormView, stale: StaleFacts | None) -> str:
    actor = current_actor()
    part = parties.find_part(actor, part_id)
    return render_template(
        "parts/decline.html",
        round=rounds.find_round(actor, part.round_code),
        part=part,
        form=form,
        stale=stale,
    )
