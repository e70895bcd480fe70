"""The life of a run: waiting, held by a worker, ended. Nothing here knows what is solved.

Workers name the run and their fence with every word; what comes under an old fence is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import SYSTEM, Actor, may_coordinate
from lcm_service.domain.run_stories import tell
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence import run_queue
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.run_queue import Claim
from lcm_service.persistence.tables import Round, Run
from lcm_service.services.require import require_round
from lcm_service.services.trail import record_event

MAX_ATTEMPTS: Final = 3
LONGEST_TIME_LIMIT_SECONDS: Final = 86_400
LONGEST_KEY: Final = 80


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """A run that a worker holds: what to solve, for what, for how long, and the fence to answer with."""

    run_id: int
    fence: int
    attempt: int
    purpose: str
    problem: str
    time_limit_seconds: int


def find_run(actor: Actor, run_id: int) -> Run:
    """A run with its story. Raises NotAllowed for all but coordinators, NotFound."""
    _require_coordinator(actor)
    run = reads.find_run(db.session(), run_id)
    if run is None:
        raise NotFound(sentence("There is no run %(run)s.", run=str(run_id)))
    return run


def list_runs(actor: Actor, round_code: str) -> Sequence[Run]:
    """The runs of a round, the newest first. Raises NotAllowed for all but coordinators, NotFound."""
    _require_coordinator(actor)
    session = db.session()
    round_ = require_round(session, round_code)
    return reads.list_runs(session, round_.id)


def list_follow_ups(actor: Actor, run_id: int) -> Sequence[Run]:
    """The runs that try a way out of the clash that this run found."""
    return reads.list_follow_ups(db.session(), find_run(actor, run_id).id)


def plan_id_of_run(actor: Actor, run_id: int) -> int | None:
    """The plan that the run stored, if it stored one."""
    plan = reads.plan_of_run(db.session(), find_run(actor, run_id).id)
    return None if plan is None else plan.id


def cancel_run(actor: Actor, run_id: int) -> Run:
    """End a run that waits or is being solved; its worker lets go within a second.

    Pressed again it changes nothing. Raises Conflict where the run has ended by itself.
    """
    _require_coordinator(actor)
    with transaction() as session:
        run = reads.find_run(session, run_id)
        if run is None:
            raise NotFound(sentence("There is no run %(run)s.", run=str(run_id)))
        cancelled = run_queue.cancel(session, run_id)
        if cancelled is None:
            session.refresh(run)
            if run.state != "cancelled":
                raise Conflict(
                    sentence(
                        "Run %(run)s is %(state)s already and cannot be cancelled.",
                        run=str(run_id),
                        state=Coded("run_state", run.state),
                    )
                )
            return run
        add_line(cancelled, "cancelled")
        record_event(session, actor, "cancel", "run", str(run_id), ["state"])
        return cancelled


def is_work_waiting() -> bool:
    """Whether a run waits for a worker, or for one to take it over from a worker that was lost."""
    session = db.session()
    return run_queue.has_queued(session) or bool(run_queue.list_expired(session))


def claim_next_run(lease_seconds: float) -> ClaimedRun | None:
    """Take the oldest run that waits, for as long as the lease, those that make a plan first; None where
    nothing waits.
    """
    with transaction() as session:
        claim = run_queue.claim_next(session, lease_seconds)
        if claim is None:
            return None
        run = reads.find_run(session, claim.run_id)
        assert run is not None
        session.refresh(run)
        add_line(run, "started", attempt=run.attempts)
        return ClaimedRun(run.id, claim.fence, run.attempts, run.purpose, run.problem, run.time_limit_seconds)


def report_progress(
    run_id: int, fence: int, progress: Mapping[str, Any] | None, lease_seconds: float
) -> bool:
    """A worker's sign of life. False: the run was cancelled or is another's by now; stop and say nothing
    more.
    """
    with transaction() as session:
        return run_queue.renew_lease(session, Claim(run_id, fence), lease_seconds, progress)


def fail_run(run_id: int, fence: int, code: str, *, said: Sequence[str] = (), **facts: Any) -> None:
    """End a run without a plan. ``code`` and ``facts`` are the line of its story that says why; ``said`` are
    the last words of the solving process. Raises Conflict where the fence is stale.
    """
    with transaction() as session:
        run = run_queue.end_claimed(session, Claim(run_id, fence), "failed")
        if run is None:
            raise refuse_late_word(run_id)
        for line in said:
            add_line(run, "said", line=line)
        add_line(run, code, **facts)
        record_event(session, SYSTEM, "fail", "run", str(run_id), ["state"], {"code": code})


def give_back_run(run_id: int, fence: int) -> None:
    """Queue a run again whose worker is being stopped. Raises Conflict where the fence is stale."""
    with transaction() as session:
        run = run_queue.give_back(session, Claim(run_id, fence))
        if run is None:
            raise refuse_late_word(run_id)
        add_line(run, "worker_stopped")


def sweep_expired_runs() -> int:
    """Queue again the runs whose worker was lost, up to `MAX_ATTEMPTS`; returns how many leases had
    expired.
    """
    with transaction() as session:
        swept = 0
        for claim in run_queue.list_expired(session):
            run = reads.find_run(session, claim.run_id)
            assert run is not None
            if run.attempts < MAX_ATTEMPTS:
                ended = run_queue.queue_again(session, claim)
                line: tuple[str, dict[str, Any]] = ("worker_lost", {})
            else:
                ended = run_queue.give_up(session, claim)
                line = ("gave_up", {"attempts": run.attempts})
            if ended is not None:
                add_line(ended, line[0], **line[1])
                swept += 1
        return swept


def check_request(idempotency_key: str, time_limit_seconds: int) -> None:
    """Raise NotValid for a key or a time limit that no run can have."""
    if not 0 < len(idempotency_key) <= LONGEST_KEY:
        raise NotValid(
            sentence("A key of 1 to %(most)s characters must come with the request.", most=LONGEST_KEY)
        )
    if not 1 <= time_limit_seconds <= LONGEST_TIME_LIMIT_SECONDS:
        most = LONGEST_TIME_LIMIT_SECONDS
        raise NotValid(
            sentence("A run may take 1 to %(most)s seconds.", most=most), faults={"time_limit_seconds": []}
        )


def require_same_request(earlier: Run, round_: Round, purposes: Sequence[str]) -> Run:
    """The run that the same key gave before. Raises Conflict where the key was for something else."""
    if earlier.round_id != round_.id:
        raise Conflict(sentence("This key was used for a run of another round. Send a new key."))
    if earlier.purpose not in purposes:
        raise Conflict(sentence("This key was used for a run of another kind. Send a new key."))
    return earlier


def add_line(run: Run, code: str, /, **facts: Any) -> None:
    """Add a line to a run's story, dated, as a code with facts and in English."""
    line = {"at": utc_now().isoformat(timespec="seconds"), "code": code, "facts": facts}
    # A new list, because the database writes a changed column and not a changed value.
    run.story = [*run.story, line | {"text": tell(code, facts)}]


def refuse_late_word(run_id: int) -> Conflict:
    return Conflict(
        sentence(
            "Run %(run)s is no longer yours: it was cancelled, or another worker has it.", run=str(run_id)
        )
    )


def _require_coordinator(actor: Actor) -> None:
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Runs are for coordinators."))
