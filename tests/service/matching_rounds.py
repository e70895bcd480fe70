"""Small rounds for the tests of matching, decisions and repair, and the worker that solves them here and
now.
"""

import json
from typing import Any

from lcm_service.domain.lives import CONFIRMING_ORDER
from lcm_service.domain.permissions import Actor
from lcm_service.domain.vocabulary import PARTIES
from lcm_service.jobs.reserve_list import find_reserves
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Plan, Round, Run
from lcm_service.services import decisions, explanations, matching, parties, publication, scenarios
from lcm_service.services.match_views import MatchView
from optimizer import (
    ChangeSearch,
    Problem,
    RoundWithPlan,
    compare_scenarios,
    explain,
    explanation_to_document,
    plan_to_document,
    read_plan,
    read_problem,
    scenarios_to_document,
    solve,
)
from tests import factories, publishing

LEASE_SECONDS = 30


def coordinator() -> Actor:
    return factories.make_actor("coordinator")


def solve_waiting_runs() -> list[Run]:
    """Solve what waits, follow-ups included, in this process; the worker's own process is tested with the
    jobs.
    """
    ended = []
    while (claimed := matching.claim_next_run(LEASE_SECONDS)) is not None:
        problem = read_problem(json.loads(claimed.problem))
        if claimed.purpose == scenarios.PURPOSE:
            comparison = scenarios_to_document(compare_scenarios(problem))
            ended.append(scenarios.finish_comparison(claimed.run_id, claimed.fence, comparison))
            continue
        if claimed.purpose == explanations.PURPOSE:
            found = _explain(claimed.run_id, problem)
            ended.append(explanations.finish_explanation(claimed.run_id, claimed.fence, found))
            continue
        plan = solve(problem, time_limit_seconds=claimed.time_limit_seconds)
        explanation = explanation_to_document(explain(problem, plan))
        ended.append(matching.finish_run(claimed.run_id, claimed.fence, plan_to_document(plan), explanation))
    return ended


def _explain(run_id: int, problem: Problem) -> dict[str, Any]:
    """What the worker's processes would find, in this one."""
    task = explanations.find_task(run_id)
    plan = read_plan(dict(task.plan))
    explanation = explain(problem, plan, task.need, search=ChangeSearch(RoundWithPlan(problem, plan)))
    reserves = find_reserves(problem, plan, 60, task.need)
    return {"explanation": explanation_to_document(explanation), "reserves": reserves}


_keys = iter(f"key-{number}" for number in range(10**9))


def request(actor: Actor, round_: Round, **options: Any) -> Run:
    return matching.request_run(actor, round_.code, idempotency_key=next(_keys), **options)


def solve_round(actor: Actor, round_: Round, **options: Any) -> Run:
    """Ask for a run and solve it, with every run that follows; gives the run that was asked for."""
    run = request(actor, round_, **options)
    solve_waiting_runs()
    return matching.find_run(actor, run.id)


def plan_of(actor: Actor, run: Run) -> Plan:
    """The draft that the run stored."""
    plan_id = matching.plan_id_of_run(actor, run.id)
    assert plan_id is not None, run.story
    return publication.find_plan(actor, plan_id)


def publish(actor: Actor, run: Run, *, put: bool = True) -> Plan:
    """Publish the run's draft; ``put``: the recipients agree at once to be put to the providers."""
    plan = plan_of(actor, run)
    published = publishing.publish_plan(actor, plan.id, plan.version)
    if put:
        put_all(actor, published.round)
    return published


def put_all(actor: Actor, round_: Round) -> None:
    """Every recipient that is asked agrees to be put to the provider; the coordinator has its letter."""
    for match in decisions.list_matches(actor, round_.code):
        if match.state == "asked":
            decisions.consent_to_match(actor, match.id, match.version, on_behalf=True)


def match_of(actor: Actor, round_: Round, need: str, session: str) -> MatchView:
    found = [
        one
        for one in decisions.list_matches(actor, round_.code)
        if (one.need_reference, one.session_code) == (need, session)
    ]
    assert found, f"no match of {need} with {session}"
    return found[0]


def agree(actor: Actor, match: MatchView) -> MatchView:
    """All three sides confirm in turn; the coordinator has the letters of the other two."""
    for side in CONFIRMING_ORDER:
        if match.waiting_for == PARTIES:
            confirm_parts(actor, match)
            match = decisions.find_match(actor, match.id)
        match = decisions.confirm_match(actor, match.id, side, match.version, on_behalf=side != "secretariat")
    assert match.state == "agreed"
    return match


def confirm_parts(actor: Actor, match: MatchView) -> None:
    """Every other party of the match's session confirms its part; the coordinator has its letter."""
    for part in parties.list_parts(actor, match.round_code):
        if part.session.code == match.session_code and part.state == "asked":
            parties.confirm_part(actor, part.id, part.version, on_behalf=True)


def seats_in(plan: Plan) -> dict[tuple[str, str], int]:
    return {(row["need"], row["session"]): row["seats"] for row in plan.document["assignments"]}


def fresh() -> None:
    """Read rows again as another request would."""
    db.session.rollback()
    db.session.expire_all()
