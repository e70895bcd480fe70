"""Matches: seen by their two sides and by coordinators; confirmed or declined by each side for itself."""

import secrets
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from lcm_service.domain import permissions
from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.schemas.decisions import DeclineOfMatchSchema, DeclineSchema, FewerSeatsSchema
from lcm_service.services import (
    decisions,
    explanations,
    lapses,
    other_dates,
    partial_acceptance,
    publication,
    rounds,
    trail,
)
from lcm_service.services.match_views import MatchView
from lcm_service.web import choices, desk, studies
from lcm_service.web.fields import Field, FormView, Section
from lcm_service.web.plan_search import is_named, text_of_match
from lcm_service.web.plan_view import Names, why_both_agree
from lcm_service.web.portions import portion_of, wanted_rows
from lcm_service.web.saving import Page, StaleFacts, Values, read_version, save_or_show_again
from lcm_service.web.showing import current_actor, today

bp = Blueprint("matches", __name__)

WHY = (
    Field("reason", lazy_gettext("Why?"), "one", list_choices=choices.of("decline_reason")),
    Field("note", lazy_gettext("Anything that helps to find a better match"), "longtext"),
)
DECLINING = (Section(lazy_gettext("Decline"), WHY),)
# By a letter, where seats stand that are not additional.
ONLY_MORE = Field(
    "only_more",
    lazy_gettext("The letter declines the additional seats alone; those that stand go on"),
    "yes",
    hint=lazy_gettext("Without this mark the whole match is declined, also the seats that stand."),
)
DECLINING_BY_LETTER = (Section(lazy_gettext("Decline"), (*WHY, ONLY_MORE)),)

FEWER = (
    Section(
        lazy_gettext("Accept fewer seats"),
        (
            Field("seats", lazy_gettext("How many seats?"), "number"),
            Field("reason", lazy_gettext("Why no more?"), "one", list_choices=choices.of("decline_reason")),
            Field("note", lazy_gettext("Anything that helps to find a better match"), "longtext"),
        ),
    ),
)


@bp.get("/rounds/<code>/matches")
def index(code: str) -> str:
    """The matches of a round that the reader may see."""
    actor, wanted = current_actor(), wanted_rows()
    found = [one for one in decisions.list_matches(actor, code) if is_named(wanted, text_of_match(one))]
    waiting = [one for one in found if desk.waits_for(actor, one)]
    known = {one.id for one in waiting}
    return render_template(
        "matches/index.html",
        round=rounds.find_round(actor, code),
        wanted=wanted,
        waiting=portion_of(waiting, "waiting"),
        others=portion_of([one for one in found if one.id not in known], "others"),
    )


@bp.get("/matches/<row:match_id>")
def show(match_id: int) -> str:
    """One match: both sides, why, what is still to be asked, who has answered what."""
    actor = current_actor()
    match = decisions.find_match(actor, match_id)
    return render_template(
        "matches/show.html",
        round=rounds.find_round(actor, match.round_code),
        match=match,
        why=why_both_agree(match),
        decisions={decision.side: decision for decision in match.decisions},
        open_sides=desk.open_sides(match),
        may_move=_is_to_come(match),
        **_reserve_for(actor, match),
        proposals=other_dates.list_date_proposals(actor, match.round_code, session_code=match.session_code),
        events=trail.list_events(actor, "match", str(match_id)),
    )


def _is_to_come(match: MatchView) -> bool:
    """Whether the session names its days, and they have not come yet or nothing was held on them, so that
    others may be proposed.
    """
    first, last = match.session.start, match.session.end
    was_not_held = match.delivery is not None and match.delivery.state == "not_delivered"
    return first is not None and last is not None and (was_not_held or first > today())


def _reserve_for(actor: Actor, match: MatchView) -> dict[str, Any]:
    """For coordinators: what was found about the match, with the names that the plan has for others."""
    if not permissions.may_coordinate(actor):
        return {}
    plan = publication.find_plan(actor, match.plan_id)
    found = explanations.read_study(actor, plan.id)
    return {
        "plan": plan,
        "names": Names(plan.labels),
        "study": studies,
        "reserve": studies.reserve_of(found, match.need_reference, match.session_code),
        "may_look": plan.state in explanations.EXPLAINED_STATES,
        "idempotency_key": secrets.token_hex(16),
    }


@bp.post("/matches/<row:match_id>/consent")
def consent(match_id: int) -> Response:
    """The recipient agrees to be put to the provider. A coordinator records what reached it in writing."""
    actor = current_actor()
    decisions.consent_to_match(
        actor, match_id, read_version(request.form), on_behalf=_is_letter(actor, "recipient")
    )
    flash(
        _("The provider is asked now. You confirm after it, and you are told when it is your turn."), "good"
    )
    return redirect(url_for("matches.show", match_id=match_id), HTTPStatus.SEE_OTHER)


@bp.post("/matches/<row:match_id>/confirm")
def confirm(match_id: int) -> Response:
    """Confirm for one side. A coordinator records for the two sides what reached it in writing."""
    actor = current_actor()
    side = request.form.get("side", "")
    decisions.confirm_match(
        actor, match_id, side, read_version(request.form), on_behalf=_is_letter(actor, side)
    )
    flash(_("The match is confirmed. Thank you."), "good")
    return redirect(url_for("matches.show", match_id=match_id), HTTPStatus.SEE_OTHER)


@bp.get("/matches/<row:match_id>/fewer")
def ask_fewer(match_id: int) -> str:
    """Ask how many of the proposed seats a side accepts, and why no more."""
    return _show_declining(match_id, FormView(FEWER), None, template="matches/fewer.html")


@bp.post("/matches/<row:match_id>/fewer")
def accept_fewer(match_id: int) -> Page:
    """Accept fewer seats than are proposed, for the side whose turn it is."""
    actor = current_actor()

    def save(values: Values) -> str:
        side = request.form.get("side", "")
        partial_acceptance.accept_fewer_seats(
            actor,
            match_id,
            side,
            values["seats"],
            values["reason"] or "",
            read_version(request.form),
            values["note"],
            on_behalf=_is_letter(actor, side),
        )
        flash(_("These seats are accepted. The others are free again."), "good")
        return url_for("matches.show", match_id=match_id)

    return save_or_show_again(
        FEWER,
        save,
        lambda form, stale: _show_declining(match_id, form, stale, template="matches/fewer.html"),
        schema=FewerSeatsSchema,
    )


@bp.get("/matches/<row:match_id>/decline")
def ask_reason(match_id: int) -> str:
    """Ask why: the reason helps to find a better match."""
    actor = current_actor()
    side = request.values.get("side", "")
    return _show_declining(match_id, FormView(_declining(actor, match_id, side)), None)


@bp.post("/matches/<row:match_id>/decline")
def decline(match_id: int) -> Page:
    """Decline for one side, with a reason. Nobody else is moved."""
    actor = current_actor()
    side = request.form.get("side", "")

    def save(values: Values) -> str:
        match = decisions.decline_match(
            actor,
            match_id,
            side,
            values["reason"] or "",
            read_version(request.form),
            values["note"],
            on_behalf=_is_letter(actor, side),
            only_more=values.get("only_more", False),
        )
        if match.state == "declined":
            told = _("The match is declined. Its seats are free again, and no other match is moved.")
        else:
            told = _("What was more is declined. The match stands with the seats that are shown here.")
        flash(told, "good")
        return url_for("matches.show", match_id=match_id)

    return save_or_show_again(
        _declining(actor, match_id, side),
        save,
        lambda form, stale: _show_declining(match_id, form, stale),
        schema=DeclineOfMatchSchema,
    )


@bp.post("/matches/<row:match_id>/revive")
def revive(match_id: int) -> Response:
    """Put forward a match that lapsed again."""
    actor = current_actor()
    side = request.form.get("side", "")
    lapses.revive_match(actor, match_id, side, read_version(request.form), on_behalf=_is_letter(actor, side))
    flash(_("The match waits for an answer again. Whoever answers next is told."), "good")
    return redirect(url_for("matches.show", match_id=match_id), HTTPStatus.SEE_OTHER)


@bp.get("/matches/<row:match_id>/release")
def ask_release(match_id: int) -> str:
    """Ask a coordinator why a match is given up."""
    return _show_declining(match_id, FormView(DECLINING), None, is_release=True)


@bp.post("/matches/<row:match_id>/release")
def release(match_id: int) -> Page:
    """A coordinator gives up a match, so that its seats may go elsewhere."""
    actor = current_actor()

    def save(values: Values) -> str:
        decisions.release_match(
            actor, match_id, values["reason"] or "", read_version(request.form), values["note"]
        )
        flash(_("The match is released."), "good")
        return url_for("matches.show", match_id=match_id)

    return save_or_show_again(
        DECLINING,
        save,
        lambda form, stale: _show_declining(match_id, form, stale, is_release=True),
        schema=DeclineSchema,
    )


def _declining(actor: Actor, match_id: int, side: str) -> tuple[Section, ...]:
    """What is asked of a side that declines: by a letter also how much, where something may stand."""
    match = decisions.find_match(actor, match_id)
    is_put = match.known_to_provider is not None and match.known_to_provider.state in LIVE_MATCH_STATES
    is_beyond_known = match.state == "asked" and side == "recipient" and is_put
    is_beyond_own = match.state == "proposed" and (side in match.asks_more_of or match.agreed_seats > 0)
    has_more = is_beyond_known or is_beyond_own
    return DECLINING_BY_LETTER if has_more and _is_letter(actor, side) else DECLINING


def _is_letter(actor: Actor, side: str) -> bool:
    """A coordinator answers for itself as the secretariat, and for the two sides by their letters."""
    return permissions.may_coordinate(actor) and side != "secretariat"


def _show_declining(
    match_id: int,
    form: FormView,
    stale: StaleFacts | None,
    *,
    is_release: bool = False,
    template: str = "matches/decline.html",
) -> str:
    actor = current_actor()
    match: MatchView = decisions.find_match(actor, match_id)
    if is_release and not permissions.may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators release matches. Decline it for your side instead."))
    return render_template(
        template,
        round=rounds.find_round(actor, match.round_code),
        match=match,
        side=request.values.get("side") or next(iter(match.my_sides), ""),
        is_release=is_release,
        form=form,
        stale=stale,
    )
