"""The pair rules over a whole round, for verify: which sessions say no, or ask, to one need.

Where `rules.py` is asked about one pair, this asks the same functions about all sessions. Each rule
looks at little (an area, a level, a recipient), so it is asked once for each two distinct values of that, and
what it says is kept as a set of sessions. A set is one whole number, bit i standing for the i-th session by
id: to join, to meet and to count thousands of sessions is then one step.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Final, NamedTuple

from optimizer.plan import MAX_NEAREST, Nearest
from optimizer.problem import ANY, Need, Session
from optimizer.verifying.rules import RULES_AGAIN, Facts

SetOfSessions = int
_FILLED: Final = re.compile(rb"[^\0]")


class Sight(NamedTuple):
    """What a rule looks at on either side: pairs that look alike get the same word."""

    of_need: Callable[[Facts, Need], Hashable]
    of_session: Callable[[Facts, Session], Hashable]


# Every rule but three: what is asked for and taught, and when, differs from record to record (`_Areas`,
# `_Days`), and `forbidden` is a list.
_SIGHTS: Final[dict[str, Sight]] = {
    "level": Sight(lambda _, need: need.level, lambda _, session: session.level),
    "personnel": Sight(lambda _, need: need.personnel, lambda _, session: session.personnel),
    "language": Sight(
        lambda _, need: need.languages,
        lambda facts, session: (session.languages, facts.tongues_of(session)),
    ),
    "mode": Sight(lambda _, need: need.modes, lambda _, session: session.mode),
    "place": Sight(
        lambda facts, need: facts.place_of(need), lambda _, session: (session.mode, session.place)
    ),
    "eligible": Sight(lambda _, need: need.recipient, lambda _, session: (session.only, session.except_)),
    "women": Sight(lambda _, need: need.women, lambda _, session: session.women_only),
    "self": Sight(
        lambda _, need: need.recipient,
        lambda facts, session: (facts.offer_of(session).provider, facts.offer_of(session).partners),
    ),
    "group": Sight(
        lambda _, need: need.min_group,
        lambda facts, session: (facts.seats_of_session(session), session.max_per_recipient),
    ),
    "seats": Sight(lambda _, need: need.seats is None, lambda _, session: session.seats is None),
    "requires": Sight(lambda _, need: None, lambda _, session: session.requires is None),
}


class Words(NamedTuple):
    """The sessions that say no to a need by one rule, and those that ask."""

    no: SetOfSessions
    unknown: SetOfSessions


class Said(NamedTuple):
    """What the rules alone say of a need, whatever the plan: how many sessions each refuses, whether it
    refuses all by their areas, the sessions that pair, and those that came near.
    """

    counts: dict[str, int]
    is_of_no_area: bool
    pairs: tuple[Session, ...]
    nearest: tuple[Nearest, ...]


class Refusals:
    """What every rule says to a need, session by session. Built once a problem."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.sessions = facts.problem.sessions
        self._every = (1 << len(self.sessions)) - 1
        self._number = {session.id: number for number, session in enumerate(self.sessions)}
        self._examples: dict[str, list[tuple[Session, SetOfSessions]]] = {}
        self._words: dict[tuple[str, Hashable], Words] = {}
        self._areas, self._days = _Areas(facts), _Days(self.sessions)
        self._banned: dict[str, SetOfSessions] = defaultdict(int)
        for ban in facts.problem.forbidden:
            self._banned[ban.need] |= 1 << self._number[ban.session]
        self._pinned: dict[str, SetOfSessions] = defaultdict(int)
        for pin in facts.problem.pinned:
            self._pinned[pin.need] |= 1 << self._number[pin.session]

    def say(self, need: Need) -> Said:
        words = self.words(need)
        counts = {code: row.no.bit_count() for code, row in words.items() if row.no}
        pairs = tuple(self.pairs(need, words))
        return Said(counts, self.have_all(words["area"].no), pairs, self.nearest(words))

    def words(self, need: Need) -> dict[str, Words]:
        """Return what each rule says to the need, in the order of the contract's table."""
        return {code: self._words_of_rule(code, need) for code in RULES_AGAIN}

    def have_all(self, some: SetOfSessions) -> bool:
        """Say whether these are all the sessions there are (so too where there is none)."""
        return some == self._every

    def pairs(self, need: Need, words: dict[str, Words]) -> Iterator[Session]:
        """Yield the sessions that pair with the need, by id: none says no and, where the policy excludes
        unknowns, none asks but of a pair that is pinned.
        """
        kept = self._every
        for row in words.values():
            kept &= ~row.no
        if self.facts.problem.policy.unknowns == "exclude":
            asking = 0
            for row in words.values():
                asking |= row.unknown
            kept &= ~asking | self._pinned.get(need.id, 0)
        return (self.sessions[number] for number in _members(kept))

    def nearest(self, words: dict[str, Words]) -> tuple[Nearest, ...]:
        """Return the sessions of a fitting area that other rules refuse: fewest rules first, then id."""
        fitting = self._every & ~words["area"].no
        against = [row.no & fitting for row in words.values() if row.no & fitting]
        # at_least[k]: refused by k rules or more, of the rules looked at so far.
        at_least = [fitting] + [0] * (len(against) + 1)
        for looked_at, no in enumerate(against, 1):
            for count in range(looked_at, 0, -1):
                at_least[count] |= at_least[count - 1] & no
        exactly = (at_least[count] & ~at_least[count + 1] for count in range(1, len(against) + 1))
        numbers = islice((number for some in exactly for number in _members(some)), MAX_NEAREST)
        rows = [(code, _bytes_of(row.no)) for code, row in words.items() if row.no & fitting]
        return tuple(
            Nearest(self.sessions[number].id, tuple(code for code, row in rows if _is_member(number, row)))
            for number in numbers
        )

    def _words_of_rule(self, code: str, need: Need) -> Words:
        if code == "area":
            return self._areas.words(need, self._every)
        if code == "dates":
            return self._days.words(need, self._every)
        if code == "forbidden":
            return Words(self._banned.get(need.id, 0), 0)
        key = (code, _SIGHTS[code].of_need(self.facts, need))
        if key not in self._words:
            rule, no, unknown = RULES_AGAIN[code], 0, 0
            for example, alike in self._examples_of(code):
                word = rule(self.facts, need, example)
                if word == "no":
                    no |= alike
                elif word == "unknown":
                    unknown |= alike
            self._words[key] = Words(no, unknown)
        return self._words[key]

    def _examples_of(self, code: str) -> list[tuple[Session, SetOfSessions]]:
        """Return one session of each kind that the rule can tell apart, with all that look like it."""
        if code not in self._examples:
            alike: dict[Hashable, list[int]] = defaultdict(list)
            for number, session in enumerate(self.sessions):
                alike[_SIGHTS[code].of_session(self.facts, session)].append(number)
            self._examples[code] = [
                (self.sessions[numbers[0]], _set_of(numbers)) for numbers in alike.values()
            ]
        return self._examples[code]


class _Areas:
    """The rule `area`: a session is refused where its areas are stated, and neither an area of the need nor
    a substitute of one is among them; it asks where either side has not said, and the other is not *any*.
    """

    def __init__(self, facts: Facts) -> None:
        self._substitutes = facts.substitutes
        teaching: dict[str, list[int]] = defaultdict(list)
        unknown: list[int] = []
        for number, session in enumerate(facts.problem.sessions):
            if session.areas is None:
                unknown.append(number)
            for area in session.areas or ():
                teaching[area].append(number)
        self._teaching = {area: _set_of(numbers) for area, numbers in teaching.items()}
        self._unknown = _set_of(unknown)

    def words(self, need: Need, every: SetOfSessions) -> Words:
        teach_any = self._teaching.get(ANY, 0)
        if need.areas is None:
            return Words(0, every & ~teach_any)
        if ANY in need.areas:
            return Words(0, 0)
        serving = self._unknown | teach_any
        for area in need.areas:
            for taught in (area, *(substitute for substitute, _ in self._substitutes.get(area, ()))):
                serving |= self._teaching.get(taught, 0)
        return Words(every & ~serving, self._unknown)


class _Days:
    """The rule `dates`: a session is refused where its first stated day lies before the need's earliest, or
    its last stated day after the need's latest.
    """

    def __init__(self, sessions: Sequence[Session]) -> None:
        firsts: dict[date, list[int]] = defaultdict(list)
        lasts: dict[date, list[int]] = defaultdict(list)
        for number, session in enumerate(sessions):
            before = [day for day in (session.start, session.end, session.not_after) if day is not None]
            after = [day for day in (session.start, session.end, session.not_before) if day is not None]
            if before:
                firsts[min(before)].append(number)
            if after:
                lasts[max(after)].append(number)
        self._first_days, self._last_days = sorted(firsts), sorted(lasts)
        self._before = _sums(firsts[day] for day in self._first_days)
        self._until = _sums(lasts[day] for day in self._last_days)
        self._undated = _set_of(
            number for number, one in enumerate(sessions) if one.start is None or one.end is None
        )

    def words(self, need: Need, every: SetOfSessions) -> Words:
        no = 0
        if need.earliest is not None:
            no |= self._before[bisect_left(self._first_days, need.earliest)]
        if need.latest is not None:
            no |= self._until[-1] & ~self._until[bisect_right(self._last_days, need.latest)]
        is_open = need.earliest is None or need.latest is None
        return Words(no, (every if is_open else self._undated) & ~no)


def _sums(groups: Iterable[list[int]]) -> list[SetOfSessions]:
    """Return the empty set, then the first group, then the first two, and so on."""
    sums = [0]
    for numbers in groups:
        sums.append(sums[-1] | _set_of(numbers))
    return sums


def _set_of(numbers: Iterable[int]) -> SetOfSessions:
    row = bytearray()
    for number in numbers:
        place, bit = divmod(number, 8)
        if place >= len(row):
            row.extend(bytes(place + 1 - len(row)))
        row[place] |= 1 << bit
    return int.from_bytes(row, "little")


def _members(some: SetOfSessions) -> Iterator[int]:
    """Yield the numbers in a set, from the lowest."""
    row = _bytes_of(some)
    for filled in _FILLED.finditer(row):
        place = filled.start()
        for bit in range(8):
            if row[place] >> bit & 1:
                yield place * 8 + bit


def _bytes_of(some: SetOfSessions) -> bytes:
    return some.to_bytes((some.bit_length() + 7) // 8, "little")


def _is_member(number: int, row: bytes) -> bool:
    place, bit = divmod(number, 8)
    return place < len(row) and bool(row[place] >> bit & 1)
