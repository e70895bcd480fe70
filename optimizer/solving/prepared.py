"""A round made ready for many small questions: its program with all objectives as arrays, a plan in hand.

Repair, the search around a plan and the reserve lists all ask the same thing: with a few sessions free and
everything else held, what is the best plan in the round's own order? The model is built once; each question
cuts a slice from it (`model/slices.py`) and solves that.
"""

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.model.arrays import Flags, Floats, Indexes, ProgramArrays
from optimizer.model.objective_columns import ObjectiveOfModel, ObjectiveTerms
from optimizer.model.program import MAX_SPREAD, MAX_SPREAD_STRICT, is_told_apart, slack_of_lock, spread_of
from optimizer.model.slices import Slice, cut_slice
from optimizer.model.supply import PairKey, share_supports
from optimizer.model.vectors import Draft, RoundModel
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts
from optimizer.solving.narrowing import Narrowing
from optimizer.solving.near_solver import THREADS, NearSolver
from optimizer.solving.propagation import tighten

ROW_TOLERANCE: Final = 1e-6
# About what a seat is worth in each objective beside the others, so that one outweighs those after it for
# nearly every seat, while the largest coefficient stays within what a solver's tolerances can tell apart.
# Exactly lexicographic weights do not (a range of 10^10).
WEIGHTS: Final[Mapping[str, int]] = {
    "firm.critical": 20_000,
    "firm.reached": 600_000,
    "firm.coverage": 1_500,
    "critical": 500,
    "reached": 30_000,
    "coverage": 60,
    "stability": 200,
    "quality": 1,
}


@dataclass(frozen=True, eq=False)
class PlanInHand:
    """A plan as a full vector of the prepared program, in the solver's units, and its objectives' values."""

    vector: Floats
    values: tuple[int, ...]


class PreparedRound:
    """The program of a round with all objectives of its policy.

    ``lower`` and ``upper`` are the bounds of every column as they are now: a repair fixes declined pairs at
    nothing and agreed ones at their seats by moving them, without building anything again.
    """

    def __init__(self, facts: Facts, pairs: Sequence[Pair], *, as_stated: bool = False) -> None:
        self.facts = facts
        self.model = RoundModel(facts, pairs, as_stated=as_stated)
        self.names = facts.problem.policy.objectives
        self.terms: list[ObjectiveTerms] = [
            self.model.add_objective(ObjectiveOfModel(self.model.model, name)) for name in self.names
        ]
        self.arrays = ProgramArrays(self.model.program)
        self.costs = [self.arrays.cost_of(terms.terms) for terms in self.terms]
        self._counted = [np.flatnonzero(cost) for cost in self.costs]
        self.lower: Floats = self.arrays.matrix.lower.copy()
        self.upper: Floats = self.arrays.matrix.upper.copy()
        self.position = {(pair.need, pair.session): i for i, pair in enumerate(self.model.model.pairs)}
        self.seat_columns = np.array([c.seats for c in self.model.model.columns], dtype=np.int32)
        self._columns_of_session = self._find_columns_of_sessions()
        self._follows = self._find_followers()
        self._fillers = [filler for terms in self.terms for filler in terms.fillers]
        self._filled = np.array([column for column, _ in self._fillers], dtype=np.int32)
        # Objectives are held one after the other, so their numbers count as those of rows do.
        spread = max(
            self.model.find_spread(),
            *(spread_of(coefficient for _, coefficient in terms.terms) for terms in self.terms),
        )
        self.is_provable = spread <= MAX_SPREAD_STRICT and all(
            map(self._is_told_apart, self.terms, self.costs)
        )
        self._is_strict = spread > MAX_SPREAD
        self.solver = NearSolver(is_strict=self._is_strict)

    def beside(self, stop: threading.Event) -> "PreparedRound":
        """The same round with a solver of its own, for another thread; everything else is only read there."""
        other = copy(self)
        other.solver = NearSolver(is_strict=self._is_strict, stop=stop)
        return other

    def _is_told_apart(self, terms: ObjectiveTerms, cost: Floats) -> bool:
        largest = float(np.abs(cost) @ np.maximum(np.abs(self.lower), np.abs(self.upper)))
        return is_told_apart(terms.terms, int(largest))

    # -- whose column is whose ------------------------------------------------------------------------------

    def _find_columns_of_sessions(self) -> dict[str, list[int]]:
        """Session -> the columns that belong to it alone."""
        model, supply = self.model.model, self.model.supply
        owned: dict[str, list[int]] = {session: [column] for session, column in model.running.items()}
        for pair, columns in zip(model.pairs, model.columns, strict=True):
            owned[pair.session] += [columns.seats, columns.group, *columns.bridges.values()]
        for (session, _), column in model.presence.items():
            owned[session].append(column)
        for (_, session, _), column in supply.uses.items():
            owned[session].append(column)
        for (session, _), column in (*supply.in_use.items(), *supply.usable.items()):
            owned[session].append(column)
        return owned

    def _find_followers(self) -> Flags:
        """Columns of no session: a whole need's switch, and what objectives count. They follow the seats."""
        follows = np.ones(self.arrays.matrix.column_count, dtype=np.bool_)
        for columns in self._columns_of_session.values():
            follows[columns] = False
        return follows

    # -- plans ----------------------------------------------------------------------------------------------

    def plan_of(self, draft: Draft) -> PlanInHand:
        """A draft of this round as a plan in hand."""
        return self.weigh(self.arrays.scaled(self.model.vector_of(draft)))

    def weigh(self, vector: Floats) -> PlanInHand:
        """A full vector with the values of its objectives."""
        values = tuple(
            round(float((cost[counted] * vector[counted]).sum())) + terms.constant
            for cost, counted, terms in zip(self.costs, self._counted, self.terms, strict=True)
        )
        return PlanInHand(vector, values)

    def obeys(self, vector: Floats) -> bool:
        """Whether every row and every bound holds."""
        slack = ROW_TOLERANCE
        is_within = np.all(vector >= self.lower - slack) and np.all(vector <= self.upper + slack)
        return bool(is_within) and not bool(np.any(self._broken_rows(vector)))

    def obeys_as(self, before: PlanInHand, vector: Floats) -> bool:
        """As `obeys`, for a vector that differs little from a plan that obeys every row: only the rows of
        what has changed are looked at.
        """
        slack = ROW_TOLERANCE
        if not bool(np.all(vector >= self.lower - slack) and np.all(vector <= self.upper + slack)):
            return False
        changed = np.flatnonzero(vector != before.vector).astype(np.int32)
        matrix = self.arrays.matrix
        rows = np.flatnonzero(matrix.rows_of(changed))
        entries, row_of_entry = matrix.entries_of(rows)
        terms = matrix.coefficients[entries] * vector[matrix.columns[entries]]
        activity = np.bincount(row_of_entry, weights=terms, minlength=len(rows))
        is_high_enough = np.all(activity >= matrix.row_lower[rows] - slack)
        return bool(is_high_enough and np.all(activity <= matrix.row_upper[rows] + slack))

    def _broken_rows(self, vector: Floats) -> Flags:
        matrix = self.arrays.matrix
        activity = matrix.activity(vector)
        is_low = activity < matrix.row_lower - ROW_TOLERANCE
        broken: Flags = is_low | (activity > matrix.row_upper + ROW_TOLERANCE)
        return broken

    def draft_of(self, plan: PlanInHand) -> Draft | None:
        """The plan in whole numbers with its supports shared exactly, or ``None`` where it is none."""
        return self.model.read_draft((plan.vector * self.arrays.scale).tolist())

    def draft_near(self, before: Draft, plan: PlanInHand, sessions: Collection[str]) -> Draft | None:
        """As `draft_of`, for a plan that differs from the one before in these sessions alone.

        What the other sessions draw on stays with them; only where the rest does not suffice is everything
        shared anew.
        """
        free = set(sessions)
        seats = {key: count for key, count in before.seats.items() if key[1] not in free}
        bridges = {key: word for key, word in before.bridges.items() if key[1] not in free}
        new_seats: dict[PairKey, int] = {}
        new_bridges: dict[PairKey, str] = {}
        for session in free:
            for position in self.model.model.pairs_of_session.get(session, ()):
                pair, columns = self.model.model.pairs[position], self.model.model.columns[position]
                count = round(float(plan.vector[columns.seats]))
                if count > 0:
                    new_seats[pair.need, pair.session] = count
                    if columns.bridges:
                        chosen = max(columns.bridges, key=lambda word: plan.vector[columns.bridges[word]])
                        new_bridges[pair.need, pair.session] = chosen
        return self.share_near(before, (seats, bridges), (new_seats, new_bridges))

    def share_near(
        self,
        before: Draft,
        held: tuple[dict[PairKey, int], dict[PairKey, str]],
        changed: tuple[dict[PairKey, int], dict[PairKey, str]],
    ) -> Draft | None:
        """A draft of held and changed (seats, bridges), the supports of the held left as they were."""
        staying = {session for _, session in held[0]}
        kept = {use: units for use, units in before.uses.items() if use[1] in staying}
        uses = share_supports(self.facts, *changed, kept)
        if uses is None:
            return self.model.make_draft(held[0] | changed[0], held[1] | changed[1])
        return Draft(held[0] | changed[0], held[1] | changed[1], kept | uses)

    def seats_of(self, plan: PlanInHand) -> dict[PairKey, int]:
        """Seats of every pair that has any."""
        seats = np.rint(plan.vector[self.seat_columns]).astype(np.int64)
        pairs = self.model.model.pairs
        return {(pairs[i].need, pairs[i].session): int(seats[i]) for i in np.flatnonzero(seats)}

    # -- slices ---------------------------------------------------------------------------------------------

    def cut(self, plan: PlanInHand, sessions: Iterable[str], but_not: Sequence[int] = ()) -> Slice:
        """The slice in which these sessions are free, but for some columns, with all that follows their
        seats.
        """
        matrix = self.arrays.matrix
        is_free = np.zeros(matrix.column_count, dtype=np.bool_)
        for session in sessions:
            is_free[self._columns_of_session.get(session, [])] = True
        is_free[list(but_not)] = False
        # The second time for the segments of a recipient's worth, which share a row with each other only.
        for looked_at in (np.ones_like(is_free), self._follows):
            begun = np.flatnonzero(is_free & looked_at).astype(np.int32)
            rows = np.flatnonzero(matrix.rows_of(begun))
            touched = matrix.columns[matrix.entries_of(rows)[0]]
            is_free[touched[self._follows[touched]]] = True
        return cut_slice(matrix, is_free, plan.vector, (self.lower, self.upper))

    def take(self, piece: Slice, found: Floats) -> PlanInHand:
        """The plan of a slice's values, with what follows the seats worked out again from them."""
        vector = piece.put_back(found)
        seats = np.rint(vector[self.seat_columns]).astype(np.int64).tolist()
        free = set(piece.columns.tolist())
        for column, fill in self._fillers:
            if column in free:
                vector[column] = fill(seats) / self.arrays.scale[column]
        return self.weigh(vector)

    def join(self, plan: PlanInHand, begun: PlanInHand, found: PlanInHand) -> PlanInHand | None:
        """The plan in hand with what turned another plan, begun from, into the one found.

        ``None``: both have changed the same column, or the two changes together break a row.
        """
        if plan is begun:
            return found
        changed = found.vector != begun.vector
        by_others = plan.vector != begun.vector
        changed[self._filled] = by_others[self._filled] = False
        if np.any(changed & by_others):
            return None
        vector = plan.vector.copy()
        vector[changed] = found.vector[changed]
        seats = np.rint(vector[self.seat_columns]).astype(np.int64).tolist()
        for column, fill in self._fillers:
            vector[column] = fill(seats) / self.arrays.scale[column]
        joined = self.weigh(vector)
        return joined if self.obeys_as(plan, vector) else None

    def cut_all_that_moves(self, plan: PlanInHand) -> Slice | None:
        """The slice of every column that the bounds, and what follows from them, leave free to move.

        Nothing is lost: a plan of the whole round within the bounds is a plan of this slice. ``None``: the
        bounds alone show that there is no plan.
        """
        matrix = self.arrays.matrix
        lower, upper = tighten(matrix, self.lower, self.upper)
        is_free = upper > lower + ROW_TOLERANCE
        held = np.where(is_free, plan.vector, lower)
        is_settled = ~matrix.rows_of(np.flatnonzero(is_free).astype(np.int32))
        broken = self._broken_rows(held)
        return None if np.any(broken & is_settled) else cut_slice(matrix, is_free, held, (lower, upper))

    def improve(
        self, plan: PlanInHand, sessions: Collection[str], *, seconds_each: float = 2.0
    ) -> "Improvement":
        """The best plan in which only these sessions change, objective by objective.

        ``is_proven`` says that each objective was solved to its end within the slice: no plan that differs in
        these sessions alone is better.
        """
        return self.improve_slice(plan, self.cut(plan, sessions), seconds_each=seconds_each)

    def recover(self, piece: Slice, *, seconds: float) -> tuple[PlanInHand | None, bool]:
        """Return any plan of a slice that obeys everything, if there is one.

        The second answer says whether, where there is none, that is proven.
        """
        self.solver.load(piece.matrix)
        answer = self.solver.maximise(np.zeros(len(piece.columns)), seconds=seconds)
        if answer.values is None:
            return None, answer.ending == "infeasible"
        found = self.take(piece, answer.values)
        return (found, True) if self.obeys(found.vector) else (None, False)

    def all_together(self, columns: Indexes) -> Floats:
        """What these columns are worth in all objectives together, those before weighing far more."""
        cost = np.zeros(len(columns))
        for name, whole in zip(self.names, self.costs, strict=True):
            cost += WEIGHTS[name] * whole[columns]
        return cost

    def _lead(self, piece: Slice, current: Floats, seconds: float) -> Floats:
        """Values that are mostly the best in every objective at once, so that little is left to search for
        when each of them is asked about: what the solver finds for all together, or the current ones where
        those are better in the round's own order.
        """
        answer = self.solver.maximise(self.all_together(piece.columns), current, seconds=seconds)
        if answer.values is None:
            return current
        both = (answer.values, current)
        found, now = ([round(float(cost[piece.columns] @ values)) for cost in self.costs] for values in both)
        return answer.values if found > now else current

    def improve_slice(self, plan: PlanInHand, piece: Slice, *, seconds_each: float = 2.0) -> "Improvement":
        """The best plan within a slice, objective by objective, each solved and then held."""
        current = plan.vector[piece.columns]
        solver, is_proven = self.solver, True
        solver.load(piece.matrix)
        current = self._lead(piece, current, seconds_each)
        narrowing = Narrowing(piece.matrix, THREADS)
        for cost in (whole[piece.columns] for whole in self.costs):
            if solver.stop is not None and solver.stop.is_set():
                is_proven = False
                break
            if not cost.any():
                continue
            now = round(float(cost @ current))
            bound = narrowing.narrow(cost, now, current, may_probe=False)
            if bound is None or bound > now:
                solver.set_bounds(narrowing.lower, narrowing.upper)
                answer = solver.maximise(cost, current, seconds=seconds_each)
                if answer.values is not None and round(float(cost @ answer.values)) >= now:
                    current = answer.values
                is_proven = is_proven and answer.ending == "proven"
                if answer.ending == "proven":
                    # What no plan as good can do is certain for the objectives to come as well.
                    narrowing.narrow(cost, round(float(cost @ current)), current, may_probe=False)
            value = round(float(cost @ current))
            least = value - slack_of_lock(value)
            solver.hold(cost, least)
            narrowing.hold(cost, least)
        # What a solver leaves in the columns of objectives that it was not asked about may be less than the
        # seats are worth, so only the values that follow from the seats tell whether the plan is better.
        found = self.take(piece, current)
        is_proven = is_proven and self.is_provable
        if found.values == plan.values:
            return Improvement(plan, is_proven)
        if found.values < plan.values or not self.obeys_as(plan, found.vector):
            return Improvement(plan, False)
        return Improvement(found, is_proven)


@dataclass(frozen=True, eq=False)
class Improvement:
    """The plan after a question, and whether nothing better exists within what was free."""

    plan: PlanInHand
    is_proven: bool
