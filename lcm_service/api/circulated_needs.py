"""Circulated needs: what everyone who takes part may know of them."""

from typing import Any

from lcm_service.api.calls import caller, make_area
from lcm_service.api.record_answers import marked
from lcm_service.schemas.answers import CirculatedNeedAnswer
from lcm_service.schemas.queries import RoundQuery
from lcm_service.services import rounds, submissions

blp = make_area(
    "circulated-needs", "Needs that their participants agreed to be named with.", "/circulated-needs"
)


@blp.get("/")
@blp.arguments(RoundQuery, location="query")
@blp.response(200, CirculatedNeedAnswer(many=True))
def list_circulated_needs(query: dict[str, Any]) -> Any:
    """The circulated needs of a round, oldest first: as a provider may read them, and no more."""
    found = submissions.list_circulated_needs(caller(), query["round"])
    standing = rounds.find_round(caller(), query["round"]).standing
    return [marked(one, standing) for one in found]
