"""Runs of the matching: asked for, watched, cancelled. For coordinators."""

import re
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest

from lcm_service.api.calls import caller, make_area
from lcm_service.api.record_answers import marks_of
from lcm_service.schemas.answers import RunAnswer, RunSchema
from lcm_service.schemas.queries import RoundQuery
from lcm_service.services import matching

blp = make_area("runs", "Runs of the matching. For coordinators.", "/runs")

CARRIES_A_KEY: dict[str, Any] = {
    "parameters": [
        {
            "in": "header",
            "name": "Idempotency-Key",
            "required": True,
            "description": "The same key gives the same run, however often the call is repeated.",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{8,80}$"},
        }
    ]
}


@blp.get("/")
@blp.arguments(RoundQuery, location="query")
@blp.response(200, RunAnswer(many=True))
def list_runs(query: dict[str, Any]) -> Any:
    """The runs of a round, the newest first."""
    return [_shown(run) for run in matching.list_runs(caller(), query["round"])]


@blp.post("/")
@blp.doc(**CARRIES_A_KEY)
@blp.arguments(RoundQuery, location="query")
@blp.arguments(RunSchema)
@blp.response(202, RunAnswer)
def request_run(query: dict[str, Any], data: dict[str, Any]) -> Any:
    """Ask for a run over the records as they are now; once a plan is published it is a repair."""
    run = matching.request_run(
        caller(),
        query["round"],
        idempotency_key=_idempotency_key(),
        time_limit_seconds=data.get("time_limit_seconds"),
        choice=data.get("choice"),
        base_run_id=data.get("base_run"),
    )
    return _shown(run), 202, {"Location": f"/api/v1/runs/{run.id}"}


@blp.get("/<int(max=2147483647):run_id>")
@blp.response(200, RunAnswer)
def read_run(run_id: int) -> Any:
    """A run: where it stands and what happened to it."""
    return _shown(matching.find_run(caller(), run_id))


@blp.post("/<int(max=2147483647):run_id>/cancellation")
@blp.response(200, RunAnswer)
def cancel_run(run_id: int) -> Any:
    """End a run that waits or is being solved."""
    return _shown(matching.cancel_run(caller(), run_id))


def _shown(run: Any) -> dict[str, Any]:
    names = [name for name in RunAnswer().fields if name not in {"plan", "standing", "notice"}]
    values = {name: getattr(run, name) for name in names} | marks_of(run.round.standing)
    return values | {"plan": matching.plan_id_of_run(caller(), run.id)}


def _idempotency_key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not re.fullmatch(r"[A-Za-z0-9_.-]{8,80}", key):
        raise BadRequest("Send an Idempotency-Key of 8 to 80 letters, digits, dots, hyphens or underscores.")
    return key
