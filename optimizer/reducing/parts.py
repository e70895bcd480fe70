"""The parts of a round that share nothing: no recipient, offer, provider's limit or support that is short.

No row of the contract and no term of an objective reaches from one part into another, and every objective is
a sum over recipients, groups and sessions. So plans of the parts that are best each by itself are, together,
a best plan of the round, and the values and bounds of the parts add up to its own.

What is not short ties nothing together: an offer whose sessions may all run, teams that suffice on every
day, seats of a provider beyond what its sessions hold, and support beyond all that may ever be asked of it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from optimizer.model.limits import largest_cliques
from optimizer.model.supply import required_units
from optimizer.plan import Plan
from optimizer.problem import Problem, Session
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import INTERPRETATION, Facts

# Small parts go together until they have so many pairs, and never with one that makes more than so many.
PAIRS_OF_A_BUNDLE: Final = 300
MOST_PAIRS_OF_A_BUNDLE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """A round of its own: its problem and its pairs."""

    facts: Facts
    pairs: tuple[Pair, ...]

    def cut(self, plan: Plan) -> Plan:
        """What a plan of the whole round assigns in this part."""
        problem = self.facts.problem
        rows = (row for row in plan.assignments if row.need in problem.need_by_id)
        return replace(plan, assignments=tuple(rows))


def find_parts(facts: Facts, pairs: Sequence[Pair]) -> list[Part]:
    """Return the parts that have pairs, those with fewest first; where there is one, it is the whole round.

    Small ones are bundled, for each brings a model and a search of its own. Recipients without a pair count
    in the first: whatever the plan, they add the same to each objective.
    """
    ties = _tie(facts, pairs)
    sizes = Counter(ties.first_of(_session_key(pair.session)) for pair in pairs)
    bundle_of = _bundle(sizes)
    count = len(set(bundle_of.values()))
    if count <= 1:
        return [Part(facts, tuple(pairs))]
    pairs_of: list[list[Pair]] = [[] for _ in range(count)]
    for pair in pairs:
        pairs_of[bundle_of[ties.first_of(_session_key(pair.session))]].append(pair)
    needs_of: list[set[str]] = [set() for _ in range(count)]
    for need in facts.problem.needs:
        needs_of[bundle_of.get(ties.first_of(_recipient_key(need.recipient)), 0)].add(need.id)
    return [
        Part(Facts(_cut(facts.problem, needs, own)), tuple(own))
        for needs, own in zip(needs_of, pairs_of, strict=True)
    ]


def _bundle(sizes: Mapping[str, int]) -> dict[str, int]:
    """Key of a part -> number of its bundle: the smallest parts together until they have enough pairs."""
    bundle_of: dict[str, int] = {}
    number = filled = 0
    for key in sorted(sizes, key=lambda key: (sizes[key], key)):
        if filled and (filled >= PAIRS_OF_A_BUNDLE or filled + sizes[key] > MOST_PAIRS_OF_A_BUNDLE):
            number, filled = number + 1, 0
        bundle_of[key] = number
        filled += sizes[key]
    return bundle_of


# -- what ties sessions and recipients together ------------------------------------------------------------


class _Ties:
    """Disjoint sets of keys, joined one pair at a time."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def first_of(self, key: str) -> str:
        """The key that stands for all that this one is joined with."""
        path = []
        while self._above.setdefault(key, key) != key:
            path.append(key)
            key = self._above[key]
        for passed in path:
            self._above[passed] = key
        return key

    def join(self, keys: Iterable[str]) -> None:
        firsts = [self.first_of(key) for key in keys]
        for other in firsts[1:]:
            self._above[self.first_of(other)] = self.first_of(firsts[0])


def _session_key(session: str) -> str:
    return f"session {session}"


def _recipient_key(recipient: str) -> str:
    return f"recipient {recipient}"


def _tie(facts: Facts, pairs: Sequence[Pair]) -> _Ties:
    problem, ties = facts.problem, _Ties()
    for pair in pairs:
        ties.join((_session_key(pair.session), _recipient_key(problem.need_by_id[pair.need].recipient)))
    used = {pair.session for pair in pairs}
    sessions = [session for session in problem.sessions if session.id in used]
    _tie_by_offers(facts, sessions, ties)
    _tie_by_providers(facts, sessions, ties)
    _tie_by_supports(facts, sessions, pairs, ties)
    return ties


def _join_sessions(ties: _Ties, sessions: Iterable[Session]) -> None:
    ties.join(_session_key(session.id) for session in sessions)


def _tie_by_offers(facts: Facts, sessions: Sequence[Session], ties: _Ties) -> None:
    """C6: not all of an offer's sessions may run."""
    by_offer: dict[str, list[Session]] = defaultdict(list)
    for session in sessions:
        by_offer[session.offer].append(session)
    for offer, own in by_offer.items():
        most = facts.problem.offer_by_id[offer].max_sessions
        if most is not None and most < len(own):
            _join_sessions(ties, own)


def _tie_by_providers(facts: Facts, sessions: Sequence[Session], ties: _Ties) -> None:
    """C7 and C8: more sessions on a day than teams, more room in the sessions than the provider's seats."""
    by_provider: dict[str, list[Session]] = defaultdict(list)
    for session in sessions:
        by_provider[facts.offer_of(session).provider].append(session)
    for id_, own in by_provider.items():
        provider = facts.problem.provider_by_id[id_]
        if provider.seats is not None and provider.seats < sum(map(facts.seats_of_session, own)):
            _join_sessions(ties, own)
        if provider.teams is not None:
            dated = [row for row in own if row.team and row.start is not None and row.end is not None]
            for clique in largest_cliques(dated):
                if len(clique) > provider.teams:
                    _join_sessions(ties, clique)


def _tie_by_supports(facts: Facts, sessions: Sequence[Session], pairs: Sequence[Pair], ties: _Ties) -> None:
    """C9 and C10: sessions that could ask more of a support than it has.

    The interpreters that a session may ask for are at most its groups: each group uses one language.
    """
    bridged: dict[str, int] = defaultdict(int)
    for pair in pairs:
        bridged[pair.session] += bool(pair.bridges)
    askers: dict[str, list[Session]] = defaultdict(list)
    asked: dict[str, int] = defaultdict(int)
    for session in sessions:
        most_seats = facts.seats_of_session(session)
        units = {
            kind: quantity + per_seat * most_seats
            for kind, (quantity, per_seat) in required_units(session).items()
        }
        if bridged[session.id]:
            units[INTERPRETATION] = units.get(INTERPRETATION, 0) + bridged[session.id]
        for kind, most in units.items():
            for support in facts.fitting_supports(session, kind):
                if support.quantity and most > 0:
                    askers[support.id].append(session)
                    asked[support.id] += most
    for support_id, own in askers.items():
        if asked[support_id] > (facts.problem.support_by_id[support_id].quantity or 0):
            _join_sessions(ties, own)


# -- the problem of a part ---------------------------------------------------------------------------------


def _cut(whole: Problem, needs: Collection[str], pairs: Sequence[Pair]) -> Problem:
    """All needs of the part's recipients, for values count all that they ask for; of the rest, what its pairs
    can use. Supports stay: those that fit no session of the part ask nothing of anyone.
    """
    sessions = {pair.session for pair in pairs}
    kept = tuple(row for row in whole.sessions if row.id in sessions)
    offers = {row.offer for row in kept}
    return replace(
        whole,
        needs=tuple(row for row in whole.needs if row.id in needs),
        offers=tuple(row for row in whole.offers if row.id in offers),
        sessions=kept,
        scores=tuple(row for row in whole.scores if row.need in needs and row.session in sessions),
        pinned=tuple(row for row in whole.pinned if row.need in needs and row.session in sessions),
        forbidden=tuple(row for row in whole.forbidden if row.need in needs and row.session in sessions),
        previous=tuple(row for row in whole.previous if row.need in needs and row.session in sessions),
    )
