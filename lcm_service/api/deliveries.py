"""What comes after an agreement: a course is scheduled, reported and assessed. The record that comes of it is
read on the pages alone: it is never taken out.
"""

from typing import Any

from lcm_service.api.calls import NAMES_ITS_VERSION, asked_version, caller, etag_of, make_area
from lcm_service.api.record_answers import marked
from lcm_service.schemas.deliveries import (
    AssessmentOfSideSchema,
    DeliveredOfSideSchema,
    NotDeliveredOfSideSchema,
    ScheduleOfProviderSchema,
)
from lcm_service.schemas.match_answers import MatchAnswer
from lcm_service.services import assessments, deliveries

blp = make_area("deliveries", "What became of the courses of agreed matches.", "/matches")


@blp.post("/<int(max=2147483647):match_id>/schedule")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(ScheduleOfProviderSchema)
@blp.response(200, MatchAnswer)
def schedule_delivery(data: dict[str, Any], match_id: int) -> Any:
    """The provider says on which days and where the course of an agreed match will be."""
    on_behalf = data.pop("on_behalf", False)
    return _shown(
        deliveries.schedule_delivery(caller(), match_id, data, asked_version(), on_behalf=on_behalf)
    )


@blp.post("/<int(max=2147483647):match_id>/delivery")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(DeliveredOfSideSchema)
@blp.response(200, MatchAnswer)
def report_delivered(data: dict[str, Any], match_id: int) -> Any:
    """A side reports that the course was held, with the days, the seats used and the women among them."""
    side, on_behalf = data.pop("side"), data.pop("on_behalf", False)
    return _shown(
        deliveries.report_delivered(caller(), match_id, side, data, asked_version(), on_behalf=on_behalf)
    )


@blp.post("/<int(max=2147483647):match_id>/non-delivery")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(NotDeliveredOfSideSchema)
@blp.response(200, MatchAnswer)
def report_not_delivered(data: dict[str, Any], match_id: int) -> Any:
    """A side reports that the course was not held, and why; it can be scheduled anew."""
    match = deliveries.report_not_delivered(
        caller(),
        match_id,
        data["side"],
        data["reason"],
        asked_version(),
        data.get("note"),
        on_behalf=data.get("on_behalf", False),
    )
    return _shown(match)


@blp.post("/<int(max=2147483647):match_id>/assessment")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(AssessmentOfSideSchema)
@blp.response(200, MatchAnswer)
def assess_delivery(data: dict[str, Any], match_id: int) -> Any:
    """A side says what it thinks of a course that was held. The other side does not read it."""
    match = assessments.assess_delivery(
        caller(),
        match_id,
        data["side"],
        data["answer"],
        asked_version(),
        data.get("note"),
        on_behalf=data.get("on_behalf", False),
    )
    return _shown(match)


def _shown(match: Any) -> Any:
    return marked(match, match.standing), 200, etag_of(match.version)
