"""Candidate sessions that need not be looked at, because others of their offer do as well whatever the plan.

An offer names more candidate sessions than may run, and many differ in nothing that counts: the same course a
fortnight later, open to the same needs. Let ``max_sessions`` of an offer be k, and let each of k other
candidates do all that a session does. Whenever a plan runs that session, at most k - 1 others of the offer
run, so one of those k stands idle, and all groups can go there instead: the plan obeys every rule as before
and no objective is less. So the best plan without the session is as good as the best plan with it, and its
pairs are dropped. One session is dropped after the other, each weighed against those that are left.

A session that a pin or the plan last published names is never dropped: what people know stays where it is.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Final

from optimizer.model.limits import most_recipients
from optimizer.model.supply import required_units
from optimizer.plan import Plan
from optimizer.problem import Offer, Session
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import INTERPRETATION, Facts
from optimizer.rules.objectives import quality_of_seat

# Each candidate of an offer is held against the others; an offer with more of them is left as it is.
MOST_CANDIDATES: Final = 500


@dataclass(frozen=True, slots=True)
class Dropped:
    """A session whose pairs were dropped, and those that did as well when it was."""

    session: str
    stand_ins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undominated:
    """The pairs that are left, sorted as before, and the sessions that were dropped, in that order."""

    pairs: tuple[Pair, ...]
    dropped: tuple[Dropped, ...]

    def moved(self, plan: Plan) -> Plan:
        """The plan with every group of a dropped session in one that stands idle there and does as well."""
        running = {row.session for row in plan.assignments}
        home: dict[str, str] = {}
        for row in self.dropped:
            if row.session in running:
                idle = next((other for other in row.stand_ins if other not in running), None)
                if idle is None:
                    return plan  # More sessions of the offer run than may: no plan of this round.
                running.remove(row.session)
                running.add(idle)
                home = {session: idle if now == row.session else now for session, now in home.items()}
                home[row.session] = idle
        rows = (replace(row, session=home.get(row.session, row.session)) for row in plan.assignments)
        return replace(plan, assignments=tuple(rows)) if home else plan


def drop_dominated(facts: Facts, pairs: Sequence[Pair]) -> Undominated:
    """Return the pairs without those of sessions that others of their offer can always stand in for."""
    comparison = _Comparison(facts, pairs)
    dropped: list[Dropped] = []
    for offer, sessions in comparison.sessions_of_offer.items():
        may_run = facts.problem.offer_by_id[offer].max_sessions
        if may_run is not None and may_run < len(sessions) <= MOST_CANDIDATES:
            dropped.extend(_drop_of_offer(comparison, sessions, may_run))
    gone = {row.session for row in dropped}
    return Undominated(tuple(pair for pair in pairs if pair.session not in gone), tuple(dropped))


def _drop_of_offer(comparison: "_Comparison", sessions: list[Session], may_run: int) -> list[Dropped]:
    """Those of one offer's sessions that can go, the least useful and, among equals, the last first."""
    kept, dropped = list(sessions), []
    order = sorted(sessions, key=lambda row: row.id, reverse=True)
    for session in sorted(order, key=lambda row: len(comparison.pairs_of[row.id])):
        if session.id in comparison.known_sessions:
            continue
        as_well = (row for row in kept if row is not session and comparison.does_as_well(row, session))
        stand_ins = list(islice(as_well, may_run))
        if len(stand_ins) == may_run:
            kept.remove(session)
            comparison.forget(session)
            dropped.append(Dropped(session.id, tuple(row.id for row in stand_ins)))
    return dropped


def _at_least(most: int | None, other: int | None) -> bool:
    """Whether a limit allows as much as another; ``None`` is no limit."""
    return most is None or (other is not None and most >= other)


class _Comparison:
    """Two sessions of one offer, side by side."""

    def __init__(self, facts: Facts, pairs: Sequence[Pair]) -> None:
        self.facts = facts
        self.pairs_of: dict[str, dict[str, Pair]] = {}  # session -> need -> pair
        for pair in pairs:
            self.pairs_of.setdefault(pair.session, {})[pair.need] = pair
        self.sessions_of_offer: dict[str, list[Session]] = {}
        for session in facts.problem.sessions:
            if session.id in self.pairs_of:
                self.sessions_of_offer.setdefault(session.offer, []).append(session)
        self._offers_of_provider: dict[str, list[Offer]] = {}
        for offer in facts.problem.offers:
            if offer.id in self.sessions_of_offer:
                self._offers_of_provider.setdefault(offer.provider, []).append(offer)
        self._tests: tuple[Callable[[Session, Session], bool], ...] = (
            self._holds_as_many,
            self._serves_as_well,
            self._is_supported_as_well,
            self._finds_a_team,
        )

    @cached_property
    def known_sessions(self) -> Collection[str]:
        """The sessions that people know of: pinned, or in the plan last published."""
        problem = self.facts.problem
        return {row.session for row in problem.pinned} | {row.session for row in problem.previous}

    def forget(self, session: Session) -> None:
        self.sessions_of_offer[session.offer].remove(session)

    def does_as_well(self, other: Session, session: Session) -> bool:
        """Whether all that a plan does in ``session`` it could do in ``other``, were that one idle."""
        return all(test(other, session) for test in self._tests)

    def _holds_as_many(self, other: Session, session: Session) -> bool:
        """C1, C5 and C12: whatever seats the one may hold, the other may."""
        facts = self.facts
        return (
            facts.seats_of_session(other) >= facts.seats_of_session(session)
            and other.min_seats <= session.min_seats
            and (session.women_only or not other.women_only)
            and _at_least(most_recipients(other), most_recipients(session))
            and _at_least(other.max_per_recipient, session.max_per_recipient)
        )

    def _serves_as_well(self, other: Session, session: Session) -> bool:
        """Each need that may be placed there may be placed here, as firmly, as fitting, in as few words."""
        there = self.pairs_of[other.id]
        if not self.pairs_of[session.id].keys() <= there.keys():
            return False
        for need, pair in self.pairs_of[session.id].items():
            twin = there[need]
            if pair.firm > twin.firm or quality_of_seat(pair) > quality_of_seat(twin):
                return False
            if twin.bridges and not self._is_bridged_as_well(other, session):
                return False
        return True

    def _is_bridged_as_well(self, other: Session, session: Session) -> bool:
        """C10: it is taught in the same languages, and has the same interpreters or more."""
        return other.languages == session.languages and self._is_given_as_much(INTERPRETATION, other, session)

    def _is_supported_as_well(self, other: Session, session: Session) -> bool:
        """C9: it requires no more of any kind, and whatever supports the one fits the other."""
        wanted, given = required_units(other), required_units(session)
        for kind, (quantity, per_seat) in wanted.items():
            most_quantity, most_per_seat = given.get(kind, (0, 0))
            if quantity > most_quantity or per_seat > most_per_seat:
                return False
            if not self._is_given_as_much(kind, other, session):
                return False
        return True

    def _is_given_as_much(self, kind: str, other: Session, session: Session) -> bool:
        fitting = self.facts.fitting(kind)
        return not fitting.of_session(session) & ~fitting.of_session(other)

    def _finds_a_team(self, other: Session, session: Session) -> bool:
        """C7: it takes no team that the other would not have had on the same days, or there are enough."""
        teams = self.facts.problem.provider_by_id[self.facts.offer_of(other).provider].teams
        if teams is None or not other.team or other.start is None or other.end is None:
            return True
        return _covers(session, other) or self._most_beside(other, session) < teams

    def _most_beside(self, other: Session, session: Session) -> int:
        """The most team sessions of the provider that may run on some day of ``other`` beside it, once
        ``session`` does not.
        """
        most = 0
        for offer in self._offers_of_provider[self.facts.offer_of(other).provider]:
            beside = (row for row in self.sessions_of_offer[offer.id] if row not in (other, session))
            meeting = sum(_meet(row, other) for row in beside)
            if offer.max_sessions is not None:
                meeting = min(meeting, offer.max_sessions - (offer.id == other.offer))
            most += meeting
        return most


def _covers(session: Session, other: Session) -> bool:
    """Whether a session takes a team on every day on which the other does."""
    if not (session.team and session.start and session.end and other.start and other.end):
        return False
    return session.start <= other.start and other.end <= session.end


def _meet(session: Session, other: Session) -> bool:
    """Whether two sessions of known days take teams on a common day."""
    if not (session.team and session.start and session.end and other.start and other.end):
        return False
    return session.start <= other.end and other.start <= session.end
