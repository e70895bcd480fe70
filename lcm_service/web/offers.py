"""Offers: open to everyone who takes part, changed by their owner; their first questions and sessions."""

from datetime import date
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
from lcm_service.schemas.deliveries import ReplySchema
from lcm_service.schemas.records import OfferSchema
from lcm_service.services import assessments, submissions
from lcm_service.web import choices
from lcm_service.web.fields import Field, FormView, Section
from lcm_service.web.offer_fields import FIRST_DATES, FIRST_QUESTIONS, SECTIONS
from lcm_service.web.offer_rows import read_rows, requires_as_stored, stored_rows, typed_rows
from lcm_service.web.record_flow import RecordPages
from lcm_service.web.record_kinds import RecordForm, RecordKind, RecordServices
from lcm_service.web.saving import Page, StaleFacts, Values, read_version, save_or_show_again
from lcm_service.web.sheet_pages import SheetPages
from lcm_service.web.showing import current_actor
from lcm_service.web.step_flow import StepPages

REPLY = (Section(lazy_gettext("Reply"), (Field("reply", lazy_gettext("Your reply"), "longtext"),)),)


def _form(template: str, sections: tuple[Section, ...], parts: tuple[str, ...]) -> RecordForm:
    """A form of an offer that asks, beside its sections, about those ``parts`` that are rows."""
    return RecordForm(
        template,
        sections,
        read_more=lambda: read_rows(request.form, parts),
        finish=_finish,
        show_more=_rows_and_places,
        more_days=_days_of_sessions,
        move_more=lambda more, years: more | {"rows": more["rows"].moved_on(years)},
    )


def _days_of_sessions(offer: Any) -> list[date | None]:
    return [one.starts_on for one in offer.sessions if not one.is_withdrawn]


def _finish(values: Values, offer: Any | None) -> Values:
    """Where nobody is left out and nobody joins in, the list is empty: that is known, not unknown.

    Requirements that say what is stored are given as they are stored.
    """
    known = values | {name: values[name] or [] for name in ("except", "partners") if name in values}
    return known if offer is None else requires_as_stored(offer, known)


def _rows_and_places(offer: Any | None) -> Values:
    """The rows of the stored offer, or those that were typed, and the places that may be named in them."""
    rows = typed_rows(request.form) if offer is None else stored_rows(offer)
    return {"rows": rows, "places": choices.places()}


FIRST_FORM = _form("offers/first_questions.html", (*FIRST_QUESTIONS, *FIRST_DATES), ("sessions", "requires"))


def _record_of_course(actor: Actor, offer: Any) -> Values:
    """The record of the course, which its provider and coordinators read."""
    if not permissions.may_see_course_record(actor, offer.participant_id):
        return {}
    return {"course_record": assessments.find_course_record(actor, offer.reference), "reads_record": True}


OFFER = RecordKind(
    name="offer",
    area="offers",
    plural=lazy_gettext("Offers"),
    to_submit=lazy_gettext("Make an offer"),
    recorded=lazy_gettext("The offer is recorded as %(reference)s."),
    changed=lazy_gettext("The offer is changed."),
    withdrawn=lazy_gettext("The offer is withdrawn."),
    form=_form("offers/form.html", SECTIONS, ("sessions", "requires", "costs")),
    schema=OfferSchema,
    services=RecordServices(
        list_all=submissions.list_offers,
        find=submissions.find_offer,
        submit=submissions.submit_offer,
        revise=submissions.revise_offer,
        withdraw=submissions.withdraw_offer,
    ),
    at_first={"subject": "training"},
    read_rows=read_rows,
    show_more=_record_of_course,
)
PAGES = RecordPages(OFFER)

bp = Blueprint("offers", __name__)
PAGES.add_to(bp)
StepPages(OFFER).add_to(bp)
SheetPages(PAGES).add_to(bp)


@bp.get("/offers/<reference>/first-questions")
def first_questions(reference: str) -> str:
    """The questions that decide first whether a pledge can be matched, all in one form."""
    return PAGES.show_form(reference, FIRST_FORM)


@bp.post("/offers/<reference>/first-questions")
def answer_first_questions(reference: str) -> Page:
    """Save the answers to the first questions; the rest of the offer stays as it is."""
    return PAGES.save_form(reference, FIRST_FORM)


@bp.post("/offers/<reference>/sessions/<key>/withdraw")
def withdraw_session(reference: str, key: str) -> Response:
    """Withdraw one session of an offer; its matches are released."""
    actor = current_actor()
    reason = request.form.get("reason", "")
    submissions.withdraw_session(actor, f"{reference}-{key}", read_version(request.form), reason)
    flash(_("The session is withdrawn."), "good")
    return redirect(url_for("offers.show", reference=reference), HTTPStatus.SEE_OTHER)


@bp.get("/offers/<reference>/reply")
def ask_reply(reference: str) -> str:
    """Ask the provider what it replies to the record of its course."""
    record = assessments.find_course_record(current_actor(), reference)
    return _show_reply(reference, FormView(REPLY, {"reply": record and record.reply}), None)


@bp.post("/offers/<reference>/reply")
def reply(reference: str) -> Page:
    """Let a reply stand beside the record of the course."""
    actor = current_actor()

    def save(values: Values) -> str:
        assessments.reply_to_record(actor, reference, values["reply"], read_version(request.form))
        flash(_("Your reply stands beside the record."), "good")
        return url_for("offers.show", reference=reference)

    return save_or_show_again(
        REPLY, save, lambda view, stale: _show_reply(reference, view, stale), schema=ReplySchema
    )


def _show_reply(reference: str, view: FormView, stale: StaleFacts | None) -> str:
    actor = current_actor()
    offer = submissions.find_offer(actor, reference)
    if not permissions.may_see_course_record(actor, offer.participant_id):
        raise NotAllowed(sentence("The provider of a course replies to its record."))
    return render_template(
        "offers/reply.html",
        round=offer.round,
        offer=offer,
        course_record=assessments.find_course_record(actor, reference),
        form=view,
        stale=stale,
    )
