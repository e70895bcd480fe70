"""Rounds: the list, and the page of one round, which is a coordinator's cockpit and a focal point's desk."""

import secrets
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from lcm_service.domain import permissions
from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.sentences import sentence
from lcm_service.schemas.rounds import RecordWeightSchema, RoundSchema
from lcm_service.services import matching, record_weight, rounds
from lcm_service.web import choices, desk, reasons
from lcm_service.web.fields import Field, FormView, Section
from lcm_service.web.saving import Page, StaleFacts, Values, read_version, save_or_show_again
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

RECORD_WEIGHT = (
    Section(
        _("Weight of the courses’ records"),
        (
            Field(
                "weight",
                _("How much of 100 does the record of a course count?"),
                "number",
                hint=_("From 0 to 50; 0 is usual. What else counts gives way in proportion."),
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
        raise NotAllowed(sentence("Only coordinators open rounds."))
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


@bp.get("/rounds/<code>/record-weight")
def ask_record_weight(code: str) -> str:
    """What counts in the fit of a round, and the form that lets the records of courses count."""
    weights = record_weight.read_weights(current_actor(), code)
    return _show_record_weight(code, FormView(RECORD_WEIGHT, {"weight": weights["record"]}), None)


@bp.post("/rounds/<code>/record-weight")
def set_record_weight(code: str) -> Page:
    """Let the records of courses count in the next runs of a round, or no more."""

    def save(values: Values) -> str:
        version = read_version(request.form)
        record_weight.set_record_weight(current_actor(), code, values["weight"], version)
        return url_for("rounds.ask_record_weight", code=code)

    # Who may not is refused before the form is looked at.
    record_weight.read_weights(current_actor(), code)
    return save_or_show_again(
        RECORD_WEIGHT,
        save,
        lambda form, stale: _show_record_weight(code, form, stale),
        schema=RecordWeightSchema,
    )


def _show_record_weight(code: str, form: FormView, stale: StaleFacts | None) -> str:
    actor = current_actor()
    weights = record_weight.read_weights(actor, code)
    return render_template(
        "rounds/record_weight.html",
        round=rounds.find_round(actor, code),
        weights=[(reasons.FIT_PARTS[name], weight) for name, weight in weights.items()],
        form=form,
        stale=stale,
    )
