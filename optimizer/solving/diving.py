"""A good plan from the relaxation: which sessions run is decided first, then who goes to them.

Sessions are what makes a round hard; once it is settled which of them run, the rest is nearly a flow. So the
relaxation is solved, the sessions that it wants most are held open, and it is solved again, until none is
left in between; then one small program places the groups where it wants any of them. It proves nothing:
whoever asks checks the plan.
"""

import threading
from collections.abc import Collection
from dataclasses import dataclass, replace
from math import floor
from typing import Final

import numpy as np

from optimizer.clock import Clock
from optimizer.model.arrays import Flags, Floats, Indexes, Matrix
from optimizer.model.slices import Slice
from optimizer.solving.near_solver import THREADS, NearSolver
from optimizer.solving.prepared import WEIGHTS, PlanInHand, PreparedRound
from optimizer.solving.relaxation import Relaxation, bound_by_prices

# A session this near to running, or not, is held there; of those in between, this part at a time.
NEAR: Final = 0.02
SHARE_HELD: Final = 0.25
# A group is placed where the relaxation sends at least this part of it.
LEAST_WANTED: Final = 1e-6
# Of the seconds that are left, the bound of one objective may take so many times its even share.
MOST_OF_A_SHARE: Final = 2.5
# How near the placing of groups is solved to its end, and how long it may branch for that.
RELATIVE_GAP: Final = 0.002
MAX_NODES: Final = 1


class Diver:
    """Finds plans of a prepared round that are good for all objectives together, and bounds by relaxation."""

    def __init__(self, prepared: PreparedRound) -> None:
        self._round = prepared
        model = prepared.model.model
        self._running = np.array(sorted(model.running.values()), dtype=np.int32)
        self._groups = np.array(sorted({row.group for row in model.columns}), dtype=np.int32)

    def weigh(self, plan: PlanInHand) -> int:
        """What a plan is worth for all objectives together."""
        values = zip(self._round.names, plan.values, strict=True)
        return sum(WEIGHTS[name] * value for name, value in values)

    def find(self, clock: Clock) -> PlanInHand | None:
        """Return a plan of the whole round, or ``None`` where the dive finds none. Nothing is held: few other
        choices of sessions would hold an objective at its best.
        """
        return self._find_in(self._whole(), clock)

    def find_near(self, plan: PlanInHand, sessions: Collection[str], clock: Clock) -> PlanInHand | None:
        """As `find`, with only these sessions free and all else as in the plan."""
        return self._find_in(self._round.cut(plan, sessions), clock)

    def bounds(self, clock: Clock) -> dict[str, int]:
        """Return what the relaxation proves of each objective by itself, for those that the clock allows.

        With earlier objectives held, less can be reached, so the bounds stay true.
        """
        bounds: dict[str, int] = {}
        rows = zip(self._round.names, self._round.costs, self._round.terms, strict=True)
        for position, (name, cost, terms) in enumerate(rows):
            if clock.is_over():
                break
            # One whose relaxation is slow leaves the others their time.
            left = clock.left()
            share = MOST_OF_A_SHARE / (len(self._round.names) - position)
            limit = None if left is None else left * min(1.0, share)
            matrix = self._whole().matrix
            within = (matrix.lower, matrix.upper)
            relaxation = Relaxation(THREADS, presolve=True, stop=self._round.solver.stop)
            relaxation.load(matrix, within, cost)
            answer = relaxation.solve(seconds=limit)
            if answer.values is not None and answer.prices is not None:
                bounds[name] = (
                    floor(bound_by_prices(matrix, within, cost, answer.prices).most) + terms.constant
                )
        return bounds

    def _whole(self) -> Slice:
        prepared = self._round
        count = prepared.arrays.matrix.column_count
        matrix = replace(prepared.arrays.matrix, lower=prepared.lower, upper=prepared.upper)
        return Slice(np.arange(count, dtype=np.int32), matrix, np.zeros(count))

    def _find_in(self, piece: Slice, clock: Clock) -> PlanInHand | None:
        cost = self._round.all_together(piece.columns)
        running, groups = (
            np.flatnonzero(np.isin(piece.columns, columns)).astype(np.int32)
            for columns in (self._running, self._groups)
        )
        found = dive(DivePlace(piece.matrix, running, groups), cost, self._round.solver, clock)
        if found is None:
            return None
        plan = self._round.take(piece, found)
        return plan if self._round.obeys(plan.vector) else None


@dataclass(frozen=True, eq=False)
class DivePlace:
    """Where to dive: a program, its columns that say which sessions run, and those that say which groups
    go.
    """

    matrix: Matrix
    running: Indexes
    groups: Indexes


def dive(place: DivePlace, cost: Floats, solver: NearSolver, clock: Clock) -> Floats | None:
    """Return values for every column of the program, or ``None`` where the dive ends nowhere.

    ``cost`` is what is maximised. The values obey the program as far as HiGHS says.
    """
    wanted = _choose_sessions(place, cost, clock, solver.stop)
    if wanted is None:
        return None
    upper = place.matrix.upper.copy()
    upper[place.running] = np.minimum(upper[place.running], np.round(wanted[place.running]))
    unwanted = place.groups[wanted[place.groups] < LEAST_WANTED]
    upper[unwanted] = np.minimum(upper[unwanted], np.maximum(place.matrix.lower[unwanted], 0.0))
    solver.load(replace(place.matrix, upper=upper))
    seconds = _seconds(clock)
    return solver.maximise(cost, seconds=seconds, max_nodes=MAX_NODES, relative_gap=RELATIVE_GAP).values


def _choose_sessions(
    place: DivePlace, cost: Floats, clock: Clock, stop: threading.Event | None
) -> Floats | None:
    """Values of the relaxation in which each session runs or not, or ``None`` where it has none any more."""
    relaxation = Relaxation(THREADS, presolve=True, stop=stop)
    relaxation.load(place.matrix, (place.matrix.lower, place.matrix.upper), cost)
    is_held = place.matrix.lower[place.running] > NEAR
    values = relaxation.solve(seconds=_seconds(clock)).values
    while values is not None:
        wanted = values[place.running]
        between = np.flatnonzero(~is_held & (wanted > NEAR) & (wanted < 1 - NEAR))
        if len(between) == 0:
            return values
        surest = between[np.argsort(-wanted[between], kind="stable")]
        settled = np.flatnonzero(~is_held & (wanted >= 1 - NEAR))
        opened = np.concatenate((settled, surest[: max(1, int(len(between) * SHARE_HELD))]))
        values = _open(relaxation, place.running, opened.astype(np.int32), is_held, clock)
    return None


def _open(
    relaxation: Relaxation, running: Indexes, opened: Indexes, is_held: Flags, clock: Clock
) -> Floats | None:
    """Hold as many of these sessions open as can run together, the surest first, and return the values then.

    Where not even the first can run, it is given up. ``is_held`` is told of those that are settled.
    """
    while not clock.is_over():
        relaxation.hold(running[opened], 1.0)
        values = relaxation.solve(seconds=_seconds(clock)).values
        if values is not None or len(opened) == 1:
            break
        relaxation.free(running[opened])
        opened = opened[: len(opened) // 2]
    else:
        return None
    is_held[opened] = True
    if values is None:
        relaxation.hold(running[opened], 0.0)
        values = relaxation.solve(seconds=_seconds(clock)).values
    return values


def _seconds(clock: Clock) -> float:
    left = clock.left()
    return float("inf") if left is None else left
