"""Files of a plan: JSON and CSV for those who may see it, the problem itself for coordinators."""

import json
from typing import Any

from flask import Blueprint, Response

from lcm_service.reports import tables
from lcm_service.services import exports
from lcm_service.web.showing import current_actor, page_language

bp = Blueprint("exports", __name__)


@bp.get("/plans/<row:plan_id>/export.json")
def plan_json(plan_id: int) -> Response:
    """The plan as `lcm-plan-export/1`."""
    return _file(_json(exports.export_plan(current_actor(), plan_id)), f"lcm-plan-{plan_id}.json")


@bp.get("/plans/<row:plan_id>/export.csv")
def plan_csv(plan_id: int) -> Response:
    """The plan as rows: places given, and needs short of seats, with names in the reader's language."""
    rows = exports.export_plan_rows(current_actor(), plan_id, page_language())
    # Spreadsheets take the byte order mark as the sign of UTF-8.
    return _file("\ufeff" + tables.write_csv(exports.COLUMNS, rows), f"lcm-plan-{plan_id}.csv")


@bp.get("/plans/<row:plan_id>/problem.json")
def problem_json(plan_id: int) -> Response:
    """The problem that the plan answers, so that anybody can solve and check it again."""
    return _file(_json(exports.export_problem(current_actor(), plan_id)), f"lcm-problem-{plan_id}.json")


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)


def _file(text: str, name: str) -> Response:
    mimetype = "text/csv" if name.endswith(".csv") else "application/json"
    response = Response(text, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
