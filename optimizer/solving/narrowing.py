"""What no plan as good as the one in hand can do, found by relaxations before a solver searches.

A round's objectives are held one after the other, so whatever is certain of every plan that is worth as much
in one of them stays certain for all that follow: sessions that cannot run, groups that must be sent. The
relaxation of a round takes a hundredth of a second where a search takes a second, so it pays to ask it about
every session and group whether the plan could do without it, or with it, and still be worth as much.

Nothing is lost: a column is only ever held where prices prove that every plan on the other side is worth less
than the plan in hand, which itself stays within all bounds.
"""

from math import floor, isfinite
from typing import Final

import numpy as np

from optimizer.clock import Clock
from optimizer.model.arrays import INFINITE, Flags, Floats, Matrix
from optimizer.solving.propagation import tighten
from optimizer.solving.relaxation import TOLERANCE, Answer, PricedBound, Relaxation, bound_by_prices

# How often reduced costs and propagation take turns; a third time rarely finds anything.
TURNS: Final = 3
# Relaxations that pay take a hundredth of these steps; what takes more is left to the solver. Steps and not
# seconds, so that the same round has the same plan.
MOST_STEPS: Final = 20_000
# Questions in a row that may find nothing before no more are asked. Those most likely to are asked first.
MOST_IN_VAIN: Final = 40


class Narrowing:
    """Bounds of a program's columns, in the solver's units, that grow tighter with each objective."""

    def __init__(self, matrix: Matrix, threads: int) -> None:
        self._matrix = matrix
        self._relaxation = Relaxation(threads)
        self._relaxation.load(matrix, (matrix.lower, matrix.upper), np.zeros(matrix.column_count))
        self._clock = Clock(None)
        self.lower: Floats = matrix.lower.copy()
        self.upper: Floats = matrix.upper.copy()

    def follow(self, matrix: Matrix) -> None:
        """Take the program again, which has gained columns and rows at its end."""
        known = len(self.lower)
        self._relaxation.grow(matrix, self._matrix)
        self._matrix = matrix
        self.lower = np.concatenate((self.lower, matrix.lower[known:]))
        self.upper = np.concatenate((self.upper, matrix.upper[known:]))

    def hold(self, cost: Floats, least: float) -> None:
        """Add the row ``least <= cost @ column values``."""
        self.follow(self._matrix.with_row(cost, least))

    def forget(self) -> None:
        """Take the program's own bounds again: the plan in hand is worth less than what was counted on."""
        self.lower, self.upper = self._matrix.lower.copy(), self._matrix.upper.copy()

    def narrow(
        self, cost: Floats, value: int, plan: Floats, *, may_probe: bool, clock: Clock | None = None
    ) -> int | None:
        """Narrow to the plans that are worth at least ``value``, and return a bound of the worth.

        ``plan``, the plan in hand, is one of them; it and ``cost`` have length n. ``None``: nothing is
        proven. Once the clock is over, nothing more is asked.
        """
        self._clock = clock or Clock(None)
        self._tighten()
        bound = self._narrow_by_prices(cost, value)
        if bound is not None and may_probe:
            self._probe(cost, value, plan, bound)
        if not self._admits(plan) or (bound is not None and bound[0].most < value):
            # The plan in hand refutes what was thought to be proven.
            self.forget()
            return None
        return None if bound is None else floor(bound[0].most)

    def limit(self, cost: Floats, value: int, clock: Clock | None = None) -> float:
        """Narrow as `narrow`, where no plan is in hand, and return what bounds the worth of every plan that
        is worth at least ``value``: something below it where there is none, infinity where nothing is proven.
        """
        self._clock = clock or Clock(None)
        self._tighten()
        bound = self._narrow_by_prices(cost, value)
        return INFINITE if bound is None else floor(bound[0].most) if isfinite(bound[0].most) else -INFINITE

    def _solve(self, enough: float = -INFINITE) -> Answer:
        """Ask the relaxation, within the seconds that are left and the steps that one may take."""
        return self._relaxation.solve(enough, seconds=self._clock.left(), most_steps=MOST_STEPS)

    def _admits(self, plan: Floats) -> bool:
        return bool(np.all(plan >= self.lower - TOLERANCE) and np.all(plan <= self.upper + TOLERANCE))

    def _tighten(self) -> None:
        """Draw what follows from the bounds as they are."""
        self.lower, self.upper = tighten(self._matrix, self.lower, self.upper)

    def _narrow_by_prices(self, cost: Floats, value: float) -> tuple[PricedBound, Answer] | None:
        """Hold each whole column where its reduced cost alone would take the bound below the value."""
        matrix, found = self._matrix, None
        for _ in range(TURNS):
            self._relaxation.ask_for((self.lower, self.upper), cost)
            answer = self._solve()
            if answer.is_ray and answer.refutes(matrix, (self.lower, self.upper), cost, value):
                return PricedBound(-INFINITE, np.zeros_like(cost)), answer
            if answer.prices is None or answer.is_ray:
                break
            bound = bound_by_prices(matrix, (self.lower, self.upper), cost, answer.prices)
            found = bound, answer
            if not self._apply(bound, value):
                break
        return found

    def _apply(self, bound: PricedBound, value: float) -> bool:
        """Hold what reduced costs allow, with what follows from it; say whether anything moved."""
        spare = bound.most - value + TOLERANCE
        reduced, whole = bound.reduced, self._matrix.is_integer
        with np.errstate(divide="ignore"):
            steps = np.floor(spare / np.abs(reduced) + TOLERANCE)
        falls, rises = whole & (reduced < 0), whole & (reduced > 0)
        upper, lower = self.upper.copy(), self.lower.copy()
        upper[falls] = np.minimum(upper[falls], lower[falls] + steps[falls])
        lower[rises] = np.maximum(lower[rises], self.upper[rises] - steps[rises])
        has_moved = bool(np.any(upper < self.upper) or np.any(lower > self.lower))
        self.lower, self.upper = lower, upper
        if has_moved:
            self._tighten()
        return has_moved

    # -- one question for each session and group ------------------------------------------------------------

    def _probe(self, cost: Floats, value: float, plan: Floats, found: tuple[PricedBound, Answer]) -> None:
        """Ask of every choice that the plan in hand makes whether a plan that makes the other is worth as
        much.
        """
        bound, answer = found
        if answer.values is None:
            return
        self._relaxation.ask_for((self.lower, self.upper), cost)
        self._solve()
        is_possible = _reached(answer.values, plan)
        in_vain = 0
        for column in np.argsort(-np.abs(bound.reduced), kind="stable"):
            if in_vain >= MOST_IN_VAIN or self._clock.is_over():
                break
            if is_possible[column] or not self._is_open(column):
                continue
            answer = self._ask(cost, value, plan, int(column))
            if self._refutes_other(cost, value, plan, int(column), answer):
                in_vain = 0
                continue
            in_vain += 1
            if answer.values is not None and cost @ answer.values >= value:
                is_possible |= _reached(answer.values, plan)

    def _is_open(self, column: int) -> bool:
        is_flag = self.lower[column] == 0 and self.upper[column] == 1
        return bool(self._matrix.is_integer[column] and is_flag)

    def _ask(self, cost: Floats, value: float, plan: Floats, column: int) -> Answer:
        other = 1.0 - round(plan[column])
        self._relaxation.set_bounds(column, other, other)
        answer = self._solve(value - TOLERANCE)
        self._relaxation.set_bounds(column, 0.0, 1.0)
        return answer

    def _refutes_other(self, cost: Floats, value: float, plan: Floats, column: int, answer: Answer) -> bool:
        """Hold a column where the plan in hand has it, if the answer proves that it cannot be otherwise."""
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[column] = upper[column] = 1.0 - round(plan[column])
        if not answer.refutes(self._matrix, (lower, upper), cost, value):
            return False
        before = self.lower.copy(), self.upper.copy()
        self.lower[column] = self.upper[column] = round(plan[column])
        self._tighten()
        for moved in np.flatnonzero((self.lower != before[0]) | (self.upper != before[1])):
            self._relaxation.set_bounds(int(moved), self.lower[moved], self.upper[moved])
        return True


def _reached(values: Floats, plan: Floats) -> Flags:
    """Whole columns that the relaxation has, somewhere, at the other side than the plan in hand."""
    other: Flags = np.abs(values - (1.0 - plan)) < TOLERANCE
    return other
