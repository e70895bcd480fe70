"""Parts planned each by itself: what is told, and pins that clash in one."""

from importlib import import_module

import pytest

from optimizer.clock import Progress
from optimizer.errors import NoPlanFound
from optimizer.plan import ObjectiveValue, Plan
from optimizer.problem import Problem
from optimizer.reducing import parts
from optimizer.solving.search import Search
from optimizer.solving.solve import solve
from optimizer.solving.solvers import Attempt
from optimizer.verifying.verify import verify
from tests.optimizer.builders import need, problem, recipient, session


@pytest.fixture(autouse=True)
def one_part_a_bundle(monkeypatch):
    monkeypatch.setattr(parts, "PAIRS_OF_A_BUNDLE", 0)


def islands(*sizes: int, pins: tuple[tuple[str, str, int], ...] = ()) -> Problem:
    """States XA00, XA01, ... with so many needs each, and a course of its own that serves them alone."""
    states = [f"XA{number:02}" for number in range(len(sizes))]
    needs = [
        need(f"N-{state}-{row}", state, seats=3 + row)
        for state, size in zip(states, sizes, strict=True)
        for row in range(size)
    ]
    sessions = [session(f"S-{state}", f"O-{state}", only={state}, min_seats=6) for state in states]
    return problem(needs, sessions, recipients=[recipient(state, "XAA") for state in states], pinned=pins)


# -- progress
# -----------------------------------------------------------------------------------------------------


def watched(round_: Problem) -> tuple[Plan, list[Progress]]:
    told: list[Progress] = []
    return solve(round_, on_progress=told.append), told


def test_what_an_objective_came_to_after_it_was_told_is_told_in_the_end(monkeypatch):
    real = Search.improve_all

    def improve_all(search):
        first, *others = real(search)
        assert first.bound is not None
        return [ObjectiveValue(first.name, first.value, first.bound + 1), *others]

    monkeypatch.setattr(Search, "improve_all", improve_all)
    for sizes in ((2,), (2, 3)):
        plan, told = watched(islands(*sizes))
        last = {step.objective: (step.value, step.bound) for step in told}
        assert last == {row.name: (row.value, row.bound) for row in plan.objectives}


# -- pins
# -----------------------------------------------------------------------------------------------------


def test_a_clash_in_a_part_is_looked_for_once_and_in_the_time_that_is_left(monkeypatch):
    module = import_module("optimizer.solving.solve")
    real, clocks = module.find_clash, []

    def find_clash(facts, pairs, effort, clock=None):
        clocks.append(clock)
        return real(facts, pairs, effort, clock)

    monkeypatch.setattr(module, "find_clash", find_clash)
    monkeypatch.setattr(import_module("optimizer.clashes.clash"), "find_clash", find_clash)
    round_ = islands(2, 1, pins=(("N-XA01-0", "S-XA01", 3), ("N-XA00-0", "S-XA00", 3)))
    plan = solve(round_, time_limit_seconds=50)
    assert plan.clash is not None
    assert [(pin.need, pin.session) for pin in plan.clash.pins] == [("N-XA01-0", "S-XA01")]
    assert verify(round_, plan).ok
    assert len(clocks) == 1
    assert 0 < clocks[0].left() <= 50


@pytest.mark.parametrize("sizes", [(2,), (2, 2)])
def test_solvers_that_contradict_each_other_give_neither_a_plan_nor_a_clash(monkeypatch, sizes):
    round_ = islands(*sizes, pins=(("N-XA00-0", "S-XA00", 3),))
    plan = solve(round_)
    monkeypatch.setattr(
        import_module("optimizer.solving.first_plan"),
        "run",
        lambda program, effort: Attempt("infeasible", None, None),
    )
    with pytest.raises(RuntimeError, match="contradict each other") as caught:
        solve(round_)
    assert not isinstance(caught.value, NoPlanFound)
    assert solve(round_, start=plan).assignments == plan.assignments
