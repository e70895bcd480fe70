"""What pins, bans, questions and matches cost, against solving the round without them."""

from dataclasses import replace

import pytest

from optimizer.explaining.near_rounds import RoundWithPlan
from optimizer.explaining.prices import Price, PriceList
from optimizer.plan import Plan
from optimizer.problem import Ban, Problem
from optimizer.solving.solve import solve
from tests.optimizer.builders import need, problem, session
from tests.optimizer.random_problems import random_problem


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(200 if size == "full" else 25)


def first_change(before: Plan, after: Plan) -> tuple[str | None, int]:
    for one, other in zip(before.objectives, after.objectives, strict=True):
        if one.value != other.value:
            return one.name, other.value - one.value
    return None, 0


def without(problem: Problem, plan: Plan, price: Price) -> Problem:
    """The round that a price is about."""
    pair = (price.need, price.session)
    if price.kind == "pin":
        pins = tuple(pin for pin in problem.pinned if (pin.need, pin.session) != pair)
        return replace(problem, pinned=pins)
    if price.kind == "ban":
        bans = tuple(ban for ban in problem.forbidden if (ban.need, ban.session) != pair)
        return replace(problem, forbidden=bans)
    asked = (price.record, price.field)
    fallen = {
        Ban(row.need, row.session)
        for row in plan.assignments
        if (row.need, row.session) == pair or any((q.record, q.field) == asked for q in row.questions)
    }
    return replace(problem, forbidden=tuple(sorted({*problem.forbidden, *fallen})))


def test_each_price_is_what_solving_the_round_without_it_says(seeds):
    kinds: dict[str, int] = {}
    for seed in seeds:
        round_ = random_problem(seed, 1_500)
        plan = solve(round_)
        if plan.outcome != "optimal":
            continue
        for price in PriceList(RoundWithPlan(round_, plan)).all():
            other = solve(without(round_, plan, price))
            if other.outcome != "optimal" or not price.is_settled:
                assert other.outcome == "clashing_pins" or round_.policy.unknowns == "exclude", (seed, price)
                continue
            sign = 1 if price.kind in ("pin", "ban") else -1
            name, change = first_change(plan, other)
            assert (price.objective, price.amount) == (name, sign * change), (seed, price)
            kinds[price.kind] = kinds.get(price.kind, 0) + (price.amount > 0)
    assert min(kinds.get(kind, 0) for kind in ("pin", "question", "match")) > 0, kinds


def test_a_match_tells_what_its_need_would_have_without_it():
    round_ = problem([need()], [session("S-1"), session("S-2", seats=4)])
    (price,) = PriceList(RoundWithPlan(round_, solve(round_))).all()
    assert (price.kind, price.session, price.seats) == ("match", "S-1", 4)
    assert (price.objective, price.is_settled) == ("firm.coverage", True)


def test_a_pin_that_the_plan_would_hold_anyway_costs_nothing():
    round_ = problem([need()], [session()], pinned=[("N-1", "S-1", 10)])
    price = next(PriceList(RoundWithPlan(round_, solve(round_))).all())
    assert price == Price("pin", True, None, 0, "N-1", "S-1")


def test_a_ban_costs_the_seats_that_it_keeps_away():
    round_ = problem([need()], [session()], forbidden=[("N-1", "S-1")])
    (price,) = PriceList(RoundWithPlan(round_, solve(round_))).all()
    assert price == Price("ban", True, "firm.reached", 1, "N-1", "S-1")
