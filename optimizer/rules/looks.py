"""Asking about a whole round without asking about every pair: needs and sessions that look alike.

A rule looks at little (an area, a level, a recipient), and a part of the fit as well. So each is asked once
for each two looks, and what it answers is a `Table`: for a need, one small number for each look that sessions
have. Which look a session has is one column of numbers; to spread an answer over sessions is one step of
numpy.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from optimizer.problem import Need, Session
from optimizer.rules.facts import Facts, is_any

Numbers = NDArray[np.uint8]
Positions = NDArray[np.int32]
NeedKey = Callable[[Facts, Need], Hashable]
SessionKey = Callable[[Facts, Session], Hashable]
Ask = Callable[[Need, Session], int]

# Answers of a table that are kept: past this many bytes they are forgotten and asked again when they are
# needed, so that a round in which no two records look alike costs time and not memory.
MOST_BYTES_KEPT: Final = 2**26


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks that sessions have: an example of each, how many sessions have it, and the look of each."""

    examples: tuple[Session, ...]
    counts: NDArray[np.intp]
    column: Positions  # session's position in the problem -> number of its look


def find_looks(facts: Facts, key_of: SessionKey) -> Looks:
    """Return the looks of the problem's sessions, two sessions looking alike where their keys are equal."""
    number_of: dict[Hashable, int] = {}
    examples: list[Session] = []
    column = np.empty(len(facts.problem.sessions), dtype=np.int32)
    for position, session in enumerate(facts.problem.sessions):
        key = key_of(facts, session)
        if key not in number_of:
            number_of[key] = len(examples)
            examples.append(session)
        column[position] = number_of[key]
    return Looks(tuple(examples), np.bincount(column, minlength=len(examples)), column)


class Table:
    """What is answered (0..255) for a need and each look of sessions. Rows are shared: do not write to them.

    ``ask`` is the question for one need and one session. Needs with the same ``need_key`` get the same
    answers, and so do the sessions of one look.
    """

    def __init__(self, facts: Facts, need_key: NeedKey, looks: Looks, ask: Ask) -> None:
        self.facts, self.looks = facts, looks
        self._need_key, self._ask = need_key, ask
        self._rows: dict[Hashable, Numbers] = {}

    def key_of(self, need: Need) -> Hashable:
        return self._need_key(self.facts, need)

    def row(self, need: Need) -> Numbers:
        """Return the answers for a need, one for each look."""
        key = self._need_key(self.facts, need)
        if (row := self._rows.get(key)) is None:
            row = keep_row(self._rows, key, self.find_row(need))
        return row

    def at(self, needs: Sequence[Need], owners: Positions, sessions: Positions) -> Numbers:
        """Return the answers for many pairs of some needs, pair i being need ``owners[i]`` of them with the
        session at position ``sessions[i]``.
        """
        number_of_need = number_keys([self._need_key(self.facts, need) for need in needs])
        example_of = dict(zip(number_of_need, needs, strict=True))
        rows = np.stack([self.row(example_of[number]) for number in range(len(example_of))])
        return np.asarray(rows[np.array(number_of_need)[owners], self.looks.column[sessions]])

    def find_row(self, need: Need) -> Numbers:
        """Work out the answers for a need by asking about an example of each look."""
        return np.fromiter((self._ask(need, one) for one in self.looks.examples), dtype=np.uint8)


class AreaTable(Table):
    """A table about areas, by index: for an area, only the looks that may be served by it are asked about.

    A need of several areas gets the best of what each alone would get; ``best`` picks it of two rows
    (`numpy.minimum` or `numpy.maximum`). ``without`` is the answer where a look has neither the area nor a
    substitute of it.
    """

    def __init__(self, facts: Facts, ask: Ask, best: np.ufunc, without: int) -> None:
        looks = find_looks(facts, lambda _, session: session.areas)
        super().__init__(facts, lambda _, need: need.areas, looks, ask)
        self._best, self._without = best, without
        self._row_of_area: dict[str, Numbers] = {}
        self._looks_with: dict[str, list[int]] = defaultdict(list)
        self._open: list[int] = []  # looks whose areas are unknown or *any*
        for number, example in enumerate(self.looks.examples):
            if example.areas is None or is_any(example.areas):
                self._open.append(number)
            else:
                for area in example.areas:
                    self._looks_with[area].append(number)
        self._substitutes: dict[str, list[str]] = defaultdict(list)
        for wanted, given in facts.substitute_fit:
            self._substitutes[wanted].append(given)

    def row(self, need: Need) -> Numbers:
        if not need.areas or is_any(need.areas):
            return super().row(need)
        rows = [self._row_of(need, area) for area in need.areas]
        return rows[0] if len(rows) == 1 else np.asarray(self._best.reduce(rows))

    def _row_of(self, need: Need, area: str) -> Numbers:
        if (row := self._row_of_area.get(area)) is None:
            row = np.full(len(self.looks.examples), self._without, dtype=np.uint8)
            alone = replace(need, areas=frozenset({area}))
            serving = (area, *self._substitutes.get(area, ()))
            for number in {*self._open, *(n for given in serving for n in self._looks_with.get(given, ()))}:
                row[number] = self._ask(alone, self.looks.examples[number])
            keep_row(self._row_of_area, area, row)
        return row


def keep_row[Key](rows: dict[Key, Numbers], key: Key, row: Numbers) -> Numbers:
    """Keep a row for the next need that looks alike, within `MOST_BYTES_KEPT`, and return it."""
    if (len(rows) + 1) * len(row) > MOST_BYTES_KEPT:
        rows.clear()
    rows[key] = row
    return row


def number_keys(keys: Sequence[Hashable]) -> list[int]:
    """Return a number for each key, equal ones alike, in the order of their first appearance."""
    number_of: dict[Hashable, int] = {}
    return [number_of.setdefault(key, len(number_of)) for key in keys]
