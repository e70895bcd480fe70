"""Why a need is short of seats: the first reason of the contract that holds, and how near the sessions came.

All of it is told from the plan as it is: every other assignment is held, and one session at a time is
looked at. What would help, proved by solving the whole round again, is another question.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from optimizer.model.limits import most_recipients
from optimizer.plan import MAX_NEAREST, Nearest, UnmetNeed
from optimizer.problem import Need, Session
from optimizer.rules.compatibility import RULES, Pair
from optimizer.rules.facts import Facts
from optimizer.rules.looks import Numbers, Table
from optimizer.rules.pairs import group_by_need
from optimizer.rules.words import SAYS_NO, RuleWords

Seats = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Refused:
    """What the rules alone say of a need, whatever the plan: how many sessions each of them refuses, whether
    every session is of another area, and the sessions that came near.
    """

    counts: Mapping[str, int]
    is_of_no_area: bool
    nearest: tuple[Nearest, ...]


def find_unmet(
    facts: Facts,
    pairs: Sequence[Pair],
    seats: Seats,
    need: str | None = None,
    *,
    known: dict[str, Refused] | None = None,
) -> tuple[UnmetNeed, ...]:
    """Return every need that gets fewer seats than it is planned for, in order of id.

    ``seats`` holds the whole seats of each pair of the plan. Where ``need`` is an id, that need alone is
    looked at, and ``pairs`` may leave out those of others. ``known``, by need, is what was found for another
    plan of the same records; it gains what is found now.
    """
    pairs_of_need, tally, refusals = group_by_need(pairs), Tally(facts, seats), Refusals(facts)
    unmet: list[UnmetNeed] = []
    for one in facts.problem.needs if need is None else [facts.problem.need_by_id[need]]:
        short = facts.seats_of_need(one) - tally.seats_of_need.get(one.id, 0)
        if short > 0:
            refused = known.get(one.id) if known is not None else None
            if refused is None:
                refused = refusals.find(one)
                if known is not None:
                    known[one.id] = refused
            reason = find_reason(tally, one, pairs_of_need.get(one.id, []), refused)
            unmet.append(UnmetNeed(one.id, short, reason, refused.counts, refused.nearest))
    return tuple(unmet)


class Refusals:
    """Which rules refuse which sessions to a need. Built once a problem."""

    def __init__(self, facts: Facts) -> None:
        self._sessions = facts.problem.sessions
        self._words = RuleWords(facts)
        self._counts: dict[tuple[str, Hashable], int] = {}

    @cached_property
    def _tables(self) -> dict[str, Table]:
        return {rule.code: self._words.table(rule.code) for rule in RULES}

    def find(self, need: Need) -> Refused:
        return Refused(self.count(need), self.are_all_by_area(need), self.find_nearest(need))

    def count(self, need: Need) -> dict[str, int]:
        """Sessions that each rule refuses, in the order of the table; rules that refuse none are left out."""
        counts = {code: self._count_by_rule(code, need) for code in self._tables}
        return {code: count for code, count in counts.items() if count > 0}

    def are_all_by_area(self, need: Need) -> bool:
        """Whether every session says no to the need's area (so too where there is no session)."""
        return self._count_by_rule("area", need) == len(self._sessions)

    def find_nearest(self, need: Need) -> tuple[Nearest, ...]:
        """Sessions of a fitting area that other rules refuse: fewest rules first, then id, at most 20."""
        near = np.flatnonzero(self._spread("area", need) != SAYS_NO)
        against = np.zeros(len(near), dtype=np.uint8)
        refused_by: dict[str, NDArray[np.bool_]] = {}
        for code, table in self._tables.items():
            row = table.row(need) == SAYS_NO
            if row.any():
                refused_by[code] = row[table.looks.column[near]]
                against += refused_by[code]
        refused = np.flatnonzero(against)
        # Sessions are sorted by id, so a stable sort by the number of rules leaves equals in order of id.
        nearest = refused[np.argsort(against[refused], kind="stable")][:MAX_NEAREST]
        return tuple(
            Nearest(
                self._sessions[near[place]].id, tuple(code for code, row in refused_by.items() if row[place])
            )
            for place in nearest.tolist()
        )

    def _spread(self, code: str, need: Need) -> Numbers:
        table = self._tables[code]
        return table.row(need)[table.looks.column]

    def _count_by_rule(self, code: str, need: Need) -> int:
        table = self._tables[code]
        key = code, table.key_of(need)
        if key not in self._counts:
            self._counts[key] = int(table.looks.counts[table.row(need) == SAYS_NO].sum())
        return self._counts[key]


def find_reason(tally: "Tally", need: Need, pairs: Sequence[Pair], refused: Refused) -> str:
    """The first reason that holds."""
    if refused.is_of_no_area:
        return "no_session"
    if not pairs:
        # Every session of the area is refused, by another rule or because the policy leaves unknowns out.
        return "blocked"
    sessions = [tally.facts.problem.session_by_id[pair.session] for pair in pairs]
    if any(tally.could_gain(need, session) for session in sessions):
        # The plan is as good as supports allow, so what keeps these seats empty is a support.
        return "support_missing"
    if all(tally.room_without(need, session) < need.min_group for session in sessions):
        return "not_enough_for_a_group"
    return "contention"


@dataclass(slots=True)
class Tally:
    """What the assignments of a plan use up, for the question what one need could still gain."""

    facts: Facts
    seats: Seats
    seats_of_need: dict[str, int] = field(default_factory=dict)
    groups_of_need: dict[str, int] = field(default_factory=dict)
    women_of_need: dict[str, int] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)  # by session
    taken: dict[tuple[str, str], int] = field(default_factory=dict)  # by session and recipient
    present: dict[str, set[str]] = field(default_factory=dict)  # session -> recipients
    running_of_offer: dict[str, int] = field(default_factory=dict)
    teams_out: dict[str, list[Session]] = field(default_factory=dict)  # provider -> sessions with its teams
    seats_of_provider: dict[str, int] = field(default_factory=dict)
    _may_start: dict[str, bool] = field(default_factory=dict)  # by session

    def __post_init__(self) -> None:
        for (need_id, session_id), placed in sorted(self.seats.items()):
            need = self.facts.problem.need_by_id[need_id]
            session = self.facts.problem.session_by_id[session_id]
            provider = self.facts.offer_of(session).provider
            if session_id not in self.filled:
                _add(self.running_of_offer, session.offer, 1)
                if session.team:
                    self.teams_out.setdefault(provider, []).append(session)
            _add(self.seats_of_need, need_id, placed)
            _add(self.groups_of_need, need_id, 1)
            _add(self.women_of_need, need_id, placed if session.women_only else 0)
            _add(self.filled, session_id, placed)
            _add(self.taken, (session_id, need.recipient), placed)
            _add(self.seats_of_provider, provider, placed)
            self.present.setdefault(session_id, set()).add(need.recipient)

    def room_without(self, need: Need, session: Session) -> int:
        """Seats of the session that all assignments but this need's leave."""
        own = self.seats.get((need.id, session.id), 0)
        return self.facts.seats_of_session(session) - self.filled.get(session.id, 0) + own

    def could_gain(self, need: Need, session: Session) -> bool:
        """Whether the need could have more seats in this session, supports and interpretation set aside."""
        held = self.seats.get((need.id, session.id), 0)
        most = held + self._seats_to_gain(need, session)
        fewest = max(held + 1, need.min_group)
        if need.whole:
            # All its seats or none: what it lacks must fit here at once.
            fewest = max(fewest, held + self.facts.seats_of_need(need) - self.seats_of_need.get(need.id, 0))
        if session.id not in self.filled:
            fewest = max(fewest, session.min_seats)
        pin = self.facts.pin_by_pair.get((need.id, session.id))
        if pin is not None and pin.rule == "exactly":
            return False
        return fewest <= most and self._may_send(need, session, held) and self._may_run(session)

    def _seats_to_gain(self, need: Need, session: Session) -> int:
        """The most seats that could be added, by every limit that counts seats."""
        facts = self.facts
        recipient, provider_id = need.recipient, facts.offer_of(session).provider
        rooms = [
            facts.seats_of_need(need) - self.seats_of_need.get(need.id, 0),
            facts.seats_of_session(session) - self.filled.get(session.id, 0),
        ]
        if session.max_per_recipient is not None:
            rooms.append(session.max_per_recipient - self.taken.get((session.id, recipient), 0))
        provider = facts.problem.provider_by_id[provider_id]
        if provider.seats is not None:
            rooms.append(provider.seats - self.seats_of_provider.get(provider_id, 0))
        if session.women_only:
            rooms.append(facts.women_seats_of(need) - self.women_of_need.get(need.id, 0))
        return min(rooms)

    def _may_send(self, need: Need, session: Session, held: int) -> bool:
        """Whether the need may send a group there, by the limits that count groups and recipients."""
        if held > 0:
            return True
        if need.max_groups is not None and self.groups_of_need.get(need.id, 0) >= need.max_groups:
            return False
        present, most = self.present.get(session.id, set()), most_recipients(session)
        return need.recipient in present or most is None or len(present) < most

    def _may_run(self, session: Session) -> bool:
        """Whether the session runs, or could run beside the others of its offer and its provider's teams."""
        if session.id in self.filled:
            return True
        if session.id not in self._may_start:
            self._may_start[session.id] = self._has_turn(session) and self._has_team(session)
        return self._may_start[session.id]

    def _has_turn(self, session: Session) -> bool:
        most = self.facts.offer_of(session).max_sessions
        return most is None or self.running_of_offer.get(session.offer, 0) < most

    def _has_team(self, session: Session) -> bool:
        provider_id = self.facts.offer_of(session).provider
        teams = self.facts.problem.provider_by_id[provider_id].teams
        if teams is None or not session.team or session.start is None or session.end is None:
            return True
        return _most_at_once([*self.teams_out.get(provider_id, ()), session], session) <= teams


def _most_at_once(sessions: Sequence[Session], within: Session) -> int:
    """The most of these sessions that run on one day of the given one."""
    dated = [(s.start, s.end) for s in sessions if s.start is not None and s.end is not None]
    assert within.start is not None
    assert within.end is not None
    days = [within.start, *(start for start, _ in dated if within.start <= start <= within.end)]
    return max(sum(start <= day <= end for start, end in dated) for day in days)


def _add[Key](counts: dict[Key, int], key: Key, amount: int) -> None:
    counts[key] = counts.get(key, 0) + amount
