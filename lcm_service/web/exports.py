"""Files of a plan: JSON and CSV for those who may see it, the problem itself for coordinators."""

import json
from typing import Any

from flask import Blueprint, Response

from lcm_service.services import exports
from lcm_service.web.showing import current_actor

bp = Blueprint("exports", __name__)


@bp.get("/plans/<int:plan_id>/export.json")
def plan_json(plan_id: int) -> Response:
    """The plan as `lcm-plan-export/1`."""
    document = exports.export_plan(current_actor(), plan_id)
    return _file(json.dumps(document, ensure_ascii=False, indent=2, default=str), "json", plan_id, "plan")


@bp.get("/plans/<int:plan_id>/export.csv")
def plan_csv(plan_id: int) -> Response:
    """The matches of the plan, one row each. Spreadsheets read the byte order mark as a sign of UTF-8."""
    return _file("\ufeff" + exports.export_plan_csv(current_actor(), plan_id), "csv", plan_id, "plan")


@bp.get("/plans/<int:plan_id>/problem.json")
def problem_json(plan_id: int) -> Response:
    """The problem that the plan answers, byte for byte, so that anybody can solve and check it again."""
    problem: Any = exports.export_problem(current_actor(), plan_id)
    text = problem if isinstance(problem, str) else json.dumps(problem, ensure_ascii=False)
    return _file(text, "json", plan_id, "problem")


def _file(text: str, kind: str, plan_id: int, name: str) -> Response:
    types = {"json": "application/json", "csv": "text/csv"}
    response = Response(text, mimetype=types[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="lcm-{name}-{plan_id}.{kind}"'
    return response
