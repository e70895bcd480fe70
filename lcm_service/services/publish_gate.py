"""The gate before publication: one coordinator puts a draft forward, another approves it, and then it is held
for a while in which one press of any coordinator takes it back. Only after that is anybody told.

Issue 4, Build 5. What a plan does when it leaves is in `publication`.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.exc import OperationalError

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound
from lcm_service.domain.lives import states_before
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import Coded, Sentence, sentence
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Plan
from lcm_service.services.plan_questions import renew_questions
from lcm_service.services.publication import (
    check_plan_version,
    hold_plan,
    publish_held,
    record_plan_event,
    require_coordinator,
    require_publishable,
    require_same_base,
)
from lcm_service.services.require import require_round
from lcm_service.services.trail import enqueue_message

log = logging.getLogger(__name__)


def may_approve(actor: Actor, plan: Plan) -> bool:
    """Whoever puts a plan forward does not approve it: two coordinators answer for what 119 States read."""
    return may_coordinate(actor) and actor.person_id not in (None, plan.put_forward_by_id)


def find_plan_on_its_way(actor: Actor, round_code: str) -> Plan | None:
    """The plan of the round that waits for approval or is held, for coordinators.

    Raises NotAllowed, NotFound.
    """
    require_coordinator(actor)
    session = db.session()
    return reads.plan_on_its_way(session, require_round(session, round_code).id)


def put_plan_forward(actor: Actor, plan_id: int, version: int) -> Plan:
    """Ask the other coordinators to approve a draft; they are told. Nobody else learns of it.

    Pressed twice it changes nothing. Raises NotAllowed for all but coordinators, NotFound, Stale, and
    Conflict where it is no draft, where another plan of the round is on its way, or where it could not be
    published (`publication.require_publishable`).
    """
    require_coordinator(actor)
    with transaction() as session:
        plan, round_ = hold_plan(session, plan_id)
        if plan.state == "put_forward":
            return plan
        require_same_base(session, round_, plan)
        _require_state(session, actor, plan, "put_forward", version)
        other = reads.plan_on_its_way(session, round_.id)
        if other is not None:
            raise Conflict(
                sentence(
                    "Plan %(plan)s is on its way already. Take it back before you put another forward.",
                    plan=other.number,
                ),
                plan=other.number,
            )
        require_publishable(session, round_, plan)
        plan.state, plan.put_forward_at, plan.put_forward_by_id = "put_forward", utc_now(), actor.person_id
        session.flush()
        renew_questions(session, round_.id)
        record_plan_event(session, actor, "put_forward", plan)
        others = [one.id for one in reads.list_coordinators(session) if one.id != actor.person_id]
        _tell(session, "put_forward", plan, others)
        return plan


def approve_plan(actor: Actor, plan_id: int, version: int) -> Plan:
    """Approve a plan that another coordinator put forward. It leaves after the minutes for which its round
    holds plans; where these are none, at once.

    Pressed twice it changes nothing. Raises NotAllowed for all but coordinators and for the one who put it
    forward, NotFound, Stale, and Conflict where it was not put forward or could not be published.
    """
    require_coordinator(actor)
    with transaction() as session:
        plan, round_ = hold_plan(session, plan_id)
        if plan.state in ("approved", "published") and plan.approved_by_id == actor.person_id:
            return plan
        _require_state(session, actor, plan, "approve", version)
        if not may_approve(actor, plan):
            raise NotAllowed(sentence("You put this plan forward yourself: another coordinator approves it."))
        _require_two_coordinators(session, plan)
        require_publishable(session, round_, plan)
        plan.state, plan.approved_at, plan.approved_by_id = "approved", utc_now(), actor.person_id
        plan.leaves_at = plan.approved_at + timedelta(minutes=round_.hold_minutes)
        session.flush()
        record_plan_event(session, actor, "approve", plan, hold_minutes=round_.hold_minutes)
        if round_.hold_minutes == 0:
            publish_held(session, actor, plan, round_)
        else:
            _tell(session, "approved", plan, _people_of(plan, actor))
        return plan


def take_plan_back(actor: Actor, plan_id: int, version: int) -> Plan:
    """Make a plan that is on its way a draft again: nothing of it has left.

    Pressed twice it changes nothing. Raises NotAllowed for all but coordinators, NotFound, Stale, and
    Conflict where it is published already: what has left is corrected by another plan.
    """
    require_coordinator(actor)
    with transaction() as session:
        plan, _ = hold_plan(session, plan_id)
        if plan.state == "draft":
            return plan
        if plan.state == "published":
            raise Conflict(
                sentence(
                    "Plan %(plan)s has left: its matches are with the recipients. Correct it by a plan that "
                    "withdraws what should not stand.",
                    plan=plan.number,
                )
            )
        _require_state(session, actor, plan, "take_back", version)
        told = _people_of(plan, actor)
        _make_draft(session, plan)
        record_plan_event(session, actor, "take_back", plan)
        _tell(session, "taken_back", plan, told)
        return plan


def let_plans_leave(actor: Actor) -> int:
    """Publish every approved plan that was held long enough; gives how many left. One that no longer fits
    what was decided meanwhile becomes a draft again, and the coordinators who let it through are told.

    Raises NotAllowed for all but the service itself.
    """
    if not actor.is_system:
        raise NotAllowed(sentence("Plans leave by themselves when they were held long enough."))
    due = list(reads.plans_to_leave(db.session(), utc_now()))
    left, broken = 0, []
    for plan_id in due:
        try:
            left += _let_leave(actor, plan_id)
        except OperationalError:
            # The database was busy or away: the plan keeps its place and is tried again.
            log.exception("Plan %s could not leave now; it is tried again.", plan_id)
        except Exception:
            # What is wrong with one plan must neither keep the others back nor stay unseen.
            log.exception("Plan %s could not leave; it becomes a draft again.", plan_id)
            broken.append(plan_id)
    # Last, for a plan that cannot even be made a draft again must keep no other back either.
    for plan_id in broken:
        _hold_back(actor, plan_id)
    return left


def _let_leave(actor: Actor, plan_id: int) -> bool:
    with transaction() as session:
        try:
            plan, round_ = hold_plan(session, plan_id)
        except NotFound:
            return False
        # It may have been taken back, or published by another worker, since it was found.
        if plan.state != "approved" or plan.leaves_at is None or plan.leaves_at > utc_now():
            return False
        try:
            _require_two_coordinators(session, plan)
            require_publishable(session, round_, plan)
        except Conflict as refusal:
            _make_draft_again(session, actor, plan, len(refusal.details.get("objections", ())))
            return False
        publish_held(session, actor, plan, round_)
        return True


def _hold_back(actor: Actor, plan_id: int) -> None:
    with transaction() as session:
        plan, _ = hold_plan(session, plan_id)
        if plan.state == "approved":
            _make_draft_again(session, actor, plan, 0)


def _make_draft_again(session: Session, actor: Actor, plan: Plan, objections: int) -> None:
    told = _people_of(plan, actor)
    _make_draft(session, plan)
    record_plan_event(session, actor, "hold_back", plan, objections=objections)
    _tell(session, "held_back", plan, told)


def _require_two_coordinators(session: Session, plan: Plan) -> None:
    """Raise Conflict where whoever put the plan forward, or approved it, coordinates no more."""
    present = {one.id for one in reads.list_coordinators(session)}
    if {plan.put_forward_by_id, plan.approved_by_id} - {None} - present:
        raise Conflict(
            sentence(
                "Who let plan %(plan)s through is a coordinator no more. Take it back and put it forward "
                "again.",
                plan=plan.number,
            )
        )


def _require_state(session: Session, actor: Actor, plan: Plan, action: str, version: int) -> None:
    check_plan_version(session, actor, plan, version)
    before = states_before("plan", action)
    if plan.state not in before:
        raise Conflict(_not_in_state(plan, before), state=plan.state)


def _not_in_state(plan: Plan, before: Sequence[str]) -> Sentence:
    """What is said of a plan for which a step is not open, which is open before at most two states."""
    state = Coded("plan_state", plan.state)
    if len(before) == 1:
        return sentence(
            "Plan %(plan)s is %(state)s; this is open for one that is %(open)s.",
            plan=plan.number,
            state=state,
            open=Coded("plan_state", before[0]),
        )
    return sentence(
        "Plan %(plan)s is %(state)s; this is open for one that is %(open)s or %(also)s.",
        plan=plan.number,
        state=state,
        open=Coded("plan_state", before[0]),
        also=Coded("plan_state", before[1]),
    )


def _make_draft(session: Session, plan: Plan) -> None:
    plan.state = "draft"
    plan.put_forward_at = plan.approved_at = plan.leaves_at = None
    plan.put_forward_by_id = plan.approved_by_id = None
    session.flush()
    renew_questions(session, plan.round_id)


def _people_of(plan: Plan, actor: Actor) -> list[int]:
    """Who let the plan through so far, but for the one who presses now."""
    return [
        one for one in (plan.put_forward_by_id, plan.approved_by_id) if one not in (None, actor.person_id)
    ]


def _tell(session: Session, what: str, plan: Plan, people: Sequence[int]) -> None:
    for person_id in people:
        enqueue_message(session, f"plan.{what}", person_id=person_id, facts={"plan": plan.id})
