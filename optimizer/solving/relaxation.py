"""The relaxation of a program, asked again and again, and what its prices prove.

HiGHS is asked for one thing here: a price for each row. What follows from the prices is worked out from the
program itself, for any prices bound what plans can reach, good ones closely and poor ones loosely. So
neither a tolerance nor a wrong word of the solver can make a bound too low.
"""

import threading
from dataclasses import dataclass, replace
from typing import Final

import highspy
import numpy as np

from optimizer.model.arrays import INFINITE, Floats, Indexes, Matrix
from optimizer.solving.near_solver import pass_matrix
from optimizer.solving.solvers import prepare_highs, stopped_by_signals

# Sums of doubles are off by far less than this part of what is added up.
ROUNDING: Final = 1e-9
# Above this a bound is at least one unit too low for a value to be reached.
TOLERANCE: Final = 1e-6


@dataclass(frozen=True, eq=False)
class PricedBound:
    """What one set of prices proves within bounds of the columns: no plan is worth more than ``most``, and
    each column adds at most ``reduced`` (length n) to it for each unit by which it moves.
    """

    most: float
    reduced: Floats


def bound_by_prices(
    matrix: Matrix, bounds: tuple[Floats, Floats], cost: Floats, prices: Floats
) -> PricedBound:
    """Return what these prices (length m, any numbers) prove of ``cost`` within lower and upper bounds.

    Whatever the prices p are, cost @ x = (cost - p A) @ x + p @ (A x), and both parts are largest with every
    column and every row at one of its bounds. A row without that bound is left out.
    """
    lower, upper = bounds
    is_unbounded = np.where(prices > 0, ~np.isfinite(matrix.row_upper), ~np.isfinite(matrix.row_lower))
    prices = np.where(is_unbounded | ~np.isfinite(prices), 0.0, prices)
    priced = matrix.coefficients * prices[matrix.row_of_entry]
    reduced = cost - np.bincount(matrix.columns, weights=priced, minlength=matrix.column_count)
    of_rows = prices * np.where(prices > 0, matrix.row_upper, np.where(prices < 0, matrix.row_lower, 0.0))
    of_columns = reduced * np.where(reduced > 0, upper, lower)
    # Each reduced cost is a difference of sums that may be much larger than itself.
    reach = np.maximum(np.abs(lower), np.abs(upper))
    sizes = np.abs(cost) @ reach + np.abs(priced) @ reach[matrix.columns] + np.abs(of_rows).sum()
    return PricedBound(float(of_rows.sum() + of_columns.sum() + ROUNDING * sizes), reduced)


@dataclass(frozen=True, eq=False)
class Answer:
    """``values`` of the columns where the relaxation was solved to its end, ``prices`` of the rows where
    there are any. ``is_ray``: it has no solution, and the prices are to prove that.
    """

    values: Floats | None
    prices: Floats | None
    is_ray: bool = False

    def refutes(self, matrix: Matrix, bounds: tuple[Floats, Floats], cost: Floats, value: float) -> bool:
        """Whether the prices prove that nothing within these bounds is worth ``value``."""
        if self.prices is None:
            return False
        if self.is_ray:
            # Where even nothing cannot be had, nothing else can.
            return bound_by_prices(matrix, bounds, np.zeros_like(cost), self.prices).most < 0
        return bound_by_prices(matrix, bounds, cost, self.prices).most < value - TOLERANCE


class Relaxation:
    """One HiGHS that keeps its basis from one question to the next: within bounds, every column may be a
    fraction.
    """

    def __init__(self, threads: int, *, presolve: bool = False, stop: threading.Event | None = None) -> None:
        prepare_highs(threads)
        self._threads = threads
        self._stop = stop
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]
        self._shape = (0, 0)
        options = {"output_flag": False, "threads": threads, "presolve": "choose" if presolve else "off"}
        for option, value in options.items():
            self._highs.setOptionValue(option, value)

    def load(self, matrix: Matrix, bounds: tuple[Floats, Floats], cost: Floats) -> None:
        """Take a program, bounds of its columns and what is to be maximised."""
        self._shape = (matrix.column_count, matrix.row_count)
        within = replace(matrix, lower=bounds[0], upper=bounds[1])
        none_whole = np.zeros(matrix.column_count, dtype=np.int32)
        # Turned round, for HiGHS states when to stop and the prices for the least of a sum.
        pass_matrix(self._highs, within, -cost, none_whole, highspy.ObjSense.kMinimize)

    def grow(self, matrix: Matrix, known: Matrix) -> None:
        """Take the columns and rows by which a program has grown at its end; what is known stays solved."""
        new = matrix.column_count - known.column_count
        self._shape = (matrix.column_count, matrix.row_count)
        nothing = np.empty(0, dtype=np.int32)
        if new:
            lower, upper = matrix.lower[known.column_count :], matrix.upper[known.column_count :]
            begins = np.zeros(new, dtype=np.int32)
            self._highs.addCols(new, np.zeros(new), lower, upper, 0, begins, nothing, np.empty(0))
        rows, begin = matrix.row_count - known.row_count, known.starts[-1]
        if rows:
            self._highs.addRows(
                rows,
                matrix.row_lower[known.row_count :],
                matrix.row_upper[known.row_count :],
                len(matrix.columns) - begin,
                matrix.starts[known.row_count : -1] - begin,
                matrix.columns[begin:],
                matrix.coefficients[begin:],
            )

    def ask_for(self, bounds: tuple[Floats, Floats], cost: Floats) -> None:
        """Change the bounds of all columns and what is to be maximised."""
        every = np.arange(len(cost), dtype=np.int32)
        self._highs.changeColsCost(len(cost), every, -cost)
        self._highs.changeColsBounds(len(cost), every, *bounds)

    def set_bounds(self, column: int, lower: float, upper: float) -> None:
        self._highs.changeColBounds(column, lower, upper)

    def hold(self, columns: Indexes, value: float) -> None:
        """Hold these columns at a value."""
        values = np.full(len(columns), value)
        self._highs.changeColsBounds(len(columns), columns, values, values)

    def free(self, columns: Indexes) -> None:
        """Let these columns, of which each is something or not, be anything in between again."""
        self._highs.changeColsBounds(len(columns), columns, np.zeros(len(columns)), np.ones(len(columns)))

    def solve(
        self, enough: float = -INFINITE, *, seconds: float | None = None, most_steps: int | None = None
    ) -> "Answer":
        """Solve the relaxation; it may stop as soon as its bound lies below ``enough``, and does after so
        many seconds or steps of the simplex method. One without a limit of steps may take long, and a signal
        stops it.
        """
        if self._shape != (self._highs.getNumCol(), self._highs.getNumRow()):
            # HiGHS leaves out what it cannot state, such as rows with a coefficient of 1e15: it was asked
            # something else.
            return Answer(None, None)
        prepare_highs(self._threads)
        # HiGHS counts the time of all runs of one model together.
        limit = INFINITE if seconds is None else self._highs.getRunTime() + seconds
        steps = highspy.kHighsIInf if most_steps is None else most_steps
        for option, value in (
            ("objective_bound", -enough),
            ("time_limit", limit),
            ("simplex_iteration_limit", steps),
        ):
            self._highs.setOptionValue(option, value)
        if most_steps is not None:
            self._highs.run()
        else:
            with stopped_by_signals(self._highs, self._stop):
                self._highs.run()
        status, solution = self._highs.getModelStatus(), self._highs.getSolution()
        if status == highspy.HighsModelStatus.kModelEmpty:
            # Without columns nothing is asked, and nothing is what every plan is worth.
            return Answer(np.empty(0), np.zeros(self._highs.getNumRow()))
        if status == highspy.HighsModelStatus.kInfeasible:
            _, has_ray, ray = self._highs.getDualRay()  # type: ignore[attr-defined]
            return Answer(None, -np.array(ray) if has_ray else None, is_ray=True)
        values = np.array(solution.col_value) if status == highspy.HighsModelStatus.kOptimal else None
        return Answer(values, -np.array(solution.row_dual) if solution.dual_valid else None)
