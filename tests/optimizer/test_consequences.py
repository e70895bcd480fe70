"""What follows from the limits: no plan breaks such a row, and the relaxation comes near what plans reach."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.model.vectors import RoundModel
from optimizer.problem import Problem
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.near_solver import NearSolver
from optimizer.solving.prepared import PreparedRound
from tests.optimizer import builders as build
from tests.optimizer.brute_force import TinyRound
from tests.optimizer.model_plans import draft_of_seats
from tests.optimizer.random_problems import random_problem


def relaxed_seats(problem: Problem) -> float:
    """The most seats that the relaxation places: whole columns may take any value in between."""
    facts = Facts(problem)
    prepared = PreparedRound(facts, find_pairs(facts))
    matrix = replace(prepared.arrays.matrix, is_integer=np.zeros(len(prepared.lower), dtype=np.bool_))
    solver, cost = NearSolver(), np.zeros(len(prepared.lower))
    cost[prepared.seat_columns] = 1.0
    solver.load(matrix)
    answer = solver.maximise(cost)
    assert answer.values is not None
    return float(cost @ answer.values)


def test_every_plan_of_a_tiny_round_obeys_the_program_with_all_that_follows(size):
    count = 0
    for seed in range(400 if size == "full" else 60):
        problem = random_problem(seed, most_plans=2_000)
        facts = Facts(problem)
        model = RoundModel(facts, find_pairs(facts))
        round_ = TinyRound(problem)
        for plan in round_.spread_all():
            if round_.is_allowed(plan):
                count += 1
                assert draft_of_seats(model, plan) is not None, f"seed {seed}: {plan}"
    assert count > 300


TEAM = build.session(mode="mobile_team", place=None, min_seats=12)


def names_of_rows(problem: Problem) -> set[str]:
    facts = Facts(problem)
    return {row.name.split("_")[0] for row in RoundModel(facts, find_pairs(facts)).program.rows}


@pytest.mark.parametrize(("second", "relaxed"), [("XAA", 20), ("XAB", 0)])
def test_a_team_that_goes_to_one_recipient_is_not_filled_by_two(second, relaxed):
    needs = [build.need("N-1", "XAA", seats=10), build.need("N-2", second, seats=10)]
    assert relaxed_seats(build.problem(needs, [TEAM])) == pytest.approx(relaxed)


@pytest.mark.parametrize(("max_groups", "relaxed"), [(2, 30), (1, 0)])
def test_a_whole_need_that_its_groups_cannot_hold_is_not_begun(max_groups, relaxed):
    needs = [build.need(seats=30, whole=True, max_groups=max_groups)]
    sessions = [build.session("S-1"), build.session("S-2")]
    assert relaxed_seats(build.problem(needs, sessions)) == pytest.approx(relaxed)


@pytest.mark.parametrize(("only", "relaxed"), [(["002"], 20), (["XAB"], 10)])
def test_half_a_session_is_not_paid_by_who_leaves_a_recipient_out(only, relaxed):
    needs = [build.need("N-1", "XAA"), build.need("N-2", "XAB")]
    sessions = [build.session(requires=[build.requirement("venue", 1)])]
    venues = [build.support(quantity=1, only=only)]
    assert relaxed_seats(build.problem(needs, sessions, supports=venues)) == pytest.approx(relaxed)


def test_money_that_is_open_to_a_recipient_is_what_its_own_seats_take():
    needs = [build.need("N-1", "XAA"), build.need("N-2", "XAB")]
    sessions = [build.session(requires=[build.requirement("funds", 0, 100)])]
    funds = [
        build.support("R-1", "funds", quantity=400),
        build.support("R-2", "funds", quantity=2_000, only=["XAB"]),
    ]
    # A plan has four seats of XAA or ten of XAB; of the closed money in half a session there would be 14.
    assert relaxed_seats(build.problem(needs, sessions, supports=funds)) == pytest.approx(12)


def test_numbers_past_what_a_solver_tells_apart_get_no_row():
    many = 10**7
    needs = [build.need("N-1", "XAA", seats=many), build.need("N-2", "XAB", seats=10)]
    small = [build.need("N-1", "XAA", seats=40), build.need("N-2", "XAB", seats=10)]
    assert "bring" not in names_of_rows(build.problem(needs, [build.session(seats=many, min_seats=many)]))
    assert "bring" in names_of_rows(build.problem(small, [build.session(seats=40, min_seats=40)]))
