"""Solvers whose word fails, and numbers too large for doubles: no plan is lost, and none is called proven."""

from dataclasses import replace
from importlib import import_module

import pytest

from optimizer.errors import NoPlanFound
from optimizer.model.objective_columns import ObjectiveOfModel
from optimizer.model.program import Program, PulpProgram, is_told_apart
from optimizer.model.vectors import RoundModel
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving import solvers
from optimizer.solving.solve import solve
from optimizer.solving.solvers import Attempt, Effort
from optimizer.verifying.verify import verify
from tests.optimizer.brute_force import find_optimum
from tests.optimizer.builders import need, problem, session
from tests.optimizer.contended import bound_of, contended, solver_of, values_of
from tests.optimizer.random_problems import random_problem


def _with_attempts(monkeypatch, spoil):
    """Let the solver answer, and spoil its answer as real ones have been seen to be: once, on its first
    call.
    """
    real, calls = solvers.run, []

    def run(program, effort, **options):
        attempt = real(program, effort, **options)
        calls.append(effort.solver)
        return spoil(attempt, len(calls))

    for room in ("search", "first_plan"):
        monkeypatch.setattr(import_module(f"optimizer.solving.{room}"), "run", run)
    return calls


def test_infeasible_while_a_plan_is_in_hand_is_a_fault_and_asked_again(monkeypatch):
    best = values_of(solve(contended()))
    calls = _with_attempts(
        monkeypatch, lambda attempt, call: Attempt("infeasible", None, None) if call == 3 else attempt
    )
    plan = solve(contended())
    assert plan.outcome == "optimal"
    assert values_of(plan) == best
    assert len(calls) > 3


def test_values_that_do_not_belong_to_the_reported_bound_are_a_fault_and_asked_again(monkeypatch):
    best = values_of(solve(contended()))

    def forget(attempt, call):
        return replace(attempt, values=[0.0] * len(attempt.values)) if call == 1 else attempt

    _with_attempts(monkeypatch, forget)
    assert values_of(solve(contended())) == best


def test_values_that_break_a_row_are_never_a_plan(monkeypatch):
    round_ = contended()
    best = values_of(solve(round_))

    def overfill(attempt, call):
        return replace(attempt, values=[1.0] * len(attempt.values)) if call == 1 else attempt

    _with_attempts(monkeypatch, overfill)
    plan = solve(round_)
    assert values_of(plan) == best
    assert verify(round_, plan).ok


def test_a_bound_below_the_plan_in_hand_is_not_believed(monkeypatch):
    def lower(attempt, call):
        return replace(attempt, bound=0)

    _with_attempts(monkeypatch, lower)
    plan = solve(contended())
    assert plan.outcome == "feasible"
    assert all(bound_of(row) >= row.value for row in plan.objectives)


def test_when_both_solvers_fail_the_plan_in_hand_is_returned_as_not_proven(monkeypatch):
    round_ = contended()
    _with_attempts(monkeypatch, lambda attempt, call: Attempt("fault", None, None))
    plan = solve(round_)
    assert plan.outcome == "feasible"
    assert solver_of(plan).stopped_by == "fault"
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
    assert solver_of(plan).stopped_by == "fault"
    assert all(bound_of(row) >= row.value for row in plan.objectives)
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
        assert (row.value, row.bound) == (other.value * factor, bound_of(other) * factor)


@pytest.mark.parametrize(
    ("coefficients", "largest_value", "is_clear"),
    [
        ([], 0, True),
        ([1, 0, 16], 10**6, True),
        ([10**12, 3 * 10**12], 10**20, True),
        ([10**9, 1], 10**10, True),
        ([10**9 + 1, 1], 10**10, False),
        ([1, -(10**10)], 5, False),
        ([10**9 + 1, 10**9], 10**10, False),
        ([1, 16], 10**12, False),
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
        solve(contended(), on_progress=fail)


def test_a_start_is_a_whole_vector_or_none():
    # A start that leaves columns without a value has misled a solver: see `solvers`.
    round_ = contended()
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
    assert plan.objectives[0].value <= optimum.values[0] <= bound_of(plan.objectives[0])
    assert verify(round_, plan).ok
