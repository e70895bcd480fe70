"""A coordinator presses Match: a run is stored with its problem, solved elsewhere, and its answer judged
here.

The run table is the truth. `runs` holds the life of a run, which this module's callers find here too; what is
added here is what knows the optimizer: the problem that is asked, and the check of every answer before it is
stored.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import SYSTEM, Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import DECISION_SIDES, LIVE_MATCH_STATES, PLANNING_PURPOSES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence import run_queue
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.run_queue import Claim
from lcm_service.persistence.tables import Match, Plan, Round, Run
from lcm_service.services.match_turns import agreed_seats
from lcm_service.services.plan_questions import renew_questions
from lcm_service.services.repair_choices import (
    ENOUGH_WAYS,
    NO_WAY_OUT,
    Choice,
    find_holding_choice,
    find_lacking_reasons,
    find_releasing_choices,
    require_way_out,
)
from lcm_service.services.require import require_round
from lcm_service.services.runs import (
    ClaimedRun,
    add_line,
    cancel_run,
    check_request,
    claim_next_run,
    fail_run,
    find_run,
    give_back_run,
    is_work_waiting,
    list_follow_ups,
    list_runs,
    plan_id_of_run,
    refuse_late_word,
    report_progress,
    require_same_request,
    sweep_expired_runs,
)
from lcm_service.services.snapshots import build_snapshot
from lcm_service.services.trail import record_event
from optimizer import (
    InvalidFile,
    diff_plans,
    difference_to_document,
    explain,
    explanation_to_document,
    read_plan,
    read_problem,
    verify,
)
from optimizer import Plan as SolvedPlan

__all__ = [
    "ClaimedRun",
    "cancel_run",
    "claim_next_run",
    "fail_run",
    "find_run",
    "finish_run",
    "give_back_run",
    "is_work_waiting",
    "list_follow_ups",
    "list_runs",
    "plan_id_of_run",
    "report_progress",
    "request_run",
    "sweep_expired_runs",
]

DEFAULT_TIME_LIMIT_SECONDS: Final = 120


def request_run(
    actor: Actor,
    round_code: str,
    *,
    idempotency_key: str,
    time_limit_seconds: int | None = None,
    choice: Mapping[str, Any] | None = None,
    base_run_id: int | None = None,
) -> Run:
    """Store a run with the round as it is now; a worker takes it from there.

    Once a plan is published it is a repair: what is agreed or put to the sides is pinned. ``choice`` is what
    the coordinator would give up where the pins of ``base_run_id`` clash (see `repair_choices.Choice`). The
    same ``idempotency_key`` gives the same run, however often it is pressed.

    Raises NotAllowed for all but coordinators, NotFound for a round or a base run that is not there, NotValid
    for a choice of what is not pinned or does not clash and for records that contradict themselves, Conflict
    for a key that was used for something else, for a clash that is over and for a closed round of which no
    plan is published.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators run the matching."))
    seconds = DEFAULT_TIME_LIMIT_SECONDS if time_limit_seconds is None else time_limit_seconds
    check_request(idempotency_key, seconds)
    wanted = Choice.from_document(choice)
    with transaction() as session:
        found = require_round(session, round_code)
        round_ = reads.lock_round(session, found.id)
        base = None if base_run_id is None else _require_base(session, round_, base_run_id)
        if base is not None:
            wanted = Choice.from_document(base.choice).carried_on(wanted)
        earlier = reads.find_run_by_key(session, idempotency_key)
        if earlier is not None:
            return _require_same_choice(earlier, round_, wanted, base_run_id)
        if wanted.given_up or wanted.hold:
            _require_clash(session, round_, base, wanted)
        return _store_run(
            session,
            actor,
            round_,
            key=idempotency_key,
            seconds=seconds,
            choice=wanted,
            base_run_id=base_run_id,
        )


def finish_run(
    run_id: int, fence: int, document: object, explanation: Mapping[str, Any] | None = None
) -> Run:
    """Judge the answer of a run and store it: as a draft plan, or as a clash with a run for each way out.

    ``document`` is the `lcm-plan/1` that was solved, ``explanation`` its `lcm-explanation/1`, which is made
    here where it is not given. Every plan passes `verify`; one that does not fails the run, with what was
    wrong in its story. Raises Conflict where the fence is stale: nothing is stored then.
    """
    run = reads.find_run(db.session(), run_id)
    if run is None:
        raise refuse_late_word(run_id)
    problem = read_problem(json.loads(run.problem))
    try:
        answer = read_plan(document)
    except InvalidFile as error:
        fail_run(run_id, fence, "unreadable", fault=error.faults[0])
        return _read_again(run_id)
    assert isinstance(document, dict)
    verification = verify(problem, answer, run.problem_sha256)
    if not verification.ok:
        first = verification.violations[0]
        count = len(verification.violations)
        fail_run(run_id, fence, "refused", violations=count, first=f"{first.code}: {first.message}")
        return _read_again(run_id)
    if answer.outcome == "clashing_pins":
        return _store_clash(run_id, fence, document)
    if explanation is None:
        explanation = explanation_to_document(explain(problem, answer))
    return _store_plan(run_id, fence, answer, document, explanation)


def _require_base(session: Session, round_: Round, base_run_id: int) -> Run:
    base = reads.find_run(session, base_run_id)
    if base is None or base.round_id != round_.id or base.purpose not in PLANNING_PURPOSES:
        raise NotFound(
            sentence("There is no run %(run)s of round %(round)s.", run=str(base_run_id), round=round_.code)
        )
    return base


def _require_same_choice(earlier: Run, round_: Round, wanted: Choice, base_run_id: int | None) -> Run:
    require_same_request(earlier, round_, PLANNING_PURPOSES)
    if (earlier.choice, earlier.base_run_id) != (wanted.to_document() or None, base_run_id):
        raise Conflict(
            sentence("This was sent before with another choice. Open the form anew, or send a new key.")
        )
    return earlier


def _require_clash(session: Session, round_: Round, base: Run | None, wanted: Choice) -> None:
    """Raise NotValid unless what is given up is a way out of the clash that the base run has found, and
    Conflict where another plan was published since: who clashed then may not now.
    """
    if base is None or base.outcome != "clashing_pins" or base.result is None:
        raise NotValid(NO_WAY_OUT, faults={"choice": []})
    published = reads.published_plan(session, round_.id)
    if base.base_plan_id != (None if published is None else published.id):
        raise Conflict(sentence("Another plan was published since these matches clashed. Ask for a repair."))
    require_way_out(wanted, Choice.from_document(base.choice), json.loads(base.problem), base.result["clash"])


def _store_run(
    session: Session,
    actor: Actor,
    round_: Round,
    *,
    key: str,
    seconds: int,
    choice: Choice,
    base_run_id: int | None,
) -> Run:
    _require_pinned(session, round_, choice)
    snapshot = build_snapshot(session, round_, release=choice.release, hold=choice.hold, barred=choice.barred)
    published = reads.published_plan(session, round_.id)
    if published is None and round_.state != "open":
        raise Conflict(
            sentence(
                "The round %(round)s is closed, and no plan of it is published to be repaired.",
                round=round_.code,
            )
        )
    run = Run(
        round_id=round_.id,
        purpose="match" if published is None else "repair",
        idempotency_key=key,
        requested_by_id=actor.person_id,
        time_limit_seconds=seconds,
        base_plan_id=None if published is None else published.id,
        base_run_id=base_run_id,
        choice=choice.to_document() or None,
        problem=snapshot.text,
        problem_sha256=snapshot.sha256,
        labels=snapshot.labels,
        story=[],
    )
    add_line(run, "requested", **snapshot.size)
    if base_run_id is not None:
        add_line(run, "follows", run=base_run_id, choice=choice.describe())
    session.add(run)
    session.flush()
    record_event(session, actor, "request", "run", str(run.id), facts={"round": round_.code})
    return run


def _require_pinned(session: Session, round_: Round, choice: Choice) -> None:
    """Only what is held can be given up: a pair to release, and a session to hold, have a live match."""
    live = [one for one in reads.list_matches(session, round_.id) if one.state in LIVE_MATCH_STATES]
    pairs = {(one.need_reference, one.session_code) for one in live}
    if choice.release - pairs or choice.hold - {code for _, code in pairs}:
        raise NotValid(
            sentence("A choice may give up only what is agreed or proposed now."), faults={"choice": []}
        )
    lacking = find_lacking_reasons(choice, live)
    if lacking:
        named = [sentence("%(need)s in %(session)s", need=need, session=code) for need, code in lacking]
        raise NotValid(
            sentence("A side has answered about %(matches)s: say why each is withdrawn.", matches=named),
            faults={"withdraw": [sentence("Say why, for each match that a side has answered.")]},
        )


def _store_clash(run_id: int, fence: int, document: dict[str, Any]) -> Run:
    """Keep the answer, leave every plan as it is, and ask for a run along each way out."""
    with transaction() as session:
        run = _end_held(session, run_id, fence)
        run.outcome, run.result = document["outcome"], document
        add_line(run, "clash", pins=len(document["clash"]["pins"]))
        if not _request_ways(session, run):
            add_line(run, "no_choice_left")
        _go_on_from_root(session, run)
        return run


def _request_ways(session: Session, run: Run) -> bool:
    """Ask for runs along the ways out of the run's clash; tells whether any was asked for.

    Releases are tried one by one, until enough of them have found a plan or still may.
    """
    assert run.result is not None
    problem, base, clash = json.loads(run.problem), Choice.from_document(run.choice), run.result["clash"]
    round_ = reads.lock_round(session, run.round_id)
    answered = {
        (match.need_reference, match.session_code): _weight_of_answers(match)
        for match in reads.list_matches(session, run.round_id)
    }
    promising = sum(_is_promising(session, one) for one in _releasing_follow_ups(session, run))
    ways = find_releasing_choices(base, problem, clash, lambda pair: answered.get(pair, 0))
    asked_for: list[Run] = []
    for way in ways:
        if promising + len(asked_for) >= ENOUGH_WAYS:
            break
        follow = _request_choice(session, run, round_, way)
        asked_for += [] if follow is None else [follow]
    holding = find_holding_choice(base, problem, clash)
    follow = None if holding is None else _request_choice(session, run, round_, holding)
    asked_for += [] if follow is None else [follow]
    for one in asked_for:
        add_line(run, "choice_requested", run=one.id, choice=Choice.from_document(one.choice).describe())
    return bool(asked_for)


def _weight_of_answers(match: Match) -> int:
    """How much it takes to give a match up: an agreed one most, then by the sides that have confirmed."""
    confirmed = sum(decision.answer == "confirmed" for decision in match.decisions)
    return len(DECISION_SIDES) + 1 if agreed_seats(match) else confirmed


def _releasing_follow_ups(session: Session, run: Run) -> list[Run]:
    follow_ups = reads.list_follow_ups(session, run.id)
    return [one for one in follow_ups if Choice.from_document(one.choice).given_up]


def _is_promising(session: Session, run: Run) -> bool:
    """Whether a way has found a plan, or may still find one."""
    if run.outcome == "clashing_pins":
        return any(_is_promising(session, one) for one in reads.list_follow_ups(session, run.id))
    return run.state in ("queued", "running") or reads.plan_of_run(session, run.id) is not None


def _go_on_from_root(session: Session, run: Run) -> None:
    """A way out has come to its end: ask for the next one, where the first clash has too few and still
    matters.
    """
    root = _root_of(session, run)
    published = reads.published_plan(session, run.round_id)
    is_current = root.base_plan_id == (None if published is None else published.id)
    if root is not run and root.outcome == "clashing_pins" and is_current:
        session.flush()
        _request_ways(session, root)


def _request_choice(session: Session, run: Run, round_: Round, way: Choice) -> Run | None:
    """A run for one way out, unless this clash has had one already or the pairs are no longer held."""
    root = _root_of(session, run)
    text = json.dumps(way.to_document(), sort_keys=True)
    key = f"choice-{root.id}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    if reads.find_run_by_key(session, key) is not None:
        return None
    try:
        return _store_run(
            session,
            SYSTEM,
            round_,
            key=key,
            seconds=run.time_limit_seconds,
            choice=way,
            base_run_id=run.id,
        )
    except NotValid:
        # Something was withdrawn or declined while the run was being solved: the next run sees it.
        return None


def _root_of(session: Session, run: Run) -> Run:
    while run.base_run_id is not None:
        base = reads.find_run(session, run.base_run_id)
        assert base is not None
        run = base
    return run


def _store_plan(
    run_id: int,
    fence: int,
    answer: SolvedPlan,
    document: dict[str, Any],
    explanation: Mapping[str, Any],
) -> Run:
    with transaction() as session:
        run = _end_held(session, run_id, fence)
        run.outcome = answer.outcome
        reads.lock_round(session, run.round_id)
        base = None if run.base_plan_id is None else reads.find_plan(session, run.base_plan_id)
        difference = None
        if base is not None:
            difference = difference_to_document(diff_plans(read_plan(base.document), answer))
        plan = Plan(
            round_id=run.round_id,
            run_id=run.id,
            number=reads.last_plan_number(session, run.round_id) + 1,
            outcome=answer.outcome,
            problem=run.problem,
            problem_sha256=run.problem_sha256,
            document=document,
            explanation=dict(explanation),
            labels=run.labels,
            difference=difference,
            base_plan_id=run.base_plan_id,
        )
        session.add(plan)
        session.flush()
        _supersede_if_late(session, plan)
        renew_questions(session, run.round_id)
        _go_on_from_root(session, run)
        seconds = 0.0 if answer.solver is None else answer.solver.seconds
        add_line(run, "stored", plan=plan.number, outcome=answer.outcome, seconds=round(seconds, 1))
        record_event(session, SYSTEM, "store", "plan", str(plan.id), facts={"number": plan.number})
        return run


def _supersede_if_late(session: Session, plan: Plan) -> None:
    """Another plan was published while this one was being solved: it is kept, and can follow nothing."""
    published = reads.published_plan(session, plan.round_id)
    if plan.base_plan_id != (None if published is None else published.id):
        plan.state = "superseded"
        session.flush()
        record_event(session, SYSTEM, "supersede", "plan", str(plan.id), ["state"])


def _end_held(session: Session, run_id: int, fence: int) -> Run:
    run = run_queue.end_claimed(session, Claim(run_id, fence), "done")
    if run is None:
        raise refuse_late_word(run_id)
    return run


def _read_again(run_id: int) -> Run:
    run = reads.find_run(db.session(), run_id)
    assert run is not None
    return run
