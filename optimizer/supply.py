"""Sharing supports among running sessions in whole units: an exact flow, once seats and bridges are fixed.

What a solver says about dollars is a float. So the units that a plan states are worked out here, from the
seats alone: each kind of support is one small network (support -> support in a session -> what the session
needs), and a maximum flow in whole numbers either meets every demand exactly or proves that it cannot be
met.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from optimizer.facts import INTERPRETATION, Facts
from optimizer.problem import Session, Support

PairKey = tuple[str, str]  # need, session
UseKey = tuple[str, str, str | None]  # support, session, bridging language (None: what the session requires)
EMPTY_USES: Final[Mapping[UseKey, int]] = {}


@dataclass(frozen=True, slots=True)
class Demand:
    """Units that a running session needs, and the supports that may give them, by id."""

    session: str
    language: str | None
    units: int
    givers: tuple[Support, ...]


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
        shared = _share_kind(by_kind[kind], taken)
        if shared is None:
            return None
        uses.update(shared)
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
            givers = _usable(facts, session, kind, present[session_id])
            if units > 0:
                demands.append((kind, Demand(session_id, None, units, givers)))
        for language in sorted(languages.get(session_id, ())):
            usable = _usable(facts, session, INTERPRETATION, present[session_id])
            linking = tuple(support for support in usable if facts.links(support, language, session))
            demands.append((INTERPRETATION, Demand(session_id, language, 1, linking)))
    return demands


def required_units(session: Session) -> dict[str, tuple[int, int]]:
    """Kind -> (quantity, per seat) that the session requires; two rows of one kind are added up."""
    totals: dict[str, tuple[int, int]] = {}
    for row in session.requires or ():
        quantity, per_seat = totals.get(row.kind, (0, 0))
        totals[row.kind] = (quantity + row.quantity, per_seat + row.per_seat)
    return totals


def _usable(facts: Facts, session: Session, kind: str, recipients: set[str]) -> tuple[Support, ...]:
    """Supports that fit, have something to give, and whose `only` allows everyone placed there."""
    return tuple(
        support
        for support in facts.fitting_supports(session, kind)
        if support.quantity
        and (
            facts.support_is_open_to(support, session)
            or all(facts.support_admits(support, recipient) for recipient in recipients)
        )
    )


def _share_kind(demands: list[Demand], taken: Mapping[str, int]) -> dict[UseKey, int] | None:
    """Meet every demand of one kind exactly from what is not taken of each support, or return ``None``."""
    network = Network()
    for demand in demands:
        network.add_edge(("demand", demand.session, demand.language), "sink", demand.units)
    supports = {support.id: support for demand in demands for support in demand.givers}
    for id_ in sorted(supports):
        network.add_edge("source", ("support", id_), (supports[id_].quantity or 0) - taken.get(id_, 0))
    for demand in demands:
        for support in demand.givers:
            hub = ("hub", support.id, demand.session)
            most = support.quantity if support.per_session is None else support.per_session
            if not network.has_edge(("support", support.id), hub):
                network.add_edge(("support", support.id), hub, most or 0)
            network.add_edge(hub, ("demand", demand.session, demand.language), demand.units)
    if network.push_all("source", "sink") < sum(demand.units for demand in demands):
        return None
    uses: dict[UseKey, int] = {}
    for demand in demands:
        for support in demand.givers:
            hub = ("hub", support.id, demand.session)
            units = network.flow(hub, ("demand", demand.session, demand.language))
            if units > 0:
                uses[support.id, demand.session, demand.language] = units
    return uses


Node = str | tuple[str, ...] | tuple[str, str, str | None]


class Network:
    """A directed network with whole capacities; `push_all` finds a maximum flow (Dinic's algorithm)."""

    def __init__(self) -> None:
        self._left: dict[Node, dict[Node, int]] = {}
        self._capacity: dict[tuple[Node, Node], int] = {}

    def add_edge(self, tail: Node, head: Node, capacity: int) -> None:
        self._left.setdefault(tail, {})[head] = capacity
        self._left.setdefault(head, {}).setdefault(tail, 0)
        self._capacity[tail, head] = capacity

    def has_edge(self, tail: Node, head: Node) -> bool:
        return (tail, head) in self._capacity

    def flow(self, tail: Node, head: Node) -> int:
        return self._capacity[tail, head] - self._left[tail][head]

    def push_all(self, source: Node, sink: Node) -> int:
        """Push as much as fits from source to sink and return it."""
        if source not in self._left or sink not in self._left:
            return 0
        total = 0
        while True:
            levels = self._levels_from(source)
            if sink not in levels:
                return total
            untried = {node: list(heads) for node, heads in self._left.items()}
            while pushed := self._push_one_path(source, sink, levels, untried):
                total += pushed

    def _levels_from(self, source: Node) -> dict[Node, int]:
        levels, queue = {source: 0}, deque([source])
        while queue:
            node = queue.popleft()
            for head, left in self._left[node].items():
                if left > 0 and head not in levels:
                    levels[head] = levels[node] + 1
                    queue.append(head)
        return levels

    def _push_one_path(
        self, source: Node, sink: Node, levels: dict[Node, int], untried: dict[Node, list[Node]]
    ) -> int:
        """Push along one shortest path with room, without recursion; 0 where none is left."""
        path = [source]
        while path[-1] != sink:
            node = path[-1]
            while untried[node]:
                head = untried[node][0]
                if self._left[node][head] > 0 and levels.get(head) == levels[node] + 1:
                    break
                untried[node].pop(0)
            if untried[node]:
                path.append(untried[node][0])
            elif len(path) == 1:
                return 0
            else:
                path.pop()
                untried[path[-1]].pop(0)
        steps = list(pairwise(path))
        pushed = min(self._left[tail][head] for tail, head in steps)
        for tail, head in steps:
            self._left[tail][head] -= pushed
            self._left[head][tail] += pushed
        return pushed
