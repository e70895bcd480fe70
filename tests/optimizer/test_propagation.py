"""Bounds that follow from rows: every vector that obeys the rows stays within them."""

from itertools import product
from random import Random

import numpy as np

from optimizer.model.arrays import Matrix, ProgramArrays
from optimizer.model.program import Program, Sense
from optimizer.solving.propagation import tighten

COLUMNS = 4


def matrix_of(program: Program) -> Matrix:
    return ProgramArrays(program).matrix


def heavy_row(rng: Random, size: int, spare: int) -> Program:
    """``heavy flags that are all set + light <= what they add up to + spare``."""
    program = Program()
    light = program.add_column("light", 0, 5)
    heavy = [
        (program.add_column(f"heavy {number}", 1, 1), rng.randint(size, 3 * size)) for number in range(30)
    ]
    program.add_row("all", [(light, 1), *heavy], "<=", sum(weight for _, weight in heavy) + spare)
    return program


def random_program(rng: Random) -> Program:
    senses: tuple[Sense, ...] = ("<=", ">=", "=")
    program = Program()
    for number in range(COLUMNS):
        lower = rng.randint(-2, 1)
        program.add_column(f"column {number}", lower, lower + rng.randint(0, 4))
    for number in range(rng.randint(1, 4)):
        terms = [(column, rng.choice((-7, -2, -1, 0, 1, 1, 3, 10**6))) for column in range(COLUMNS)]
        some, bound = rng.sample(terms, rng.randint(1, COLUMNS)), rng.randint(-4, 9)
        program.add_row(f"row {number}", some, rng.choice(senses), bound)
    return program


def test_every_vector_that_obeys_the_rows_stays_within_the_bounds(size):
    rng = Random(1)
    possible = held = 0
    for _ in range(3_000 if size == "full" else 500):
        program = random_program(rng)
        matrix = matrix_of(program)
        lower, upper = tighten(matrix, matrix.lower, matrix.upper)
        ranges = [range(column.lower, column.upper + 1) for column in program.columns]
        allowed = [v for v in product(*ranges) if program.find_violation(v) is None]
        possible += len(allowed)
        held += int(np.sum(upper - lower < matrix.upper - matrix.lower)) if allowed else 0
        for vector in allowed:
            assert np.all((lower <= vector) & (vector <= upper)), program
    assert possible > 1_000
    assert held > 100


def test_a_light_term_gets_what_its_row_leaves_it():
    matrix = matrix_of(heavy_row(Random(1), 10**6, 2))
    assert tighten(matrix, matrix.lower, matrix.upper)[1][0] == 2


def test_rounding_of_a_heavy_row_takes_no_value_away():
    rng = Random(1)
    for exponent in range(6, 18):
        for _ in range(20):
            matrix = matrix_of(heavy_row(rng, 10**exponent, 3))
            assert tighten(matrix, matrix.lower, matrix.upper)[1][0] >= 3, exponent
