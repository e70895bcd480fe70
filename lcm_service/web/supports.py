"""Supports: funds, venues, equipment and interpretation that make courses run."""

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext as _

from lcm_service.domain import completeness, permissions
from lcm_service.domain.errors import NotAllowed
from lcm_service.schemas.records import SupportSchema, WithdrawalSchema
from lcm_service.services import rounds, submissions, trail
from lcm_service.web.fields import FormView, Section
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
from lcm_service.web.support_fields import SECTIONS

bp = Blueprint("supports", __name__)


@bp.get("/rounds/<code>/supports")
def index(code: str) -> str:
    """The supports of a round."""
    actor = current_actor()
    found = submissions.list_supports(actor, code)
    return render_template("supports/index.html", round=rounds.find_round(actor, code), supports=found)


@bp.get("/rounds/<code>/supports/new")
def new(code: str) -> str:
    """An empty form. Any of it may be left for later."""
    return _show_new(code, FormView(_sections(current_actor())))


@bp.post("/rounds/<code>/supports/new")
def submit(code: str) -> Page:
    """Submit a support for the actor's own participant, or for the one that a coordinator names."""
    actor = current_actor()

    def save(values: Values) -> str:
        owner = values.pop("participant", None) or actor.participant_code
        support = submissions.submit_support(actor, owner or "", code, values)
        flash(_("The support is recorded as %(reference)s.", reference=support.reference), "good")
        return url_for("supports.show", reference=support.reference)

    return save_or_show_again(
        _sections(actor),
        save,
        lambda form, _stale: _show_new(code, form),
        schema=SupportSchema,
        beside=_beside(actor),
    )


@bp.get("/supports/<reference>")
def show(reference: str) -> str:
    """One support, and what is still to be asked about it."""
    actor = current_actor()
    support = submissions.find_support(actor, reference)
    return render_template(
        "supports/show.html",
        round=support.round,
        support=support,
        missing=completeness.missing_fields("support", support),
        may_change=permissions.may_change_record(actor, support.participant_id),
    )


@bp.get("/supports/<reference>/revise")
def edit(reference: str) -> str:
    """The form, filled in with what is known."""
    return _show_edit(reference, None, None)


@bp.post("/supports/<reference>/revise")
def revise(reference: str) -> Page:
    """Change a support; what is cleared becomes unknown."""
    actor = current_actor()

    def save(values: Values) -> str:
        ordered = in_stored_order(SECTIONS, submissions.find_support(actor, reference), values)
        submissions.revise_support(actor, reference, ordered, read_version(request.form))
        flash(_("The support is changed."), "good")
        return url_for("supports.show", reference=reference)

    return save_or_show_again(
        SECTIONS,
        save,
        lambda form, stale: _show_edit(reference, form, stale),
        schema=SupportSchema,
        is_revision=True,
    )


@bp.get("/supports/<reference>/withdraw")
def ask_withdrawal(reference: str) -> str:
    """Ask once more, and for the reason."""
    return _show_withdrawal(reference, FormView(WITHDRAWAL), None)


@bp.post("/supports/<reference>/withdraw")
def withdraw(reference: str) -> Page:
    """Withdraw a support."""
    actor = current_actor()

    def save(values: Values) -> str:
        submissions.withdraw_support(actor, reference, read_version(request.form), values["reason"])
        flash(_("The support is withdrawn."), "good")
        return url_for("supports.show", reference=reference)

    return save_or_show_again(
        WITHDRAWAL,
        save,
        lambda form, stale: _show_withdrawal(reference, form, stale),
        schema=WithdrawalSchema,
    )


@bp.get("/supports/<reference>/history")
def history(reference: str) -> str:
    """Who did what to the support."""
    actor = current_actor()
    support = submissions.find_support(actor, reference)
    events = trail.list_events(actor, "support", reference)
    return render_template("history.html", round=support.round, record=support, kind="support", events=events)


def _sections(actor: permissions.Actor) -> tuple[Section, ...]:
    """A coordinator also says for whom a support is recorded."""
    if not (permissions.may_coordinate(actor) or actor.participant_id):
        raise NotAllowed("Only focal points and coordinators submit supports.")
    return (OWNER, *SECTIONS) if permissions.may_coordinate(actor) else SECTIONS


def _beside(actor: permissions.Actor) -> tuple[str, ...]:
    """Whom a coordinator names is not part of the record."""
    return ("participant",) if permissions.may_coordinate(actor) else ()


def _show_new(code: str, form: FormView) -> str:
    found = rounds.find_round(current_actor(), code)
    return render_template("supports/form.html", round=found, support=None, form=form)


def _show_edit(reference: str, form: FormView | None, stale: StaleFacts | None) -> str:
    support = submissions.find_support(current_actor(), reference)
    values = {one.name: getattr(support, one.name) for one in FormView(SECTIONS).fields}
    stored = FormView(SECTIONS, values, shows_unknown=True)
    return render_template(
        "supports/form.html", round=support.round, support=support, form=form or stored, stale=stale
    )


def _show_withdrawal(reference: str, form: FormView, stale: StaleFacts | None) -> str:
    support = submissions.find_support(current_actor(), reference)
    return render_template(
        "withdraw.html", round=support.round, record=support, kind="support", form=form, stale=stale
    )
