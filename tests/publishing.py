"""A plan through the whole publish gate, for tests of what comes after it."""

from lcm_service.domain.permissions import SYSTEM, Actor
from lcm_service.persistence.database import transaction, utc_now
from lcm_service.persistence.tables import Plan
from lcm_service.services import publication, publish_gate
from tests import factories


def publish_plan(actor: Actor, plan_id: int, version: int) -> Plan:
    """One coordinator puts the plan forward, another approves it, and it is held long enough."""
    plan = publish_gate.put_plan_forward(actor, plan_id, version)
    plan = publish_gate.approve_plan(factories.make_actor("coordinator"), plan_id, plan.version)
    if plan.state == "approved":
        end_hold(plan_id)
        publish_gate.let_plans_leave(SYSTEM)
    return publication.find_plan(actor, plan_id)


def end_hold(plan_id: int) -> None:
    """The time for which an approved plan is held is over."""
    with transaction() as session:
        plan = session.get_one(Plan, plan_id)
        assert plan.state == "approved"
        plan.leaves_at = utc_now()
