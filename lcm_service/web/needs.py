"""Needs: seen by owner and coordinators; a coordinator recognises what of them counts in the matching."""

import secrets
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from werkzeug.wrappers import Response

from lcm_service.domain import permissions
from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor
from lcm_service.domain.sentences import sentence
from lcm_service.schemas.records import NeedSchema, RecognitionSchema
from lcm_service.services import decisions, deployed, shares, submissions
from lcm_service.web import changed_by, desk, studies
from lcm_service.web.fields import FormView
from lcm_service.web.need_fields import RECOGNITION, SECTIONS
from lcm_service.web.record_flow import RecordPages
from lcm_service.web.record_kinds import RecordForm, RecordKind, RecordServices
from lcm_service.web.saving import Page, StaleFacts, Values, read_version, save_or_show_again
from lcm_service.web.sheet_pages import SheetPages
from lcm_service.web.showing import current_actor
from lcm_service.web.step_flow import StepPages


def _matches_and_gaps(actor: Actor, need: Any) -> Values:
    """The matches of a need, and why the published plan leaves it short of seats."""
    return {
        "matches": decisions.list_matches(actor, need.round.code, need_reference=need.reference),
        "gap": desk.gap_of(actor, need),
        "study": studies,
        "address_of_change": changed_by.address_of,
        "idempotency_key": secrets.token_hex(16),
        "ask": _ask_of(actor, need),
        "share": shares.share_of(actor, need),
        "far_above_percent": deployed.FAR_ABOVE_PERCENT,
    }


def _ask_of(actor: Actor, need: Any) -> deployed.Ask | None:
    """What its participant asks in the round beside what it deploys; None where it asks nothing there."""
    code = need.participant.code
    return deployed.weigh_asks(actor, need.round.code, code).get(code)


def _asks(actor: Actor, code: str) -> Values:
    """Which participants ask far above what they deploy, for the list of needs."""
    return {"asks": deployed.weigh_asks(actor, code), "far_above_percent": deployed.FAR_ABOVE_PERCENT}


NEED = RecordKind(
    name="need",
    area="needs",
    plural=lazy_gettext("Needs"),
    to_submit=lazy_gettext("State a need"),
    recorded=lazy_gettext("The need is recorded as %(reference)s."),
    changed=lazy_gettext("The need is changed."),
    withdrawn=lazy_gettext("The need is withdrawn."),
    form=RecordForm("needs/form.html", SECTIONS, make_change=changed_by.make_change),
    schema=NeedSchema,
    services=RecordServices(
        list_all=submissions.list_needs,
        find=submissions.find_need,
        submit=submissions.submit_need,
        revise=submissions.revise_need,
        withdraw=submissions.withdraw_need,
    ),
    at_first={"subject": "training", "priority_asked": "routine"},
    show_more=_matches_and_gaps,
    list_more=_asks,
)

bp = Blueprint("needs", __name__)
PAGES = RecordPages(NEED)
PAGES.add_to(bp)
SheetPages(PAGES).add_to(bp)
StepPages(NEED).add_to(bp)


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
    done = submissions.recognise_as_asked(actor, code, request.form.getlist("reference"))
    if done:
        flash(ngettext("%(num)s need is recognised.", "%(num)s needs are recognised.", len(done)), "good")
    else:
        flash(_("Choose at least one need."), "warn")
    return redirect(url_for("needs.index", code=code), HTTPStatus.SEE_OTHER)


def _show_recognition(reference: str, form: FormView | None, stale: StaleFacts | None) -> str:
    actor = current_actor()
    need = submissions.find_need(actor, reference)
    if not permissions.may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators recognise needs."))
    stored = FormView(
        RECOGNITION,
        {
            "seats": need.seats_asked if need.seats_recognised is None else need.seats_recognised,
            "priority": need.priority_recognised or need.priority_asked,
            "reason": need.recognition_reason,
        },
    )
    return render_template(
        "needs/recognise.html",
        round=need.round,
        need=need,
        form=form or stored,
        stale=stale,
        ask=_ask_of(actor, need),
        far_above_percent=deployed.FAR_ABOVE_PERCENT,
    )
