"""Matches: seen by their two sides and by coordinators; confirmed or declined by each side for itself."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from lcm_service.domain import permissions
from lcm_service.domain.permissions import Actor
from lcm_service.domain.vocabulary import DECISION_SIDES
from lcm_service.services import decisions, rounds, trail
from lcm_service.web import choices, desk
from lcm_service.web.fields import Field, FormView, Section
from lcm_service.web.plan_view import Names, short_questions, why_matched
from lcm_service.web.saving import Page, StaleFacts, Values, read_version, save_or_show_again
from lcm_service.web.showing import current_actor

bp = Blueprint("matches", __name__)

DECLINING = (
    Section(
        lazy_gettext("Decline"),
        (
            Field("reason", lazy_gettext("Why?"), "one", list_choices=choices.of("decline_reason")),
            Field("note", lazy_gettext("Anything the other side should know"), "longtext"),
        ),
    ),
)


@bp.get("/rounds/<code>/matches")
def index(code: str) -> str:
    """The matches of a round that the reader may see."""
    actor = current_actor()
    found = decisions.list_matches(actor, code)
    return render_template(
        "matches/index.html",
        round=rounds.find_round(actor, code),
        matches=found,
        waiting=[one for one in found if desk.waits_for(actor, one)],
    )


@bp.get("/matches/<int:match_id>")
def show(match_id: int) -> str:
    """One match: both sides, why, what is still to be asked, who has answered what."""
    return _show(match_id)


@bp.post("/matches/<int:match_id>/confirm")
def confirm(match_id: int) -> Response:
    """Confirm for one side. A coordinator may record an answer that came by letter."""
    actor = current_actor()
    side = _side()
    match = decisions.find_match(actor, match_id)
    decisions.confirm_match(
        actor,
        match_id,
        side,
        read_version(request.form),
        note=request.form.get("note", "").strip() or None,
        on_behalf=_is_on_behalf(actor, match, side),
    )
    flash(_("The match is confirmed. Thank you."), "good")
    return redirect(url_for("matches.show", match_id=match_id), HTTPStatus.SEE_OTHER)


@bp.get("/matches/<int:match_id>/decline")
def ask_reason(match_id: int) -> str:
    """Ask why: the reason helps to find a better match."""
    return _show_declining(match_id, FormView(DECLINING), None)


@bp.post("/matches/<int:match_id>/decline")
def decline(match_id: int) -> Page:
    """Decline for one side, with a reason. Nobody else is moved."""
    actor = current_actor()

    def save(values: Values) -> str:
        side = _side()
        decisions.decline_match(
            actor, match_id, side, values["reason"] or "", read_version(request.form), note=values["note"]
        )
        flash(_("The match is declined. Its seats are free again, and no other match is moved."), "good")
        return url_for("matches.show", match_id=match_id)

    return save_or_show_again(DECLINING, save, lambda form, stale: _show_declining(match_id, form, stale))


@bp.post("/matches/<int:match_id>/release")
def release(match_id: int) -> Response:
    """A coordinator gives up a match, so that its seats may go elsewhere."""
    decisions.release_match(current_actor(), match_id, read_version(request.form))
    flash(_("The match is released."), "good")
    return redirect(url_for("matches.show", match_id=match_id), HTTPStatus.SEE_OTHER)


def _side() -> str:
    """The side that answers; an unknown one is refused by the service, as nobody may decide for it."""
    side = request.values.get("side", "")
    return side if side in DECISION_SIDES else ""


def _is_on_behalf(actor: Actor, match: object, side: str) -> bool:
    return side != "secretariat" and side not in desk.sides_of(actor, match)


def _open_sides(actor: Actor, match: object) -> list[str]:
    """The sides for which the actor may still answer."""
    answered = {decision.side for decision in match.decisions}  # type: ignore[attr-defined]
    if permissions.may_coordinate(actor):
        return [side for side in DECISION_SIDES if side not in answered]
    return [side for side in desk.sides_of(actor, match) if side not in answered]


def _show(match_id: int) -> str:
    actor = current_actor()
    match = decisions.find_match(actor, match_id)
    names = Names(match.plan.labels)
    rows = match.plan.document["assignments"]
    pair = (match.need_reference, match.session_code)
    assignment = next((row for row in rows if (row["need"], row["session"]) == pair), None)
    return render_template(
        "matches/show.html",
        round=match.plan.round,
        match=match,
        names=names,
        assignment=assignment,
        why=why_matched(names, {"need": pair[0], "session": pair[1], **(assignment or {})}),
        questions=short_questions(names, assignment or {}),
        decisions={decision.side: decision for decision in match.decisions},
        own_sides=desk.sides_of(actor, match),
        open_sides=_open_sides(actor, match) if match.state == "proposed" else [],
        events=trail.list_events(actor, "match", str(match_id)),
    )


def _show_declining(match_id: int, form: FormView, stale: StaleFacts | None) -> str:
    actor = current_actor()
    match = decisions.find_match(actor, match_id)
    return render_template(
        "matches/decline.html",
        round=match.plan.round,
        match=match,
        names=Names(match.plan.labels),
        side=_side() or next(iter(_open_sides(actor, match)), ""),
        form=form,
        stale=stale,
    )
