"""The worker: whatever happens to it or to the solver, a run keeps its story and plans stay whole."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from lcm_service.jobs import solving
from lcm_service.jobs.worker import Worker, start_embedded_worker
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Run
from lcm_service.services import matching, publication
from optimizer import canonical_bytes, problem_sha256
from tests import factories
from tests.bench.generator import make_problem
from tests.service import matching_rounds as rounds
from tests.service.jobs.processes import hold_next_process, solving_processes, wait_for


@pytest.fixture
def worker(app):
    made = Worker(app)
    yield made
    made.stop()


def codes(run):
    return [line["code"] for line in run.story]


def run_as_it_is(actor, run):
    rounds.fresh()
    return matching.find_run(actor, run.id)


def store_run(round_, problem, seconds):
    """A run of a problem that was made elsewhere, with labels for all that it names."""
    run = Run(
        round_id=round_.id,
        idempotency_key="made",
        time_limit_seconds=seconds,
        problem=canonical_bytes(problem).decode(),
        problem_sha256=problem_sha256(problem),
        labels={
            "needs": {one.id: {} for one in problem.needs},
            "sessions": {one.id: {"offer": one.offer} for one in problem.sessions},
            "offers": {one.id: {} for one in problem.offers},
            "supports": {one.id: {} for one in problem.supports},
            "participants": {one.id: {} for one in (*problem.recipients, *problem.providers)},
        },
        story=[],
    )
    db.session.add(run)
    db.session.commit()
    return run


def test_a_worker_solves_a_run_in_a_process_of_its_own_and_stores_plan_and_explanation(round_, actor, worker):
    run = rounds.request(actor, round_)
    rounds.fresh()
    assert worker.work_once()
    assert not worker.work_once()
    done = run_as_it_is(actor, run)
    assert (done.state, done.outcome) == ("done", "optimal")
    plan = rounds.plan_of(actor, done)
    assert plan.explanation["format"] == "lcm-explanation/1"
    assert plan.explanation["problem_sha256"] == plan.problem_sha256
    assert solving_processes() == []


def test_the_page_that_asks_does_not_wait_for_the_solver(round_, actor, worker):
    worker.start()
    begin = time.monotonic()
    run = rounds.request(actor, round_)
    asked_seconds = time.monotonic() - begin
    pid = hold_next_process()
    assert run_as_it_is(actor, run).state == "running"
    assert asked_seconds < 2
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: run_as_it_is(actor, run).state == "done")


def test_a_solving_process_that_is_killed_leaves_its_story_and_the_last_good_plan_untouched(
    round_, actor, worker
):
    published = rounds.publish(actor, rounds.solve_round(actor, round_))
    before = (published.document, published.state, published.version)
    worker.start()
    run = rounds.request(actor, round_)
    rounds.fresh()
    os.kill(hold_next_process(), signal.SIGKILL)
    wait_for(lambda: run_as_it_is(actor, run).state == "failed")
    failed = run_as_it_is(actor, run)
    assert codes(failed) == ["requested", "started", "crashed"]
    assert failed.story[-1]["facts"] == {"how": "signal 9"}
    assert matching.plan_id_of_run(actor, run.id) is None
    (plan,) = publication.list_plans(actor, round_.code)
    assert (plan.document, plan.state, plan.version) == before


def test_a_cancelled_run_is_let_go_and_its_process_gone_within_two_seconds(round_, actor, worker):
    worker.start()
    run = rounds.request(actor, round_)
    rounds.fresh()
    hold_next_process()
    begin = time.monotonic()
    matching.cancel_run(actor, run.id)
    wait_for(lambda: not solving_processes(), seconds=5)
    assert time.monotonic() - begin < 2
    assert run_as_it_is(actor, run).state == "cancelled"
    assert publication.list_plans(actor, round_.code) == []


def test_a_cancel_in_the_middle_of_a_long_search_frees_the_worker_and_touches_no_earlier_plan(
    round_, actor, worker
):
    published = rounds.publish(actor, rounds.solve_round(actor, round_))
    before = (published.document, published.state, published.version)
    run = store_run(round_, make_problem(300, 300, 1), seconds=100)
    rounds.fresh()
    worker.start()
    told = wait_for(lambda: run_as_it_is(actor, run).progress, seconds=60)
    assert {"objective", "value", "bound", "seconds"} <= set(told["aims"][-1])
    begin = time.monotonic()
    matching.cancel_run(actor, run.id)
    wait_for(lambda: not solving_processes(), seconds=5)
    assert time.monotonic() - begin < 2
    (plan,) = publication.list_plans(actor, round_.code)
    assert (plan.document, plan.state, plan.version) == before
    # The worker is free for the next run.
    following = rounds.request(actor, round_)
    wait_for(lambda: run_as_it_is(actor, following).state == "done")
    assert run_as_it_is(actor, run).state == "cancelled"


def test_a_worker_that_is_stopped_gives_its_run_back_and_leaves_no_process(round_, actor, worker):
    worker.start()
    run = rounds.request(actor, round_)
    rounds.fresh()
    hold_next_process()
    worker.stop()
    given_back = run_as_it_is(actor, run)
    assert (given_back.state, given_back.attempts) == ("queued", 0)
    assert solving_processes() == []


def test_a_time_limit_leaves_a_feasible_plan_that_says_so(round_, actor, worker):
    run = store_run(round_, make_problem(150, 200, 1, agreed_share=0), seconds=2)
    rounds.fresh()
    worker.work_once()
    done = run_as_it_is(actor, run)
    assert (done.state, done.outcome) == ("done", "feasible"), done.story
    plan = rounds.plan_of(actor, done)
    assert plan.document["solver"]["stopped_by"] == "time_limit"
    assert done.progress is not None
    assert {"objective", "value", "bound", "seconds"} <= set(done.progress)


def test_no_plan_satisfies_the_pins_is_kept_as_an_outcome_with_its_ways_out(actor, worker):
    round_ = factories.make_round()
    need = factories.make_need(round=round_, seats_asked=8)
    offer = factories.make_offer(round=round_, min_seats=5)
    published = rounds.publish(actor, rounds.solve_round(actor, round_))
    offer.min_seats = 12
    db.session.commit()
    run = rounds.request(actor, round_)
    rounds.fresh()
    while worker.work_once():
        pass
    done = run_as_it_is(actor, run)
    assert (done.state, done.outcome) == ("done", "clashing_pins")
    assert [pin["need"] for pin in done.result["clash"]["pins"]] == [need.reference]
    assert [one.state for one in matching.list_follow_ups(actor, run.id)] == ["done", "done"]
    states = {plan.id: plan.state for plan in publication.list_plans(actor, round_.code)}
    assert states.pop(published.id) == "published"
    assert list(states.values()) == ["draft", "draft"]


def test_two_workers_never_solve_one_run_twice(app, round_, actor):
    asked = [rounds.request(actor, round_) for _ in range(3)]
    rounds.fresh()
    workers = [Worker(app) for _ in range(2)]
    try:
        for one in workers:
            one.start()
        wait_for(lambda: all(run_as_it_is(actor, run).state == "done" for run in asked))
    finally:
        for one in workers:
            one.stop()
    assert [run_as_it_is(actor, run).attempts for run in asked] == [1] * 3
    assert len(publication.list_plans(actor, round_.code)) == 3


WORKER_PROGRAM = """
import sys
from lcm_service.jobs.worker import Worker
from tests.fixtures import make_app
app = make_app(sys.argv[1], lease_seconds=2)
print("ready", flush=True)
Worker(app).work_until_stopped()
"""


def test_a_killed_worker_loses_nothing_another_takes_its_run_over(app, round_, actor, tmp_path):
    run = rounds.request(actor, round_)
    rounds.fresh()
    script = tmp_path / "worker.py"
    script.write_text(WORKER_PROGRAM, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(solving.PROJECT)}
    with subprocess.Popen(
        [sys.executable, str(script), app.config["SQLALCHEMY_DATABASE_URI"]],
        env=environment,
        stdout=subprocess.PIPE,
    ) as lost:
        try:
            assert lost.stdout.readline() == b"ready\n"
            wait_for(lambda: run_as_it_is(actor, run).state == "running")
        finally:
            lost.kill()
    assert run_as_it_is(actor, run).state == "running"
    second = Worker(app)
    second.start()
    try:
        wait_for(lambda: run_as_it_is(actor, run).state == "done")
    finally:
        second.stop()
    done = run_as_it_is(actor, run)
    assert done.attempts == 2
    assert codes(done) == ["requested", "started", "worker_lost", "started", "stored"]


def test_a_worker_outlives_a_database_that_is_away_for_a_moment(app, round_, actor, worker, monkeypatch):
    away = threading.Event()
    really_waiting = matching.is_work_waiting

    def is_work_waiting():
        if not away.is_set():
            away.set()
            raise OSError("the database is away")
        return really_waiting()

    monkeypatch.setattr("lcm_service.jobs.worker.matching.is_work_waiting", is_work_waiting)
    run = rounds.request(actor, round_)
    rounds.fresh()
    worker.start()
    wait_for(lambda: run_as_it_is(actor, run).state == "done")
    assert away.is_set()


def test_the_embedded_worker_is_started_once(app):
    first = start_embedded_worker(app)
    try:
        assert start_embedded_worker(app) is first
    finally:
        first.stop()
