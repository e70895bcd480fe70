"""Small questions to a round made ready once: slices agree with the whole program, and obey every rule."""

from random import Random

import numpy as np
import pytest

from optimizer.files.canonical import problem_sha256
from optimizer.model.arrays import ProgramArrays
from optimizer.model.drafts import draft_of_pins
from optimizer.model.program import Program, PulpProgram
from optimizer.model.slices import cut_slice
from optimizer.model.vectors import EMPTY_DRAFT
from optimizer.plan import ObjectiveValue, SolverInfo
from optimizer.problem import Problem
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.near_solver import NearSolver
from optimizer.solving.planning import write_plan
from optimizer.solving.prepared import PlanInHand, PreparedRound
from optimizer.solving.solve import solve
from optimizer.solving.solvers import Effort, run
from optimizer.verifying.verify import verify
from tests.optimizer.random_problems import random_round


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(200 if size == "full" else 10)


def prepare(seed: int) -> tuple[Problem, PreparedRound, PlanInHand | None]:
    problem = random_round(seed, 10, 10)
    facts = Facts(problem)
    prepared = PreparedRound(facts, find_pairs(facts))
    draft = draft_of_pins(prepared.model) if problem.pinned else EMPTY_DRAFT
    return problem, prepared, None if draft is None else prepared.plan_of(draft)


def check_verified(problem: Problem, prepared: PreparedRound, plan: PlanInHand, name: str) -> None:
    draft = prepared.draft_of(plan)
    assert draft is not None, name
    ceiling = [ObjectiveValue(objective, 0, 10**12) for objective in prepared.names]
    info = SolverInfo("", "", 0.0, 1)
    hash_ = problem_sha256(problem)
    written = write_plan(prepared.facts, prepared.model.model.pairs, draft, ceiling, hash_, info)
    assert verify(problem, written).violations == (), name
    assert tuple(row.value for row in written.objectives) == plan.values, name


def test_with_every_session_free_the_best_plan_is_the_best_of_the_round(seeds):
    tried = 0
    for seed in seeds:
        problem, prepared, plan = prepare(seed)
        whole = solve(problem)
        if plan is None or whole.outcome != "optimal":
            continue
        tried += 1
        best = prepared.improve(plan, [session.id for session in problem.sessions], seconds_each=60)
        assert best.is_proven, f"seed {seed}"
        assert list(best.plan.values) == [row.value for row in whole.objectives], f"seed {seed}"
        check_verified(problem, prepared, best.plan, f"seed {seed}")
    assert tried > len(seeds) // 2


def test_a_slice_changes_its_own_sessions_alone_and_never_takes_a_worse_plan(seeds):
    improved = 0
    for seed in seeds:
        problem, prepared, plan = prepare(seed)
        if plan is None:
            continue
        rng = Random(seed)
        for _ in range(4):
            free = {session.id for session in rng.sample(problem.sessions, 3)}
            before = prepared.seats_of(plan)
            found = prepared.improve(plan, free).plan
            after = prepared.seats_of(found)
            outside = {key for key in before.keys() | after.keys() if key[1] not in free}
            assert all(before.get(key) == after.get(key) for key in outside), f"seed {seed}"
            assert found is plan or found.values > plan.values, f"seed {seed}"
            improved += found is not plan
            plan = found
        check_verified(problem, prepared, plan, f"seed {seed}")
    assert improved > len(seeds)


def test_arrays_that_grow_with_their_program_are_those_of_the_whole_program():
    program = Program()
    first = program.add_column("a", 0, 4)
    second = program.add_column("b", 0, 8, is_integer=False, scale=4)
    program.add_row("r", [(first, 1), (second, 1)], "<=", 6)
    grown = ProgramArrays(program)
    third = program.add_column("c", 0, 1)
    program.add_row("s", [(second, 2), (third, -8)], "=", 0, scale=2)
    grown.extend()
    whole = ProgramArrays(program)
    for name in (
        "lower",
        "upper",
        "is_integer",
        "starts",
        "columns",
        "coefficients",
        "row_lower",
        "row_upper",
    ):
        assert np.array_equal(getattr(grown.matrix, name), getattr(whole.matrix, name)), name
    assert grown.matrix.activity(grown.scaled([2, 4, 1])).tolist() == [6.0, 0.0]


def test_a_slice_keeps_what_held_columns_use_up():
    program = Program()
    columns = [program.add_column(name, 0, 10) for name in "abc"]
    program.add_row("together", [(column, 1) for column in columns], "<=", 12)
    program.add_row("elsewhere", [(columns[2], 1)], "<=", 7)
    arrays = ProgramArrays(program)
    matrix = arrays.matrix
    is_free = np.array([True, False, False])
    piece = cut_slice(matrix, is_free, np.array([0.0, 4.0, 3.0]), (matrix.lower, matrix.upper))
    assert (piece.matrix.column_count, piece.matrix.row_count) == (1, 1)
    solver = NearSolver()
    solver.load(piece.matrix)
    answer = solver.maximise(np.array([1.0]))
    assert (answer.ending, answer.bound) == ("proven", 5)
    assert answer.values is not None
    assert answer.values.tolist() == [5.0]


def test_a_slice_that_nothing_satisfies_is_said_to_be_so():
    program = Program()
    column = program.add_column("a", 0, 3)
    program.add_row("more", [(column, 1)], ">=", 4)
    solver = NearSolver()
    solver.load(ProgramArrays(program).matrix)
    assert solver.maximise(np.array([1.0])).ending == "infeasible"


def test_a_run_with_more_threads_in_between_changes_no_answer():
    program = Program()
    columns = [program.add_column(name, 0, 9) for name in "abc"]
    program.add_row("together", [(column, 2) for column in columns], "<=", 15)
    solver = NearSolver()
    solver.load(ProgramArrays(program).matrix)
    before = solver.maximise(np.ones(3))
    other = PulpProgram(program)
    other.set_objective([(column, 1) for column in columns])
    assert run(other, Effort(threads=2)).bound == 7
    after = solver.maximise(np.ones(3))
    assert (before.ending, before.bound) == (after.ending, after.bound) == ("proven", 7)
