"""Activities outside a round: listed and recorded."""

from typing import Any

from lcm_service.api.calls import caller, make_area
from lcm_service.schemas.answers import ActivityAnswer, ActivityQuery
from lcm_service.schemas.records import ActivitySchema
from lcm_service.services import activities

blp = make_area(
    "activities", "Support delivered, running or planned outside a round: never a need.", "/activities"
)


@blp.get("/")
@blp.arguments(ActivityQuery, location="query")
@blp.response(200, ActivityAnswer(many=True))
def list_activities(query: dict[str, Any]) -> Any:
    """Activities, latest first."""
    return activities.list_activities(
        caller(), provider_code=query.get("provider"), recipient_code=query.get("recipient")
    )


@blp.post("/")
@blp.arguments(ActivitySchema)
@blp.response(201, ActivityAnswer)
def record_activity(data: dict[str, Any]) -> Any:
    """Record what a provider gives or gave."""
    return activities.record_activity(caller(), data)
