"""A plan as a coordinator would make it by hand: session by session, first come first served.

It is what a made-up round has published before. It obeys every limit and bridges no languages, so that
whatever is pinned of it can hold. The work grows with the needs and with the sessions, not with their
product: the needs of a session are looked up by what it teaches, and asked in turn until it is full, and
supports are taken from the front of a shelf.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import product

from optimizer.problem import ANY, LEVELS, PERSONNEL, Need, Problem, Session, Support
from optimizer.rules.compatibility import judge_pair
from optimizer.rules.facts import Facts

Group = tuple[str, str, int]  # need, session, seats
MOST_GROUPS = 99


class NeedsByTopic:
    """Finds the needs that may pair firmly with a session, without trying all of them.

    A need whose level or personnel nobody has stated is kept under *any*: it pairs firmly only with sessions
    that say so. One whose areas or languages nobody has stated pairs firmly with no session that the
    generator makes, and is left out.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._numbers: dict[tuple[str, str | None, str, str], list[int]] = defaultdict(list)
        for number, need in enumerate(facts.problem.needs):
            areas, languages = need.areas or (), need.languages or ()
            for area, personnel, language in product(areas, need.personnel or (ANY,), languages):
                self._numbers[area, need.level or ANY, personnel, language].append(number)

    def of_session(self, session: Session) -> list[int]:
        """Return positions of the needs that share a topic and a language with the session, in order."""
        levels = (*LEVELS, ANY) if session.level == ANY else (session.level,)
        personnel = (*PERSONNEL, ANY) if session.personnel == {ANY} else session.personnel or ()
        keys = product(self._areas_served(session), levels, personnel, session.languages or ())
        return sorted({number for key in keys for number in self._numbers.get(key, ())})

    def _areas_served(self, session: Session) -> set[str]:
        taught = session.areas or frozenset[str]()
        served = {row.need_area for row in self.facts.problem.substitutions if row.session_area in taught}
        return served | taught


class Shelf:
    """Supports that are open to whatever session is where they are, and what is left of each."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.left = {support.id: support.quantity or 0 for support in facts.problem.supports}
        self._by_place: dict[tuple[str, str | None], list[Support]] = defaultdict(list)
        for support in facts.problem.supports:
            limits = (support.only, support.areas, support.from_, support.to)
            if all(limit is None for limit in limits):
                for place in support.places or (None,):
                    self._by_place[support.kind, place].append(support)

    def find(self, session: Session, seats: int) -> dict[str, int] | None:
        """Return units by support for a session of so many seats, or ``None`` where there are too few."""
        units: dict[str, int] = {}
        for row in session.requires or ():
            missing = row.quantity + row.per_seat * seats
            for support in self._fitting(session, row.kind):
                given = min(missing, self.left[support.id], support.per_session or missing)
                if given and support.id not in units:
                    units[support.id] = given
                    missing -= given
                if not missing:
                    break
            if missing:
                return None
        return units

    def take(self, units: Mapping[str, int]) -> None:
        for support_id, given in units.items():
            self.left[support_id] -= given

    def _fitting(self, session: Session, kind: str) -> Iterator[Support]:
        places = () if session.place is None else self.facts.codes_of_place(session.place)
        for place in (*places, None):
            shelf = self._by_place[kind, place]
            while shelf and not self.left[shelf[-1].id]:
                shelf.pop()
            yield from reversed(shelf)


class HandPlan:
    """The plan so far: which needs are in it, and what offers, providers and supports have given.

    Where `is_full`, an offer is asked until `max_sessions` of its sessions run and a provider until all its
    teams are out on some day; else each offer, and each provider of teams, is asked once, and only sessions
    that require no support run.
    """

    def __init__(self, problem: Problem, is_full: bool) -> None:
        self.problem, self.facts, self.is_full = problem, Facts(problem), is_full
        self.groups: list[Group] = []
        self.supports: dict[str, dict[str, int]] = {}  # units by session and support
        self._shelf = Shelf(self.facts)
        self._needs = NeedsByTopic(self.facts)
        self._placed: set[str] = set()
        self._runs: dict[str, int] = defaultdict(int)
        self._asked: set[str] = set()
        self._out: dict[str, list[tuple[date, date]]] = defaultdict(list)
        self._seats: dict[str, int] = defaultdict(int)

    def fill(self, sessions: Sequence[Session]) -> list[Group]:
        """Go through the sessions in this order and return all groups that were placed."""
        for session in sessions:
            if self._may_run(session):
                groups = self._find_groups(session)
                seats = sum(seats for _, _, seats in groups)
                units = self._shelf.find(session, seats)
                if groups and units is not None and self._provider_has_seats_for(session, seats):
                    self._take(session, groups, units)
        return self.groups

    def _provider_of(self, session: Session) -> str:
        return self.facts.offer_of(session).provider

    def _may_run(self, session: Session) -> bool:
        if session.requires is None or session.women_only:
            return False
        if not self.is_full:
            is_asked = session.team and self._provider_of(session) in self._asked
            return not session.requires and not is_asked and not self._runs[session.offer]
        most = self.facts.offer_of(session).max_sessions
        return (most is None or self._runs[session.offer] < most) and self._has_team_for(session)

    def _has_team_for(self, session: Session) -> bool:
        """Whether one more team can go out on each day of the session."""
        start, end = session.start, session.end
        teams = self.problem.provider_by_id[self._provider_of(session)].teams
        if not session.team or teams is None or start is None or end is None:
            return True
        others = [row for row in self._out[self._provider_of(session)] if row[0] <= end and start <= row[1]]
        # The most that are out at once are so on the first day of one of them.
        days = [start, *(first for first, _ in others if first > start)]
        return all(sum(first <= day <= last for first, last in others) < teams for day in days)

    def _provider_has_seats_for(self, session: Session, seats: int) -> bool:
        most = self.problem.provider_by_id[self._provider_of(session)].seats
        return most is None or self._seats[self._provider_of(session)] + seats <= most

    def _find_groups(self, session: Session) -> list[Group]:
        """Return groups of different recipients that fill the session, or none where they are too few."""
        left, recipients = session.seats or 0, set[str]()
        most = 1 if session.mode == "mobile_team" and session.place is None else session.max_recipients
        groups: list[Group] = []
        for need in self._free_needs(session):
            if left <= 0 or len(groups) >= (most or MOST_GROUPS):
                break
            seats = min(need.seats or 0, left, session.max_per_recipient or left)
            if need.recipient in recipients or seats < need.min_group:
                continue
            if judge_pair(self.facts, need, session).is_firm:
                groups.append((need.id, session.id, seats))
                recipients.add(need.recipient)
                left -= seats
        return groups if sum(seats for _, _, seats in groups) >= session.min_seats else []

    def _free_needs(self, session: Session) -> Iterator[Need]:
        """The needs that are not placed yet and may take part of their seats, in the order of the problem."""
        for number in self._needs.of_session(session):
            need = self.problem.needs[number]
            if need.id not in self._placed and not need.whole:
                yield need

    def _take(self, session: Session, groups: list[Group], units: dict[str, int]) -> None:
        provider = self._provider_of(session)
        self._shelf.take(units)
        self.supports[session.id] = units
        self.groups += groups
        self._placed.update(need_id for need_id, _, _ in groups)
        self._runs[session.offer] += 1
        self._asked.add(provider)
        self._seats[provider] += sum(seats for _, _, seats in groups)
        if session.team and session.start and session.end:
            self._out[provider].append((session.start, session.end))
