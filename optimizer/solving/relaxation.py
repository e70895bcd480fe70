"""The relaxation of a program: solved at once, solved again as columns are fixed, and a bound that needs no
solver's word.

Without whole columns a program is a linear one, whose every dual vector bounds it: HiGHS only suggests the
duals, and what they prove is added up here.
"""

from math import floor, isfinite
from typing import Final

import highspy
import numpy as np

from optimizer.model.arrays import Floats, Indexes, Matrix
from optimizer.solving.near_solver import THREADS, pass_matrix
from optimizer.solving.solvers import prepare_highs, stopped_by_signals

# Sums of a million doubles differ from the exact ones by far less; values are whole.
ROUNDING: Final = 1e-4


class Relaxation:
    """One relaxation in HiGHS, kept warm.

    ``cost`` is what is maximised, length n.
    """

    def __init__(self, matrix: Matrix, cost: Floats) -> None:
        prepare_highs(THREADS)
        self._matrix, self._cost = matrix, cost
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (("output_flag", False), ("threads", THREADS)):
            self._highs.setOptionValue(option, value)
        pass_matrix(self._highs, matrix, cost, np.zeros(matrix.column_count, dtype=np.int32))

    def fix(self, columns: Indexes, value: float) -> None:
        """Hold these columns at a value."""
        values = np.full(len(columns), value)
        self._highs.changeColsBounds(len(columns), columns.astype(np.int32), values, values)

    def solve(self, seconds: float) -> Floats | None:
        """Return the best values, length n, or ``None`` where there are none or time ran out."""
        prepare_highs(THREADS)
        # HiGHS counts the time of all runs of one model together.
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + seconds)
        with stopped_by_signals(self._highs):
            self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(self._highs.getSolution().col_value)

    def bound(self) -> int | None:
        """Return what the duals of the last solve prove of the whole program, rounded down.

        Valid while nothing is fixed. For any duals y of the right signs, ``cost @ x`` is at most what y makes
        of the rows' sides and the columns' bounds make of the rest.
        """
        matrix = self._matrix
        dual = np.array(self._highs.getSolution().row_dual)
        if len(dual) != matrix.row_count:
            return None
        side = np.where(dual > 0, matrix.row_upper, matrix.row_lower)
        dual = np.where(np.isfinite(side), dual, 0.0)
        rest = self._cost - np.bincount(
            matrix.columns,
            weights=matrix.coefficients * dual[matrix.row_of_entry],
            minlength=matrix.column_count,
        )
        total = float((dual * np.where(dual != 0.0, side, 0.0)).sum())
        total += float(np.where(rest > 0, rest * matrix.upper, rest * matrix.lower).sum())
        return floor(total + ROUNDING) if isfinite(total) else None
