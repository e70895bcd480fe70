"""A coordinator presses Match: stored, claimed under a lease and a fence, judged, kept."""

import json
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Plan, Question, Run
from lcm_service.services import matching, publication
from optimizer import plan_to_document, read_problem, solve
from tests import factories
from tests.service import matching_rounds as rounds

PROJECT = Path(__file__).resolve().parents[2]


def answer_of(run):
    return plan_to_document(solve(read_problem(json.loads(run.problem))))


def codes(run):
    return [line["code"] for line in run.story]


@pytest.mark.parametrize("role", ["focal_point", "observer", "administrator"])
def test_only_coordinators_ask_for_runs_and_see_them(app, round_, role):
    stranger = factories.make_actor(role)
    run = rounds.request(rounds.coordinator(), round_)
    for press in (
        lambda: rounds.request(stranger, round_),
        lambda: matching.find_run(stranger, run.id),
        lambda: matching.find_run(stranger, 10**6),
        lambda: matching.list_runs(stranger, round_.code),
        lambda: matching.cancel_run(stranger, run.id),
    ):
        with pytest.raises(NotAllowed):
            press()


def test_the_same_key_gives_the_same_run_however_often_it_is_pressed(round_, actor):
    first = matching.request_run(actor, round_.code, idempotency_key="press-1")
    again = matching.request_run(actor, round_.code, idempotency_key="press-1")
    assert first.id == again.id
    assert len(matching.list_runs(actor, round_.code)) == 1
    with pytest.raises(Conflict, match="another round"):
        matching.request_run(actor, factories.make_round().code, idempotency_key="press-1")


@pytest.mark.parametrize(
    "options",
    [
        {"idempotency_key": ""},
        {"idempotency_key": "k" * 81},
        {"idempotency_key": "k", "time_limit_seconds": 0},
        {"idempotency_key": "k", "time_limit_seconds": 10**6},
        {"idempotency_key": "k", "choice": {"release": [["N-1"]]}},
        {"idempotency_key": "k", "choice": {"drop": []}},
        {"idempotency_key": "k", "choice": {"release": [["N-9999", "O-9999-S1"]]}},
        {"idempotency_key": "k", "choice": {"hold": ["O-9999-S1"]}},
    ],
)
def test_a_request_that_cannot_be_meant_is_refused(round_, actor, options):
    with pytest.raises(NotValid):
        matching.request_run(actor, round_.code, **options)
    assert matching.list_runs(actor, round_.code) == []


def test_a_run_of_a_round_or_after_a_run_that_is_not_there_is_not_found(round_, actor):
    with pytest.raises(NotFound):
        matching.request_run(actor, "nowhere", idempotency_key="k")
    with pytest.raises(NotFound):
        matching.request_run(actor, round_.code, idempotency_key="k", base_run_id=10**6)


def test_a_solved_run_stores_a_verified_draft_with_its_explanation_and_labels(round_, actor):
    run = rounds.solve_round(actor, round_)
    assert (run.state, run.outcome, run.purpose) == ("done", "optimal", "match")
    assert codes(run) == ["requested", "started", "stored"]
    plan = rounds.plan_of(actor, run)
    assert (plan.state, plan.number, plan.outcome) == ("draft", 1, "optimal")
    assert plan.document["format"] == "lcm-plan/1"
    assert plan.explanation["format"] == "lcm-explanation/1"
    assert set(plan.labels["needs"]) == {row["need"] for row in plan.document["assignments"]}
    assert plan.difference is None
    assert (plan.problem, plan.problem_sha256) == (run.problem, run.problem_sha256)


def test_the_stored_problem_replays_by_hand_to_the_stored_plan(round_, actor, tmp_path):
    plan = rounds.plan_of(actor, rounds.solve_round(actor, round_))
    (tmp_path / "problem.json").write_text(plan.problem, encoding="utf-8")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "optimizer",
            "solve",
            str(tmp_path / "problem.json"),
            "-o",
            str(tmp_path / "p.json"),
        ],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    replayed = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))
    stored = dict(plan.document)
    assert replayed.pop("solver") is not None
    assert stored.pop("solver") is not None
    assert replayed == stored


def test_an_answer_that_breaks_a_rule_is_refused_and_the_run_says_why(round_, actor):
    run = rounds.request(actor, round_)
    claimed = matching.claim_next_run(30)
    document = answer_of(run)
    document["assignments"][0]["seats"] += 500
    ended = matching.finish_run(claimed.run_id, claimed.fence, document)
    assert (ended.state, codes(ended)[-1]) == ("failed", "refused")
    assert ended.story[-1]["facts"]["violations"] > 0
    assert publication.list_plans(actor, round_.code) == []


def test_an_answer_to_another_problem_is_refused(round_, actor):
    rounds.request(actor, round_)
    other = factories.make_round()
    factories.make_need(round=other)
    other_run = rounds.request(actor, other)
    claimed = matching.claim_next_run(30)
    ended = matching.finish_run(claimed.run_id, claimed.fence, answer_of(other_run))
    assert (ended.state, codes(ended)[-1]) == ("failed", "refused")


@pytest.mark.parametrize("document", [None, [], {"format": "lcm-plan/1"}, "nonsense"])
def test_an_answer_that_is_no_plan_fails_the_run(round_, actor, document):
    rounds.request(actor, round_)
    claimed = matching.claim_next_run(30)
    ended = matching.finish_run(claimed.run_id, claimed.fence, document)
    assert (ended.state, codes(ended)[-1]) == ("failed", "unreadable")


def test_a_claimed_run_is_nobody_elses(round_, actor):
    run = rounds.request(actor, round_)
    claimed = matching.claim_next_run(30)
    assert (claimed.run_id, claimed.attempt) == (run.id, 1)
    assert matching.claim_next_run(30) is None
    assert not matching.is_work_waiting()


def test_runs_are_taken_in_the_order_in_which_they_were_asked_for(round_, actor):
    asked = [rounds.request(actor, round_).id for _ in range(3)]
    assert [matching.claim_next_run(30).run_id for _ in range(3)] == asked


def test_an_expired_lease_gives_the_run_to_another_worker_and_the_late_result_is_refused(round_, actor):
    run = rounds.request(actor, round_)
    document = answer_of(run)
    lost = matching.claim_next_run(-1)
    assert matching.is_work_waiting()
    assert matching.sweep_expired_runs() == 1
    taken = matching.claim_next_run(30)
    assert taken.fence > lost.fence
    assert not matching.report_progress(lost.run_id, lost.fence, {"objective": "late"}, 30)
    for late_word in (
        lambda: matching.finish_run(lost.run_id, lost.fence, document),
        lambda: matching.fail_run(lost.run_id, lost.fence, "overran", seconds=1),
        lambda: matching.give_back_run(lost.run_id, lost.fence),
    ):
        with pytest.raises(Conflict, match="no longer yours"):
            late_word()
    assert publication.list_plans(actor, round_.code) == []
    ended = matching.finish_run(taken.run_id, taken.fence, document)
    assert (ended.state, ended.attempts) == ("done", 2)
    assert codes(ended) == ["requested", "started", "worker_lost", "started", "stored"]
    with pytest.raises(Conflict):
        matching.finish_run(taken.run_id, taken.fence, document)
    assert len(publication.list_plans(actor, round_.code)) == 1


def test_a_run_whose_worker_is_lost_three_times_fails_with_its_story(round_, actor):
    run = rounds.request(actor, round_)
    for _ in range(3):
        assert matching.claim_next_run(-1) is not None
        matching.sweep_expired_runs()
    assert matching.claim_next_run(30) is None
    ended = matching.find_run(actor, run.id)
    assert (ended.state, ended.attempts) == ("failed", 3)
    assert codes(ended) == [
        "requested",
        *("started", "worker_lost") * 2,
        "started",
        "gave_up",
    ]


def test_a_sign_of_life_keeps_the_lease(round_, actor):
    rounds.request(actor, round_)
    claimed = matching.claim_next_run(0.001)
    progress = {"objective": "coverage", "value": 12, "bound": 40, "seconds": 0.5}
    assert matching.report_progress(claimed.run_id, claimed.fence, progress, 30)
    assert matching.sweep_expired_runs() == 0
    assert matching.find_run(actor, claimed.run_id).progress == progress


def test_a_run_given_back_by_a_worker_that_is_stopped_is_taken_again_and_not_counted(round_, actor):
    run = rounds.request(actor, round_)
    claimed = matching.claim_next_run(30)
    matching.give_back_run(claimed.run_id, claimed.fence)
    again = matching.claim_next_run(30)
    assert (again.run_id, again.attempt) == (run.id, 1)


@pytest.mark.parametrize("is_running", [False, True])
def test_a_cancelled_run_stores_nothing_and_its_late_result_is_refused(round_, actor, is_running):
    run = rounds.request(actor, round_)
    document = answer_of(run)
    claimed = matching.claim_next_run(30) if is_running else None
    assert matching.cancel_run(actor, run.id).state == "cancelled"
    assert matching.cancel_run(actor, run.id).state == "cancelled"
    assert matching.claim_next_run(30) is None
    if claimed is not None:
        assert not matching.report_progress(claimed.run_id, claimed.fence, None, 30)
        with pytest.raises(Conflict):
            matching.finish_run(claimed.run_id, claimed.fence, document)
    assert publication.list_plans(actor, round_.code) == []
    assert codes(matching.find_run(actor, run.id))[-1] == "cancelled"


def test_a_run_that_has_ended_cannot_be_cancelled(round_, actor):
    run = rounds.solve_round(actor, round_)
    with pytest.raises(Conflict, match="done already"):
        matching.cancel_run(actor, run.id)
    with pytest.raises(NotFound):
        matching.cancel_run(actor, 10**6)


def test_workers_at_once_never_take_one_run_twice(app, round_, actor):
    asked = {rounds.request(actor, round_).id for _ in range(12)}
    rounds.fresh()
    taken: list[int] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while True:
                with app.app_context():
                    claimed = matching.claim_next_run(30)
                    db.session.remove()
                if claimed is None:
                    return
                taken.append(claimed.run_id)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(taken) == sorted(asked)


def test_the_questions_of_a_stored_plan_are_put_to_the_owners_of_the_records(app, actor):
    round_ = factories.make_round()
    need = factories.make_need(round=round_, seats_asked=20, level=None)
    offer = factories.make_offer(round=round_, only=None, seats=None, min_seats=None)
    rounds.solve_round(actor, round_)
    asked = {
        (row.record_kind, row.record_reference, row.field): row.seats
        for row in db.session.scalars(select(Question).where(Question.round_id == round_.id))
    }
    assert asked == {
        ("need", need.reference, "level"): 20,
        ("offer", offer.reference, "only"): 20,
        ("offer", offer.reference, "seats"): 20,
    }


def test_two_sessions_of_one_offer_ask_their_offer_once_with_all_their_seats(app, actor):
    round_ = factories.make_round()
    factories.make_need(round=round_, seats_asked=50)
    factories.make_offer(
        round=round_,
        languages=None,
        sessions=[
            {"starts_on": date(2027, 4, 5), "ends_on": date(2027, 4, 9)},
            {"starts_on": date(2027, 5, 3), "ends_on": date(2027, 5, 7)},
        ],
    )
    rounds.solve_round(actor, round_)
    (question,) = db.session.scalars(select(Question).where(Question.round_id == round_.id)).all()
    assert (question.field, question.seats) == ("languages", 50)


def test_a_question_that_no_longer_matters_is_closed_and_asked_again_when_it_does(app, actor):
    round_ = factories.make_round()
    factories.make_need(round=round_)
    offer = factories.make_offer(round=round_, only=None)
    rounds.solve_round(actor, round_)
    (question,) = db.session.scalars(select(Question)).all()
    assert (question.state, question.seats) == ("open", 20)
    offer.state = "withdrawn"
    db.session.commit()
    rounds.solve_round(actor, round_)
    db.session.refresh(question)
    assert (question.state, question.seats) == ("closed", 0)
    offer.state = "submitted"
    db.session.commit()
    rounds.solve_round(actor, round_)
    db.session.refresh(question)
    assert (question.state, question.seats) == ("open", 20)


def test_what_was_answered_while_the_plan_was_being_solved_is_not_asked_again(app, actor):
    round_ = factories.make_round()
    factories.make_need(round=round_)
    offer = factories.make_offer(round=round_, only=None)
    rounds.request(actor, round_)
    offer.only = ["any"]
    db.session.commit()
    rounds.solve_waiting_runs()
    assert db.session.scalars(select(Question)).all() == []


def test_plans_are_numbered_within_their_round(round_, actor):
    for _ in range(2):
        rounds.solve_round(actor, round_)
    other = factories.make_round()
    rounds.solve_round(actor, other)
    assert [plan.number for plan in publication.list_plans(actor, round_.code)] == [2, 1]
    assert [plan.number for plan in publication.list_plans(actor, other.code)] == [1]
    first_run = db.session.scalars(select(Run).order_by(Run.id)).first()
    assert db.session.scalars(select(Plan).order_by(Plan.id)).first().run_id == first_run.id
