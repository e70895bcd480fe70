"""HiGHS on the arrays of a slice: small programs, many of them, one after the other.

The round's own model goes through PuLP (`solvers.py`). A repair or an explanation solves dozens of programs
of a few hundred columns in the time in which PuLP would hand over one, so here HiGHS gets the arrays
themselves. What it says is a suggestion here as well: the caller rebuilds and checks every plan.
"""

import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from math import floor, isfinite
from typing import Final, Literal

import highspy
import numpy as np
from numpy.typing import NDArray

from optimizer.model.arrays import Floats, Matrix
from optimizer.solving.solvers import (
    HIGHS_TOLERANCES,
    STRICT_TOLERANCE,
    prepare_highs,
    stopped_by_signals,
)

# Values are whole, so a plan within less than one of the bound is proven.
WHOLE_GAP: Final = 0.999
# So that the same question has the same answer.
THREADS: Final = 1
BOUND_TOLERANCE: Final = 1e-6
SECONDS_UNWATCHED: Final = 2.0
WHOLE_TOLERANCE: Final = 1e-4

NearEnding = Literal["proven", "open", "infeasible", "fault"]
_STOPPED: Final = (
    highspy.HighsModelStatus.kTimeLimit,
    highspy.HighsModelStatus.kSolutionLimit,
    highspy.HighsModelStatus.kIterationLimit,
    highspy.HighsModelStatus.kInterrupt,
    highspy.HighsModelStatus.kObjectiveTarget,
)
# Every column has bounds, so a program that is one of these two has no plan.
_INFEASIBLE: Final = (
    highspy.HighsModelStatus.kInfeasible,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,
)


@dataclass(frozen=True, slots=True)
class NearAnswer:
    """``proven``: ``values`` are within less than one of ``bound``; ``open``: a limit came first, and either
    may be missing. Whole columns are rounded; a vector that is not near whole numbers is a fault.
    """

    ending: NearEnding
    values: Floats | None = None
    bound: int | None = None


def pass_matrix(
    highs: highspy.Highs,
    matrix: Matrix,
    cost: Floats,
    is_integer: NDArray[np.int32],
    sense: highspy.ObjSense = highspy.ObjSense.kMaximize,
) -> None:
    """Hand a program to HiGHS at once, to be maximised where nothing else is said; ``cost`` and
    ``is_integer`` have length n.
    """
    highs.passModel(
        matrix.column_count,
        matrix.row_count,
        len(matrix.columns),
        0,
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.HessianFormat.kTriangular),
        int(sense),
        0.0,
        cost,
        matrix.lower,
        matrix.upper,
        matrix.row_lower,
        matrix.row_upper,
        matrix.starts,
        matrix.columns,
        matrix.coefficients,
        np.empty(0, dtype=np.int32),
        np.empty(0, dtype=np.int32),
        np.empty(0),
        is_integer,
    )


class NearSolver:
    """One HiGHS that is used again and again; ``stop``, where there is one, ends its run from outside."""

    def __init__(self, *, is_strict: bool = False, stop: threading.Event | None = None) -> None:
        prepare_highs(THREADS)
        self.stop = stop
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]
        options = {"output_flag": False, "threads": THREADS, "mip_abs_gap": WHOLE_GAP}
        if is_strict:
            options |= dict.fromkeys(HIGHS_TOLERANCES, STRICT_TOLERANCE)
        for option, value in options.items():
            self._highs.setOptionValue(option, value)
        self._matrix: Matrix | None = None

    def load(self, matrix: Matrix) -> None:
        """Take another program in place of the one before."""
        self._matrix = matrix
        cost = np.zeros(matrix.column_count)
        pass_matrix(self._highs, matrix, cost, matrix.is_integer.astype(np.int32))

    def set_bounds(self, lower: Floats, upper: Floats) -> None:
        """Hold every column within these bounds, length n each."""
        count = len(lower)
        self._highs.changeColsBounds(count, np.arange(count, dtype=np.int32), lower, upper)

    def hold(self, cost: Floats, least: float, most: float = float("inf")) -> None:
        """Add the row ``least <= cost @ column values <= most``."""
        columns = np.flatnonzero(cost).astype(np.int32)
        self._highs.addRow(least, most, len(columns), columns, cost[columns])

    def maximise(
        self,
        cost: Floats,
        start: Floats | None = None,
        *,
        seconds: float = float("inf"),
        max_nodes: int | None = None,
        enough: float | None = None,
        relative_gap: float = 0.0,
    ) -> NearAnswer:
        """Maximise ``cost`` over the program; a ``start`` is a value for every column.

        With ``enough`` the search ends (``open``) at the first values that come to more than that.

        A run that began with a plan has been called optimal with values that do not reach its own bound; it
        is asked again without.
        """
        matrix, highs = self._matrix, self._highs
        if matrix is None:
            raise ValueError("load a program first")
        if matrix.column_count == 0:
            return NearAnswer("proven", np.empty(0), 0)
        highs.setOptionValue("time_limit", seconds)
        highs.setOptionValue("mip_max_nodes", highspy.kHighsIInf if max_nodes is None else max_nodes)
        highs.setOptionValue("mip_rel_gap", relative_gap)
        highs.setOptionValue("objective_target", float("inf") if enough is None else enough)
        count = matrix.column_count
        highs.changeColsCost(count, np.arange(count, dtype=np.int32), cost)
        is_exact = relative_gap == 0.0
        answer = self._run(matrix, cost, start, is_exact)
        is_misled = answer.ending == "fault" and start is not None
        return self._run(matrix, cost, None, is_exact) if is_misled else answer

    def _run(self, matrix: Matrix, cost: Floats, start: Floats | None, is_exact: bool) -> NearAnswer:
        # A run of the round itself may have used more threads since.
        prepare_highs(THREADS)
        self._highs.clearSolver()
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = start.tolist()
            self._highs.setSolution(solution)
        with self._watched():
            self._highs.run()
        answer = self._read(matrix)
        if answer.ending != "proven" or answer.values is None or answer.bound is None:
            return answer
        if round(float(cost @ answer.values)) >= answer.bound:
            return answer
        return NearAnswer("fault") if is_exact else replace(answer, ending="open")

    def _watched(self) -> AbstractContextManager[None]:
        """A run that may take long can be stopped by a signal; watching dozens of short ones costs more."""
        _, seconds = self._highs.getOptionValue("time_limit")
        is_short = float(seconds) <= SECONDS_UNWATCHED and self.stop is None
        return nullcontext() if is_short else stopped_by_signals(self._highs, self.stop)

    def _read(self, matrix: Matrix) -> NearAnswer:
        status, info = self._highs.getModelStatus(), self._highs.getInfo()
        if status in _INFEASIBLE:
            return NearAnswer("infeasible")
        limit = info.mip_dual_bound if matrix.is_integer.any() else info.objective_function_value
        bound = floor(limit + BOUND_TOLERANCE) if isfinite(limit) else None
        has_values = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        if not has_values:
            return NearAnswer("open" if status in _STOPPED else "fault", None, bound)
        values = np.array(self._highs.getSolution().col_value)
        whole = np.round(values[matrix.is_integer])
        if np.abs(values[matrix.is_integer] - whole).max(initial=0.0) > WHOLE_TOLERANCE:
            return NearAnswer("fault")
        values[matrix.is_integer] = whole
        if status == highspy.HighsModelStatus.kOptimal:
            return NearAnswer("proven", values, bound)
        return NearAnswer("open" if status in _STOPPED else "fault", values, bound)
