"""What pins, bans, questions and matches cost, against solving the round without them."""

from dataclasses import replace

import pytest

from optimizer.explaining.near_rounds import RoundWithPlan
from optimizer.explaining.prices import Price, PriceList
from optimizer.plan import Plan
from optimizer.problem import Ban, Problem
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
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
        for row in find_pairs(Facts(problem))
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


def test_a_question_costs_all_that_waits_for_its_answer_not_the_sessions_of_the_plan_alone():
    round_ = problem([need(languages=None)], [session("S-1"), session("S-2")])
    prices = PriceList(RoundWithPlan(round_, solve(round_))).all()
    (asked,) = [price for price in prices if price.kind == "question" and price.field == "languages"]
    assert (asked.objective, asked.amount, asked.is_settled) == ("reached", 1, True)


def unproven() -> tuple[Problem, Plan]:
    """A pinned match and a need that an open plan leaves without seats, quite apart from each other."""
    needs = [need("N-1", "XAA"), need("N-2", "XAB", areas={"EOD"}), need("N-3", "XAC")]
    round_ = problem(
        needs,
        [session("S-1"), session("S-2", areas={"EOD"})],
        pinned=[("N-1", "S-1", 10)],
        forbidden=[("N-3", "S-1")],
    )
    less = solve(replace(round_, forbidden=(*round_.forbidden, Ban("N-2", "S-2"))))
    return round_, replace(less, outcome="feasible")


def test_no_price_counts_what_a_better_plan_would_gain_anyway():
    round_, plan = unproven()
    prices = {price.kind: price for price in PriceList(RoundWithPlan(round_, plan)).all()}
    assert [(row.need, row.session) for row in plan.assignments] == [("N-1", "S-1")]
    assert prices["pin"] == Price("pin", True, None, 0, "N-1", "S-1")
    assert prices["ban"] == Price("ban", True, "firm.reached", 1, "N-3", "S-1")
    # A pinned match cannot be spared, so nothing is known of the round without it.
    assert not prices["match"].is_settled
