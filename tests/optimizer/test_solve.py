"""Solving: the same plan again, honest bounds, time limits that lose nothing, and progress."""

import gc
import os
import signal
from dataclasses import replace
from threading import Timer
from time import monotonic

import pytest

from optimizer.clock import Clock
from optimizer.errors import NoPlanFound
from optimizer.files.canonical import problem_sha256
from optimizer.solving import solvers
from optimizer.solving.solve import solve
from optimizer.verifying.verify import verify
from tests.bench.generator import make_problem
from tests.optimizer.builders import need, problem, session
from tests.optimizer.contended import bound_of, contended, solver_of, values_of
from tests.optimizer.random_problems import random_problem


def test_a_round_without_needs_has_an_empty_optimal_plan():
    plan = solve(problem([], [session()]))
    assert plan.outcome == "optimal"
    assert plan.assignments == ()
    assert [(row.value, row.bound) for row in plan.objectives] == [(0, 0)] * 8


def test_an_optimal_plan_states_its_problem_its_solver_and_a_bound_for_each_objective():
    round_ = contended()
    plan = solve(round_)
    assert plan.outcome == "optimal"
    assert plan.problem_sha256 == problem_sha256(round_)
    assert [row.name for row in plan.objectives] == list(round_.policy.objectives)
    assert all(row.value == row.bound for row in plan.objectives)
    assert solver_of(plan).solver.startswith("HiGHS")
    assert solver_of(plan).stopped_by is None
    assert verify(round_, plan).ok


def test_the_same_problem_gives_the_same_plan():
    plans = [replace(solve(contended()), solver=None) for _ in range(2)]
    assert plans[0] == plans[1]


def test_an_optimal_plan_does_not_depend_on_the_plan_it_may_start_from():
    round_ = contended()
    plan = solve(round_)
    upside_down = tuple(replace(row, seats=3) for row in plan.assignments[:2])
    for start in (plan, replace(plan, assignments=upside_down), replace(plan, assignments=())):
        assert replace(solve(round_, start=start), solver=None) == replace(plan, solver=None)


@pytest.mark.parametrize("seed", range(25))
def test_cbc_behind_the_same_argument_proves_the_same_values(seed):
    round_ = random_problem(1_000 + seed)
    plans = [solve(round_, solver=name) for name in solvers.SOLVERS]
    assert plans[0].outcome == plans[1].outcome
    assert [(row.name, row.value, row.bound) for row in plans[0].objectives] == [
        (row.name, row.value, row.bound) for row in plans[1].objectives
    ]
    assert solver_of(plans[1]).solver.startswith("CBC")


def test_a_solver_that_does_not_exist_is_refused_by_name():
    with pytest.raises(ValueError, match="highs, cbc"):
        solve(contended(), solver="abacus")


def test_another_number_of_threads_in_one_process_still_solves(monkeypatch):
    # Rounds as small as this one are otherwise solved in one thread.
    monkeypatch.setattr("optimizer.solving.search.MIN_PAIRS", 0)
    round_ = contended()
    values = [values_of(solve(round_, threads=threads)) for threads in (1, 2, 1)]
    assert values[0] == values[1] == values[2]


def test_a_small_round_has_the_same_plan_with_any_number_of_threads():
    one, other = (solve(contended(), threads=threads) for threads in (1, 2))
    assert one.assignments == other.assignments
    assert one.solver is not None
    assert other.solver is not None
    assert one.solver.threads == other.solver.threads == 1


# -- time ------------------------------------------------------------------------------------------------
# ---------


def test_without_time_what_a_coordinator_would_add_is_returned_with_a_bound_that_holds():
    round_ = contended()
    best = solve(round_)
    plan = solve(round_, time_limit_seconds=0)
    assert plan.outcome == "feasible"
    assert solver_of(plan).stopped_by == "time_limit"
    assert plan.assignments
    assert values_of(plan) < values_of(best)
    assert len(plan.objectives) == 8
    assert all(bound_of(row) >= top.value for row, top in zip(plan.objectives, best.objectives, strict=True))
    assert verify(round_, plan).ok


def test_without_time_a_start_plan_is_kept():
    round_ = contended()
    best = solve(round_)
    plan = solve(round_, start=best, time_limit_seconds=0)
    assert plan.assignments == best.assignments
    assert verify(round_, plan).ok


def test_a_start_plan_that_breaks_the_problem_is_no_help_and_no_harm():
    round_ = contended()
    broken = replace(solve(round_), assignments=(replace(solve(round_).assignments[0], seats=99),))
    without = solve(round_, time_limit_seconds=0)
    assert solve(round_, start=broken, time_limit_seconds=0).assignments == without.assignments


def test_without_time_pins_that_no_plan_at_hand_satisfies_leave_no_plan():
    # The pin alone is below min_seats, so only a search could find who fills the session.
    needs = [need("N-1", seats=5), need("N-2", "XAB", seats=5)]
    round_ = problem(needs, [session(min_seats=8)], pinned=[("N-1", "S-1", 5)])
    with pytest.raises(NoPlanFound):
        solve(round_, time_limit_seconds=0)
    assert solve(round_).outcome == "optimal"


def test_a_limit_that_suffices_changes_nothing():
    round_ = contended()
    assert replace(solve(round_, time_limit_seconds=60), solver=None) == replace(solve(round_), solver=None)


def test_the_clock_says_what_is_left_and_never_less_than_nothing():
    assert Clock(None).left() is None
    assert Clock(0).is_over()
    assert 0 < (Clock(100).left() or 0) <= 100


# -- progress
# -----------------------------------------------------------------------------------------------------


def test_progress_names_every_objective_and_ends_at_the_values_of_the_plan():
    seen = {}
    plan = solve(contended(), on_progress=lambda step: seen.update({step.objective: step}))
    told = {name: (step.value, step.bound) for name, step in seen.items()}
    assert told == {row.name: (row.value, row.bound) for row in plan.objectives}
    assert all(step.seconds >= 0 for step in seen.values())


def test_an_error_of_whoever_watches_ends_the_solve():
    class Enough(Exception):
        pass

    def stop(step):
        if step.objective == "quality":
            raise Enough

    with pytest.raises(Enough):
        solve(contended(), on_progress=stop)


@pytest.fixture
def without_watchers_of_garbage():
    """Whatever is raised while Python collects garbage is lost in Python itself. Hypothesis listens there, so
    that a signal handler may run inside it; nobody does outside of the tests.
    """
    kept = gc.callbacks[:]
    gc.callbacks.clear()
    yield
    gc.callbacks[:] = kept


@pytest.mark.usefixtures("without_watchers_of_garbage")
def test_ctrl_c_while_the_solver_runs_ends_the_solve_and_leaves_the_handler_as_it_was():
    before = signal.getsignal(signal.SIGINT)
    calls = []

    def press(step):
        calls.append(step)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        solve(contended(), on_progress=press)
    timer = Timer(4, os.kill, (os.getpid(), signal.SIGINT))
    begin = monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        solve(make_problem(300, 300, 7), time_limit_seconds=60)
    # The sixty seconds are not sat out, however busy the cores are.
    assert monotonic() - begin < 40
    assert signal.getsignal(signal.SIGINT) is before
