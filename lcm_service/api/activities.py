"""Activities outside a round: listed and recorded."""

from typing import Any

from lcm_service.api.calls import caller, make_area
from lcm_service.api.record_answers import marked
from lcm_service.schemas.answers import ActivityAnswer, ContextAnswer
from lcm_service.schemas.queries import ActivityQuery
from lcm_service.schemas.records import ActivitySchema
from lcm_service.services import activities, context_statements

blp = make_area(
    "activities", "Support delivered, running or planned outside a round: never a need.", "/activities"
)


@blp.get("/")
@blp.arguments(ActivityQuery, location="query")
@blp.response(200, ActivityAnswer(many=True))
def list_activities(query: dict[str, Any]) -> Any:
    """Activities, latest first."""
    found = activities.list_activities(
        caller(), provider_code=query.get("provider"), recipient_code=query.get("recipient")
    )
    return [_shown(activity) for activity in found]


@blp.get("/context")
@blp.response(200, ContextAnswer(many=True))
def list_context() -> Any:
    """What public sources say of needs that no State has expressed for itself. None of it is a need."""
    found = context_statements.list_context_statements(caller())
    return [marked(statement, "public_sources") for statement in found]


@blp.post("/")
@blp.arguments(ActivitySchema)
@blp.response(201, ActivityAnswer)
def record_activity(data: dict[str, Any]) -> Any:
    """Record what a provider gives or gave."""
    return _shown(activities.record_activity(caller(), data))


def _shown(activity: Any) -> Any:
    """An activity belongs to no round; it was submitted, or it was taken from a public source."""
    return marked(activity, "submitted" if activity.source is None else "public_sources")
