"""Every pair of a round as arrays, found by index: one entry a pair, for whoever needs millions of them.

A `Pair` tells its story in words and costs a hundred bytes; here it costs eleven.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from optimizer.problem import Need, Session
from optimizer.rules.compatibility import RULES
from optimizer.rules.facts import Facts
from optimizer.rules.fit import PARTS, Part
from optimizer.rules.looks import AreaTable, Numbers, Positions, Table, find_looks, number_keys
from optimizer.rules.words import ASKS, SAYS_NO, RuleWords

Askers = NDArray[np.uint16]  # bit i is set where rule i of the table asks
Numbering = tuple[int, ...]  # for each rule of the sieve, the number of the look that a need has

# Which rules go first changes no answer, only how soon few sessions are left. These look at few values and
# refuse most: needs that look alike to them are sieved together, and then by all other rules in batches.
_FIRST: Final = ("level", "personnel", "area")
_MOST_NEEDS: Final = 256  # in a batch
_MOST_CANDIDATES: Final = 2**18


@dataclass(frozen=True, slots=True)
class PairRows:
    """The pairs of a round, sorted by need and session, as arrays of one length.

    ``needs`` and ``sessions`` are positions in the problem's lists; ``fits`` are 0..100; ``askers`` holds a
    bit for each rule (by its place in `RULES`) that asks: a pair is firm where it is 0. The pairs of need i
    are those from ``starts[i]`` up to ``starts[i + 1]``.
    """

    needs: Positions
    sessions: Positions
    fits: Numbers
    askers: Askers
    starts: NDArray[np.intp]

    def of_need(self, position: int) -> slice:
        return slice(int(self.starts[position]), int(self.starts[position + 1]))


@dataclass(frozen=True, slots=True)
class Batch:
    """Some needs, by position, and the pairs of them that no rule asked so far refuses.

    The last three are of one length: whose of the needs a pair is, its session, and the rules that ask.
    """

    needs: Sequence[Need]
    positions: Positions
    owners: Positions
    sessions: Positions
    askers: Askers

    def place_of(self, owner: int, session: int) -> slice:
        """Return the place of one pair, empty where it is not among these; both columns are in order."""
        first, last = np.searchsorted(self.owners, (owner, owner + 1))
        place = int(first + np.searchsorted(self.sessions[first:last], session))
        is_there = place < last and self.sessions[place] == session
        return slice(place, place + 1 if is_there else place)

    def kept(self, places: NDArray[np.intp] | NDArray[np.bool_]) -> "Batch":
        return replace(
            self, owners=self.owners[places], sessions=self.sessions[places], askers=self.askers[places]
        )


def find_pair_rows(facts: Facts, of: Iterable[int] | None = None) -> PairRows:
    """Return every pair that exists under the problem's policy; of some needs only where ``of`` gives their
    positions.

    Under ``unknowns: exclude`` conditional pairs are dropped, but never a pinned one.
    """
    fits = FitTables(facts)
    asked = range(len(facts.problem.needs)) if of is None else of
    found = [(batch, fits.of_batch(batch)) for batch in _find_batches(facts, asked)]
    needs = _join((batch.positions[batch.owners] for batch, _ in found), np.int32)
    # The sessions of a need are in order already, and stay so.
    order = np.argsort(needs, kind="stable")
    needs = needs[order]
    return PairRows(
        needs,
        _join((batch.sessions for batch, _ in found), np.int32)[order],
        _join((fit for _, fit in found), np.uint8)[order],
        _join((batch.askers for batch, _ in found), np.uint16)[order],
        np.searchsorted(needs, np.arange(len(facts.problem.needs) + 1)),
    )


def _join[T: np.generic](columns: Iterable[NDArray[T]], kind: type[T]) -> NDArray[T]:
    return np.concatenate([np.empty(0, dtype=kind), *columns])


def _find_batches(facts: Facts, of: Iterable[int]) -> Iterator[Batch]:
    words = RuleWords(facts)
    rest = [(place, words.table(rule.code)) for place, rule in enumerate(RULES) if rule.code not in _FIRST]
    for batch in _Sieve(facts, words).batches(of):
        left = batch
        for place, table in rest:
            answers = table.at(left.needs, left.owners, left.sessions)
            stay, askers = _heed(place, answers, left.askers)
            left = replace(left.kept(stay), askers=askers)
        if facts.problem.policy.unknowns == "exclude":
            left = left.kept((left.askers == 0) | _is_pinned(facts, left))
        yield left


def _heed(place: int, answers: Numbers, askers: Askers) -> tuple[NDArray[np.intp], Askers]:
    """Return where a rule does not say no, and the rules that ask there, this one with them."""
    stay = np.flatnonzero(answers != SAYS_NO)
    return stay, askers[stay] | ((answers[stay] == ASKS).astype(np.uint16) << place)


def _is_pinned(facts: Facts, batch: Batch) -> NDArray[np.bool_]:
    pinned = np.zeros(len(batch.owners), dtype=np.bool_)
    for owner, need in enumerate(batch.needs):
        for pin in facts.pins_by_need.get(need.id, ()):
            pinned[batch.place_of(owner, facts.session_number[pin.session])] = True
    return pinned


class _Sieve:
    """For one need after another, the sessions that the first rules do not refuse.

    Needs are taken in the order of how they look to these rules, so that what is left for one need is where
    the next begins.
    """

    def __init__(self, facts: Facts, words: RuleWords) -> None:
        self._needs = facts.problem.needs
        place_of = {rule.code: place for place, rule in enumerate(RULES)}
        self._steps = [(place_of[code], words.table(code)) for code in _FIRST]
        every = np.arange(len(facts.problem.sessions), dtype=np.int32)
        # What is left after each step for the need looked at last, and how that need looks.
        self._left: list[tuple[Positions, Askers]] = [(every, np.zeros(len(every), dtype=np.uint16))]
        self._numbering: Numbering = ()

    def batches(self, of: Iterable[int]) -> Iterator[Batch]:
        """Yield the needs at these positions with their candidates, many at a time for numpy's sake."""
        waiting: list[tuple[int, Positions, Askers]] = []
        size = 0
        for position, numbering in self._in_order(list(of)):
            sessions, askers = self._sift(self._needs[position], numbering)
            waiting.append((position, sessions, askers))
            size += len(sessions)
            if len(waiting) == _MOST_NEEDS or size >= _MOST_CANDIDATES:
                yield self._batch(waiting)
                waiting, size = [], 0
        if waiting:
            yield self._batch(waiting)

    def _batch(self, waiting: list[tuple[int, Positions, Askers]]) -> Batch:
        counts = [len(sessions) for _, sessions, _ in waiting]
        return Batch(
            [self._needs[position] for position, _, _ in waiting],
            np.array([position for position, _, _ in waiting], dtype=np.int32),
            np.repeat(np.arange(len(waiting), dtype=np.int32), counts),
            np.concatenate([sessions for _, sessions, _ in waiting]),
            np.concatenate([askers for _, _, askers in waiting]),
        )

    def _in_order(self, of: list[int]) -> list[tuple[int, Numbering]]:
        """Return the position of each need and how it looks, those that look alike together."""
        columns = [number_keys([table.key_of(self._needs[n]) for n in of]) for _, table in self._steps]
        return sorted(zip(of, zip(*columns, strict=True), strict=True), key=lambda row: row[1])

    def _sift(self, need: Need, numbering: Numbering) -> tuple[Positions, Askers]:
        shared = 0
        while shared < len(self._numbering) and self._numbering[shared] == numbering[shared]:
            shared += 1
        del self._left[shared + 1 :]
        for place, table in self._steps[shared:]:
            sessions, askers = self._left[-1]
            stay, askers = _heed(place, table.row(need)[table.looks.column[sessions]], askers)
            self._left.append((sessions[stay], askers))
        self._numbering = numbering
        return self._left[-1]


class FitTables:
    """The fit of many pairs at a time: the formula of `fit.py`, each part asked once for each two looks."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        weights = facts.problem.policy.fit
        self._tables = [
            (_table_of_part(facts, part), weights[part.name]) for part in PARTS if weights[part.name] > 0
        ]
        self._scores: dict[str, list[tuple[int, int]]] = {}
        for (need_id, session_id), fit in facts.score_by_pair.items():
            self._scores.setdefault(need_id, []).append((facts.session_number[session_id], fit))

    def of_batch(self, batch: Batch) -> Numbers:
        """Return the fit (0..100) of each pair of the batch."""
        hundredths = np.full(len(batch.owners), 50, dtype=np.int32)
        for table, weight in self._tables:
            hundredths += table.at(batch.needs, batch.owners, batch.sessions) * np.int32(weight)
        fits = (hundredths // 100).astype(np.uint8)
        for owner, need in enumerate(batch.needs):
            for session, fit in self._scores.get(need.id, ()):
                fits[batch.place_of(owner, session)] = fit
        return fits


def _table_of_part(facts: Facts, part: Part) -> Table:
    def ask(need: Need, session: Session) -> int:
        return part.of_pair(facts, need, session)

    if part.name == "area":
        return AreaTable(facts, ask, best=np.maximum, without=0)
    return Table(facts, part.need_key, find_looks(facts, part.session_key), ask)
