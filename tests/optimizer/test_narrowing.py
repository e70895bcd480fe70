"""What is held because no plan as good can do otherwise: every plan as good stays within it."""

from random import Random

import numpy as np

from optimizer.model.arrays import ProgramArrays
from optimizer.model.objective_columns import ObjectiveOfModel
from optimizer.model.vectors import RoundModel
from optimizer.problem import Problem
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.narrowing import Narrowing
from optimizer.solving.relaxation import TOLERANCE, Answer, bound_by_prices
from tests.optimizer.brute_force import Seats, TinyRound
from tests.optimizer.model_plans import draft_of_seats
from tests.optimizer.random_problems import random_problem

MOST_PLANS = 2_000


def plans_of(problem: Problem) -> list[Seats]:
    """Every plan that obeys the contract."""
    round_ = TinyRound(problem)
    return [plan for plan in round_.spread_all() if round_.is_allowed(plan)]


def vector_of(model: RoundModel, plan: Seats) -> list[int]:
    """The plan as a full vector."""
    draft = draft_of_seats(model, plan)
    assert draft is not None, plan
    return model.vector_of(draft)


def check_narrowing(seed: int) -> tuple[int, int]:
    """Narrow objective by objective, first to a plan in hand and then to the best, as a solve does.

    Returns how many whole columns were held at one value, and how many plans stayed to be looked at.
    """
    rng, problem = Random(seed), random_problem(seed, most_plans=MOST_PLANS)
    facts, round_ = Facts(problem), TinyRound(problem)
    model = RoundModel(facts, find_pairs(facts))
    arrays = ProgramArrays(model.program)
    narrowing = Narrowing(arrays.matrix, 1)
    plans = plans_of(problem)
    looked_at = 0
    for name in problem.policy.objectives:
        if not plans:
            break
        terms = model.add_objective(ObjectiveOfModel(model.model, name))
        arrays.extend()
        narrowing.follow(arrays.matrix)
        cost = arrays.cost_of(terms.terms)
        values = {position: round_.value_of(name, plan) for position, plan in enumerate(plans)}
        best = max(values.values())
        for in_hand in (rng.choice(plans), plans[max(values, key=lambda at: values[at])]):
            value = round_.value_of(name, in_hand)
            vector = arrays.scaled(vector_of(model, in_hand))
            bound = narrowing.narrow(cost, value - terms.constant, vector, may_probe=True)
            assert bound is None or bound + terms.constant >= best, f"seed {seed}: {name}"
            for plan in [plan for at, plan in enumerate(plans) if values[at] >= value]:
                looked_at += 1
                vector = arrays.scaled(vector_of(model, plan))
                is_within = (narrowing.lower <= vector + TOLERANCE) & (vector <= narrowing.upper + TOLERANCE)
                assert is_within.all(), f"seed {seed}: {name}: {plan}"
        model.hold(terms, best)
        plans = [plan for at, plan in enumerate(plans) if values[at] == best]
    return int((narrowing.lower == narrowing.upper).sum()), looked_at


def test_every_plan_as_good_as_the_one_in_hand_stays_within_the_bounds(size):
    counts = [check_narrowing(seed) for seed in range(400 if size == "full" else 80)]
    assert sum(held for held, _ in counts) > 5 * len(counts)
    assert sum(looked_at for _, looked_at in counts) > 20 * len(counts)


def test_whatever_the_prices_are_no_plan_is_worth_more_than_they_say():
    rng = np.random.default_rng(1)
    closest = []
    for seed in range(20):
        problem = random_problem(seed, most_plans=MOST_PLANS)
        facts, round_ = Facts(problem), TinyRound(problem)
        model = RoundModel(facts, find_pairs(facts))
        terms = model.add_objective(ObjectiveOfModel(model.model, "quality"))
        arrays = ProgramArrays(model.program)
        matrix, cost = arrays.matrix, arrays.cost_of(terms.terms)
        best = max((round_.value_of("quality", plan) for plan in plans_of(problem)), default=None)
        if best is None:
            continue
        for spread in (0.0, 1.0, 100.0):
            prices = spread * rng.normal(size=matrix.row_count)
            most = bound_by_prices(matrix, (matrix.lower, matrix.upper), cost, prices).most
            assert most >= best
            closest.append(most - best)
    assert min(closest) < 1_000


def test_a_value_that_the_plan_in_hand_does_not_have_holds_nothing():
    seed = next(seed for seed in range(100) if len(plans_of(random_problem(seed, MOST_PLANS))) > 10)
    problem = random_problem(seed, most_plans=MOST_PLANS)
    model = RoundModel(Facts(problem), find_pairs(problem))
    terms = model.add_objective(ObjectiveOfModel(model.model, "coverage"))
    arrays = ProgramArrays(model.program)
    narrowing = Narrowing(arrays.matrix, 1)
    empty = np.zeros(arrays.matrix.column_count)
    assert narrowing.narrow(arrays.cost_of(terms.terms), 10**6, empty, may_probe=True) is None
    assert (narrowing.lower == arrays.matrix.lower).all()
    assert (narrowing.upper == arrays.matrix.upper).all()


def test_a_solver_that_calls_a_round_infeasible_is_not_believed_without_proof():
    problem = random_problem(0, most_plans=MOST_PLANS)
    assert plans_of(problem)
    matrix = ProgramArrays(RoundModel(Facts(problem), find_pairs(problem)).program).matrix
    bounds, cost = (matrix.lower, matrix.upper), np.zeros(matrix.column_count)
    rng = np.random.default_rng(1)
    for _ in range(20):
        answer = Answer(None, rng.normal(size=matrix.row_count), is_ray=True)
        assert not answer.refutes(matrix, bounds, cost, 0.0)
    assert not Answer(None, None, is_ray=True).refutes(matrix, bounds, cost, 0.0)
