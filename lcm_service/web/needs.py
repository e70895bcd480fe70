"""Needs: listed, shown, submitted, revised, withdrawn, recognised. Seen by owner and coordinators."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from lcm_service.domain import completeness, permissions
from lcm_service.domain.errors import NotAllowed
from lcm_service.schemas.records import NeedSchema, RecognitionSchema, WithdrawalSchema
from lcm_service.services import decisions, rounds, submissions, trail
from lcm_service.web import desk
from lcm_service.web.fields import FormView, Section
from lcm_service.web.need_fields import RECOGNITION, SECTIONS
from lcm_service.web.saving import (
    Page,
    StaleFacts,
    Values,
    in_stored_order,
    read_version,
    save_or_show_again,
)
from lcm_service.web.shared_fields import OWNER, WITHDRAWAL
from lcm_service.web.showing import current_actor

bp = Blueprint("needs", __name__)


@bp.get("/rounds/<code>/needs")
def index(code: str) -> str:
    """The needs of a round: a coordinator sees all, a focal point its own."""
    actor = current_actor()
    found = submissions.list_needs(actor, code)
    return render_template("needs/index.html", round=rounds.find_round(actor, code), needs=found)


@bp.get("/rounds/<code>/needs/new")
def new(code: str) -> str:
    """An empty form. Any of it may be left for later."""
    actor = current_actor()
    values = {"subject": "training", "priority_asked": "routine"}
    return _show_new(code, FormView(_sections(actor), values))


@bp.post("/rounds/<code>/needs/new")
def submit(code: str) -> Page:
    """Submit a need for the actor's own participant, or for the one that a coordinator names."""
    actor = current_actor()

    def save(values: Values) -> str:
        owner = values.pop("participant", None) or actor.participant_code
        need = submissions.submit_need(actor, owner or "", code, values)
        flash(_("The need is recorded as %(reference)s.", reference=need.reference), "good")
        return url_for("needs.show", reference=need.reference)

    return save_or_show_again(
        _sections(actor),
        save,
        lambda form, _stale: _show_new(code, form),
        schema=NeedSchema,
        beside=_beside(actor),
    )


@bp.get("/needs/<reference>")
def show(reference: str) -> str:
    """One need, what is still to be asked about it, and its matches."""
    actor = current_actor()
    need = submissions.find_need(actor, reference)
    matches = [
        one for one in decisions.list_matches(actor, need.round.code) if one.need_reference == reference
    ]
    return render_template(
        "needs/show.html",
        round=need.round,
        need=need,
        missing=completeness.missing_fields("need", need),
        matches=matches,
        unmet=desk.unmet_of(actor, need),
        may_change=permissions.may_change_record(actor, need.participant_id),
    )


@bp.get("/needs/<reference>/revise")
def edit(reference: str) -> str:
    """The form, filled in with what is known."""
    return _show_edit(reference, None, None)


@bp.post("/needs/<reference>/revise")
def revise(reference: str) -> Page:
    """Change a need; what is cleared becomes unknown."""
    actor = current_actor()

    def save(values: Values) -> str:
        ordered = in_stored_order(SECTIONS, submissions.find_need(actor, reference), values)
        submissions.revise_need(actor, reference, ordered, read_version(request.form))
        flash(_("The need is changed."), "good")
        return url_for("needs.show", reference=reference)

    return save_or_show_again(
        SECTIONS,
        save,
        lambda form, stale: _show_edit(reference, form, stale),
        schema=NeedSchema,
        is_revision=True,
    )


@bp.get("/needs/<reference>/withdraw")
def ask_withdrawal(reference: str) -> str:
    """Ask once more, and for the reason."""
    return _show_withdrawal(reference, FormView(WITHDRAWAL), None)


@bp.post("/needs/<reference>/withdraw")
def withdraw(reference: str) -> Page:
    """Withdraw a need; its matches are released and nobody else moves."""
    actor = current_actor()

    def save(values: Values) -> str:
        submissions.withdraw_need(actor, reference, read_version(request.form), values["reason"])
        flash(_("The need is withdrawn."), "good")
        return url_for("needs.show", reference=reference)

    return save_or_show_again(
        WITHDRAWAL,
        save,
        lambda form, stale: _show_withdrawal(reference, form, stale),
        schema=WithdrawalSchema,
    )


@bp.get("/needs/<reference>/recognise")
def ask_recognition(reference: str) -> str:
    """What was asked, beside what shall count."""
    return _show_recognition(reference, None, None)


@bp.post("/needs/<reference>/recognise")
def recognise(reference: str) -> Page:
    """A coordinator says how many seats, and what priority, count in the matching."""
    actor = current_actor()

    def save(values: Values) -> str:
        submissions.recognise_need(
            actor,
            reference,
            seats=values["seats"],
            priority=values["priority"],
            reason=values["reason"],
            version=read_version(request.form),
        )
        flash(_("Seats and priority are recognised."), "good")
        return url_for("needs.show", reference=reference)

    return save_or_show_again(
        RECOGNITION,
        save,
        lambda form, stale: _show_recognition(reference, form, stale),
        schema=RecognitionSchema,
    )


@bp.post("/rounds/<code>/needs/recognise")
def recognise_as_asked(code: str) -> Response:
    """Recognise several needs at once, with the seats and the priority that they ask for."""
    actor = current_actor()
    references = request.form.getlist("reference")
    if references:
        done = submissions.recognise_as_asked(actor, code, references)
        flash(ngettext("%(num)s need is recognised.", "%(num)s needs are recognised.", len(done)), "good")
    else:
        flash(_("Choose at least one need."), "warn")
    return redirect(url_for("needs.index", code=code), HTTPStatus.SEE_OTHER)


@bp.get("/needs/<reference>/history")
def history(reference: str) -> str:
    """Who did what to the need."""
    actor = current_actor()
    need = submissions.find_need(actor, reference)
    events = trail.list_events(actor, "need", reference)
    return render_template("history.html", round=need.round, record=need, kind="need", events=events)


def _sections(actor: permissions.Actor) -> tuple[Section, ...]:
    """A coordinator also says for whom a need is recorded."""
    if not (permissions.may_coordinate(actor) or actor.participant_id):
        raise NotAllowed("Only focal points and coordinators submit needs.")
    return (OWNER, *SECTIONS) if permissions.may_coordinate(actor) else SECTIONS


def _beside(actor: permissions.Actor) -> tuple[str, ...]:
    """Whom a coordinator names is not part of the record."""
    return ("participant",) if permissions.may_coordinate(actor) else ()


def _show_new(code: str, form: FormView) -> str:
    return render_template(
        "needs/form.html", round=rounds.find_round(current_actor(), code), need=None, form=form
    )


def _show_edit(reference: str, form: FormView | None, stale: StaleFacts | None) -> str:
    need = submissions.find_need(current_actor(), reference)
    stored = FormView(SECTIONS, {one.name: getattr(need, one.name) for one in FormView(SECTIONS).fields})
    stored.shows_unknown = True
    return render_template("needs/form.html", round=need.round, need=need, form=form or stored, stale=stale)


def _show_withdrawal(reference: str, form: FormView, stale: StaleFacts | None) -> str:
    need = submissions.find_need(current_actor(), reference)
    return render_template(
        "withdraw.html", round=need.round, record=need, kind="need", form=form, stale=stale
    )


def _show_recognition(reference: str, form: FormView | None, stale: StaleFacts | None) -> str:
    actor = current_actor()
    need = submissions.find_need(actor, reference)
    if not permissions.may_coordinate(actor):
        raise NotAllowed("Only coordinators recognise needs.")
    stored = FormView(
        RECOGNITION,
        {
            "seats": need.seats_asked if need.seats_recognised is None else need.seats_recognised,
            "priority": need.priority_recognised or need.priority_asked,
            "reason": need.recognition_reason,
        },
    )
    return render_template(
        "needs/recognise.html", round=need.round, need=need, form=form or stored, stale=stale
    )
