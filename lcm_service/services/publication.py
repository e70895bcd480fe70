"""Draft plans become the published one, whole or not at all; and who may read what of a plan.

Publishing is one transaction: the plan, the one it supersedes, every match that begins, grows or is
released, and the messages. A stored plan is read as it was stored; nothing is computed again for a page.
"""

from collections.abc import Sequence
from typing import Any

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Plan, Round
from lcm_service.services.figures import freeze_plan_figures
from lcm_service.services.plan_excerpts import excerpt_of_plan
from lcm_service.services.plan_objections import list_objections
from lcm_service.services.plan_questions import renew_questions
from lcm_service.services.plan_studies import explanation_with_changes
from lcm_service.services.published_matches import publish_matches
from lcm_service.services.require import require_round
from lcm_service.services.trail import check_version, record_event


def list_plans(actor: Actor, round_code: str) -> Sequence[Plan]:
    """The plans of a round, the newest first: all of them for a coordinator, none for others.

    Raises NotFound for a round that is not there.
    """
    session = db.session()
    round_ = require_round(session, round_code)
    return reads.list_plans(session, round_.id) if may_coordinate(actor) else []


def latest_useful_draft(actor: Actor, round_code: str) -> Plan | None:
    """The newest draft that could follow what is published now, for coordinators; drafts made on top of an
    earlier publication are of no use any more.

    Raises NotAllowed, NotFound.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Whole plans are for coordinators."))
    session = db.session()
    round_ = require_round(session, round_code)
    published = reads.published_plan(session, round_.id)
    return reads.latest_draft(session, round_.id, None if published is None else published.id)


def find_plan(actor: Actor, plan_id: int) -> Plan:
    """A plan with its document, explanation, labels and difference. Raises NotAllowed for all but
    coordinators.
    """
    if not may_coordinate(actor):
        raise NotAllowed(
            sentence("Whole plans are for coordinators. Your own part of it is on the page of the round.")
        )
    plan = reads.find_plan(db.session(), plan_id)
    if plan is None:
        raise NotFound(sentence("There is no plan %(plan)s.", plan=str(plan_id)))
    return plan


def difference(actor: Actor, plan_id: int) -> dict[str, Any] | None:
    """What the plan kept, added, lost and changed against the plan published when it was asked for."""
    return find_plan(actor, plan_id).difference


def published_plan(actor: Actor, round_code: str) -> Plan | None:
    """The plan of the round that is published now, for coordinators."""
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Whole plans are for coordinators."))
    session = db.session()
    return reads.published_plan(session, require_round(session, round_code).id)


def plan_for_participant(actor: Actor, round_code: str) -> dict[str, Any] | None:
    """The actor's own rows of the published plan of a round, or nothing where none is published.

    ``{"plan_id", "number", "published_at", "assignments", "sessions", "unmet", "questions", "labels"}``:
    places given to its needs and in its sessions, its unmet needs with their reasons, the questions on its
    records. Raises NotAllowed for all but focal points, NotFound.
    """
    if actor.role != "focal_point" or actor.participant_code is None:
        raise NotAllowed(sentence("Only a participant has rows of its own in a plan."))
    session = db.session()
    plan = reads.published_plan(session, require_round(session, round_code).id)
    if plan is None:
        return None
    return {
        "plan_id": plan.id,
        "number": plan.number,
        "published_at": plan.published_at,
        **excerpt_of_plan(
            plan,
            actor.participant_code,
            explanation_with_changes(session, plan.id, plan.explanation),
            reads.list_matches(session, plan.round_id),
        ),
    }


def find_objections(actor: Actor, plan_id: int) -> list[dict[str, Any]]:
    """Why a draft could not be published now, as (code, need, session, message) rows; none where it could."""
    plan = find_plan(actor, plan_id)
    session = db.session()
    return list_objections(session, plan.round, plan)


def publish_held(session: Session, actor: Actor, plan: Plan, round_: Round) -> None:
    """Put an approved plan to the recipients: its pairs become matches that they are asked about, those of
    its choice are released, nobody else moves. A provider learns of a match once the recipient agrees to
    that. The other drafts of the round were made on top of what is published no longer: they are superseded.
    What everybody may read of a round is worked out with its first plan, and never again.

    Part of the caller's transaction, which holds the round and has asked `require_publishable`.
    """
    before = reads.published_plan(session, round_.id)
    if before is not None:
        before.state = "superseded"
        session.flush()
    plan.state, plan.published_at, plan.published_by_id = "published", utc_now(), plan.approved_by_id
    session.flush()
    if before is None:
        freeze_plan_figures(session, actor, plan, round_, utc_now().date())
    publish_matches(session, actor, plan)
    _supersede_drafts(session, actor, round_)
    renew_questions(session, round_.id)
    record_plan_event(session, actor, "publish", plan)


def require_publishable(session: Session, round_: Round, plan: Plan) -> None:
    """Raise Conflict where another plan was published since the plan was asked for, or where decisions,
    withdrawals or revisions since then contradict it (``details["objections"]``).
    """
    require_same_base(session, round_, plan)
    objections = list_objections(session, round_, plan)
    if objections:
        raise Conflict(
            sentence(
                "Plan %(plan)s no longer fits what was decided since it was made. Ask for a repair.",
                plan=plan.number,
            ),
            objections=objections,
        )


def discard_plan(actor: Actor, plan_id: int, version: int) -> Plan:
    """Put a draft aside for good; what only it asked is asked no more. Pressed twice it changes nothing;
    raises Conflict for a plan that is no draft.
    """
    require_coordinator(actor)
    with transaction() as session:
        plan, _ = hold_plan(session, plan_id)
        if plan.state == "discarded":
            return plan
        check_plan_version(session, actor, plan, version)
        if plan.state != "draft":
            raise Conflict(
                sentence(
                    "Plan %(plan)s is %(state)s and cannot be discarded.",
                    plan=plan.number,
                    state=Coded("plan_state", plan.state),
                )
            )
        plan.state = "discarded"
        renew_questions(session, plan.round_id)
        record_plan_event(session, actor, "discard", plan)
        return plan


class _Numbered:
    """A plan under the reference that its events carry."""

    def __init__(self, plan: Plan) -> None:
        self.reference = str(plan.id)
        self.version = plan.version


def check_plan_version(session: Session, actor: Actor, plan: Plan, version: int) -> None:
    """Raise Stale, saying who changed what, unless ``version`` is the plan's present one."""
    check_version(session, actor, "plan", _Numbered(plan), version)


def record_plan_event(session: Session, actor: Actor, action: str, plan: Plan, **facts: Any) -> None:
    """Leave the event of a step of a plan's life."""
    facts = {"version": plan.version, **facts}
    record_event(session, actor, action, "plan", str(plan.id), ["state"], facts)


def hold_plan(session: Session, plan_id: int) -> tuple[Plan, Round]:
    """The plan as it is now, with its round, held until the transaction ends. Raises NotFound."""
    plan = reads.find_plan(session, plan_id)
    if plan is None:
        raise NotFound(sentence("There is no plan %(plan)s.", plan=str(plan_id)))
    round_ = reads.lock_round(session, plan.round_id)
    session.refresh(plan)
    return plan, round_


def require_same_base(session: Session, round_: Round, plan: Plan) -> None:
    """Raise Conflict where another plan was published since this one was asked for."""
    published = reads.published_plan(session, round_.id)
    if plan.base_plan_id != (None if published is None else published.id):
        raise Conflict(
            sentence(
                "Another plan was published since plan %(plan)s was asked for. Run the matching again.",
                plan=plan.number,
            ),
            published_plan=None if published is None else published.number,
        )


def _supersede_drafts(session: Session, actor: Actor, round_: Round) -> None:
    for draft in reads.list_drafts(session, round_.id):
        draft.state = "superseded"
        session.flush()
        record_plan_event(session, actor, "supersede", draft)


def require_coordinator(actor: Actor) -> None:
    """Raise NotAllowed for all but coordinators."""
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators publish and discard plans."))
