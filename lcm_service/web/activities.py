"""Activities: support delivered, running or planned outside a round, so that nobody gives the same twice."""

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from lcm_service.domain import permissions
from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor
from lcm_service.domain.sentences import sentence
from lcm_service.schemas.records import ActivitySchema
from lcm_service.services import activities, context_statements
from lcm_service.web import choices
from lcm_service.web.fields import Field, FormView, Section
from lcm_service.web.saving import Page, Values, save_or_show_again
from lcm_service.web.showing import current_actor

bp = Blueprint("activities", __name__)

SECTIONS = (
    Section(
        _("The activity"),
        (
            Field("title", _("Title")),
            Field("state", _("How far is it?"), "one", list_choices=choices.of("activity_state")),
            Field("provider_code", _("Who gives it?"), "pick", list_choices=choices.participants),
            Field("provider_as_stated", _("Who gives it, in the words of the source")),
            Field("recipient_code", _("Who receives it?"), "pick", list_choices=choices.participants),
            Field("recipient_as_stated", _("Who receives it, in the words of the source")),
            Field("areas", _("Subjects"), "many", list_choices=choices.areas, may_be_unknown=True),
            Field("first_month", _("First month"), "date", hint=_("Any day of the month.")),
            Field("last_month", _("Last month"), "date", hint=_("Any day of the month.")),
            Field("seats", _("How many people take part?"), "number", may_be_unknown=True),
        ),
    ),
)


@bp.get("/activities")
def index() -> str:
    """All activities, the latest first, and the gaps that the United Nations names."""
    actor = current_actor()
    return render_template(
        "activities/index.html",
        activities=activities.list_activities(actor),
        context=context_statements.list_context_statements(actor),
    )


@bp.get("/activities/new")
def new() -> str:
    """An empty form."""
    actor = _require_recorder()
    values = {"state": "planned", "provider_code": actor.participant_code}
    return render_template("activities/form.html", form=FormView(SECTIONS, values))


@bp.post("/activities/new")
def record() -> Page:
    """Record an activity."""
    actor = _require_recorder()

    def save(values: Values) -> str:
        activity = activities.record_activity(actor, values)
        flash(gettext("The activity is recorded as %(reference)s.", reference=activity.reference), "good")
        return url_for("activities.index")

    return save_or_show_again(
        SECTIONS,
        save,
        lambda form, _stale: render_template("activities/form.html", form=form),
        schema=ActivitySchema,
    )


def _require_recorder() -> Actor:
    actor = current_actor()
    if not (permissions.may_coordinate(actor) or actor.participant_id):
        raise NotAllowed(sentence("Only focal points and coordinators record activities."))
    return actor
