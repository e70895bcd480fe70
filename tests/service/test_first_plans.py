"""The first plan of each delivered round shows what the round is for.

What a plan is does not depend on the engine of the database, so these tests load and solve once, on SQLite.
"""

import shutil
from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import Need, Offer, Round
from lcm_service.services import demonstration, exercise
from lcm_service.services.snapshots import build_snapshot
from optimizer import Plan, read_problem, solve, verify
from tests.fixtures import make_app


@pytest.fixture(scope="module")
def loaded_app(sqlite_template, tmp_path_factory) -> Iterator[Flask]:
    """An application with both rounds."""
    path = tmp_path_factory.mktemp("loaded") / "lcm.sqlite3"
    shutil.copyfile(sqlite_template, path)
    app = make_app(f"sqlite:///{path}")
    with app.app_context():
        demonstration.load_rounds(SYSTEM)
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def plans(loaded_app) -> dict[str, Plan]:
    """The optimal plan of each round, by the round's code."""
    return {code: solve_round(code) for code in demonstration.ROUND_CODES}


def solve_round(code: str) -> Plan:
    with transaction() as session:
        round_ = session.scalars(select(Round).where(Round.code == code)).one()
        problem = read_problem(build_snapshot(session, round_).problem)
    plan = solve(problem)
    assert verify(problem, plan).ok
    assert plan.outcome == "optimal"
    return plan


def titles() -> dict[str, str]:
    return {need.reference: need.title for need in db.session.scalars(select(Need))}


def owners(table) -> dict[str, str]:
    return {row.reference: row.participant.code for row in db.session.scalars(select(table))}


def test_in_the_sourced_round_every_match_is_conditional_and_the_weightiest_questions_come_first(plans):
    plan = plans["public-2026"]
    assert len(plan.assignments) == 7
    assert not any(one.firm for one in plan.assignments)
    seats = [question.seats for question in plan.questions]
    assert seats == sorted(seats, reverse=True)
    assert seats[0] > seats[-1]
    # What is asked first is asked of the pledge on which most hangs: several courses in one sentence.
    hanging = Counter[str]()
    for one in plan.assignments:
        hanging[one.session] += one.seats
    ((session, most),) = hanging.most_common(1)
    assert (plan.questions[0].record, plan.questions[0].seats) == (session, most)
    pledge = db.session.scalars(select(Offer).where(Offer.reference == session.rpartition("-")[0])).one()
    assert "courses" in pledge.title


@pytest.mark.parametrize("case", exercise.read_cases(), ids=lambda case: case["shows"])
def test_a_deliberate_case_of_the_exercise_shows_what_it_is_for(case, plans):
    plan, title_of = plans["exercise-2027"], titles()
    reasons = {title_of[one.need]: one.reason for one in plan.unmet}
    placed = {title_of[one.need]: one for one in plan.assignments}
    for title, reason in case.get("unmet", {}).items():
        assert reasons.get(title) == reason
    assert not set(case.get("placed", ())) - (set(placed) - set(reasons))
    assert all(placed[title].bridged_by for title in case.get("bridged", ()))
    assert not any(placed[title].firm for title in case.get("conditional", ()))
    if "contended" in case:
        assert "contention" in {reasons.get(title) for title in case["contended"]}


def test_in_the_exercise_every_reason_for_an_unmet_need_can_be_seen(plans):
    assert {one.reason for one in plans["exercise-2027"].unmet} == {
        "no_session",
        "blocked",
        "support_missing",
        "not_enough_for_a_group",
        "contention",
    }


def test_in_the_exercise_most_seats_are_placed_and_every_kind_of_support_but_one_is_used(plans):
    plan = plans["exercise-2027"]
    placed = sum(one.seats for one in plan.assignments)
    short = sum(one.seats_short for one in plan.unmet)
    assert placed > 2 * short
    # The one set of equipment is there to be too few.
    assert {use.kind for one in plan.sessions for use in one.supports} == {"funds", "venue", "interpretation"}


@pytest.mark.parametrize("code", demonstration.ROUND_CODES)
def test_a_recipient_and_a_provider_among_the_accounts_share_a_match_of_the_first_plan(code, plans):
    need_of, offer_of = owners(Need), owners(Offer)
    pairs = {(need_of[one.need], offer_of[one.session.rpartition("-")[0]]) for one in plans[code].assignments}
    recipient, provider = (one.participant_code for one in demonstration.ACCOUNTS if one.round_code == code)
    assert (recipient, provider) in pairs
