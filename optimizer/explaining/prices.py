"""What pins, bans, questions and matches cost: the first objective in the round's order that would change.

Each is a re-solve of the round, as a whole or near what it is about (`near_rounds.py`): without the pin or
the ban, what the order would gain; without the pairs that hang on a question, or without one match, what it
would lose at least, and what the match's need would get then.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from optimizer.clock import Clock
from optimizer.explaining.changes import NeedPairs
from optimizer.explaining.near_rounds import NearRound, RoundWithPlan
from optimizer.model.supply import PairKey
from optimizer.problem import Problem
from optimizer.rules.facts import Facts
from optimizer.solving.prepared import Improvement, PlanInHand

PriceKind = Literal["pin", "ban", "question", "match"]
PRICE_KINDS: Final[tuple[PriceKind, ...]] = ("pin", "ban", "question", "match")
SECONDS_EACH: Final = 2.0


@dataclass(frozen=True, slots=True)
class Price:
    """The first objective that would change, and by how much: gained without a pin or ban, lost without a
    match or the pairs that hang on a question.

    ``objective`` ``None`` and ``amount`` 0: nothing would change. ``seats``: what the need of a match would
    have then. Not ``is_settled``: time ran out, or no plan without these pairs exists near, and the rest is
    what is known.
    """

    kind: PriceKind
    is_settled: bool
    objective: str | None = None
    amount: int = 0
    need: str | None = None
    session: str | None = None
    record: str | None = None
    field: str | None = None
    seats: int | None = None


class PriceList:
    """Works out the prices of one round with its plan."""

    def __init__(self, around: RoundWithPlan, clock: Clock | None = None) -> None:
        self.around, self.clock = around, clock or Clock(None)

    def all(self, need: str | None = None) -> Iterator[Price]:
        """Every price: of pins, of bans, of the questions of the plan, of matches; or those of one need."""
        around = self.around
        for pin in around.problem.pinned:
            if need in (None, pin.need):
                pins = tuple(other for other in around.problem.pinned if other != pin)
                yield self._gain("pin", replace(around.problem, pinned=pins), (pin.need, pin.session))
        for ban in around.problem.forbidden:
            if need in (None, ban.need):
                bans = tuple(other for other in around.problem.forbidden if other != ban)
                yield self._gain("ban", replace(around.problem, forbidden=bans), (ban.need, ban.session))
        rows = around.plan.assignments
        for question in sorted({q for row in rows for q in row.questions if need in (None, row.need)}):
            held = {(row.need, row.session) for row in rows if question in row.questions}
            # Were the answer no, groups could not go to other sessions that wait for it either.
            fallen = {(pair.need, pair.session) for pair in around.pairs if question in pair.questions}
            price = self._loss("question", held, fallen)
            yield replace(price, record=question.record, field=question.field)
        for row in rows:
            if need in (None, row.need):
                match = {(row.need, row.session)}
                price = self._loss("match", match, match)
                yield replace(price, need=row.need, session=row.session)

    def _gain(self, kind: PriceKind, problem: Problem, pair: PairKey) -> Price:
        """What the order gains in the round without a pin or ban of this pair."""
        price = Price(kind, False, need=pair[0], session=pair[1])
        facts = Facts(problem)
        own = NeedPairs(facts).find(problem.need_by_id[pair[0]])
        near = None if self.clock.is_over() else self.around.prepare(facts, {pair[0]: own}, [pair[1]])
        if near is None:
            return price
        better = near.prepared.improve_slice(near.plan, near.piece, seconds_each=self._seconds())
        return _compare(price, near, self._as_it_is(near, kind, pair), better, 1)

    def _as_it_is(self, near: NearRound, kind: PriceKind, pair: PairKey) -> Improvement:
        """The best plan of the round as it is, near by: a price is not to count what a better plan would gain
        anyway.
        """
        if self.around.is_proven:
            return Improvement(near.plan, True)
        prepared = near.prepared
        position = prepared.position.get(pair)
        if position is None:
            return Improvement(near.plan, False)
        columns = prepared.model.model.columns[position]
        if kind == "pin":
            pin = self.around.facts.pin_by_pair[pair]
            prepared.lower[columns.seats], prepared.lower[columns.group] = pin.seats, 1
            if pin.rule == "exactly":
                prepared.upper[columns.seats] = pin.seats
        elif kind == "ban":
            prepared.upper[columns.seats] = 0.0
        piece = prepared.cut(near.plan, near.sessions)
        return prepared.improve_slice(near.plan, piece, seconds_each=self._seconds())

    def _loss(self, kind: PriceKind, held: Collection[PairKey], fallen: Collection[PairKey]) -> Price:
        """What the order loses at least in the round without the pairs that have fallen, of which the plan
        holds some.
        """
        around, price = self.around, Price(kind, False)
        needs = {need for need, _ in held}
        own = {need: around.pairs_of_need[need] for need in needs}
        sessions = [*(session for _, session in sorted(held))]
        sessions += [pair.session for need in sorted(needs) for pair in own[need]]
        near = None if self.clock.is_over() else around.prepare(around.facts, own, sessions)
        if near is None:
            return price
        prepared = near.prepared
        now = self._as_it_is(near, kind, next(iter(held)))
        for key in fallen:
            if key in prepared.position:
                prepared.upper[prepared.seat_columns[prepared.position[key]]] = 0.0
        piece = prepared.cut(near.plan, near.sessions)
        found, _ = prepared.recover(piece, seconds=self._seconds())
        if found is None:
            return price
        best = prepared.improve_slice(found, piece, seconds_each=self._seconds())
        priced = _compare(price, near, now, best, -1)
        return priced if kind == "question" else replace(priced, seats=_seats_of(near, best.plan, needs))

    def _seconds(self) -> float:
        left = self.clock.left()
        return SECONDS_EACH if left is None else max(0.01, min(SECONDS_EACH, left))


def _compare(
    price: Price, near: NearRound, now: Improvement, other: Improvement, sign: Literal[1, -1]
) -> Price:
    """The price by the first objective in which the other plan differs; none where it is no worse (or no
    better).
    """
    is_settled = now.is_proven and other.is_proven
    rows = zip(near.prepared.names, now.plan.values, other.plan.values, strict=True)
    for name, before, then in rows:
        if before != then:
            amount = sign * (then - before)
            if amount > 0:
                return replace(price, is_settled=is_settled, objective=name, amount=amount)
            break
    return replace(price, is_settled=is_settled)


def _seats_of(near: NearRound, plan: PlanInHand, needs: Collection[str]) -> int:
    return sum(seats for (need, _), seats in near.prepared.seats_of(plan).items() if need in needs)
