"""Rounds: listed, read, opened."""

from typing import Any

from lcm_service.api.calls import caller, etag_of, make_area
from lcm_service.schemas.answers import NewRoundSchema, RoundAnswer
from lcm_service.services import rounds

blp = make_area("rounds", "Rounds of matching.", "/rounds")


@blp.get("/")
@blp.response(200, RoundAnswer(many=True))
def list_rounds() -> Any:
    """Every round, the newest first."""
    return rounds.list_rounds(caller())


@blp.post("/")
@blp.arguments(NewRoundSchema)
@blp.response(201, RoundAnswer)
def open_round(data: dict[str, Any]) -> Any:
    """Open a round. For coordinators."""
    opened = rounds.open_round(caller(), data)
    return opened, 201, {"Location": f"/api/v1/rounds/{opened.code}", **etag_of(opened.version)}


@blp.get("/<code>")
@blp.response(200, RoundAnswer)
def read_round(code: str) -> Any:
    """A round with its policy."""
    found = rounds.find_round(caller(), code)
    return found, 200, etag_of(found.version)
