"""A coordinator asks what would help the needs that a plan leaves short, and who would be next.

That is dozens of small solves, so it is a run of its own, asked for once there is a plan: no match waits for
it. It is solved by a worker, cancelled and told like any other run, and what it finds is kept with the plan
that it is about; the plan itself stays as it was stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound
from lcm_service.domain.permissions import SYSTEM, Actor, may_coordinate
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.domain.vocabulary import UNPUBLISHED_PLAN_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence import run_queue
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.run_queue import Claim
from lcm_service.persistence.tables import Plan, Run
from lcm_service.services.plan_studies import PURPOSE as PURPOSE  # for those who tell runs apart
from lcm_service.services.plan_studies import Study, find_fault, study_of_plan
from lcm_service.services.runs import (
    add_line,
    check_request,
    fail_run,
    refuse_late_word,
    require_same_request,
)
from lcm_service.services.trail import record_event

# For what would help and for who would be next together.
DEFAULT_TIME_LIMIT_SECONDS: Final = 300
EXPLAINED_STATES: Final = (*UNPUBLISHED_PLAN_STATES, "published")


@dataclass(frozen=True, slots=True)
class Task:
    """What a run of this purpose is to explain: a plan, or of it one need alone."""

    plan: Mapping[str, Any]
    need: str | None


def request_explanation(
    actor: Actor,
    plan_id: int,
    *,
    idempotency_key: str,
    need: str | None = None,
    time_limit_seconds: int | None = None,
) -> Run:
    """Store a run that looks for what would help every need that the plan leaves short, and for who would be
    next for each of its matches; of ``need`` alone where one is given.

    The same ``idempotency_key`` gives the same run; so does any key while the same is under way already.

    Raises NotAllowed for all but coordinators, NotFound for a plan or a need that is not there, Conflict for
    a plan that is neither draft nor published and for a key that was used for something else.
    """
    _require_coordinator(actor)
    seconds = DEFAULT_TIME_LIMIT_SECONDS if time_limit_seconds is None else time_limit_seconds
    check_request(idempotency_key, seconds)
    choice = None if need is None else {"need": need}
    with transaction() as session:
        plan = _require_plan(session, plan_id, need)
        reads.lock_round(session, plan.round_id)
        earlier = _find_earlier(session, plan, idempotency_key, choice)
        if earlier is not None:
            return earlier
        if plan.state not in EXPLAINED_STATES:
            raise Conflict(
                sentence(
                    "Plan %(plan)s is %(state)s; nothing hangs on it any more.",
                    plan=plan.number,
                    state=Coded("plan_state", plan.state),
                )
            )
        run = Run(
            round_id=plan.round_id,
            purpose=PURPOSE,
            idempotency_key=idempotency_key,
            requested_by_id=actor.person_id,
            time_limit_seconds=seconds,
            base_plan_id=plan.id,
            choice=choice,
            problem=plan.problem,
            problem_sha256=plan.problem_sha256,
            labels=plan.labels,
            story=[],
        )
        if need is None:
            add_line(run, "asked_about_plan", plan=plan.number)
        else:
            add_line(run, "asked_about_need", need=need, plan=plan.number)
        session.add(run)
        session.flush()
        record_event(session, actor, "request", "run", str(run.id), facts={"round": plan.round.code})
        return run


def _require_plan(session: Session, plan_id: int, need: str | None) -> Plan:
    plan = reads.find_plan(session, plan_id)
    if plan is None:
        raise NotFound(sentence("There is no plan %(plan)s.", plan=str(plan_id)))
    if need is not None and need not in plan.labels["needs"]:
        raise NotFound(sentence("Plan %(plan)s knows of no need %(need)s.", plan=plan.number, need=need))
    return plan


def _find_earlier(
    session: Session, plan: Plan, idempotency_key: str, choice: Mapping[str, str] | None
) -> Run | None:
    """The run that the same key gave before, or one for the same that is under way already."""
    earlier = reads.find_run_by_key(session, idempotency_key)
    if earlier is not None:
        require_same_request(earlier, plan.round, (PURPOSE,))
        if (earlier.base_plan_id, earlier.choice) != (plan.id, choice):
            raise Conflict(sentence("This key was used for another plan or need. Send a new key."))
        return earlier
    active = (
        run
        for run in reads.list_runs_of_plan(session, plan.id, PURPOSE)
        if run.state in ("queued", "running") and run.choice == choice
    )
    return next(active, None)


def find_task(run_id: int) -> Task:
    """What a worker that holds the run has to explain. Raises NotFound."""
    session = db.session()
    run = reads.find_run(session, run_id)
    plan = None if run is None or run.base_plan_id is None else reads.find_plan(session, run.base_plan_id)
    if run is None or plan is None:
        raise NotFound(sentence("There is no run %(run)s that explains a plan.", run=str(run_id)))
    return Task(plan.document, (run.choice or {}).get("need"))


def finish_explanation(run_id: int, fence: int, document: object) -> Run:
    """Store what a run found, if it answers the run's problem; else fail the run.

    ``document`` is ``{"explanation": ..., "reserves": ...}``: an `lcm-explanation/1`, and an
    `lcm-reserves/1` or None. Raises Conflict where the fence is stale: nothing is stored then.
    """
    run = reads.find_run(db.session(), run_id)
    if run is None:
        raise refuse_late_word(run_id)
    fault = find_fault(document, run.problem_sha256, run.labels)
    if fault is not None:
        fail_run(run_id, fence, "unreadable", fault=fault)
        db.session().refresh(run)
        return run
    assert isinstance(document, dict)
    with transaction() as session:
        ended = run_queue.end_claimed(session, Claim(run_id, fence), "done")
        if ended is None:
            raise refuse_late_word(run_id)
        ended.result = document
        reserves = (document["reserves"] or {"matches": ()})["matches"]
        needs = len(document["explanation"]["unmet"])
        add_line(ended, "explained", needs=needs, matches=len(reserves))
        record_event(session, SYSTEM, "store", "run", str(run_id), ["result"])
        return ended


def read_study(actor: Actor, plan_id: int) -> Study:
    """What was found about a plan until now. Raises NotAllowed for all but coordinators, NotFound."""
    _require_coordinator(actor)
    session = db.session()
    if reads.find_plan(session, plan_id) is None:
        raise NotFound(sentence("There is no plan %(plan)s.", plan=str(plan_id)))
    return study_of_plan(session, plan_id)


def list_explanations(actor: Actor, plan_id: int) -> Sequence[Run]:
    """The runs that explain a plan, the newest first. Raises NotAllowed for all but coordinators."""
    _require_coordinator(actor)
    return reads.list_runs_of_plan(db.session(), plan_id, PURPOSE)


def _require_coordinator(actor: Actor) -> None:
    if not may_coordinate(actor):
        raise NotAllowed(sentence("What would help, and whom it would displace, is for coordinators."))
