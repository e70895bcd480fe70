"""What comes after an agreement: the provider says when and where, either side reports, each one assesses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import lazy_gettext

from lcm_service.domain import permissions
from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import ASSESSING_SIDES
from lcm_service.schemas.deliveries import (
    AssessmentSchema,
    DeliveredSchema,
    NotDeliveredSchema,
    ScheduleSchema,
)
from lcm_service.schemas.records import Sent
from lcm_service.services import assessments, decisions, deliveries, rounds
from lcm_service.services.match_views import MatchView
from lcm_service.web import choices
from lcm_service.web.fields import Field, FormView, Section
from lcm_service.web.saving import Page, StaleFacts, Values, read_version, save_or_show_again
from lcm_service.web.showing import current_actor

bp = Blueprint("deliveries", __name__)

_NOTE = Field("note", lazy_gettext("What should be known of it?"), "longtext")
SCHEDULE = (
    Section(
        lazy_gettext("The course"),
        (
            Field("starts_on", lazy_gettext("First day"), "date"),
            Field("ends_on", lazy_gettext("Last day"), "date"),
            Field("place_code", lazy_gettext("Country"), "pick", list_choices=choices.places),
            Field("venue", lazy_gettext("Town and centre")),
        ),
    ),
)
DELIVERED = (
    Section(
        lazy_gettext("The course"),
        (
            Field("held_from", lazy_gettext("First day on which it was held"), "date"),
            Field("held_to", lazy_gettext("Last day on which it was held"), "date"),
            Field("seats_used", lazy_gettext("Seats used"), "number"),
            Field("women_used", lazy_gettext("Of them by women"), "number"),
        ),
    ),
)
NOT_DELIVERED = (
    Section(
        lazy_gettext("The course"),
        (
            Field("reason", lazy_gettext("Why?"), "one", list_choices=choices.of("non_delivery_reason")),
            _NOTE,
        ),
    ),
)


def _assessing(label: Any) -> tuple[Section, ...]:
    answer = Field("answer", label, "one", list_choices=choices.of("assessment"))
    return (Section(lazy_gettext("The course"), (answer, _NOTE)),)


ASSESSING = {
    "recipient": _assessing(lazy_gettext("Was the gap closed that the need names?")),
    "provider": _assessing(lazy_gettext("Did the trainees meet the conditions of the course?")),
}


@dataclass(frozen=True)
class Form:
    """One form about a course: where it is sent, what it is called, and what is told once it is sent."""

    endpoint: str
    heading: Any
    told: Any
    button: Any
    schema: type[Sent]


SCHEDULING = Form(
    "deliveries.schedule",
    lazy_gettext("When and where will the course be?"),
    lazy_gettext("The days and the place are kept. The other side is told."),
    lazy_gettext("Keep these days"),
    ScheduleSchema,
)
REPORTING = Form(
    "deliveries.report_delivered",
    lazy_gettext("The course was held"),
    lazy_gettext("The report is kept. Now each side can say what it thinks of the course."),
    lazy_gettext("Report it"),
    DeliveredSchema,
)
REPORTING_NOT = Form(
    "deliveries.report_not_delivered",
    lazy_gettext("The course was not held"),
    lazy_gettext("The report is kept. The provider can say when it will be held instead."),
    lazy_gettext("Report that it was not held"),
    NotDeliveredSchema,
)
ASSESS = Form(
    "deliveries.assess",
    lazy_gettext("What do you think of the course?"),
    lazy_gettext("Your answer is kept. The other side does not read it."),
    lazy_gettext("Keep the answer"),
    AssessmentSchema,
)


@bp.get("/matches/<row:match_id>/schedule")
def ask_schedule(match_id: int) -> str:
    """Ask the provider for days and place, filled in with what is known."""
    match = _find(match_id, ("provider",))
    delivery, session = match.delivery, match.session
    known = {"starts_on": session.start, "ends_on": session.end, "place_code": session.place, "venue": None}
    if delivery is not None and delivery.starts_on is not None:
        known = {
            "starts_on": delivery.starts_on,
            "ends_on": delivery.ends_on,
            "place_code": delivery.place,
            "venue": delivery.venue,
        }
    return _show(match, "provider", SCHEDULING, FormView(SCHEDULE, known), None)


@bp.post("/matches/<row:match_id>/schedule")
def schedule(match_id: int) -> Page:
    """Keep the days and the place."""
    return _save(match_id, SCHEDULING, SCHEDULE, "provider", _schedule)


@bp.get("/matches/<row:match_id>/delivered")
def ask_delivered(match_id: int) -> str:
    """Ask what was held, filled in with what was planned."""
    match = _find(match_id, ASSESSING_SIDES)
    delivery, session = match.delivery, match.session
    known: Values = {"held_from": session.start, "held_to": session.end, "seats_used": match.agreed_seats}
    if delivery is not None:
        known["held_from"] = delivery.held_from or delivery.starts_on or session.start
        known["held_to"] = delivery.held_to or delivery.ends_on or session.end
        known["seats_used"] = match.agreed_seats if delivery.seats_used is None else delivery.seats_used
        known["women_used"] = delivery.women_used
    return _show(match, _side_of(match), REPORTING, FormView(DELIVERED, known), None)


@bp.post("/matches/<row:match_id>/delivered")
def report_delivered(match_id: int) -> Page:
    """Keep the report that it was held."""
    return _save(match_id, REPORTING, DELIVERED, _typed_side(), _report)


@bp.get("/matches/<row:match_id>/not-delivered")
def ask_not_delivered(match_id: int) -> str:
    """Ask why it was not held."""
    match = _find(match_id, ASSESSING_SIDES)
    return _show(match, _side_of(match), REPORTING_NOT, FormView(NOT_DELIVERED), None)


@bp.post("/matches/<row:match_id>/not-delivered")
def report_not_delivered(match_id: int) -> Page:
    """Keep the report that it was not held."""
    return _save(match_id, REPORTING_NOT, NOT_DELIVERED, _typed_side(), _report_not)


@bp.get("/matches/<row:match_id>/assess")
def ask_assessment(match_id: int) -> str:
    """Ask a side what it thinks of the course, with its present answer."""
    match = _find(match_id, ASSESSING_SIDES)
    side = _side_of(match)
    given = {one.side: one for one in match.delivery.assessments} if match.delivery else {}
    known = {"answer": given[side].answer, "note": given[side].note} if side in given else {}
    return _show(match, side, ASSESS, FormView(ASSESSING[side], known), None)


@bp.post("/matches/<row:match_id>/assess")
def assess(match_id: int) -> Page:
    """Keep what a side thinks of the course."""
    side = _typed_side()
    return _save(match_id, ASSESS, ASSESSING.get(side, ASSESSING["recipient"]), side, _assess)


# What each form does: the actor, the match, the side, what was typed, the version, and whether by letter.
type Press = Callable[[Any, int, str, Values, int, bool], MatchView]


def _schedule(actor: Any, match_id: int, _side: str, values: Values, version: int, letter: bool) -> MatchView:
    return deliveries.schedule_delivery(actor, match_id, values, version, on_behalf=letter)


def _report(actor: Any, match_id: int, side: str, values: Values, version: int, letter: bool) -> MatchView:
    return deliveries.report_delivered(actor, match_id, side, values, version, on_behalf=letter)


def _report_not(
    actor: Any, match_id: int, side: str, values: Values, version: int, letter: bool
) -> MatchView:
    return deliveries.report_not_delivered(
        actor, match_id, side, values["reason"], version, values["note"], on_behalf=letter
    )


def _assess(actor: Any, match_id: int, side: str, values: Values, version: int, letter: bool) -> MatchView:
    return assessments.assess_delivery(
        actor, match_id, side, values["answer"], version, values["note"], on_behalf=letter
    )


def _save(match_id: int, form: Form, sections: tuple[Section, ...], side: str, press: Press) -> Page:
    actor = current_actor()
    # Whoever may not press is refused before what was typed is looked at.
    _find(match_id, (side,))

    def save(values: Values) -> str:
        press(actor, match_id, side, values, read_version(request.form), permissions.may_coordinate(actor))
        flash(str(form.told), "good")
        return url_for("matches.show", match_id=match_id)

    return save_or_show_again(
        sections,
        save,
        lambda view, stale: _show(decisions.find_match(actor, match_id), side, form, view, stale),
        schema=form.schema,
    )


def _find(match_id: int, sides: tuple[str, ...]) -> MatchView:
    """The match, for those who answer for one of these sides of it: nobody else is given a form."""
    match = decisions.find_match(current_actor(), match_id)
    if not set(sides) & set(match.my_sides):
        raise NotAllowed(sentence("The two sides of a match say what became of its course, each for itself."))
    return match


def _side_of(match: MatchView) -> str:
    """The side that the address names, if the reader answers for it; else the reader's own."""
    named = request.args.get("side", "")
    own = [side for side in ASSESSING_SIDES if side in match.my_sides]
    return named if named in own else own[0]


def _typed_side() -> str:
    return request.form.get("side", "")


def _show(match: MatchView, side: str, form: Form, view: FormView, stale: StaleFacts | None) -> str:
    return render_template(
        "matches/course_form.html",
        round=rounds.find_round(current_actor(), match.round_code),
        match=match,
        side=side,
        course_form=form,
        form=view,
        stale=stale,
    )
