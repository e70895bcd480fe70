"""Every pair of a round, found by index instead of by trying all: each rule is asked once for each look."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby, repeat
from operator import attrgetter

import numpy as np

from optimizer.plan import Question
from optimizer.problem import Need, Problem
from optimizer.rules.compatibility import RULE_BY_CODE, RULES, Pair, Unknown, find_bridges
from optimizer.rules.facts import Facts
from optimizer.rules.looks import find_looks
from optimizer.rules.pair_rows import PairRows, find_pair_rows


def find_pairs(facts: Facts | Problem, need: str | None = None) -> tuple[Pair, ...]:
    """Return every pair that exists under the problem's policy, sorted by need and session; those of one need
    where ``need`` is its id.

    Under ``unknowns: exclude`` conditional pairs are dropped, but never a pinned one. In a round of millions
    of pairs `find_pair_rows` holds the same in a tenth of the memory.
    """
    known = Facts(facts) if isinstance(facts, Problem) else facts
    of = [place for place, one in enumerate(known.problem.needs) if one.id == need]
    rows = find_pair_rows(known, None if need is None else of)
    with _without_collecting():
        return tuple(_write_pairs(known, rows))


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Make a million objects that all stay, without Python looking through them again and again for any that
    do not: that took half of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _write_pairs(facts: Facts, rows: PairRows) -> Iterator[Pair]:
    session_ids = [session.id for session in facts.problem.sessions]
    questions, bridges = _Questions(facts), _Bridges(facts)
    for position in np.flatnonzero(np.diff(rows.starts)).tolist():
        need, its_own = facts.problem.needs[position], rows.of_need(position)
        numbers, askers = rows.sessions[its_own].tolist(), rows.askers[its_own].tolist()
        yield from map(
            Pair,
            repeat(need.id),
            [session_ids[number] for number in numbers],
            [not asking for asking in askers],
            rows.fits[its_own].tolist(),
            [
                questions.of_pair(need, number, asking) if asking else ()
                for number, asking in zip(numbers, askers, strict=True)
            ],
            bridges.of_pairs(need, numbers),
        )


class _Questions:
    """The questions of conditional pairs.

    A rule that asks, asks for all that it looks at and nobody has stated, on either side; so what is asked
    of a need, and of a session, is found once for each set of rules that ask. Most pairs depend on one side
    alone, and share its tuple.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._of_need: dict[int, tuple[Question, ...]] = {}  # of the need asked about last
        self._of_session: dict[tuple[int, int], tuple[Question, ...]] = {}
        self._need: Need | None = None

    def of_pair(self, need: Need, number: int, asking: int) -> tuple[Question, ...]:
        """Return each unknown field once, sorted by record and field.

        ``number`` is the session's position; bit i of ``asking`` is set where rule i of the table asks.
        """
        if need is not self._need:
            self._need, self._of_need = need, {}
        ours, theirs = self._of_need.get(asking), self._of_session.get((number, asking))
        if ours is None or theirs is None:
            asked = self._ask(need, number, asking)
            if need.id == self._facts.problem.sessions[number].id:
                return tuple(asked)
            ours = self._of_need[asking] = tuple(q for q in asked if q.record == need.id)
            theirs = self._of_session[number, asking] = tuple(q for q in asked if q.record != need.id)
        if not theirs:
            return ours
        if not ours:
            return theirs
        return ours + theirs if ours[0] < theirs[0] else theirs + ours

    def _ask(self, need: Need, number: int, asking: int) -> list[Question]:
        asked: set[Question] = set()
        for place, rule in enumerate(RULES):
            if asking >> place & 1:
                answer = rule.judge(self._facts, need, self._facts.problem.sessions[number])
                assert isinstance(answer, Unknown)
                asked.update(answer.questions)
        return sorted(asked)


class _Bridges:
    """The languages that bridge a pair, worked out once for each two looks."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._sessions = facts.problem.sessions
        looks = find_looks(facts, RULE_BY_CODE["language"].session_key)
        self._look_of: list[int] = looks.column.tolist()
        self._known: dict[tuple[str, ...] | None, dict[int, tuple[str, ...]]] = {}

    def of_pairs(self, need: Need, numbers: list[int]) -> list[tuple[str, ...]]:
        """Return them as `find_bridges` does, for the sessions at these positions."""
        known = self._known.setdefault(need.languages, {})
        looks = [self._look_of[number] for number in numbers]
        for look, number in zip(looks, numbers, strict=True):
            if look not in known:
                known[look] = find_bridges(self._facts, need, self._sessions[number])
        return [known[look] for look in looks]


def group_by_need(pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    """Pairs of each need, in their order."""
    groups: dict[str, list[Pair]] = {}
    for need_id, run in groupby(pairs, attrgetter("need")):
        groups.setdefault(need_id, []).extend(run)
    return groups
