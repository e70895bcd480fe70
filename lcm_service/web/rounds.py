"""Rounds: the list, and the page of one round, which is a coordinator's cockpit and a focal point's desk."""

import secrets
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from lcm_service.domain import permissions
from lcm_service.domain.errors import NotAllowed
from lcm_service.schemas.rounds import RoundSchema
from lcm_service.services import matching, rounds
from lcm_service.web import choices, desk
from lcm_service.web.fields import Field, FormView, Section
from lcm_service.web.saving import Page, Values, read_version, save_or_show_again
from lcm_service.web.showing import current_actor

bp = Blueprint("rounds", __name__)

SECTIONS = (
    Section(
        _("The round"),
        (
            Field("code", _("Code"), hint=_("Short, in capitals, for example: 2027-1. It never changes.")),
            Field("title", _("Title")),
            Field(
                "standing",
                _("Where do its records come from?"),
                "one",
                list_choices=choices.of("round_standing"),
            ),
            Field("opens_on", _("Opens on"), "date"),
            Field("closes_on", _("Closes on"), "date"),
            Field(
                "answer_days",
                _("How many days do the sides of a match have to answer?"),
                "number",
                hint=_("After that, what nobody answered lapses. Between 1 and 90; 14 is usual."),
            ),
            Field(
                "hold_minutes",
                _("For how many minutes can an approved plan be taken back?"),
                "number",
                hint=_("Nobody is told of it before. 30 is usual; 0 lets it leave at once."),
            ),
        ),
    ),
)


@bp.get("/rounds")
def index() -> str:
    """All rounds, the newest first."""
    return render_template("rounds/index.html", rounds=rounds.list_rounds(current_actor()))


@bp.get("/rounds/new")
def new() -> str:
    """The form that opens a round."""
    if not permissions.may_coordinate(current_actor()):
        raise NotAllowed("Only coordinators open rounds.")
    return render_template(
        "rounds/form.html",
        form=FormView(SECTIONS, {"standing": "submitted", "answer_days": 14, "hold_minutes": 30}),
    )


@bp.post("/rounds/new")
def open_round() -> Page:
    """Open a round."""
    actor = current_actor()

    def save(values: Values) -> str:
        return url_for("rounds.show", code=rounds.open_round(actor, values).code)

    return save_or_show_again(
        SECTIONS,
        save,
        lambda form, _stale: render_template("rounds/form.html", form=form),
        schema=RoundSchema,
    )


@bp.get("/rounds/<code>")
def show(code: str) -> str:
    """A coordinator sees intake, questions, runs, plans and answers; a focal point what waits for it."""
    actor = current_actor()
    found = rounds.find_round(actor, code)
    is_coordinator = permissions.may_coordinate(actor)
    template = "rounds/cockpit.html" if is_coordinator else "rounds/desk.html"
    return render_template(
        template, round=found, desk=desk.desk_of(actor, found), idempotency_key=secrets.token_hex(16)
    )


@bp.post("/rounds/<code>/match")
def match(code: str) -> Response:
    """Ask for a run: a match, or a repair once a plan is published. Pressed twice, it is asked once."""
    key = request.form.get("idempotency_key") or secrets.token_hex(16)
    run = matching.request_run(current_actor(), code, idempotency_key=key)
    return redirect(url_for("runs.show", run_id=run.id), HTTPStatus.SEE_OTHER)


@bp.post("/rounds/<code>/close")
def close(code: str) -> Response:
    """Close a round to new records. What is under way in it goes on."""
    rounds.close_round(current_actor(), code, read_version(request.form))
    return redirect(url_for("rounds.show", code=code), HTTPStatus.SEE_OTHER)


@bp.post("/rounds/<code>/reopen")
def reopen(code: str) -> Response:
    """Open a closed round to new records and to a first match again."""
    rounds.reopen_round(current_actor(), code, read_version(request.form))
    return redirect(url_for("rounds.show", code=code), HTTPStatus.SEE_OTHER)
