"""A coordinator compares scenarios: a run like any other, which makes no plan and changes nothing."""

import json

import pytest

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.jobs.worker import Worker
from lcm_service.services import demonstration, matching, publication, repair, scenarios
from lcm_service.web import desk
from optimizer import read_scenarios
from tests import factories
from tests.optimizer.run_command import run as run_command
from tests.service import matching_rounds as rounds
from tests.service.jobs.processes import solving_processes

PRESSES = iter(f"compare-{number}" for number in range(10**6))


def ask(actor, round_, **options):
    return scenarios.request_comparison(actor, round_.code, idempotency_key=next(PRESSES), **options)


def compared(actor, round_):
    run = ask(actor, round_)
    rounds.solve_waiting_runs()
    rounds.fresh()
    return matching.find_run(actor, run.id)


def codes(run):
    return [line["code"] for line in run.story]


@pytest.mark.parametrize("role", ["focal_point", "observer", "administrator"])
def test_only_coordinators_compare_and_read_comparisons(round_, role):
    stranger = factories.make_actor(role)
    for press in (lambda: ask(stranger, round_), lambda: scenarios.list_comparisons(stranger, round_.code)):
        with pytest.raises(NotAllowed):
            press()


def test_a_comparison_is_kept_with_its_run_and_makes_no_plan(round_, actor):
    run = compared(actor, round_)
    assert (run.state, run.purpose, run.outcome) == ("done", "scenarios", None)
    assert codes(run) == ["requested", "started", "compared"]
    comparison = read_scenarios(run.result)
    assert comparison.problem_sha256 == run.problem_sha256
    assert comparison.as_set.seats_placed > 0
    assert matching.plan_id_of_run(actor, run.id) is None
    assert publication.list_plans(actor, round_.code) == []
    assert [one.id for one in scenarios.list_comparisons(actor, round_.code)] == [run.id]


def test_a_worker_compares_in_a_process_of_its_own(app, round_, actor):
    run = ask(actor, round_)
    rounds.fresh()
    worker = Worker(app)
    assert worker.work_once()
    rounds.fresh()
    done = matching.find_run(actor, run.id)
    assert done.state == "done", done.story
    assert read_scenarios(done.result).problem_sha256 == done.problem_sha256
    assert solving_processes() == []


def test_the_same_key_gives_the_same_comparison_and_no_run_of_another_kind(round_, actor):
    first = scenarios.request_comparison(actor, round_.code, idempotency_key="press-1")
    assert scenarios.request_comparison(actor, round_.code, idempotency_key="press-1").id == first.id
    with pytest.raises(Conflict, match="another kind"):
        matching.request_run(actor, round_.code, idempotency_key="press-1")
    with pytest.raises(Conflict, match="another round"):
        scenarios.request_comparison(actor, factories.make_round().code, idempotency_key="press-1")
    match = rounds.request(actor, round_)
    with pytest.raises(Conflict, match="another kind"):
        scenarios.request_comparison(actor, round_.code, idempotency_key=match.idempotency_key)


def test_a_request_that_cannot_be_meant_is_refused(round_, actor):
    with pytest.raises(NotFound):
        scenarios.request_comparison(actor, "nowhere", idempotency_key="k")
    with pytest.raises(NotFound):
        scenarios.list_comparisons(actor, "nowhere")
    with pytest.raises(NotValid):
        scenarios.request_comparison(actor, round_.code, idempotency_key="")
    with pytest.raises(NotValid):
        ask(actor, round_, time_limit_seconds=0)
    assert scenarios.list_comparisons(actor, round_.code) == []


def test_a_comparison_of_another_problem_or_shape_fails_the_run_and_is_not_kept(round_, actor):
    document = compared(actor, round_).result
    for wrong, fault in (
        (document | {"problem_sha256": "0" * 64}, "it answers problem"),
        (document | {"scenarios": 5}, "scenarios"),
        ("no document", "document"),
    ):
        run = ask(actor, round_)
        claimed = matching.claim_next_run(rounds.LEASE_SECONDS)
        scenarios.finish_comparison(claimed.run_id, claimed.fence, wrong)
        rounds.fresh()
        failed = matching.find_run(actor, run.id)
        assert (failed.state, failed.result, codes(failed)[-1]) == ("failed", None, "unreadable")
        assert failed.story[-1]["facts"]["fault"].startswith(fault)


def test_a_late_comparison_under_an_old_fence_is_refused(round_, actor):
    document = compared(actor, round_).result
    run = ask(actor, round_)
    claimed = matching.claim_next_run(rounds.LEASE_SECONDS)
    matching.cancel_run(actor, run.id)
    with pytest.raises(Conflict):
        scenarios.finish_comparison(claimed.run_id, claimed.fence, document)
    with pytest.raises(Conflict):
        scenarios.finish_comparison(10**6, 1, document)
    rounds.fresh()
    assert matching.find_run(actor, run.id).result is None


def test_what_is_published_is_pinned_in_every_scenario_and_compared_with(round_, actor):
    plan = rounds.publish(actor, rounds.solve_round(actor, round_))
    run = compared(actor, round_)
    assert run.base_plan_id == plan.id
    seats = sum(row["seats"] for row in plan.document["assignments"])
    for scenario in read_scenarios(run.result).scenarios:
        assert scenario.differences[-1].against == "previous"
        assert scenario.value_of("stability") == seats


def test_a_comparison_takes_no_part_in_the_next_step_of_the_round(round_, actor):
    """It neither hides the next action of the coordinator nor counts as the first run."""
    before = desk.desk_of(actor, round_).next_step
    run = ask(actor, round_)
    assert desk.desk_of(actor, round_).next_step == before == "match"
    rounds.solve_waiting_runs()
    rounds.fresh()
    assert desk.desk_of(actor, round_).next_step == "match"
    with pytest.raises(NotFound):
        repair.describe_clash(actor, run.id)
    with pytest.raises(NotFound):
        rounds.request(actor, round_, base_run_id=run.id)


def test_the_demonstration_still_asks_for_its_first_plans_after_a_comparison(app, actor):
    demonstration.load_rounds(rounds.coordinator())
    for code in demonstration.ROUND_CODES:
        scenarios.request_comparison(actor, code, idempotency_key=next(PRESSES))
    assert len(demonstration.request_first_runs(actor)) == len(demonstration.ROUND_CODES)


def test_the_stored_problem_gives_the_stored_comparison_by_hand(round_, actor, tmp_path):
    run = compared(actor, round_)
    path = tmp_path / "problem.json"
    path.write_text(run.problem, encoding="utf-8")
    output = tmp_path / "scenarios.json"
    assert run_command("scenarios", str(path), "-o", str(output)).status == 0
    assert json.loads(output.read_text(encoding="utf-8")) == run.result


def test_a_match_that_is_asked_for_later_is_taken_first(round_, actor):
    """A comparison takes minutes; a coordinator who presses Match does not wait for it."""
    asked = [
        ask(actor, round_),
        ask(actor, round_),
        rounds.request(actor, round_),
        rounds.request(actor, round_),
    ]
    taken = [matching.claim_next_run(rounds.LEASE_SECONDS).run_id for _ in asked]
    assert taken == [asked[2].id, asked[3].id, asked[0].id, asked[1].id]
