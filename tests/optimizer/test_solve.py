"""Solving: the same plan again, honest bounds, time limits that lose nothing, and solvers whose word
fails.
"""

import os
import signal
from dataclasses import replace
from importlib import import_module
from threading import Timer
from time import monotonic

import pytest

from optimizer import solvers
from optimizer.canonical import problem_sha256
from optimizer.clock import Clock
from optimizer.errors import NoPlanFound
from optimizer.facts import Facts
from optimizer.model_objectives import ObjectiveOfModel
from optimizer.model_vectors import RoundModel
from optimizer.pairs import find_pairs
from optimizer.prepared import PreparedRound
from optimizer.problem import Offer
from optimizer.program import Program, PulpProgram, is_told_apart
from optimizer.search import Polisher
from optimizer.solve import solve
from optimizer.solvers import Attempt, Effort
from optimizer.verify import verify
from tests.bench.generator import make_problem
from tests.optimizer.brute_force import find_optimum
from tests.optimizer.builders import need, problem, session
from tests.optimizer.random_problems import random_problem


def _contended(count=7):
    """A round in which many needs compete for few seats, so that no bound is reached by itself."""
    recipients = ("XAA", "XAB", "XAC")
    needs = [
        need(f"N-{number:02}", recipients[number % 3], seats=5 + number % 4, min_group=3)
        for number in range(count)
    ]
    sessions = [session(f"S-{seats}", seats=seats, min_seats=6, max_recipients=2) for seats in (8, 10, 13)]
    return problem(needs, sessions, offers=[Offer("O-1", "XPA", max_sessions=2)])


def _bound(row):
    assert row.bound is not None
    return row.bound


def _solver(plan):
    assert plan.solver is not None
    return plan.solver


def _values(plan):
    return tuple(row.value for row in plan.objectives)


def test_a_round_without_needs_has_an_empty_optimal_plan():
    plan = solve(problem([], [session()]))
    assert plan.outcome == "optimal"
    assert plan.assignments == ()
    assert [(row.value, row.bound) for row in plan.objectives] == [(0, 0)] * 8


def test_an_optimal_plan_states_its_problem_its_solver_and_a_bound_for_each_objective():
    round_ = _contended()
    plan = solve(round_)
    assert plan.outcome == "optimal"
    assert plan.problem_sha256 == problem_sha256(round_)
    assert [row.name for row in plan.objectives] == list(round_.policy.objectives)
    assert all(row.value == row.bound for row in plan.objectives)
    assert _solver(plan).solver.startswith("HiGHS")
    assert _solver(plan).stopped_by is None
    assert verify(round_, plan).ok


def test_the_same_problem_gives_the_same_plan():
    plans = [replace(solve(_contended()), solver=None) for _ in range(2)]
    assert plans[0] == plans[1]


def test_an_optimal_plan_does_not_depend_on_the_plan_it_may_start_from():
    round_ = _contended()
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
    assert _solver(plans[1]).solver.startswith("CBC")


def test_a_solver_that_does_not_exist_is_refused_by_name():
    with pytest.raises(ValueError, match="highs, cbc"):
        solve(_contended(), solver="abacus")


def test_another_number_of_threads_in_one_process_still_solves():
    round_ = _contended()
    values = [_values(solve(round_, threads=threads)) for threads in (1, 2, 1)]
    assert values[0] == values[1] == values[2]


# -- time ------------------------------------------------------------------------------------------------
# ---------


def test_without_time_the_empty_plan_is_returned_with_a_bound_that_holds():
    round_ = _contended()
    best = solve(round_)
    plan = solve(round_, time_limit_seconds=0)
    assert plan.outcome == "feasible"
    assert _solver(plan).stopped_by == "time_limit"
    assert plan.assignments == ()
    assert len(plan.objectives) == 8
    assert all(_bound(row) >= top.value for row, top in zip(plan.objectives, best.objectives, strict=True))
    assert verify(round_, plan).ok


def test_without_time_a_start_plan_is_kept():
    round_ = _contended()
    best = solve(round_)
    plan = solve(round_, start=best, time_limit_seconds=0)
    assert plan.assignments == best.assignments
    assert verify(round_, plan).ok


def test_a_start_plan_that_breaks_the_problem_is_no_help_and_no_harm():
    round_ = _contended()
    broken = replace(solve(round_), assignments=(replace(solve(round_).assignments[0], seats=99),))
    assert solve(round_, start=broken, time_limit_seconds=0).assignments == ()


def test_without_time_pins_that_no_plan_at_hand_satisfies_leave_no_plan():
    # The pin alone is below min_seats, so only a search could find who fills the session.
    needs = [need("N-1", seats=5), need("N-2", "XAB", seats=5)]
    round_ = problem(needs, [session(min_seats=8)], pinned=[("N-1", "S-1", 5)])
    with pytest.raises(NoPlanFound):
        solve(round_, time_limit_seconds=0)
    assert solve(round_).outcome == "optimal"


def test_a_limit_that_suffices_changes_nothing():
    round_ = _contended()
    assert replace(solve(round_, time_limit_seconds=60), solver=None) == replace(solve(round_), solver=None)


def test_the_clock_says_what_is_left_and_never_less_than_nothing():
    assert Clock(None).left() is None
    assert Clock(0).is_over()
    assert 0 < (Clock(100).left() or 0) <= 100


# -- progress
# -----------------------------------------------------------------------------------------------------


def test_progress_names_every_objective_that_is_solved_and_ends_at_the_values_of_the_plan():
    seen = {}
    plan = solve(_contended(), on_progress=lambda step: seen.update({step.objective: step}))
    twins = {"firm.critical", "firm.reached", "firm.coverage", "stability", "quality"}
    assert twins <= set(seen)
    for row in plan.objectives:
        if row.name in seen:
            assert (seen[row.name].value, seen[row.name].bound) == (row.value, row.bound)
    seconds = [step.seconds for step in seen.values()]
    assert all(second >= 0 for second in seconds)


def test_an_error_of_whoever_watches_ends_the_solve():
    class Enough(Exception):
        pass

    def stop(step):
        if step.objective == "quality":
            raise Enough

    with pytest.raises(Enough):
        solve(_contended(), on_progress=stop)


def test_ctrl_c_while_the_solver_runs_ends_the_solve_and_leaves_the_handler_as_it_was():
    before = signal.getsignal(signal.SIGINT)
    calls = []

    def press(step):
        calls.append(step)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        solve(_contended(), on_progress=press)
    timer = Timer(4, os.kill, (os.getpid(), signal.SIGINT))
    begin = monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        solve(make_problem(300, 300, 7), time_limit_seconds=60)
    assert monotonic() - begin < 10
    assert signal.getsignal(signal.SIGINT) is before


# -- a solver's word
# ----------------------------------------------------------------------------------------------


def _with_attempts(monkeypatch, spoil):
    """Let the solver answer, and spoil its answer as real ones have been seen to be: once, on its first
    call.
    """
    real, calls = solvers.run, []

    def run(program, effort, **options):
        attempt = real(program, effort, **options)
        calls.append(effort.solver)
        return spoil(attempt, len(calls))

    monkeypatch.setattr(import_module("optimizer.solve"), "run", run)
    return calls


def test_infeasible_while_a_plan_is_in_hand_is_a_fault_and_asked_again(monkeypatch):
    best = _values(solve(_contended()))
    calls = _with_attempts(
        monkeypatch, lambda attempt, call: Attempt("infeasible", None, None) if call == 3 else attempt
    )
    plan = solve(_contended())
    assert plan.outcome == "optimal"
    assert _values(plan) == best
    assert len(calls) > 3


def test_values_that_do_not_belong_to_the_reported_bound_are_a_fault_and_asked_again(monkeypatch):
    best = _values(solve(_contended()))

    def forget(attempt, call):
        return replace(attempt, values=[0.0] * len(attempt.values)) if call == 1 else attempt

    _with_attempts(monkeypatch, forget)
    assert _values(solve(_contended())) == best


def test_values_that_break_a_row_are_never_a_plan(monkeypatch):
    round_ = _contended()
    best = _values(solve(round_))

    def overfill(attempt, call):
        return replace(attempt, values=[1.0] * len(attempt.values)) if call == 1 else attempt

    _with_attempts(monkeypatch, overfill)
    plan = solve(round_)
    assert _values(plan) == best
    assert verify(round_, plan).ok


def test_a_bound_below_the_plan_in_hand_is_not_believed(monkeypatch):
    def lower(attempt, call):
        return replace(attempt, bound=0)

    _with_attempts(monkeypatch, lower)
    plan = solve(_contended())
    assert plan.outcome == "feasible"
    assert all(_bound(row) >= row.value for row in plan.objectives)


def test_when_both_solvers_fail_the_plan_in_hand_is_returned_as_not_proven(monkeypatch):
    round_ = _contended()
    _with_attempts(monkeypatch, lambda attempt, call: Attempt("fault", None, None))
    plan = solve(round_)
    assert plan.outcome == "feasible"
    assert _solver(plan).stopped_by == "fault"
    assert verify(round_, plan).ok


def test_pins_are_never_said_to_clash_by_solvers_that_broke_down(monkeypatch):
    needs = [need("N-1", seats=5), need("N-2", "XAB", seats=5)]
    round_ = problem(needs, [session(min_seats=8)], pinned=[("N-1", "S-1", 5)])
    plan = solve(round_)
    _with_attempts(monkeypatch, lambda attempt, call: Attempt("fault", None, None))
    with pytest.raises(NoPlanFound, match="broke down"):
        solve(round_)
    assert solve(round_, start=plan).assignments == plan.assignments


# -- numbers that doubles cannot tell apart
# -----------------------------------------------------------------------

LARGE_WEIGHTS = {"critical": 10**8, "high": 1, "routine": 10**8 - 1}
LARGE_QUARTERS = (10**8, 10**8 - 1, 2, 1)


def test_rows_that_highs_refuses_are_a_fault_of_the_solver():
    program = Program()
    column = program.add_column("x", 0, 5)
    program.add_row("too_large", [(column, 10**16)], "<=", 3 * 10**16)
    pulp_program = program.to_pulp()
    pulp_program.set_objective([(column, 1)])
    assert solvers.run(pulp_program, Effort()) == Attempt("fault", None, None)


@pytest.mark.parametrize("solver", solvers.SOLVERS)
def test_weights_too_large_for_any_solver_leave_a_plan_that_holds_and_is_not_called_proven(solver):
    needs = [need("N-1", seats=10, priority="critical"), need("N-2", "XAB", seats=7)]
    round_ = problem(needs, [session(seats=12)], weights=LARGE_WEIGHTS, quarters=LARGE_QUARTERS)
    plan = solve(round_, solver=solver)
    assert [row.seats for row in plan.assignments] == [10, 2]
    assert plan.outcome == "feasible"
    assert _solver(plan).stopped_by == "fault"
    assert all(_bound(row) >= row.value for row in plan.objectives)
    assert verify(round_, plan).ok


@pytest.mark.parametrize("seed", range(6))
def test_weights_that_share_a_large_divisor_are_solved_as_if_they_did_not(seed):
    round_ = random_problem(4_000 + seed)
    policy = replace(round_.policy, weights={"critical": 4, "high": 2, "routine": 1}, quarters=(4, 3, 2, 1))
    small = solve(replace(round_, policy=policy))
    weights = {"critical": 4 * 10**11, "high": 2 * 10**11, "routine": 10**11}
    large = solve(replace(round_, policy=replace(policy, weights=weights)))
    assert large.outcome == small.outcome
    for row, other in zip(large.objectives, small.objectives, strict=True):
        factor = 10**11 if row.name.endswith("coverage") else 1
        assert (row.value, row.bound) == (other.value * factor, _bound(other) * factor)


@pytest.mark.parametrize(
    ("coefficients", "largest_value", "is_clear"),
    [
        ([], 0, True),
        ([1, 0, 16], 10**6, True),
        ([10**12, 3 * 10**12], 10**20, True),
        ([10**9, 1], 10**10, True),
        ([10**9 + 1, 1], 10**10, False),
        ([1, -(10**10)], 5, False),
        ([1, 16], 10**15, False),
    ],
)
def test_values_are_told_apart_up_to_the_digits_of_a_double(coefficients, largest_value, is_clear):
    assert is_told_apart(list(enumerate(coefficients)), largest_value) is is_clear


@pytest.mark.parametrize("error", [IndexError, ValueError, RuntimeError, OSError])
def test_an_error_of_whoever_watches_is_not_taken_for_one_of_the_solver(error):
    calls = []

    def fail(step):
        calls.append(step)
        if len(calls) == 2:
            raise error("the watcher's own")

    with pytest.raises(error, match="the watcher's own"):
        solve(_contended(), on_progress=fail)


def test_a_start_is_a_whole_vector_or_none():
    # A start that leaves columns without a value has misled a solver: see `solvers`.
    round_ = _contended()
    model = RoundModel(Facts(round_), find_pairs(round_))
    terms = model.add_objective(ObjectiveOfModel(model.model, "coverage"))
    program = PulpProgram(model.program)
    program.set_objective(terms.terms)
    cold = _vector_of(model, solvers.run(program, Effort()))
    warm = solvers.run(program, Effort(), start=cold)
    assert warm.bound == terms.value(cold)
    assert terms.value(_vector_of(model, warm)) == warm.bound
    program.set_start(cold)
    assert None not in program.values()


def _vector_of(model, attempt):
    """The full vector of what an attempt found, rebuilt in whole numbers."""
    assert attempt.values is not None
    draft = model.read_draft(attempt.values)
    assert draft is not None
    return model.vector_of(draft)


@pytest.mark.parametrize("seed", range(12))
def test_a_plan_that_a_time_limit_stopped_is_never_better_than_its_bound(seed):
    round_ = random_problem(2_000 + seed)
    optimum = find_optimum(round_)
    if optimum is None:
        assert solve(round_).outcome == "clashing_pins"
        return
    plan = solve(round_, time_limit_seconds=0.02) if not round_.pinned else solve(round_)
    assert plan.objectives[0].value <= optimum.values[0] <= _bound(plan.objectives[0])
    assert verify(round_, plan).ok


# -- large rounds
# -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(15))
def test_a_plan_polished_in_between_is_as_good_as_trying_every_plan(seed, monkeypatch):
    monkeypatch.setattr(import_module("optimizer.solve"), "MIN_PAIRS", 0)
    round_ = random_problem(3_000 + seed)
    optimum, plan = find_optimum(round_), solve(round_)
    assert (plan.outcome == "clashing_pins") == (optimum is None)
    if optimum is not None:
        assert plan.outcome == "optimal"
        assert _values(plan) == optimum.values
        assert verify(round_, plan).ok


@pytest.mark.parametrize("seed", range(15))
def test_a_plan_found_in_haste_is_as_good_as_trying_every_plan(seed, monkeypatch):
    solving = import_module("optimizer.solve")
    monkeypatch.setattr(solving, "MIN_PAIRS", 0)
    monkeypatch.setattr(solving, "COLUMNS_PRESOLVED_A_SECOND", 0)
    round_ = random_problem(3_000 + seed)
    optimum, plan = find_optimum(round_), solve(round_, time_limit_seconds=120)
    assert (plan.outcome == "clashing_pins") == (optimum is None)
    if optimum is not None:
        assert plan.outcome == "optimal"
        assert _values(plan) == optimum.values
        assert verify(round_, plan).ok


def test_polishing_takes_no_seat_away_and_holds_what_is_held():
    round_ = _contended()
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
    assert all(_bound(row) >= row.value for row in plan.objectives)
    if plan.outcome == "feasible":
        assert _solver(plan).stopped_by == "time_limit"
