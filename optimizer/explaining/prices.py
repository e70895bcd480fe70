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
            hanging = {(row.need, row.session) for row in rows if question in row.questions}
            price = self._loss("question", hanging)
            yield replace(price, record=question.record, field=question.field)
        for row in rows:
            if need in (None, row.need):
                price = self._loss("match", {(row.need, row.session)})
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
        return _compare(price, near, better, 1)

    def _loss(self, kind: PriceKind, banned: Collection[PairKey]) -> Price:
        """What the order loses at least in the round without these pairs."""
        around, price = self.around, Price(kind, False)
        needs = {need for need, _ in banned}
        own = {need: around.pairs_of_need[need] for need in needs}
        sessions = [*(session for _, session in sorted(banned))]
        sessions += [pair.session for need in sorted(needs) for pair in own[need]]
        near = None if self.clock.is_over() else around.prepare(around.facts, own, sessions)
        if near is None:
            return price
        prepared = near.prepared
        for key in banned:
            prepared.upper[prepared.seat_columns[prepared.position[key]]] = 0.0
        piece = prepared.cut(near.plan, near.sessions)
        found, _ = prepared.recover(piece, seconds=self._seconds())
        if found is None:
            return price
        best = prepared.improve_slice(found, piece, seconds_each=self._seconds())
        priced = _compare(price, near, best, -1)
        return priced if kind == "question" else replace(priced, seats=_seats_of(near, best.plan, needs))

    def _seconds(self) -> float:
        left = self.clock.left()
        return SECONDS_EACH if left is None else max(0.01, min(SECONDS_EACH, left))


def _compare(price: Price, near: NearRound, other: Improvement, sign: Literal[1, -1]) -> Price:
    """The price by the first objective in which the other plan differs; none where it is no worse (or no
    better).
    """
    rows = zip(near.prepared.names, near.plan.values, other.plan.values, strict=True)
    for name, now, then in rows:
        if now != then:
            amount = sign * (then - now)
            if amount > 0:
                return replace(price, is_settled=other.is_proven, objective=name, amount=amount)
            break
    return replace(price, is_settled=other.is_proven)


def _seats_of(near: NearRound, plan: PlanInHand, needs: Collection[str]) -> int:
    return sum(seats for (need, _), seats in near.prepared.seats_of(plan).items() if need in needs)
