"""A large round together with all that changes of its needs would open, made ready once for many questions.

To build a changed round's program for each question would take longer than to answer it. So one program
holds the pairs of the round and those that the widest step of each change opens, and one more support of
each kind. A question cuts what lies near its need, forbids what its change does not open, and eases the
need's own limits in the slice: what is left is the changed round near the need. What it finds is checked in
the changed round's own program (`would_help.py`) before it is told.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from optimizer.explaining.changes import Change, Ladder, add_support, change_need, find_ladders
from optimizer.explaining.near_rounds import NearRound, RoundWithPlan, sort_pairs
from optimizer.model.arrays import Floats
from optimizer.model.drafts import draft_of_plan
from optimizer.model.program import Limit
from optimizer.model.slices import Slice
from optimizer.model.supply import PairKey, required_units
from optimizer.problem import Need
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts
from optimizer.solving.prepared import PreparedRound

INFINITE: Final = float("inf")
# Units are whole, so half of one more is the same; held to the last digit, a solver may see no plan.
HALF_UNIT: Final = 0.5


@dataclass(frozen=True, slots=True)
class WideLadder:
    """A ladder, and whether its steps can be asked of the wide program: not where a language changes how a
    pair that exists is taught, for a pair is in the program once.
    """

    ladder: Ladder
    is_inside: bool


class WideRound:
    """The wide program of a round for some of its needs."""

    def __init__(self, around: RoundWithPlan, needs: Iterable[Need]) -> None:
        self.around = around
        pairs: dict[PairKey, Pair] = {(pair.need, pair.session): pair for pair in around.pairs}
        self.ladders: dict[str, list[WideLadder]] = {need.id: self._open(need, pairs) for need in needs}
        self.new_supports: dict[str, str] = {}  # kind -> the new support
        problem = around.problem
        for kind, units in self._most_units().items():
            problem, support = add_support(problem, Change("support", kind, amount=units))
            self.new_supports[kind] = support.id
        self.prepared = PreparedRound(Facts(problem), sort_pairs(pairs.values()), as_stated=True)
        draft = draft_of_plan(self.prepared.model, around.plan)
        if draft is None:
            raise ValueError("the plan does not obey the round")
        self.plan = self.prepared.plan_of(draft)
        self._rows: dict[Limit, list[int]] = {}
        for number, row in enumerate(self.prepared.model.program.rows):
            if row.limit is not None and row.limit.code in ("C2", "C3", "C4"):
                self._rows.setdefault(row.limit, []).append(number)
        uses = self.prepared.model.supply.uses.items()
        self._new_uses: dict[str, list[int]] = {kind: [] for kind in self.new_supports}
        kind_of = {support: kind for kind, support in self.new_supports.items()}
        for (giver, _, _), column in uses:
            if giver in kind_of:
                self._new_uses[kind_of[giver]].append(column)

    def _open(self, need: Need, pairs: dict[PairKey, Pair]) -> list[WideLadder]:
        """The need's ladders, with the pairs that they open put among the others."""
        found: list[WideLadder] = []
        for ladder in find_ladders(self.around.finder, need):
            opened = self.around.finder.find(change_need(need, ladder[len(ladder) - 1]))
            keys = [(pair.need, pair.session) for pair in opened]
            is_inside = all(pairs.get(key, pair) == pair for key, pair in zip(keys, opened, strict=True))
            if is_inside:
                pairs.update(zip(keys, opened, strict=True))
            found.append(WideLadder(ladder, is_inside))
        return found

    def _most_units(self) -> dict[str, int]:
        """Kind -> as much as all sessions with a pair could use."""
        most: dict[str, int] = {}
        for session in self.around.problem.sessions:
            for kind, (quantity, per_seat) in required_units(session).items():
                units = quantity + per_seat * self.around.facts.seats_of_session(session)
                most[kind] = most.get(kind, 0) + units
        return {kind: units for kind, units in sorted(most.items()) if units > 0}

    def near(self, need: Need) -> "NearNeed | None":
        """What lies near a need, or ``None`` where no change of its own opens a pair and it has none."""
        positions = self.prepared.model.model.pairs_of_need.get(need.id, [])
        return NearNeed(self, need, positions) if positions else None

    def draw_of(self, kind: str) -> Floats:
        """1 unit for each unit that the new support of a kind gives, for every column."""
        draw = np.zeros(self.prepared.arrays.matrix.column_count)
        draw[self._new_uses[kind]] = self.prepared.arrays.scale[self._new_uses[kind]]
        return draw


class NearNeed:
    """The slice around one need, from which each change takes its own by forbidding and easing."""

    def __init__(self, wide: WideRound, need: Need, positions: Collection[int]) -> None:
        self.wide, self.need = wide, need
        model = wide.prepared.model.model
        self._own = {model.pairs[position].session: position for position in positions}
        sessions, chosen = self._choose()
        held = [
            column
            for session in sessions
            for position in model.pairs_of_session[session]
            if position not in chosen
            for column in self._columns_of(position)
        ]
        self.piece = wide.prepared.cut(wide.plan, sessions, held)
        matrix = wide.prepared.arrays.matrix
        self._row_numbers = np.flatnonzero(matrix.rows_of(self.piece.columns))
        self.kinds = [
            kind for kind, uses in wide._new_uses.items() if np.isin(uses, self.piece.columns).any()
        ]

    def _columns_of(self, position: int) -> list[int]:
        columns = self.wide.prepared.model.model.columns[position]
        return [columns.seats, columns.group, *columns.bridges.values()]

    def _choose(self) -> tuple[set[str], set[int]]:
        """Sessions that are free and, by position, pairs in them that are."""
        around, where = self.wide.around, self.wide.prepared.position
        own = around.pairs_of_need.get(self.need.id, ())
        fits = {pair.session: pair.fit for pair in own}
        ranked = sorted(self._own, key=lambda session: (session in fits, -fits.get(session, 0), session))
        chosen = set(self._own.values())
        sessions = set(ranked)
        left = around.most_pairs_near
        for pair in around.competing_pairs(ranked, {self.need.id}):
            if left <= 0:
                break
            position = where[pair.need, pair.session]
            if position not in chosen:
                chosen.add(position)
                left -= 1
            sessions.add(pair.session)
        for need, session in around.seats:
            if session in sessions:
                chosen.add(where[need, session])
        return sessions, chosen

    # -- questions -------------------------------------------------------------------------------------------

    def unchanged(self) -> NearRound:
        """The round as it is."""
        return self.after(
            self.need, {pair.session for pair in self.wide.around.pairs_of_need.get(self.need.id, ())}
        )

    def after(self, changed: Need, sessions: Collection[str], kinds: Collection[str] = ()) -> NearRound:
        """The changed round near the need: it pairs with these sessions, and new supports of these kinds may
        be used.
        """
        piece = self.piece
        upper, row_lower = piece.matrix.upper.copy(), piece.matrix.row_lower.copy()
        row_upper, coefficients = piece.matrix.row_upper.copy(), piece.matrix.coefficients.copy()
        forbidden = [
            column
            for session, position in self._own.items()
            if session not in sessions
            for column in self._columns_of(position)
        ]
        for kind, uses in self.wide._new_uses.items():
            if kind not in kinds:
                forbidden += uses
        upper[np.isin(piece.columns, forbidden)] = 0.0
        if changed.min_group != self.need.min_group:
            self._ease_groups(changed.min_group, coefficients)
        if changed.max_groups != self.need.max_groups:
            for row in self._rows_of("C4", "max_groups"):
                more = (
                    INFINITE
                    if changed.max_groups is None
                    else changed.max_groups - (self.need.max_groups or 0)
                )
                row_upper[row] += more
        if changed.whole != self.need.whole:
            row_lower[self._rows_of("C3", "whole")] = -INFINITE
        matrix = replace(
            piece.matrix, upper=upper, coefficients=coefficients, row_lower=row_lower, row_upper=row_upper
        )
        return NearRound(
            self.wide.prepared, self.wide.plan, Slice(piece.columns, matrix, piece.held), is_own=False
        )

    def with_at_most(self, near: NearRound, draw: Floats, most: int) -> NearRound:
        """The same, but for one more row: no more than so many units are drawn."""
        piece, cost = near.piece, draw[near.piece.columns]
        columns = np.flatnonzero(cost).astype(np.int32)
        matrix = replace(
            piece.matrix,
            starts=np.append(piece.matrix.starts, len(piece.matrix.columns) + len(columns)).astype(np.int32),
            columns=np.concatenate((piece.matrix.columns, columns)),
            coefficients=np.concatenate((piece.matrix.coefficients, cost[columns])),
            row_lower=np.append(piece.matrix.row_lower, -INFINITE),
            row_upper=np.append(piece.matrix.row_upper, most + HALF_UNIT),
        )
        return replace(near, piece=Slice(piece.columns, matrix, piece.held))

    def everything(self) -> NearRound:
        """All changes at once: where this does not help, none alone does."""
        changed = replace(self.need, min_group=1, max_groups=None, whole=False)
        return self.after(changed, self._own.keys(), self.kinds)

    def _rows_of(self, code: str, field: str) -> list[int]:
        """Rows of the slice that state a limit of the need."""
        rows = self.wide._rows.get(Limit(code, self.need.id, field), [])
        places = np.searchsorted(self._row_numbers, rows)
        return [
            int(place)
            for place, row in zip(places, rows, strict=True)
            if place < len(self._row_numbers) and self._row_numbers[place] == row
        ]

    def _ease_groups(self, size: int, coefficients: Floats) -> None:
        """Let groups of that size be sent: the factor of the group's column in each of the need's C2 rows."""
        matrix, model = self.piece.matrix, self.wide.prepared.model.model
        groups = [model.columns[position].group for position in self._own.values()]
        for row in self._rows_of("C2", "min_group"):
            entries = np.arange(matrix.starts[row], matrix.starts[row + 1])
            is_group = np.isin(self.piece.columns[matrix.columns[entries]], groups)
            coefficients[entries[is_group]] = -size
