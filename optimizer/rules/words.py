"""What every rule says of every pair of a round, found by asking each rule once for each two looks.

Three rules are not asked look by look. Areas have an index of their own (`looks.AreaTable`). Days are many on
both sides, and compared as numbers. Declined pairs are a list. Tests hold all of them to what the rules
answer one pair at a time.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

import numpy as np

from optimizer.problem import Need, Session
from optimizer.rules.compatibility import RULE_BY_CODE, No, Rule, Unknown
from optimizer.rules.facts import Facts
from optimizer.rules.looks import AreaTable, Ask, Looks, Numbers, Table, find_looks

# The answers of a rule as small numbers, the better the smaller.
SAYS_YES: Final = 0
ASKS: Final = 1
SAYS_NO: Final = 2


class RuleWords:
    """A table for each rule: what it says to a need, look by look. Build it once for one `Facts`."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._tables: dict[str, Table] = {}

    def table(self, code: str) -> Table:
        if code not in self._tables:
            self._tables[code] = _make_table(self.facts, RULE_BY_CODE[code])
        return self._tables[code]


def _make_table(facts: Facts, rule: Rule) -> Table:
    def ask(need: Need, session: Session) -> int:
        answer = rule.judge(facts, need, session)
        return SAYS_NO if isinstance(answer, No) else ASKS if isinstance(answer, Unknown) else SAYS_YES

    if rule.code == "area":
        return AreaTable(facts, ask, best=np.minimum, without=SAYS_NO)
    if rule.code == "dates":
        return _DayTable(facts, rule, ask)
    if rule.code == "forbidden":
        return _BanTable(facts, rule, ask)
    return Table(facts, rule.need_key, find_looks(facts, rule.session_key), ask)


class _DayTable(Table):
    """The rule `dates`, with the days as numbers: a session says no where its first stated day lies before
    the need's earliest, or its last stated day after the latest.
    """

    def __init__(self, facts: Facts, rule: Rule, ask: Ask) -> None:
        looks = find_looks(facts, rule.session_key)
        super().__init__(facts, rule.need_key, looks, ask)
        alike = looks.examples
        never_before, never_after = date.max.toordinal() + 1, date.min.toordinal() - 1
        self._first = np.array(
            [min(_stated(one.start, one.end, one.not_after), default=never_before) for one in alike]
        )
        self._last = np.array(
            [max(_stated(one.start, one.end, one.not_before), default=never_after) for one in alike]
        )
        self._is_undated = np.array([one.start is None or one.end is None for one in alike], dtype=np.bool_)

    def find_row(self, need: Need) -> Numbers:
        is_open = need.earliest is None or need.latest is None
        row = np.where(self._is_undated | is_open, ASKS, SAYS_YES).astype(np.uint8)
        if need.earliest is not None:
            row[self._first < need.earliest.toordinal()] = SAYS_NO
        if need.latest is not None:
            row[self._last > need.latest.toordinal()] = SAYS_NO
        return row


def _stated(*days: date | None) -> Iterable[int]:
    return (day.toordinal() for day in days if day is not None)


class _BanTable(Table):
    """The rule `forbidden`, for which each session has a look of its own."""

    def __init__(self, facts: Facts, rule: Rule, ask: Ask) -> None:
        sessions = facts.problem.sessions
        each = np.arange(len(sessions), dtype=np.int32)
        super().__init__(facts, rule.need_key, Looks(sessions, np.ones_like(each, dtype=np.intp), each), ask)

    def find_row(self, need: Need) -> Numbers:
        row = np.full(len(self.looks.examples), SAYS_YES, dtype=np.uint8)
        for session_id in self.facts.bans_by_need.get(need.id, ()):
            row[self.facts.session_number[session_id]] = SAYS_NO
        return row
