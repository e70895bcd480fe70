"""Offers: open to everyone who takes part; submitted, revised and withdrawn by their owner."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lcm_service.domain import completeness, permissions
from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.record_fields import column_of
from lcm_service.schemas.records import OfferSchema, WithdrawalSchema
from lcm_service.services import rounds, submissions, trail
from lcm_service.web import choices
from lcm_service.web.fields import FormView, Section
from lcm_service.web.offer_fields import FIRST_DATES, FIRST_QUESTIONS, SECTIONS
from lcm_service.web.offer_rows import OfferRows, read_rows, requires_as_stored, stored_rows, typed_rows
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

bp = Blueprint("offers", __name__)

ALL_ROWS = ("sessions", "requires", "costs")
FIRST_ROWS = ("sessions", "requires")


@bp.get("/rounds/<code>/offers")
def index(code: str) -> str:
    """The offers of a round."""
    actor = current_actor()
    found = submissions.list_offers(actor, code)
    return render_template("offers/index.html", round=rounds.find_round(actor, code), offers=found)


@bp.get("/rounds/<code>/offers/new")
def new(code: str) -> str:
    """An empty form. Any of it may be left for later."""
    form = FormView(_sections(current_actor()), {"subject": "training"})
    return _show_new(code, form, OfferRows())


@bp.post("/rounds/<code>/offers/new")
def submit(code: str) -> Page:
    """Submit an offer for the actor's own participant, or for the one that a coordinator names."""
    actor = current_actor()

    def save(values: Values) -> str:
        owner = values.pop("participant", None) or actor.participant_code
        offer = submissions.submit_offer(actor, owner or "", code, _with_lists(values))
        flash(_("The offer is recorded as %(reference)s.", reference=offer.reference), "good")
        return url_for("offers.show", reference=offer.reference)

    return save_or_show_again(
        _sections(actor),
        save,
        lambda form, _stale: _show_new(code, form, typed_rows(request.form)),
        schema=OfferSchema,
        beside=_beside(actor),
        read_more=lambda: read_rows(request.form, ALL_ROWS),
    )


@bp.get("/offers/<reference>")
def show(reference: str) -> str:
    """One offer with its sessions, and what is still to be asked about it."""
    actor = current_actor()
    offer = submissions.find_offer(actor, reference)
    return render_template(
        "offers/show.html",
        round=offer.round,
        offer=offer,
        missing=completeness.missing_fields("offer", offer),
        may_change=permissions.may_change_record(actor, offer.participant_id),
    )


@bp.get("/offers/<reference>/revise")
def edit(reference: str) -> str:
    """The form, filled in with what is known."""
    return _show_edit(reference, "offers/form.html", SECTIONS)


@bp.post("/offers/<reference>/revise")
def revise(reference: str) -> Page:
    """Change an offer; what is cleared becomes unknown."""
    return _save_revision(reference, "offers/form.html", SECTIONS, ALL_ROWS)


@bp.get("/offers/<reference>/first-questions")
def first_questions(reference: str) -> str:
    """The questions that decide first whether a pledge can be matched, all in one form."""
    return _show_edit(reference, "offers/first_questions.html", (*FIRST_QUESTIONS, *FIRST_DATES))


@bp.post("/offers/<reference>/first-questions")
def answer_first_questions(reference: str) -> Page:
    """Save the answers to the first questions; the rest of the offer stays as it is."""
    sections = (*FIRST_QUESTIONS, *FIRST_DATES)
    return _save_revision(reference, "offers/first_questions.html", sections, FIRST_ROWS)


@bp.get("/offers/<reference>/withdraw")
def ask_withdrawal(reference: str) -> str:
    """Ask once more, and for the reason."""
    return _show_withdrawal(reference, FormView(WITHDRAWAL), None)


@bp.post("/offers/<reference>/withdraw")
def withdraw(reference: str) -> Page:
    """Withdraw an offer; its matches are released and nobody else moves."""
    actor = current_actor()

    def save(values: Values) -> str:
        submissions.withdraw_offer(actor, reference, read_version(request.form), values["reason"])
        flash(_("The offer is withdrawn."), "good")
        return url_for("offers.show", reference=reference)

    return save_or_show_again(
        WITHDRAWAL,
        save,
        lambda form, stale: _show_withdrawal(reference, form, stale),
        schema=WithdrawalSchema,
    )


@bp.post("/offers/<reference>/sessions/<key>/withdraw")
def withdraw_session(reference: str, key: str) -> Response:
    """Withdraw one session of an offer; its matches are released."""
    actor = current_actor()
    reason = request.form.get("reason", "")
    submissions.withdraw_session(actor, f"{reference}-{key}", read_version(request.form), reason)
    flash(_("The session is withdrawn."), "good")
    return redirect(url_for("offers.show", reference=reference), HTTPStatus.SEE_OTHER)


@bp.get("/offers/<reference>/history")
def history(reference: str) -> str:
    """Who did what to the offer."""
    actor = current_actor()
    offer = submissions.find_offer(actor, reference)
    events = trail.list_events(actor, "offer", reference)
    return render_template("history.html", round=offer.round, record=offer, kind="offer", events=events)


def _sections(actor: permissions.Actor) -> tuple[Section, ...]:
    """A coordinator also says for whom an offer is recorded."""
    if not (permissions.may_coordinate(actor) or actor.participant_id):
        raise NotAllowed("Only focal points and coordinators submit offers.")
    return (OWNER, *SECTIONS) if permissions.may_coordinate(actor) else SECTIONS


def _with_lists(values: Values) -> Values:
    """Where nobody is left out and nobody joins in, the list is empty: that is known, not unknown."""
    return values | {name: values[name] or [] for name in ("except", "partners") if name in values}


def _beside(actor: permissions.Actor) -> tuple[str, ...]:
    """Whom a coordinator names is not part of the record."""
    return ("participant",) if permissions.may_coordinate(actor) else ()


def _show_new(code: str, form: FormView, rows: OfferRows) -> str:
    found = rounds.find_round(current_actor(), code)
    return render_template(
        "offers/form.html", round=found, offer=None, form=form, rows=rows, places=choices.places()
    )


def _show_edit(
    reference: str,
    template: str,
    sections: tuple[Section, ...],
    form: FormView | None = None,
    stale: StaleFacts | None = None,
) -> str:
    offer = submissions.find_offer(current_actor(), reference)
    values: dict[str, Any] = {
        one.name: getattr(offer, column_of(one.name)) for one in FormView(sections).fields
    }
    stored = FormView(sections, values, shows_unknown=True)
    rows = typed_rows(request.form) if form else stored_rows(offer)
    return render_template(
        template,
        round=offer.round,
        offer=offer,
        form=form or stored,
        rows=rows,
        stale=stale,
        places=choices.places(),
    )


def _save_revision(
    reference: str, template: str, sections: tuple[Section, ...], parts: tuple[str, ...]
) -> Page:
    actor = current_actor()

    def save(values: Values) -> str:
        offer = submissions.find_offer(actor, reference)
        kept = requires_as_stored(offer, in_stored_order(sections, offer, _with_lists(values)))
        submissions.revise_offer(actor, reference, kept, read_version(request.form))
        flash(_("The offer is changed."), "good")
        return url_for("offers.show", reference=reference)

    return save_or_show_again(
        sections,
        save,
        lambda form, stale: _show_edit(reference, template, sections, form, stale),
        schema=OfferSchema,
        is_revision=True,
        read_more=lambda: read_rows(request.form, parts),
    )


def _show_withdrawal(reference: str, form: FormView, stale: StaleFacts | None) -> str:
    offer = submissions.find_offer(current_actor(), reference)
    return render_template(
        "withdraw.html", round=offer.round, record=offer, kind="offer", form=form, stale=stale
    )
