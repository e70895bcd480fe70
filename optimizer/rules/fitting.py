"""Which supports of a kind fit a session (C9), found by index instead of by trying all.

A set of supports is one whole number, bit i standing for the i-th support of the kind: for each day, area and
place there is the set of those that it does not keep away, and what these sets have in common fits.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import compress

import numpy as np

from optimizer.problem import ANY, Session, Support

SetOfSupports = int


class Fitting:
    """The supports of one kind, by id, of which some fit a session.

    Only what is stated can refuse: a session whose areas, place or days are unknown, or whose areas are
    *any*, is not kept from a support by them. ``codes_of_place`` gives a place's own id and its regions.
    """

    def __init__(self, supports: Sequence[Support], codes_of_place: Callable[[str], Iterable[str]]) -> None:
        self.supports = tuple(supports)
        self._codes_of_place = codes_of_place
        self._every: SetOfSupports = (1 << len(supports)) - 1
        self._from = _Limits([None if row.from_ is None else row.from_.toordinal() for row in supports])
        self._to = _Limits([None if row.to is None else -row.to.toordinal() for row in supports])
        self._areas = _Codes([row.areas for row in supports])
        self._places = _Codes([row.places for row in supports])
        self._only = _Codes([row.only for row in supports])
        self._declined: dict[str, SetOfSupports] = {}
        for place, row in enumerate(supports):
            for session_id in row.not_for:
                self._declined[session_id] = self._declined.get(session_id, 0) | 1 << place
        # Those that have something to give.
        self.giving: SetOfSupports = sum(1 << place for place, row in enumerate(supports) if row.quantity)
        self._members: dict[SetOfSupports, tuple[Support, ...]] = {}

    def of_session(self, session: Session) -> SetOfSupports:
        """Return the set of those that fit, whatever their ``only`` and quantities say."""
        fitting = self._every & ~self._declined.get(session.id, 0)
        if session.start is not None:
            fitting &= self._from.within(session.start.toordinal())
        if session.end is not None:
            fitting &= self._to.within(-session.end.toordinal())
        if session.areas is not None and session.areas != {ANY}:
            fitting &= self._areas.meeting(session.areas)
        if session.place is not None:
            fitting &= self._places.meeting(self._codes_of_place(session.place))
        return fitting

    def open_to(self, codes: Iterable[str]) -> SetOfSupports:
        """Return the set of those whose ``only`` names one of these codes, or no one."""
        return self._only.meeting(codes)

    def members(self, some: SetOfSupports) -> tuple[Support, ...]:
        """Return the supports in a set, by id; for equal sets it is one shared tuple."""
        if some not in self._members:
            row = np.frombuffer(some.to_bytes(len(self.supports) // 8 + 1, "little"), dtype=np.uint8)
            bits = np.unpackbits(row, bitorder="little").tolist()
            self._members[some] = tuple(compress(self.supports, bits))
        return self._members[some]


class _Limits:
    """For any number, the supports whose own limit, where they have one, is not above it."""

    def __init__(self, limits: Sequence[int | None]) -> None:
        self._steps = sorted({limit for limit in limits if limit is not None})
        sets = dict.fromkeys([None, *self._steps], 0)
        for place, limit in enumerate(limits):
            sets[limit] |= 1 << place
        self._sets = [sets[None]]
        for limit in self._steps:
            self._sets.append(self._sets[-1] | sets[limit])

    def within(self, number: int) -> SetOfSupports:
        return self._sets[bisect_right(self._steps, number)]


class _Codes:
    """For any codes, the supports that are for one of them, or for all."""

    def __init__(self, codes_of: Sequence[frozenset[str] | None]) -> None:
        self._for_all: SetOfSupports = 0
        self._by_code: dict[str, SetOfSupports] = {}
        for place, codes in enumerate(codes_of):
            if codes is None or codes == {ANY}:
                self._for_all |= 1 << place
                continue
            for code in codes:
                self._by_code[code] = self._by_code.get(code, 0) | 1 << place

    def meeting(self, codes: Iterable[str]) -> SetOfSupports:
        found = self._for_all
        for code in codes:
            found |= self._by_code.get(code, 0)
        return found
