"""Pins that cannot hold together: a smallest set of them, and the limits that they meet.

The smallest set is found by implicit hitting sets. Every set of pins that some plan satisfies, grown as far
as it goes, leaves out a *correction set*; whatever clashes must hold at least one pin of each. So the
smallest set that hits every correction set known so far, the first by (need, session) among equals, is tried:
if a plan satisfies it, that plan gives the next correction set; if none does, it is the answer. (Ignatiev,
Previti, Liffiton and Marques-Silva, "Smallest MUS extraction with minimal hitting set dualization", CP 2015.)

A clash of many pins alike (thirty small groups in a session that holds twenty) has too many correction
sets for that. Past `MAX_PINS` pins or `MAX_TRIES` tries the answer is the smaller of two: the fewest pins
that overfill one session, need or provider, and a set from which no pin can be spared.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from optimizer.clashes.asking import Asker
from optimizer.clashes.clash_limits import find_limits, limits_of_refused_pin
from optimizer.clashes.hitting_sets import smallest_hitting_set
from optimizer.clock import Clock
from optimizer.errors import NoPlanFound
from optimizer.model.program import PulpProgram
from optimizer.model.vectors import RoundModel
from optimizer.plan import Clash, ClashLimit
from optimizer.problem import Pin
from optimizer.rules.compatibility import Pair, judge_pair
from optimizer.rules.facts import Facts
from optimizer.solving.solvers import Attempt, Effort, two_opinions

# Up to so many pins the smallest set is proven to be it.
MAX_PINS: Final = 6
MAX_TRIES: Final = 100


def find_refused_pins(facts: Facts) -> tuple[Pin, ...]:
    """Pins whose pair a rule refuses. Each is a clash by itself."""
    problem = facts.problem
    return tuple(
        pin
        for pin in problem.pinned
        if not judge_pair(facts, problem.need_by_id[pin.need], problem.session_by_id[pin.session]).exists
    )


def find_clash(
    facts: Facts, pairs: Sequence[Pair], effort: Effort, clock: Clock | None = None
) -> Clash | None:
    """Return a smallest set of pins that no plan satisfies, with the limits that they meet.

    ``None`` where some plan satisfies every pin. Fewest pins; among equals the first by need and session.
    ``clock``: the time for all of it. Where that ends, or the solvers break down, a pin that a rule refuses
    is still a clash; it may not be the first of equals.

    Raises
    ------
    NoPlanFound: time ran out, or the solvers broke down, so that it is not known which pins clash.
    """
    refused = find_refused_pins(facts)
    try:
        return _find_smallest(facts, pairs, refused, Asker(effort, clock or Clock(None)))
    except NoPlanFound:
        if not refused:
            raise
        return Clash(refused[:1], limits_of_refused_pin(facts, refused[0]))


def _find_smallest(facts: Facts, pairs: Sequence[Pair], refused: Sequence[Pin], asker: Asker) -> Clash | None:
    pins = facts.problem.pinned
    relevant = find_relevant_pairs(facts, pairs)
    oracle = PinOracle(facts, relevant, asker)
    corrections: list[frozenset[Pin]] = []
    for _ in range(MAX_TRIES):
        candidate = smallest_hitting_set(pins, corrections)
        if len(candidate) > MAX_PINS:
            break
        satisfied = None if set(candidate) & set(refused) else oracle.satisfy(candidate)
        if satisfied is None:
            return Clash(candidate, _limits_of(facts, relevant, candidate, asker))
        correction = frozenset(pins) - satisfied
        if not correction:
            return None
        corrections.append(correction)
    candidates = [some for some in (find_overfull(facts), _spare_pins(oracle, pins)) if some]
    large = min(candidates, key=lambda some: (len(some), some))
    return Clash(large, _limits_of(facts, relevant, large, asker))


def find_overfull(facts: Facts) -> tuple[Pin, ...]:
    """The fewest pins, the first of equals, that ask one session, need or provider for more seats than it
    has.

    Empty where none is asked for more.
    """
    rooms: dict[tuple[str, str], int] = {}
    pins: dict[tuple[str, str], list[Pin]] = {}
    for pin in facts.problem.pinned:
        need, session = facts.problem.need_by_id[pin.need], facts.problem.session_by_id[pin.session]
        provider = facts.problem.provider_by_id[facts.offer_of(session).provider]
        rooms["session", session.id] = facts.seats_of_session(session)
        rooms["need", need.id] = facts.seats_of_need(need)
        if provider.seats is not None:
            rooms["provider", provider.id] = provider.seats
        for key in (("session", session.id), ("need", need.id), ("provider", provider.id)):
            pins.setdefault(key, []).append(pin)
    overfull = [_fewest_above(pins[key], room) for key, room in rooms.items()]
    return min((some for some in overfull if some), key=lambda some: (len(some), some), default=())


def _fewest_above(pins: Sequence[Pin], room: int) -> tuple[Pin, ...]:
    """The fewest of these pins, the first of equals, with more seats together than the room; empty: none."""
    if sum(pin.seats for pin in pins) <= room:
        return ()
    largest = sorted((pin.seats for pin in pins), reverse=True)
    size = next(count for count in range(1, len(pins) + 1) if sum(largest[:count]) > room)
    chosen: list[Pin] = []
    for position, pin in enumerate(pins):
        later = sorted((other.seats for other in pins[position + 1 :]), reverse=True)[
            : size - len(chosen) - 1
        ]
        if len(chosen) < size and sum(one.seats for one in chosen) + pin.seats + sum(later) > room:
            chosen.append(pin)
    return tuple(chosen)


def _spare_pins(oracle: "PinOracle", pins: Sequence[Pin]) -> tuple[Pin, ...]:
    """A set of clashing pins of which none can be spared; later pins are left out first."""
    kept = list(pins)
    for pin in reversed(pins):
        others = [other for other in kept if other is not pin]
        if oracle.satisfy(others) is None:
            kept = others
    return tuple(kept)


def _limits_of(
    facts: Facts, pairs: Sequence[Pair], pins: Sequence[Pin], asker: Asker
) -> tuple[ClashLimit, ...]:
    if len(pins) == 1 and (limits := limits_of_refused_pin(facts, pins[0])):
        return limits
    return find_limits(facts, pairs, pins, asker)


def find_relevant_pairs(facts: Facts, pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """The pairs that can decide whether pins hold: those of every session with a pin.

    A plan that satisfies pins still does so when sessions without pins are emptied, for no limit asks that
    those run; except that a `whole` need keeps all its seats, so where one has a pair in a session that
    stays, all its sessions stay.
    """
    kept = {pin.session for pin in facts.problem.pinned}
    needs = facts.problem.need_by_id
    while True:
        whole = {pair.need for pair in pairs if pair.session in kept and needs[pair.need].whole}
        more = {pair.session for pair in pairs if pair.need in whole} - kept
        if not more:
            return tuple(pair for pair in pairs if pair.session in kept)
        kept |= more


class PinOracle:
    """Answers which pins some plan satisfies together, by one program in which every pin may be held or
    not.
    """

    def __init__(self, facts: Facts, pairs: Sequence[Pair], asker: Asker) -> None:
        self._facts = facts
        self._asker = asker
        self._model = RoundModel(facts, pairs, pins_are_optional=True)
        self._columns = self._model.model.pins
        self._spread = self._model.find_spread()
        self._program = PulpProgram(self._model.program)
        self._program.set_objective([(column, 1) for column in self._columns.values()])

    def satisfy(self, held: Iterable[Pin]) -> frozenset[Pin] | None:
        """Return all pins that a plan satisfies that satisfies these and as many others as it can.

        ``None`` where no plan satisfies these: neither solver finds one, and one says that there is none.

        Raises
        ------
        NoPlanFound: both solvers broke down or time ran out, so that nothing is known.
        """
        must = {(pin.need, pin.session) for pin in held}
        for key, column in self._columns.items():
            self._program.set_bounds(column, int(key in must), 1)
        endings = set()
        for effort in two_opinions(self._asker.effort, self._spread):
            attempt = self._asker.ask(self._program, effort)
            endings.add(attempt.ending)
            satisfied = self._read(attempt)
            if satisfied is not None and must <= {(pin.need, pin.session) for pin in satisfied}:
                return satisfied
        if "infeasible" not in endings:
            raise NoPlanFound("the solvers broke down while the pins were tried")
        return None

    def _read(self, attempt: Attempt) -> frozenset[Pin] | None:
        """The pins that the attempt's plan satisfies, judged from its whole seats."""
        if attempt.values is None:
            return None
        draft = self._model.read_draft(attempt.values)
        if draft is None or self._model.find_violation(draft) is not None:
            return None
        return frozenset(
            pin
            for pin in self._facts.problem.pinned
            if is_satisfied(pin, draft.seats.get((pin.need, pin.session), 0))
        )


def is_satisfied(pin: Pin, seats: int) -> bool:
    """Whether so many seats satisfy the pin."""
    return seats == pin.seats if pin.rule == "exactly" else seats >= pin.seats
