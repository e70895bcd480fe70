"""Parts planned each by itself: their time, what is told, and pins that clash in one."""

from importlib import import_module

import pytest

from optimizer.clock import Clock, Progress
from optimizer.errors import NoPlanFound
from optimizer.plan import ObjectiveValue, Plan
from optimizer.problem import Problem
from optimizer.reducing import parts
from optimizer.solving.apart import shares_of_time
from optimizer.solving.search import Search
from optimizer.solving.solve import solve
from optimizer.solving.solvers import Attempt
from optimizer.verifying.verify import verify
from tests.optimizer.builders import need, problem, recipient, session


@pytest.fixture(autouse=True)
def one_part_a_bundle(monkeypatch):
    monkeypatch.setattr(parts, "PAIRS_OF_A_BUNDLE", 0)


# -- shares of time
# -----------------------------------------------------------------------------------------------------


def used(shares: list[float]) -> list[float]:
    """What each part has of the whole time where each uses all that it may."""
    left, taken = 1.0, []
    for share in shares:
        taken.append(left * share)
        left -= left * share
    return taken


def test_many_parts_leave_the_largest_its_time():
    taken = used(shares_of_time([300] * 20 + [6_000]))
    assert sum(taken) == pytest.approx(1)
    assert taken[-1] == pytest.approx(0.5)
    taken = used(shares_of_time([1] * 50 + [6_000]))
    assert taken[-1] > 0.66
    assert taken[0] == pytest.approx(taken[49])
    assert taken[0] > 0.006


def test_a_small_part_beside_a_large_one_has_about_a_tenth_of_the_time():
    assert used(shares_of_time([6, 6_000])) == pytest.approx([0.0909, 0.9091], abs=1e-3)


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


def test_each_part_is_searched_for_its_share_of_the_time(monkeypatch):
    """The clock stands still: what a part may use is what it has been given, whatever the machine."""
    monkeypatch.setattr(Clock, "seconds", lambda clock: 0.0)
    given: list[float | None] = []
    real = Search.improve_all

    def improve_all(search):
        given.append(search._clock.left())
        return real(search)

    monkeypatch.setattr(Search, "improve_all", improve_all)
    solve(islands(2, 3, 5), time_limit_seconds=100)
    assert given == pytest.approx([100 * share for share in shares_of_time([2, 3, 5])])
    assert given == pytest.approx([20, 37.5, 100])


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
