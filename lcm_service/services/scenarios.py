"""A coordinator compares scenarios: the round as it is now, solved under several policies, side by side.

A comparison is a run like any other: stored with its problem, solved by a worker, cancelled and told alike.
It makes no plan and changes nothing; a coordinator who prefers a scenario sets the round's policy and matches
again.
"""

from collections.abc import Sequence
from typing import Final

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import SYSTEM, Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence import run_queue
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.run_queue import Claim
from lcm_service.persistence.tables import Run
from lcm_service.services.require import require_round
from lcm_service.services.runs import (
    add_line,
    check_request,
    fail_run,
    refuse_late_word,
    require_same_request,
)
from lcm_service.services.snapshots import build_snapshot
from lcm_service.services.trail import record_event
from optimizer import InvalidFile, read_scenarios

PURPOSE: Final = "scenarios"
# For all scenarios together.
DEFAULT_TIME_LIMIT_SECONDS: Final = 300


def request_comparison(
    actor: Actor, round_code: str, *, idempotency_key: str, time_limit_seconds: int | None = None
) -> Run:
    """Store a run that compares the scenarios of the round as it is now; a worker takes it from there.

    What is agreed or put to the sides is pinned in all of them, as in a repair. The same ``idempotency_key``
    gives the same run, however often it is pressed.

    Raises NotAllowed for all but coordinators, NotFound for a round that is not there, NotValid for records
    that contradict themselves, Conflict for a key that was used for something else.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators compare scenarios."))
    seconds = DEFAULT_TIME_LIMIT_SECONDS if time_limit_seconds is None else time_limit_seconds
    check_request(idempotency_key, seconds)
    with transaction() as session:
        found = require_round(session, round_code)
        round_ = reads.lock_round(session, found.id)
        earlier = reads.find_run_by_key(session, idempotency_key)
        if earlier is not None:
            return require_same_request(earlier, round_, (PURPOSE,))
        snapshot = build_snapshot(session, round_)
        published = reads.published_plan(session, round_.id)
        run = Run(
            round_id=round_.id,
            purpose=PURPOSE,
            idempotency_key=idempotency_key,
            requested_by_id=actor.person_id,
            time_limit_seconds=seconds,
            base_plan_id=None if published is None else published.id,
            problem=snapshot.text,
            problem_sha256=snapshot.sha256,
            labels=snapshot.labels,
            story=[],
        )
        add_line(run, "requested", **snapshot.size)
        session.add(run)
        session.flush()
        record_event(session, actor, "request", "run", str(run.id), facts={"round": round_.code})
        return run


def finish_comparison(run_id: int, fence: int, document: object) -> Run:
    """Store the `lcm-scenarios/1` of a run, if it is one and answers the run's problem; else fail the run.

    Each plan behind it passed `verify` where it was solved; only the comparison is kept. Raises Conflict
    where the fence is stale: nothing is stored then.
    """
    run = reads.find_run(db.session(), run_id)
    if run is None:
        raise refuse_late_word(run_id)
    fault = _find_fault(run, document)
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
        add_line(ended, "compared", scenarios=len(document["scenarios"]))
        record_event(session, SYSTEM, "store", "run", str(run_id), ["result"])
        return ended


def _find_fault(run: Run, document: object) -> str | None:
    try:
        comparison = read_scenarios(document)
    except InvalidFile as error:
        return error.faults[0]
    if comparison.problem_sha256 != run.problem_sha256:
        return f"it answers problem {comparison.problem_sha256}, and the run asked {run.problem_sha256}"
    return None


def list_comparisons(actor: Actor, round_code: str) -> Sequence[Run]:
    """The comparisons of a round, the newest first. Raises NotAllowed for all but coordinators, NotFound."""
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Scenarios are for coordinators."))
    session = db.session()
    round_ = require_round(session, round_code)
    return reads.list_runs_for(session, round_.id, PURPOSE)
