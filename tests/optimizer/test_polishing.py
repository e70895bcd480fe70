"""What is done between the objectives of a large round: it gives no wrong answer and loses nothing."""

from importlib import import_module

import pytest

from optimizer.model.vectors import RoundModel
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.polishing import Polisher
from optimizer.solving.prepared import PreparedRound
from optimizer.solving.solve import solve
from optimizer.solving.solvers import Effort
from optimizer.verifying.verify import verify
from tests.bench.generator import make_problem
from tests.optimizer.brute_force import find_optimum
from tests.optimizer.contended import bound_of, contended, solver_of, values_of
from tests.optimizer.random_problems import random_problem


@pytest.mark.parametrize("seed", range(15))
def test_a_plan_polished_in_between_is_as_good_as_trying_every_plan(seed, monkeypatch):
    monkeypatch.setattr(import_module("optimizer.solving.search"), "MIN_PAIRS", 0)
    round_ = random_problem(3_000 + seed)
    optimum, plan = find_optimum(round_), solve(round_)
    assert (plan.outcome == "clashing_pins") == (optimum is None)
    if optimum is not None:
        assert plan.outcome == "optimal"
        assert values_of(plan) == optimum.values
        assert verify(round_, plan).ok


@pytest.mark.parametrize("seed", range(15))
def test_a_plan_found_in_haste_is_as_good_as_trying_every_plan(seed, monkeypatch):
    solving = import_module("optimizer.solving.search")
    monkeypatch.setattr(solving, "MIN_PAIRS", 0)
    monkeypatch.setattr(solving, "COLUMNS_PRESOLVED_A_SECOND", 0)
    round_ = random_problem(3_000 + seed)
    optimum, plan = find_optimum(round_), solve(round_, time_limit_seconds=120)
    assert (plan.outcome == "clashing_pins") == (optimum is None)
    if optimum is not None:
        assert plan.outcome == "optimal"
        assert values_of(plan) == optimum.values
        assert verify(round_, plan).ok


def test_polishing_takes_no_seat_away_and_holds_what_is_held():
    round_ = contended()
    facts = Facts(round_)
    pairs = find_pairs(round_)
    polisher = Polisher(PreparedRound(facts, pairs), Effort())
    model = RoundModel(facts, pairs)
    begin = model.make_draft({("N-00", "S-8"): 4, ("N-01", "S-8"): 3}, {})
    assert begin is not None
    polisher.hold("reached", 2)
    better = polisher.polish(begin, ["coverage", "quality"], None)
    assert model.find_violation(better) is None
    assert all(better.seats[pair] >= seats for pair, seats in begin.seats.items())
    assert sum(better.seats.values()) > sum(begin.seats.values())


def test_a_large_round_stopped_by_time_keeps_what_was_found():
    round_ = make_problem(300, 300, 7)
    plan = solve(round_, time_limit_seconds=8)
    assert verify(round_, plan).ok
    assert len(plan.objectives) == 8
    assert all(bound_of(row) >= row.value for row in plan.objectives)
    if plan.outcome == "feasible":
        assert solver_of(plan).stopped_by == "time_limit"
