"""What large rounds begin with and are made better by: a greedy plan, small steps, and both under a clock."""

from importlib import import_module

import pytest

from optimizer.errors import NoPlanFound
from optimizer.model.drafts import draft_of_pins
from optimizer.model.vectors import EMPTY_DRAFT
from optimizer.problem import Provider
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.around import AroundSearch
from optimizer.solving.crew import Crew
from optimizer.solving.greedy import draft_greedily
from optimizer.solving.prepared import PreparedRound
from optimizer.solving.solve import solve
from optimizer.verifying.verify import verify
from tests.bench.generator import make_problem
from tests.optimizer.builders import need, problem, requirement, session, support
from tests.optimizer.random_problems import random_round


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(400 if size == "full" else 12)


def begin(round_):
    facts = Facts(round_)
    prepared = PreparedRound(facts, find_pairs(facts))
    begun = draft_of_pins(prepared.model) if round_.pinned else EMPTY_DRAFT
    return prepared, begun


def test_a_greedy_plan_obeys_every_row_and_adds_to_what_was_begun(seeds):
    placed = 0
    for seed in seeds:
        prepared, begun = begin(random_round(seed, 12, 12))
        if begun is None:
            continue
        draft = draft_greedily(prepared.facts, prepared.model.model.pairs, begun)
        assert prepared.model.knows_uses(draft), f"seed {seed}"
        assert prepared.model.find_violation(draft) is None, f"seed {seed}"
        assert all(draft.seats[key] == seats for key, seats in begun.seats.items()), f"seed {seed}"
        placed += len(draft.seats) - len(begun.seats)
    assert placed > len(seeds)


def greedy_seats(round_):
    prepared, begun = begin(round_)
    return draft_greedily(prepared.facts, prepared.model.model.pairs, begun).seats


def test_the_most_pressing_need_is_served_first():
    needs = [need("N-1", "XAA", seats=8), need("N-2", "XAB", seats=8, priority="critical")]
    assert greedy_seats(problem(needs, [session(seats=8)])) == {("N-2", "S-1"): 8}


@pytest.mark.parametrize(("dollars", "seats"), [(99, {}), (100, {("N-1", "S-1"): 4})])
def test_a_session_runs_only_with_the_money_that_it_needs(dollars, seats):
    round_ = problem(
        [need("N-1", seats=4)],
        [session(requires=[requirement("funds", 20, per_seat=20)])],
        supports=[support("R-1", "funds", quantity=dollars)],
    )
    assert greedy_seats(round_) == seats


def test_the_least_pressing_group_stays_at_home_where_money_is_short():
    needs = [need("N-1", "XAA", seats=4, priority="critical"), need("N-2", "XAB", seats=4)]
    round_ = problem(
        needs,
        [session(requires=[requirement("funds", 0, per_seat=10)])],
        supports=[support("R-1", "funds", quantity=60)],
    )
    assert greedy_seats(round_) == {("N-1", "S-1"): 4}


@pytest.mark.parametrize(("teams", "running"), [(1, 1), (2, 2)])
def test_no_more_sessions_run_on_a_day_than_there_are_teams(teams, running):
    sessions = [session("S-1", "O-1", team=True, seats=5), session("S-2", "O-2", team=True, seats=5)]
    round_ = problem([need("N-1", seats=10)], sessions, providers=[Provider("XPA", teams=teams)])
    assert len(greedy_seats(round_)) == running


def test_small_steps_never_make_a_plan_worse_and_end_by_themselves(seeds):
    better = 0
    for seed in list(seeds)[:30]:
        round_ = random_round(seed, 10, 10)
        prepared, begun = begin(round_)
        if begun is None:
            continue
        told = []
        after = AroundSearch(prepared).improve(begun, Crew(prepared, 1), lambda: False, told.append)
        assert prepared.model.find_violation(after) is None, f"seed {seed}"
        assert told == sorted(told), f"seed {seed}"
        before, now = prepared.plan_of(begun).values, prepared.plan_of(after).values
        assert now >= before, f"seed {seed}"
        better += now > before
    assert better > 10


def test_a_step_after_time_is_over_is_not_taken():
    prepared, begun = begin(problem([need("N-1", seats=4)], [session()]))
    assert (
        AroundSearch(prepared).improve(begun, Crew(prepared, 1), lambda: True, lambda values: None) is begun
    )


def test_a_round_too_large_for_one_model_gets_a_verified_plan_that_is_not_called_proven(monkeypatch):
    monkeypatch.setattr(import_module("optimizer.solving.solve"), "MAX_PAIRS_OF_ONE_MODEL", 0)
    round_, told = make_problem(30, 40, 1), []
    plan = solve(round_, time_limit_seconds=4, on_progress=told.append)
    assert verify(round_, plan).ok
    assert plan.outcome == "feasible"
    assert plan.solver is not None
    assert plan.solver.stopped_by == "time_limit"
    whole = solve(round_, time_limit_seconds=120)
    assert [row.value for row in plan.objectives] <= [row.value for row in whole.objectives]
    assert all(row.bound >= best.value for row, best in zip(plan.objectives, whole.objectives, strict=True))
    assert told[-1].value is not None


def test_an_error_of_the_watcher_ends_the_search_in_steps(monkeypatch):
    monkeypatch.setattr(import_module("optimizer.solving.solve"), "MAX_PAIRS_OF_ONE_MODEL", 0)

    def cancel(progress):
        raise InterruptedError("cancelled")

    with pytest.raises(InterruptedError):
        solve(make_problem(60, 80, 1), time_limit_seconds=60, on_progress=cancel)


def test_a_plan_that_is_brought_is_the_least_that_a_large_round_gives(monkeypatch):
    round_ = make_problem(30, 40, 2)
    best = solve(round_, time_limit_seconds=120)
    monkeypatch.setattr(import_module("optimizer.solving.solve"), "MAX_PAIRS_OF_ONE_MODEL", 0)
    again = solve(round_, start=best, time_limit_seconds=0.001)
    assert [row.value for row in again.objectives] == [row.value for row in best.objectives]


def test_a_round_whose_program_would_not_fit_gets_a_plan_that_holds(seeds, monkeypatch):
    found = 0
    for seed in seeds:
        round_ = random_round(seed, 12, 12)
        best = solve(round_)
        with monkeypatch.context() as patch:
            patch.setattr(import_module("optimizer.solving.solve"), "MAX_PAIRS_OF_A_PROGRAM", -1)
            plan = solve(round_)
        assert verify(round_, plan).ok, f"seed {seed}"
        for row, optimum in zip(plan.objectives, best.objectives, strict=True):
            assert row.bound is not None
            assert row.value <= row.bound, f"seed {seed}: {row.name}"
            assert optimum.value <= row.bound, f"seed {seed}: {row.name}"
        found += bool(plan.assignments)
    assert found > len(seeds) // 2


def test_pins_that_break_a_rule_leave_a_huge_round_without_a_plan(monkeypatch):
    monkeypatch.setattr(import_module("optimizer.solving.solve"), "MAX_PAIRS_OF_A_PROGRAM", -1)
    round_ = problem([need(seats=10)], [session(seats=20, min_seats=15)], pinned=[("N-1", "S-1", 10)])
    with pytest.raises(NoPlanFound, match="pinned seats alone break a rule"):
        solve(round_)
