"""Asking a near round in the round's own order of objectives: is there a better plan in which a need gains?

"Better" is the contract's: the values of the objectives compared in order, and the first that differs
decides. So a question goes down the order and ends at the first objective at which no such plan reaches the
present value (none is better), or some such plan passes it (one is).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from optimizer.clock import Clock
from optimizer.explaining.near_rounds import NearRound
from optimizer.model.arrays import Floats
from optimizer.model.program import slack_of_lock
from optimizer.model.supply import PairKey
from optimizer.solving.narrowing import Narrowing
from optimizer.solving.near_solver import THREADS, NearAnswer
from optimizer.solving.prepared import WEIGHTS, PlanInHand

Answer = Literal["helps", "no", "open"]
HALF: Final = 0.5
# What is spent on making a witness better once it has shown what it had to.
SECONDS_TO_FINISH: Final = 0.5


@dataclass(frozen=True, eq=False)
class Tried:
    """What a change was found to do, and the seats and bridges of the plan that shows that it helps."""

    answer: Answer
    seats: Mapping[PairKey, int] = field(default_factory=dict)
    bridges: Mapping[PairKey, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Finding:
    """``helps`` with the plan that shows it; ``no``: there is none; ``open``: not settled in time."""

    answer: Answer
    plan: PlanInHand | None = None


NO: Final = Finding("no")
OPEN: Final = Finding("open")


class OrderSearch:
    """Questions to one near round about one need (``None``: about the order alone)."""

    def __init__(self, near: NearRound, need: str | None) -> None:
        self.near, self.need = near, need
        self.prepared = near.prepared
        self.piece = near.piece
        self.present: Floats = near.plan.vector[self.piece.columns]
        self.costs = [(name, cost) for name, cost in self._costs() if cost.any()]
        self.gain = self._seats_of(need)

    def _costs(self) -> Iterator[tuple[str, Floats]]:
        for name, whole in zip(self.prepared.names, self.prepared.costs, strict=True):
            yield name, whole[self.piece.columns]

    def _seats_of(self, need: str | None) -> Floats:
        """1 for each free column that holds seats of the need."""
        whole = np.zeros(self.prepared.arrays.matrix.column_count)
        for position, pair in enumerate(self.prepared.model.model.pairs):
            if pair.need == need:
                whole[self.prepared.seat_columns[position]] = 1.0
        return whole[self.piece.columns]

    def _value(self, cost: Floats, values: Floats) -> int:
        return round(float(cost @ values))

    def _now(self, cost: Floats) -> float:
        value = self._value(cost, self.present)
        return value - slack_of_lock(value)

    def _more_than_now(self, cost: Floats) -> float:
        value = self._value(cost, self.present) + 1
        return value - slack_of_lock(value)

    def _begin(self) -> None:
        solver = self.prepared.solver
        solver.load(self.piece.matrix)
        if self.need is not None:
            solver.hold(self.gain, self._more_than_now(self.gain))

    def _begin_narrowing(self) -> Narrowing:
        """Relaxations of what was begun: most questions are answered by their prices, with no search."""
        narrowing = Narrowing(self.piece.matrix, THREADS)
        if self.need is not None:
            narrowing.hold(self.gain, self._more_than_now(self.gain))
        return narrowing

    def _can_gain(self) -> bool:
        return self.need is None or bool(self.gain.any())

    # -- is there a better plan ------------------------------------------------------------------------------

    def find_better(self, clock: Clock, *, finish: bool = True) -> Finding:
        """A plan that the order prefers to the present one and in which the need gains.

        With ``finish`` the rest of the order is followed as well, so that the plan found is a good one.
        """
        if not self._can_gain():
            return NO
        self._begin()
        narrowing = self._begin_narrowing()
        current: Floats | None = None if self.need is not None else self.present
        for position, (_, cost) in enumerate(self.costs):
            now = self._value(cost, self.present)
            self.prepared.solver.hold(cost, self._now(cost))
            narrowing.hold(cost, self._now(cost))
            limit = narrowing.limit(cost, now)
            if limit < now:
                return NO
            if limit == now:
                # Nothing is more here, so what makes a plan better can only come later in the order.
                continue
            self.prepared.solver.set_bounds(narrowing.lower, narrowing.upper)
            answer = self._maximise(cost, current, clock, enough=now + HALF)
            if answer.ending == "infeasible" or (answer.bound is not None and answer.bound < now):
                return self._refused()
            if answer.values is None:
                return OPEN
            value = self._value(cost, answer.values)
            if value > now:
                return self._conclude(answer.values, position, finish=finish)
            if answer.ending != "proven" and answer.bound != now:
                return OPEN
            current = answer.values if value == now else current
        return self._refused()

    def _refused(self) -> Finding:
        """No, by a solver's word, where its tolerances can tell the numbers of this round apart."""
        return NO if self.prepared.is_provable else OPEN

    def _maximise(
        self, cost: Floats, start: Floats | None, clock: Clock, enough: float | None = None
    ) -> NearAnswer:
        left = clock.left()
        if left == 0.0:
            return NearAnswer("open")
        seconds = float("inf") if left is None else left
        return self.prepared.solver.maximise(cost, start, seconds=seconds, enough=enough)

    def _conclude(self, values: Floats, position: int, *, finish: bool) -> Finding:
        found = self._check(values)
        if found is None:
            return OPEN
        if finish:
            found = self._check(self._follow_order(values, position)) or found
        return Finding("helps", found)

    def _follow_order(self, values: Floats, position: int) -> Floats:
        """From values that are better at a position of the order, a plan that is good in all that follows:
        the rest of the order is weighed into one sum, for the witness need not be the best.
        """
        solver, total = self.prepared.solver, np.zeros(len(values))
        for name, cost in self.costs[position:]:
            solver.hold(cost, self._value(cost, values) - HALF)
            total += WEIGHTS[name] * cost
        answer = solver.maximise(total, values, seconds=SECONDS_TO_FINISH, max_nodes=1)
        return values if answer.values is None else answer.values

    def _check(self, values: Floats) -> PlanInHand | None:
        """The plan of these values, where it obeys every row exactly and is what was asked for.

        Where the program is not the changed round's own, its rows are for the caller to look at.
        """
        found = self.prepared.take(self.piece, values)
        if self.near.is_own:
            draft = self.prepared.draft_of(found)
            if draft is None or self.prepared.model.find_violation(draft) is not None:
                return None
            found = self.prepared.plan_of(draft)
        if found.values <= self.near.plan.values:
            return None
        if self.need is not None and self.seats_in(found) <= self.seats_in(self.near.plan):
            return None
        return found

    def seats_in(self, plan: PlanInHand) -> int:
        """Seats of the need in a plan."""
        return sum(seats for (need, _), seats in self.prepared.seats_of(plan).items() if need == self.need)

    # -- with as little as possible of something -------------------------------------------------------------

    def find_least(self, draw: Floats, most: int, clock: Clock) -> tuple[int, bool]:
        """The least of ``draw`` (a coefficient for every column) for which there is such a plan.

        Returns the least found, at most ``most`` (with which one exists), and whether it is proven. A plan is
        better where for some objective all before it are at least as now and it is more: so the least is
        looked for with each objective as the one that is more.
        """
        cost, best, is_proven = draw[self.piece.columns], most, True
        for position, (_, rising) in enumerate(self.costs):
            rows = [(held, self._now(held)) for _, held in self.costs[:position]]
            rows.append((rising, self._more_than_now(rising)))
            narrowing = self._begin_narrowing()
            for row, least in rows:
                narrowing.hold(row, least)
            if narrowing.limit(-cost, 1 - best) < 1 - best:
                continue
            self._begin()
            solver = self.prepared.solver
            solver.set_bounds(narrowing.lower, narrowing.upper)
            for row, least in rows:
                solver.hold(row, least)
            solver.hold(cost, -HALF, best - HALF)
            answer = self._maximise(-cost, None, clock)
            if answer.ending == "infeasible":
                is_proven = is_proven and self.prepared.is_provable
                continue
            if answer.values is not None and self._check(answer.values) is not None:
                best = min(best, self._value(cost, answer.values))
            is_proven = is_proven and answer.ending == "proven" and self.prepared.is_provable
        return best, is_proven
