"""Rounds whose numbers lie so far apart that a solver's tolerance hides some: no plan is called the best that
is not, and where nothing can be proven a sound plan is returned and says so.
"""

from dataclasses import replace

import pytest

from optimizer.clock import Clock
from optimizer.files.canonical import problem_sha256
from optimizer.model.program import MAX_SPREAD, MAX_SPREAD_STRICT
from optimizer.model.vectors import RoundModel
from optimizer.problem import Problem
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.repair import RepairDesk
from optimizer.solving.search import Search
from optimizer.solving.solve import solve
from optimizer.solving.solvers import Effort, careful, two_opinions
from optimizer.verifying.verify import verify
from tests.optimizer.brute_force import find_optimum
from tests.optimizer.builders import need, problem, requirement, session, support
from tests.optimizer.contended import solver_of, values_of
from tests.optimizer.random_problems import random_problem, random_round

# A round of millions of dollars in which a session takes one more than the seats in it.
DOLLARS = 10_007
FUNDS = "funds"


def in_dollars(round_: Problem, factor: int) -> Problem:
    """The round with all its funds so many times as large, and a dollar more for each session that takes
    any.
    """

    def dearer(amount: int | None) -> int | None:
        return None if amount is None else amount * factor

    sessions = [
        replace(
            one,
            requires=None
            if one.requires is None
            else tuple(
                replace(row, quantity=row.quantity * factor + 1, per_seat=row.per_seat * factor)
                if row.kind == FUNDS
                else row
                for row in one.requires
            ),
        )
        for one in round_.sessions
    ]
    supports = [
        replace(one, quantity=dearer(one.quantity), per_session=dearer(one.per_session))
        if one.kind == FUNDS
        else one
        for one in round_.supports
    ]
    return replace(round_, sessions=tuple(sessions), supports=tuple(supports))


def with_weights(round_: Problem, critical: int, high: int, routine: int) -> Problem:
    weights = {"critical": critical, "high": high, "routine": routine}
    return replace(round_, policy=replace(round_.policy, weights=weights))


def spread(round_: Problem) -> int:
    facts = Facts(round_)
    return RoundModel(facts, find_pairs(facts)).find_spread()


def test_a_dollar_that_a_tolerance_hides_takes_no_plan_away():
    cheap, dear = (in_dollars(random_round(580, 7, 7), factor) for factor in (107, DOLLARS))
    assert spread(cheap) < MAX_SPREAD < spread(dear)
    plan = solve(dear)
    assert plan.outcome == "optimal"
    # Money is as short in both, so the same seats can be had.
    assert values_of(plan) == values_of(solve(cheap))
    assert verify(dear, plan, problem_sha256(dear)).ok


@pytest.mark.parametrize("solver", ["highs", "cbc"])
@pytest.mark.parametrize("factor", [DOLLARS, 1_000_007])
def test_rounds_of_millions_of_dollars_are_solved_as_trying_every_plan_does(factor, solver, size):
    tried = clashes = 0
    for seed in range(400 if size == "full" else 25):
        round_ = in_dollars(random_problem(seed, 1_500), factor)
        if spread(round_) <= MAX_SPREAD:
            continue
        optimum, plan = find_optimum(round_), solve(round_, solver=solver)
        name = f"seed {seed}"
        assert (plan.outcome == "clashing_pins") == (optimum is None), name
        clashes += optimum is None
        if optimum is not None:
            assert verify(round_, plan).ok, name
            is_provable = spread(round_) <= MAX_SPREAD_STRICT
            tried += is_provable
            # Where nothing can be proven, a plan that reaches all that there is still is.
            assert plan.outcome == "optimal" or not is_provable, name
            assert values_of(plan) == optimum.values or plan.outcome != "optimal", name
    assert tried > 5


def test_pins_that_a_dollar_keeps_apart_clash():
    clashing = in_dollars(random_problem(250, 1_500), DOLLARS)
    assert find_optimum(clashing) is None
    assert solve(clashing).outcome == "clashing_pins"


@pytest.mark.parametrize("seed", [164, 1002])
def test_weights_that_no_solver_tells_apart_leave_a_sound_plan_that_is_not_called_proven(seed):
    round_ = with_weights(random_round(seed, 7, 7), 10**12 - 1, 10**6 + 1, 1)
    plan = solve(round_)
    assert plan.outcome == "feasible"
    assert solver_of(plan).stopped_by == "fault"
    assert verify(round_, plan, problem_sha256(round_)).ok


def test_a_bound_that_the_plan_refutes_is_not_told_nor_any_after_it():
    round_ = random_round(164, 7, 7)
    facts = Facts(round_)
    search = Search(RoundModel(facts, find_pairs(facts)), Effort(), Clock(None), None)
    assert search.find_first_draft(None)
    proven = search.improve_all()
    first = proven[0]
    assert first.value == first.bound == 1
    wrong = [replace(first, value=0, bound=0), *proven[1:]]
    told = search._without_refuted_bounds(wrong)
    assert [row.value for row in told] == [row.value for row in proven]
    assert all(row.bound is not None and row.bound >= row.value for row in told)
    assert told[0].bound != 0
    assert search.describe().stopped_by == "fault"


def test_who_is_asked_depends_on_how_far_apart_numbers_are():
    near, far = MAX_SPREAD, MAX_SPREAD + 1
    assert careful(Effort("cbc"), near) == Effort("cbc")
    assert careful(Effort("cbc"), far) == Effort("highs", is_strict=True)
    assert [one.solver for one in two_opinions(Effort("highs"), near)] == ["highs", "cbc"]
    assert [(one.solver, one.is_hasty) for one in two_opinions(Effort("cbc"), far)] == [
        ("highs", False), ("highs", True)
    ]  # fmt: skip


def test_the_spread_of_money_is_counted_in_what_all_amounts_have_in_common():
    def funded(quantity: int, per_seat: int, budget: int) -> Problem:
        paid = session(seats=30, requires=(requirement(FUNDS, quantity, per_seat),))
        return problem([need(seats=10)], [paid], supports=[support("R-1", FUNDS, quantity=budget)])

    assert spread(funded(5_000_000, 500_000, 20_000_000)) < 100
    assert spread(funded(5_000_001, 500_000, 20_000_000)) > MAX_SPREAD
    assert spread(funded(5_000_000, 500_000, 20_000_001)) > MAX_SPREAD
    assert spread(funded(5 * 10**9 + 1, 1, 10**12)) > MAX_SPREAD_STRICT


def test_a_decline_in_a_round_of_millions_of_dollars_is_answered(size):
    answered = 0
    for seed in range(500, 600 if size == "full" else 515):
        round_ = in_dollars(random_round(seed, 6, 6), 1_000_007)
        published = solve(round_)
        if published.outcome != "optimal":
            continue
        for row in published.assignments[:3]:
            desk = RepairDesk(round_, published)
            repair = desk.decline(row.need, row.session)
            if repair is None:
                continue
            answered += 1
            assert desk.verify(desk.write(repair)).ok, f"seed {seed}"
            if repair.is_proven:
                assert repair.values == values_of(solve(desk.problem_now)), f"seed {seed}"
    assert answered > 5


def test_a_repair_under_weights_that_no_solver_tells_apart_is_sound_and_not_called_proven():
    usual, heavy = random_round(164, 7, 7), with_weights(random_round(164, 7, 7), 10**12 - 1, 10**6 + 1, 1)
    proven = []
    for round_ in (usual, heavy):
        published = solve(round_)
        desk = RepairDesk(round_, published)
        row = next(row for row in published.assignments if desk.reserve(row.need, row.session) is not None)
        repair = desk.decline(row.need, row.session)
        assert repair is not None
        assert desk.verify(desk.write(repair)).ok
        proven.append(repair.is_proven)
    assert proven == [True, False]
