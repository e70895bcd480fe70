"""Rounds: listed, read, opened, closed, opened again, and what they aim for."""

from typing import Any

from lcm_service.api.calls import NAMES_ITS_VERSION, asked_version, caller, etag_of, make_area
from lcm_service.api.record_answers import marked
from lcm_service.schemas.answers import NewRoundSchema, PolicySchema, RoundAnswer
from lcm_service.services import rounds

blp = make_area("rounds", "Rounds of matching.", "/rounds")


@blp.get("/")
@blp.response(200, RoundAnswer(many=True))
def list_rounds() -> Any:
    """Every round, the newest first."""
    return [_shown(found) for found in rounds.list_rounds(caller())]


@blp.post("/")
@blp.arguments(NewRoundSchema)
@blp.response(201, RoundAnswer)
def open_round(data: dict[str, Any]) -> Any:
    """Open a round. For coordinators."""
    opened = rounds.open_round(caller(), data)
    return _shown(opened), 201, {"Location": f"/api/v1/rounds/{opened.code}", **etag_of(opened.version)}


@blp.get("/<code>")
@blp.response(200, RoundAnswer)
def read_round(code: str) -> Any:
    """A round with its policy."""
    found = rounds.find_round(caller(), code)
    return _shown(found), 200, etag_of(found.version)


@blp.put("/<code>/policy")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(PolicySchema)
@blp.response(200, RoundAnswer)
def set_policy(data: dict[str, Any], code: str) -> Any:
    """Change what the next runs of a round aim for. For coordinators."""
    changed = rounds.set_policy(caller(), code, data["policy"], asked_version())
    return _shown(changed), 200, etag_of(changed.version)


@blp.post("/<code>/closing")
@blp.doc(**NAMES_ITS_VERSION)
@blp.response(200, RoundAnswer)
def close_round(code: str) -> Any:
    """Close a round to new records and a first matching. For coordinators.

    What is under way goes on: revisions, recognition, withdrawals, confirmations, declines and repairs.
    """
    closed = rounds.close_round(caller(), code, asked_version())
    return _shown(closed), 200, etag_of(closed.version)


@blp.post("/<code>/reopening")
@blp.doc(**NAMES_ITS_VERSION)
@blp.response(200, RoundAnswer)
def reopen_round(code: str) -> Any:
    """Open a closed round to new records and matching again. For coordinators."""
    opened = rounds.reopen_round(caller(), code, asked_version())
    return _shown(opened), 200, etag_of(opened.version)


def _shown(round_: Any) -> Any:
    return marked(round_, round_.standing)
