"""Other dates for the session of a match: proposed by a side, answered by all whose yes is needed."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from lcm_service.domain import permissions
from lcm_service.domain.errors import Conflict, NotValid
from lcm_service.schemas.decisions import OtherDatesSchema
from lcm_service.services import decisions, other_dates, rounds, trail
from lcm_service.web import reasons
from lcm_service.web.fields import Field, FormView, Section
from lcm_service.web.saving import Page, StaleFacts, Values, read_version, save_or_show_again
from lcm_service.web.showing import current_actor

bp = Blueprint("dates", __name__)

DATES = (
    Section(
        lazy_gettext("Other dates"),
        (
            Field("starts_on", lazy_gettext("First day"), "date"),
            Field(
                "ends_on",
                lazy_gettext("Last day"),
                "date",
                hint=lazy_gettext("Left empty, the course is as long as it is now."),
            ),
            Field("note", lazy_gettext("Why these dates?"), "longtext"),
        ),
    ),
)


@bp.get("/matches/<row:match_id>/dates")
def ask(match_id: int) -> str:
    """Ask on which days a side would have the session."""
    return _show_form(match_id, FormView(DATES), None)


@bp.post("/matches/<row:match_id>/dates")
def propose(match_id: int) -> Page:
    """Propose other dates for one side. A coordinator records what reached it in writing."""
    actor = current_actor()

    def save(values: Values) -> str:
        try:
            proposal = other_dates.propose_dates(
                actor,
                match_id,
                request.form.get("side", ""),
                values["starts_on"],
                values["ends_on"],
                read_version(request.form),
                values["note"],
                on_behalf=permissions.may_coordinate(actor),
            )
        except Conflict as refusal:
            raise _beside_the_days(refusal) from refusal
        flash(_("These dates are proposed. You are told how it ends."), "good")
        return url_for("dates.show", proposal_id=proposal.id)

    return save_or_show_again(
        DATES, save, lambda form, stale: _show_form(match_id, form, stale), schema=OtherDatesSchema
    )


@bp.get("/dates/<row:proposal_id>")
def show(proposal_id: int) -> str:
    """One proposal: the days, and what the reader may answer."""
    actor = current_actor()
    proposal = other_dates.find_date_proposal(actor, proposal_id)
    coordinates = permissions.may_coordinate(actor)
    return render_template(
        "dates/show.html",
        round=rounds.find_round(actor, proposal.round_code),
        proposal=proposal,
        events=trail.list_events(actor, "dates", str(proposal_id)) if coordinates else (),
    )


@bp.post("/dates/<row:proposal_id>/accept")
def accept(proposal_id: int) -> Response:
    """Accept the days. A coordinator records what reached it in writing."""
    actor = current_actor()
    proposal = other_dates.accept_dates(
        actor, proposal_id, read_version(request.form), participant_code=request.form.get("participant")
    )
    if proposal.state == "moved":
        flash(_("All have accepted: the session is moved to these dates."), "good")
    elif proposal.state in ("ended", "lapsed"):
        flash(_("The proposal is over, and nothing was moved. All stays as it is."), "warn")
    else:
        flash(_("These dates are accepted. The session is moved once all have accepted them."), "good")
    return redirect(url_for("dates.show", proposal_id=proposal_id), HTTPStatus.SEE_OTHER)


@bp.post("/dates/<row:proposal_id>/refuse")
def refuse(proposal_id: int) -> Response:
    """Refuse the days: all stays as it is."""
    other_dates.refuse_dates(
        current_actor(),
        proposal_id,
        read_version(request.form),
        participant_code=request.form.get("participant"),
    )
    flash(_("These dates are refused. All stays as it is."), "good")
    return redirect(url_for("dates.show", proposal_id=proposal_id), HTTPStatus.SEE_OTHER)


@bp.post("/dates/<row:proposal_id>/withdraw")
def withdraw(proposal_id: int) -> Response:
    """Take back what was proposed."""
    other_dates.withdraw_dates(current_actor(), proposal_id, read_version(request.form))
    flash(_("The proposal is taken back. All stays as it is."), "good")
    return redirect(url_for("dates.show", proposal_id=proposal_id), HTTPStatus.SEE_OTHER)


def _beside_the_days(refusal: Conflict) -> Conflict | NotValid:
    """What records say against the days, as faults of the form, so that others can be typed there."""
    obstacles: Any = refusal.details.get("obstacles") or ()
    rules: Any = refusal.details.get("rules") or ()
    lines = [
        Markup("<bdi>{}</bdi>: {}").format(one["record"], reasons.limit_sentence(one["code"]))
        for one in obstacles
    ]
    lines += [escape(reasons.limit_sentence(code)) for code in rules]
    return NotValid(refusal.message, {"starts_on": lines}) if lines else refusal


def _show_form(match_id: int, form: FormView, stale: StaleFacts | None) -> str:
    actor = current_actor()
    match = decisions.find_match(actor, match_id)
    return render_template(
        "dates/form.html",
        round=rounds.find_round(actor, match.round_code),
        match=match,
        side=request.values.get("side") or next(iter(match.my_sides), ""),
        form=form,
        stale=stale,
    )
