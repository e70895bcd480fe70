"""Sharing supports among running sessions in whole units: an exact flow, once seats and bridges are fixed.

What a solver says about dollars is a float. So the units that a plan states are worked out here, from the
seats alone, kind by kind: first come, first served, and where that leaves a demand short, units are passed on
along chains, until every demand is met exactly or it is certain that they cannot all be.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from optimizer.problem import Session, Support
from optimizer.rules.facts import INTERPRETATION, Facts
from optimizer.rules.fitting import SetOfSupports

PairKey = tuple[str, str]  # need, session
UseKey = tuple[str, str, str | None]  # support, session, bridging language (None: what the session requires)
EMPTY_USES: Final[Mapping[UseKey, int]] = {}


@dataclass(frozen=True, slots=True)
class Demand:
    """Units that a running session needs, and the supports of the kind that may give them."""

    session: str
    language: str | None
    units: int
    givers: SetOfSupports


def share_supports(
    facts: Facts,
    seats: Mapping[PairKey, int],
    bridges: Mapping[PairKey, str],
    kept: Mapping[UseKey, int] = EMPTY_USES,
) -> dict[UseKey, int] | None:
    """Return the units of each use (only those above 0), or ``None`` where some demand cannot be met.

    Parameters
    ----------
    seats: whole seats of each pair that has any.
    bridges: for each bridged pair of those, the language it uses (case folded).
    kept: units that stay with sessions which ``seats`` does not name, and are not there to be shared.
    """
    taken: dict[str, int] = {}
    for (support, _, _), units in kept.items():
        taken[support] = taken.get(support, 0) + units
    by_kind: dict[str, list[Demand]] = {}
    for kind, demand in _find_demands(facts, seats, bridges):
        by_kind.setdefault(kind, []).append(demand)
    uses: dict[UseKey, int] = {}
    for kind in sorted(by_kind):
        sharing = Sharing(facts.fitting(kind).supports, by_kind[kind], taken)
        if not sharing.meet_all():
            return None
        uses.update(sharing.uses())
    return uses


def _find_demands(
    facts: Facts, seats: Mapping[PairKey, int], bridges: Mapping[PairKey, str]
) -> list[tuple[str, Demand]]:
    """Every (kind, demand) of the running sessions, by session id: what they require, then each language
    used.
    """
    filled: dict[str, int] = {}
    present: dict[str, set[str]] = {}
    languages: dict[str, set[str]] = {}
    for need_id, session_id in sorted(seats):
        filled[session_id] = filled.get(session_id, 0) + seats[need_id, session_id]
        present.setdefault(session_id, set()).add(facts.problem.need_by_id[need_id].recipient)
        if (need_id, session_id) in bridges:
            languages.setdefault(session_id, set()).add(bridges[need_id, session_id])
    demands: list[tuple[str, Demand]] = []
    for session_id in sorted(filled):
        session = facts.problem.session_by_id[session_id]
        for kind, (quantity, per_seat) in sorted(required_units(session).items()):
            units = quantity + per_seat * filled[session_id]
            givers = facts.usable_supports(session, kind, present[session_id])
            if units > 0:
                demands.append((kind, Demand(session_id, None, units, givers)))
        for language in sorted(languages.get(session_id, ())):
            usable = facts.usable_supports(session, INTERPRETATION, present[session_id])
            linking = usable & facts.linking_supports(session, language)
            demands.append((INTERPRETATION, Demand(session_id, language, 1, linking)))
    return demands


def required_units(session: Session) -> dict[str, tuple[int, int]]:
    """Kind -> (quantity, per seat) that the session requires; two rows of one kind are added up."""
    totals: dict[str, tuple[int, int]] = {}
    for row in session.requires or ():
        quantity, per_seat = totals.get(row.kind, (0, 0))
        totals[row.kind] = (quantity + row.quantity, per_seat + row.per_seat)
    return totals


class Sharing:
    """Units of one kind, shared among demands.

    ``supports`` are those of the kind, ``taken`` what is not to be shared of each. Demands and supports go by
    their positions.
    """

    def __init__(
        self, supports: Sequence[Support], demands: Sequence[Demand], taken: Mapping[str, int]
    ) -> None:
        self._supports, self._demands = supports, demands
        self._left = [(support.quantity or 0) - taken.get(support.id, 0) for support in supports]
        self._free = sum(1 << place for place, left in enumerate(self._left) if left > 0)
        self._missing = [demand.units for demand in demands]
        self._given: list[dict[int, int]] = [{} for _ in demands]  # units by support
        self._takers: dict[int, dict[int, None]] = {}  # support -> demands that have units of it
        self._in_session: dict[tuple[str, int], int] = {}  # units of a support over a session's demands
        self._full: dict[str, SetOfSupports] = {}  # session -> supports that may give it no more
        self._of_session: dict[str, list[int]] = {}  # session -> its demands
        for place, demand in enumerate(demands):
            self._of_session.setdefault(demand.session, []).append(place)

    def meet_all(self) -> bool:
        """Meet every demand exactly; ``False`` where they cannot all be met."""
        # Those with the least choice go first, so that few have to pass anything on.
        for place in sorted(range(len(self._demands)), key=lambda p: self._demands[p].givers.bit_count()):
            self._serve_from_what_is_left(place)
        for place in range(len(self._demands)):
            while self._missing[place] > 0:
                chain = self._find_chain(place)
                if chain is None:
                    return False
                self._pass_on(chain)
        return True

    def uses(self) -> dict[UseKey, int]:
        """Return the units given, by support, session and language."""
        return {
            (self._supports[support].id, demand.session, demand.language): units
            for demand, given in zip(self._demands, self._given, strict=True)
            for support, units in sorted(given.items())
        }

    def _serve_from_what_is_left(self, place: int) -> None:
        demand = self._demands[place]
        while self._missing[place] > 0:
            able = demand.givers & self._free & ~self._full.get(demand.session, 0)
            if not able:
                return
            support = (able & -able).bit_length() - 1
            units = min(self._missing[place], self._left[support], self._room(support, demand.session))
            self._take(place, support, units)
            self._missing[place] -= units

    def _take(self, place: int, support: int, units: int) -> None:
        """Give to a demand of what a support has left."""
        self._left[support] -= units
        if not self._left[support]:
            self._free &= ~(1 << support)
        self._move(place, support, units)

    def _room(self, support: int, session: str) -> int:
        """Units that the support may still give to the session, whatever it has left."""
        support_row = self._supports[support]
        most = support_row.quantity if support_row.per_session is None else support_row.per_session
        return (most or 0) - self._in_session.get((session, support), 0)

    def _move(self, place: int, support: int, units: int) -> None:
        """Enter that a demand has so many units more, or fewer, of a support."""
        session, given = self._demands[place].session, self._given[place]
        given[support] = given.get(support, 0) + units
        takers = self._takers.setdefault(support, {})
        if given[support]:
            takers[place] = None
        else:
            del given[support], takers[place]
        self._in_session[session, support] = self._in_session.get((session, support), 0) + units
        full = self._full.get(session, 0) & ~(1 << support)
        self._full[session] = full | (0 if self._room(support, session) > 0 else 1 << support)

    def _find_chain(self, start: int) -> list[tuple[int, int]] | None:
        """Return the shortest chain of (demand, support) by which a demand gets more, or ``None``.

        Each demand of it takes from its support what the next demand has of that; the support of the last has
        units left.
        """
        came_from: dict[int, tuple[int, int]] = {}  # demand -> the demand that takes, and of which support
        asked: SetOfSupports = 0
        queue, seen = deque([start]), {start}
        while queue:
            place = queue.popleft()
            demand = self._demands[place]
            full = self._full.get(demand.session, 0)
            able = demand.givers & ~full & ~asked
            if free := able & self._free:
                return self._trace(start, came_from, place, (free & -free).bit_length() - 1)
            asked |= able
            for support in _members(able):
                self._ask(place, support, self._takers.get(support, ()), came_from, seen, queue)
            others = self._of_session[demand.session]
            if len(others) > 1:
                # What a support may give to the session is used up; another demand there may have it.
                for support in _members(demand.givers & full):
                    holders = [other for other in others if support in self._given[other]]
                    self._ask(place, support, holders, came_from, seen, queue)
        return None

    @staticmethod
    def _ask(
        place: int,
        support: int,
        holders: Iterable[int],
        came_from: dict[int, tuple[int, int]],
        seen: set[int],
        queue: deque[int],
    ) -> None:
        for holder in holders:
            if holder not in seen:
                seen.add(holder)
                came_from[holder] = place, support
                queue.append(holder)

    @staticmethod
    def _trace(
        start: int, came_from: dict[int, tuple[int, int]], last: int, support: int
    ) -> list[tuple[int, int]]:
        chain = [(last, support)]
        while chain[-1][0] != start:
            chain.append(came_from[chain[-1][0]])
        return chain[::-1]

    def _pass_on(self, chain: list[tuple[int, int]]) -> None:
        """Move as many units along the chain as every step of it allows."""
        start, (last, free) = chain[0][0], chain[-1]
        units = min(self._missing[start], self._left[free], self._room(free, self._demands[last].session))
        for (place, support), (holder, _) in pairwise(chain):
            units = min(units, self._given[holder][support])
            session = self._demands[place].session
            if session != self._demands[holder].session:
                units = min(units, self._room(support, session))
        for (place, support), (holder, _) in pairwise(chain):
            self._move(holder, support, -units)
            self._move(place, support, units)
        self._take(last, free, units)
        self._missing[start] -= units


def _members(some: SetOfSupports) -> Iterator[int]:
    while some:
        lowest = some & -some
        yield lowest.bit_length() - 1
        some ^= lowest
