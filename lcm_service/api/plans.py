"""Plans: listed, exported, put forward, approved, taken back, discarded."""

from typing import Any

from lcm_service.api.calls import NAMES_ITS_VERSION, asked_version, caller, etag_of, make_area
from lcm_service.api.record_answers import marked
from lcm_service.schemas.answers import PlanAnswer
from lcm_service.schemas.queries import RoundQuery
from lcm_service.services import exports, publication, publish_gate

blp = make_area("plans", "Plans of a round, and their exports.", "/plans")


@blp.get("/")
@blp.arguments(RoundQuery, location="query")
@blp.response(200, PlanAnswer(many=True))
def list_plans(query: dict[str, Any]) -> Any:
    """The plans of a round, the newest first. For coordinators."""
    return [_shown(plan) for plan in publication.list_plans(caller(), query["round"])]


@blp.get("/<int(max=2147483647):plan_id>")
@blp.response(200, PlanAnswer)
def read_plan(plan_id: int) -> Any:
    """A plan's number, state and outcome. For coordinators."""
    plan = publication.find_plan(caller(), plan_id)
    return _shown(plan), 200, etag_of(plan.version)


@blp.get("/<int(max=2147483647):plan_id>/export")
@blp.response(200, description="lcm-plan-export/1: the plan with its labels, cut to what the caller may see")
def export_plan(plan_id: int) -> Any:
    """The plan as `lcm-plan-export/1`; a participant gets its own rows of a published plan."""
    return exports.export_plan(caller(), plan_id)


@blp.get("/<int(max=2147483647):plan_id>/problem")
@blp.response(200, description="lcm-problem-export/1: what the plan answers")
def export_problem(plan_id: int) -> Any:
    """The problem that the plan answers, so that anybody can solve and check it again. For coordinators."""
    return exports.export_problem(caller(), plan_id)


@blp.post("/<int(max=2147483647):plan_id>/putting-forward")
@blp.doc(**NAMES_ITS_VERSION)
@blp.response(200, PlanAnswer)
def put_plan_forward(plan_id: int) -> Any:
    """Ask another coordinator to approve a draft. For coordinators."""
    plan = publish_gate.put_plan_forward(caller(), plan_id, asked_version())
    return _shown(plan), 200, etag_of(plan.version)


@blp.post("/<int(max=2147483647):plan_id>/approval")
@blp.doc(**NAMES_ITS_VERSION)
@blp.response(200, PlanAnswer)
def approve_plan(plan_id: int) -> Any:
    """Approve a plan that another coordinator put forward: it is put to the recipients at `leaves_at`."""
    plan = publish_gate.approve_plan(caller(), plan_id, asked_version())
    return _shown(plan), 200, etag_of(plan.version)


@blp.post("/<int(max=2147483647):plan_id>/taking-back")
@blp.doc(**NAMES_ITS_VERSION)
@blp.response(200, PlanAnswer)
def take_plan_back(plan_id: int) -> Any:
    """Make a plan that has not left yet a draft again. For coordinators."""
    plan = publish_gate.take_plan_back(caller(), plan_id, asked_version())
    return _shown(plan), 200, etag_of(plan.version)


@blp.post("/<int(max=2147483647):plan_id>/discarding")
@blp.doc(**NAMES_ITS_VERSION)
@blp.response(200, PlanAnswer)
def discard_plan(plan_id: int) -> Any:
    """Put a draft aside for good. For coordinators."""
    plan = publication.discard_plan(caller(), plan_id, asked_version())
    return _shown(plan), 200, etag_of(plan.version)


def _shown(plan: Any) -> Any:
    return marked(plan, plan.round.standing)
