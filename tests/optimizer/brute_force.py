"""The optimum of a tiny problem by trying every plan: no model, no solver, no bound.

Every way to spread each need's seats over its sessions is listed, every combination of these is looked at,
and the best by the policy's objectives, compared in order, is the optimum. Constraints and values are stated
here a third time, in the shortest words that a reader can check against docs/matching.md; only the pair
rules, the fit and what a support fits are taken from `verify_rules`, which other tests compare with the
optimizer's.

`relaxed` names constraints to leave out, so that a test can tell whether a constraint binds in a problem.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, product

from optimizer.problem import ANY, Need, Pin, Problem, Session, Support
from optimizer.verifying.rules import (
    Facts,
    bridges_again,
    fit_again,
    judge_pair_again,
    links,
    needs_bridge,
    support_fits,
)
from tests.optimizer.flow import find_largest_flow

Pair = tuple[str, str]
Seats = dict[Pair, int]


@dataclass(frozen=True)
class Optimum:
    """The best values, by the policy's objectives in order, and seats that reach them."""

    values: tuple[int, ...]
    seats: Seats


@dataclass(frozen=True)
class PossiblePair:
    fit: int
    is_firm: bool
    bridges: tuple[str, ...]


class TinyRound:
    """A tiny problem made ready to be tried out. `pins` replace those of the problem; its pairs stay."""

    def __init__(
        self, problem: Problem, pins: Iterable[Pin] | None = None, relaxed: Collection[str] = ()
    ) -> None:
        self.problem, self.facts, self.relaxed = problem, Facts(problem), frozenset(relaxed)
        self.pins = tuple(problem.pinned if pins is None else pins)
        self.pairs = {
            (need.id, session.id): pair
            for need in problem.needs
            for session in problem.sessions
            if (pair := self._pair(need, session)) is not None
        }
        self.asked: dict[str, int] = defaultdict(int)
        self.asked_critical: dict[str, int] = defaultdict(int)
        self.asked_weighted: dict[str, int] = defaultdict(int)
        for need in problem.needs:
            seats = self.facts.seats_of_need(need)
            self.asked[need.recipient] += seats
            self.asked_weighted[need.recipient] += seats * problem.policy.weights[need.priority]
            self.asked_critical[need.recipient] += seats if need.priority == "critical" else 0

    def _pair(self, need: Need, session: Session) -> PossiblePair | None:
        words = set(judge_pair_again(self.facts, need, session).values())
        is_pinned = any((pin.need, pin.session) == (need.id, session.id) for pin in self.problem.pinned)
        is_dropped = "unknown" in words and self.problem.policy.unknowns == "exclude" and not is_pinned
        if "no" in words or is_dropped:
            return None
        bridges = bridges_again(self.facts, need, session) if needs_bridge(need, session) else ()
        return PossiblePair(fit_again(self.facts, need, session), "unknown" not in words, bridges)

    # -- every plan ------------------------------------------------------------------------------------------

    def count_spreads(self) -> int:
        """Return how many combinations `spread_all` would look at before any is cut off."""
        count = 1
        for need in self.problem.needs:
            count *= sum(1 for _ in self.spread(need))
        return count

    def spread(self, need: Need) -> Iterator[Seats]:
        """Yield each way to spread a need over its sessions that obeys what concerns this need alone."""
        pairs = [pair for pair in self.pairs if pair[0] == need.id]
        asked = self.facts.seats_of_need(need)
        women = asked if need.women is None else need.women
        least = 1 if "C2" in self.relaxed else need.min_group
        choices = [[0, *range(least, asked + 1)] for _ in pairs]
        for seats in product(*choices):
            spread = {pair: count for pair, count in zip(pairs, seats, strict=True) if count}
            placed = sum(seats)
            if placed > asked or (need.whole and placed not in (0, asked) and "C3" not in self.relaxed):
                continue
            if need.max_groups is not None and len(spread) > need.max_groups and "C4" not in self.relaxed:
                continue
            for_women = sum(
                count for pair, count in spread.items() if self.problem.session_by_id[pair[1]].women_only
            )
            if for_women > women and "C12" not in self.relaxed:
                continue
            if all(self._holds(pin, spread) for pin in self.pins if pin.need == need.id):
                yield spread

    def _holds(self, pin: Pin, spread: Seats) -> bool:
        seats = spread.get((pin.need, pin.session), 0)
        return seats == pin.seats if pin.rule == "exactly" else seats >= pin.seats

    def spread_all(self) -> Iterator[Seats]:
        """Yield the seats of every plan that keeps each need's own limits and no session over its seats."""
        options = [list(self.spread(need)) for need in self.problem.needs]
        room = {session.id: self.facts.seats_of_session(session) for session in self.problem.sessions}

        def go_on(index: int, plan: Seats, left: dict[str, int]) -> Iterator[Seats]:
            if index == len(options):
                yield plan
                return
            for spread in options[index]:
                if "C1.seats" in self.relaxed or all(left[s] >= count for (_, s), count in spread.items()):
                    still = dict(left)
                    for (_, session_id), count in spread.items():
                        still[session_id] -= count
                    yield from go_on(index + 1, plan | spread, still)

        yield from go_on(0, {}, room)

    # -- what every plan obeys -------------------------------------------------------------------------------

    def is_allowed(self, plan: Seats) -> bool:
        groups: dict[str, dict[str, int]] = defaultdict(dict)
        for (need_id, session_id), count in plan.items():
            groups[session_id][need_id] = count
        return (
            all(self._session_is_allowed(session_id, needs) for session_id, needs in groups.items())
            and self._offers_are_allowed(groups)
            and self._providers_are_allowed(groups)
            and self._is_supplied(groups)
        )

    def _session_is_allowed(self, session_id: str, needs: dict[str, int]) -> bool:
        session = self.problem.session_by_id[session_id]
        taken: dict[str, int] = defaultdict(int)
        for need_id, count in needs.items():
            taken[self.problem.need_by_id[need_id].recipient] += count
        travels = session.mode == "mobile_team" and session.place is None
        return not (
            (sum(needs.values()) < session.min_seats and "C1.min_seats" not in self.relaxed)
            or (travels and len(taken) > 1 and "C5.travels" not in self.relaxed)
            or (len(taken) > (session.max_recipients or len(taken)) and "C5.recipients" not in self.relaxed)
            or (
                session.max_per_recipient is not None
                and max(taken.values()) > session.max_per_recipient
                and "C5.per_recipient" not in self.relaxed
            )
        )

    def _offers_are_allowed(self, groups: dict[str, dict[str, int]]) -> bool:
        running: dict[str, int] = defaultdict(int)
        for session_id in groups:
            running[self.problem.session_by_id[session_id].offer] += 1
        limits = {offer.id: offer.max_sessions for offer in self.problem.offers}
        return "C6" in self.relaxed or all(
            (limit := limits[offer_id]) is None or count <= limit for offer_id, count in running.items()
        )

    def _providers_are_allowed(self, groups: dict[str, dict[str, int]]) -> bool:
        for provider in self.problem.providers:
            sessions = [
                session
                for session in self.problem.sessions
                if session.id in groups and self.facts.offer_of(session).provider == provider.id
            ]
            placed = sum(sum(groups[session.id].values()) for session in sessions)
            if provider.seats is not None and placed > provider.seats and "C8" not in self.relaxed:
                return False
            busy = [
                (s.start, s.end) for s in sessions if s.team and s.start is not None and s.end is not None
            ]
            # More sessions than teams on one day happen first on the day on which one of them starts.
            most = max((sum(a <= day <= b for a, b in busy) for day, _ in busy), default=0)
            if provider.teams is not None and most > provider.teams and "C7" not in self.relaxed:
                return False
        return True

    # -- supports --------------------------------------------------------------------------------------------

    def _is_supplied(self, groups: dict[str, dict[str, int]]) -> bool:
        """C9 and C10: some choice of bridging languages lets the supports give exactly what is needed."""
        bridged = [
            (session_id, self.pairs[need_id, session_id].bridges)
            for session_id, needs in groups.items()
            for need_id in needs
            if self.pairs[need_id, session_id].bridges and "C10" not in self.relaxed
        ]
        session_ids = [session_id for session_id, _ in bridged]
        return any(
            self._supports_suffice(
                groups, {(s, language.lower()) for s, language in zip(session_ids, chosen, strict=True)}
            )
            for chosen in product(*(bridges for _, bridges in bridged))
        )

    def _supports_suffice(self, groups: dict[str, dict[str, int]], bridges: set[tuple[str, str]]) -> bool:
        """Flow from each support through each session it serves to what is required there, in whole units."""
        arcs: dict[tuple[object, object], int] = {}
        needed = 0
        for session_id, needs in groups.items():
            session = self.problem.session_by_id[session_id]
            required: dict[str, int] = defaultdict(int)
            for row in session.requires or ():
                if "C9" not in self.relaxed:
                    required[row.kind] += row.quantity + row.per_seat * sum(needs.values())
            sinks = [(("kind", session_id, kind), units) for kind, units in required.items()]
            sinks += [(("bridge", *bridge), 1) for bridge in bridges if bridge[0] == session_id]
            for sink, units in sinks:
                arcs[sink, "needed"] = units
                needed += units
            for support in self.problem.supports:
                if not self._may_serve(support, session, needs):
                    continue
                part = ("part", support.id, session_id)
                for sink, units in sinks:
                    is_bridge = sink[0] == "bridge" and support.kind == "interpretation"
                    if (is_bridge and links(support, sink[2], session)) or sink[::2] == (
                        "kind",
                        support.kind,
                    ):
                        arcs[part, sink] = units
                most = support.quantity or 0
                arcs["all", support.id] = most
                if support.per_session is not None and "C9.per_session" not in self.relaxed:
                    most = min(most, support.per_session)
                arcs[support.id, part] = most
        return find_largest_flow(arcs, "all", "needed") == needed

    def _may_serve(self, support: Support, session: Session, needs: dict[str, int]) -> bool:
        if not support_fits(self.facts, support, session):
            return False
        if support.only is None or ANY in support.only or "C9.only" in self.relaxed:
            return True
        offer = self.facts.offer_of(session)
        recipients = {self.problem.need_by_id[need_id].recipient for need_id in needs}
        return bool({offer.provider, *offer.partners} & support.only) or all(
            self.facts.codes_of(recipient) & support.only for recipient in recipients
        )

    # -- what a plan is worth --------------------------------------------------------------------------------

    def value_of(self, name: str, plan: Seats) -> int:
        if name == "stability":
            return sum(min(plan.get((row.need, row.session), 0), row.seats) for row in self.problem.previous)
        if name == "quality":
            worth = {pair: (p.fit if p.is_firm else p.fit // 2) for pair, p in self.pairs.items()}
            cost = 50 * (len(plan) + len({session_id for _, session_id in plan}))
            return sum(count * worth[pair] for pair, count in plan.items()) - cost
        placed: dict[str, int] = defaultdict(int)
        weights = self.problem.policy.weights
        for pair, count in plan.items():
            need = self.problem.need_by_id[pair[0]]
            if name.startswith("firm.") and not self.pairs[pair].is_firm:
                continue
            if name.endswith("critical"):
                count *= need.priority == "critical"
            elif name.endswith("coverage"):
                count *= weights[need.priority]
            placed[need.recipient] += count
        if name.endswith("reached"):
            enough = self.problem.policy.reached_seats
            return sum(placed[r] >= min(-(-seats // 4), enough) for r, seats in self.asked.items())
        asked = self.asked_critical if name.endswith("critical") else self.asked_weighted
        return sum(self._worth(seats, placed[recipient]) for recipient, seats in asked.items())

    def _worth(self, asked: int, placed: int) -> int:
        """U(W, w), unit by unit: each of the 4w quarters of seats counts by the quarter of W it lies in."""
        return sum(self.problem.policy.quarters[unit // asked] for unit in range(4 * placed)) if asked else 0


def find_optimum(
    problem: Problem, pins: Iterable[Pin] | None = None, relaxed: Collection[str] = ()
) -> Optimum | None:
    """Return the optimum of a tiny problem, or ``None`` where no plan holds the pins."""
    round_ = TinyRound(problem, pins, relaxed)
    best: Optimum | None = None
    for plan in round_.spread_all():
        values: list[int] = []
        for position, name in enumerate(problem.policy.objectives):
            values.append(round_.value_of(name, plan))
            if best is not None and tuple(values) < best.values[: position + 1]:
                break
        else:
            is_better = best is None or tuple(values) > best.values
            if is_better and round_.is_allowed(plan):
                best = Optimum(tuple(values), plan)
    return best


def has_plan(problem: Problem, pins: Iterable[Pin]) -> bool:
    """Say whether any plan holds these pins, whatever it is worth."""
    round_ = TinyRound(problem, pins)
    return any(round_.is_allowed(plan) for plan in round_.spread_all())


def find_smallest_clash(problem: Problem) -> tuple[Pin, ...] | None:
    """Return the fewest pins that no plan holds, the first of these by need and session, or ``None``."""
    pins = sorted(problem.pinned)
    for size in range(1, len(pins) + 1):
        for some in combinations(pins, size):
            if not has_plan(problem, some):
                return some
    return None
