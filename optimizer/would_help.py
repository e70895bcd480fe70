"""What would help a need: the least changes that gain it seats, each proved by a plan of the changed round.

A change helps where the round with only that change has a plan that obeys the whole contract, that the
round's own order of objectives prefers to the present plan, and in which the need has more seats than now
(docs/matching.md, 8). That plan, the witness, is the proof. A change only widens what is possible, so along
a ladder of changes of one kind "helps" never turns back into "no": the last step is asked first, and where
it helps, the first that does is found by halving. Time that runs out is told as such, never as a no.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.canonical import problem_sha256
from optimizer.changes import (
    Change,
    Ladder,
    NeedPairs,
    add_support,
    apply_change,
    change_need,
    find_ladders,
    find_new_supports,
    first_step_that_allows,
)
from optimizer.clock import Clock
from optimizer.compatibility import Pair
from optimizer.facts import INTERPRETATION, Facts
from optimizer.near_rounds import NearRound, Proof, RoundWithPlan
from optimizer.order_search import NO, OPEN, Finding, OrderSearch
from optimizer.pairs import find_pairs, group_by_need
from optimizer.plan import ObjectiveValue, Plan, SolverInfo
from optimizer.planning import write_plan
from optimizer.problem import Need, Session
from optimizer.supply import PairKey

SECONDS_A_TRY: Final = 2.0


@dataclass(frozen=True, slots=True)
class Effects:
    """What a witness does to others, in numbers only: for coordinators, who see whom it would displace."""

    seats_gained: int
    seats_lost_by_others: int
    needs_losing: int


@dataclass(frozen=True, slots=True)
class HelpfulChange:
    """A change that would help. ``is_least``: no smaller change of its kind does, as far as was free."""

    change: Change
    is_least: bool
    effects: Effects


@dataclass(frozen=True, slots=True)
class NeedChanges:
    """What would help one need.

    ``gains_unchanged``: there is a better plan of the round as it is in which the need gains; then no change
    is looked for, for the least is none. ``not_settled``: changes (the widest of their kind) of which time
    ran out. Every other change of the kinds that are tried does not help, as far as was free (``proof``).
    """

    need: str
    proof: Proof
    gains_unchanged: bool = False
    helps: tuple[HelpfulChange, ...] = ()
    not_settled: tuple[Change, ...] = ()


@dataclass(frozen=True, eq=False)
class Try:
    """A changed round asked about one need: what was found, and the program it was found in."""

    facts: Facts
    near: NearRound | None
    finding: Finding


NO_TRY: Final = Finding("no")


class ChangeSearch:
    """Looks for the changes that would help needs of one round with its plan.

    Parameters
    ----------
    around: the round and a plan of it that obeys the contract.
    seconds_a_try: the most for one question to the solver.
    clock: the time for all of it; once it is over, what is left is not settled.
    """

    def __init__(
        self, around: RoundWithPlan, *, seconds_a_try: float = SECONDS_A_TRY, clock: Clock | None = None
    ) -> None:
        self.around = around
        self.seconds_a_try = seconds_a_try
        self.clock = clock or Clock(None)

    def find_changes(self, need_id: str) -> NeedChanges:
        """The least change of each kind that would help this need."""
        around = self.around
        need = around.problem.need_by_id[need_id]
        short = around.facts.seats_of_need(need) - around.seats_of_need.get(need_id, 0)
        if short <= 0:
            return NeedChanges(need_id, around.proof)
        if not around.is_proven and self._try_unchanged(need).finding.answer == "helps":
            return NeedChanges(need_id, around.proof, gains_unchanged=True)
        helps: list[HelpfulChange] = []
        not_settled: list[Change] = []
        for ladder in find_ladders(around.finder, need):
            self._note(self._climb(need, ladder), ladder[len(ladder) - 1], helps, not_settled)
        for change in self._new_supports(need):
            self._note(self._least_support(need, change), change, helps, not_settled)
        return NeedChanges(need_id, around.proof, False, tuple(helps), tuple(not_settled))

    @staticmethod
    def _note(
        found: HelpfulChange | Finding,
        widest: Change,
        helps: list[HelpfulChange],
        not_settled: list[Change],
    ) -> None:
        if isinstance(found, HelpfulChange):
            helps.append(found)
        elif found.answer == "open":
            not_settled.append(widest)

    def _try_clock(self) -> Clock:
        left = self.clock.left()
        return Clock(self.seconds_a_try if left is None else min(left, self.seconds_a_try))

    # -- changes of the need ---------------------------------------------------------------------------------

    def _try_unchanged(self, need: Need) -> Try:
        around = self.around
        own = around.pairs_of_need.get(need.id, [])
        return self._ask(around.facts, need, {need.id: own}, own, finish=False)

    def _climb(self, need: Need, ladder: Ladder) -> HelpfulChange | Finding:
        """The first step that helps; the last one's answer where it does not."""
        last = self._try_step(need, ladder[len(ladder) - 1], finish=len(ladder) == 1)
        if last.finding.answer != "helps":
            return last.finding
        low, high, best, is_least = 0, self._lowest_for(need, ladder, last), last, True
        while low < high:
            middle = (low + high) // 2
            tried = self._try_step(need, ladder[middle], finish=False)
            if tried.finding.answer == "helps":
                best, high = tried, min(middle, self._lowest_for(need, ladder, tried))
            else:
                # Where a step is not settled the least is at most what was found above it.
                is_least = is_least and tried.finding.answer == "no"
                low = middle + 1
        final = self._try_step(need, ladder[high])
        if final.finding.answer == "helps":
            best = final
        return HelpfulChange(ladder[high], is_least, self._effects(need.id, best))

    def _lowest_for(self, need: Need, ladder: Ladder, tried: Try) -> int:
        """The lowest step under which the witness is a plan already."""
        assert tried.near is not None
        assert tried.finding.plan is not None
        seats = tried.near.prepared.seats_of(tried.finding.plan)
        own = {session: count for (id_, session), count in seats.items() if id_ == need.id}
        return first_step_that_allows(self.around.facts, need, ladder, own)

    def _try_step(self, need: Need, step: Change, *, finish: bool = True) -> Try:
        around = self.around
        changed = change_need(need, step)
        own = around.finder.find(changed)
        return self._ask(around.facts.with_need(changed), need, {need.id: own}, own, finish=finish)

    def _ask(
        self,
        facts: Facts,
        need: Need,
        own_pairs: dict[str, list[Pair]],
        around_pairs: Iterable[Pair],
        *,
        finish: bool,
    ) -> Try:
        near_pairs = list(around_pairs)
        if not near_pairs:
            return Try(facts, None, NO)
        if self.clock.is_over():
            return Try(facts, None, OPEN)
        before = {pair.session for pair in self.around.pairs_of_need.get(need.id, ())}
        ranked = sorted(near_pairs, key=lambda pair: (pair.session in before, -pair.fit, pair.session))
        near = self.around.prepare(facts, own_pairs, [pair.session for pair in ranked])
        if near is None:
            return Try(facts, None, OPEN)
        return Try(facts, near, OrderSearch(near, need.id).find_better(self._try_clock(), finish=finish))

    # -- one more support ------------------------------------------------------------------------------------

    def _new_supports(self, need: Need) -> Iterator[Change]:
        around = self.around
        sessions = self._sessions_with_pairs() if around.proof == "whole" else self._sessions_of(need)
        return find_new_supports(around.finder, need, sessions)

    def _sessions_with_pairs(self) -> list[Session]:
        return [one for one in self.around.problem.sessions if one.id in self.around.pairs_of_session]

    def _sessions_of(self, need: Need) -> list[Session]:
        by_id = self.around.problem.session_by_id
        return [by_id[pair.session] for pair in self.around.pairs_of_need.get(need.id, ())]

    def _least_support(self, need: Need, change: Change) -> HelpfulChange | Finding:
        """The least quantity of a new support that would help, or that none does."""
        tried, search, support_id = self._try_support(need, change)
        if tried.finding.answer != "helps" or search is None or tried.finding.plan is None:
            return tried.finding
        draw = np.zeros(search.prepared.arrays.matrix.column_count)
        for (support, _, _), column in search.prepared.model.supply.uses.items():
            if support == support_id:
                draw[column] = search.prepared.arrays.scale[column]
        draft = search.prepared.draft_of(tried.finding.plan)
        drawn = 0 if draft is None else sum(u for (id_, _, _), u in draft.uses.items() if id_ == support_id)
        most = min(change.amount or 0, drawn) if draft is not None else change.amount or 0
        least, is_least = search.find_least(draw, most, self._try_clock())
        step = Change("support", change.word, change.languages, least)
        final, _, _ = self._try_support(need, step)
        if final.finding.answer != "helps":
            return OPEN if final.finding.answer == "open" else Finding("open")
        return HelpfulChange(step, is_least, self._effects(need.id, final))

    def _try_support(self, need: Need, change: Change) -> tuple[Try, OrderSearch | None, str]:
        around = self.around
        problem, support = add_support(around.problem, change)
        facts = Facts(problem)
        own_pairs = self._pairs_with_support(facts, need, change)
        own = own_pairs.get(need.id, [])
        if around.proof == "near" and not own:
            return Try(facts, None, NO), None, support.id
        if self.clock.is_over():
            return Try(facts, None, OPEN), None, support.id
        near = around.prepare(facts, own_pairs, [pair.session for pair in own])
        if near is None:
            return Try(facts, None, OPEN), None, support.id
        search = OrderSearch(near, need.id)
        return Try(facts, near, search.find_better(self._try_clock())), search, support.id

    def _pairs_with_support(self, facts: Facts, need: Need, change: Change) -> dict[str, list[Pair]]:
        """Interpretation opens pairs; in a large round only those of the need are looked for."""
        around = self.around
        if change.word != INTERPRETATION or change.languages is None:
            return {need.id: around.pairs_of_need.get(need.id, [])}
        if around.proof == "whole":
            return group_by_need(find_pairs(facts))
        return {need.id: NeedPairs(facts).find(need)}

    # -- witnesses -------------------------------------------------------------------------------------------

    def _effects(self, need_id: str, tried: Try) -> Effects:
        assert tried.near is not None
        assert tried.finding.plan is not None
        after = _seats_by_need(tried.near.prepared.seats_of(tried.finding.plan))
        before = self.around.seats_of_need
        losses = [
            seats - after.get(need, 0)
            for need, seats in before.items()
            if need != need_id and after.get(need, 0) < seats
        ]
        gained = after.get(need_id, 0) - before.get(need_id, 0)
        return Effects(gained, sum(losses), len(losses))

    def find_witness(self, need_id: str, change: Change) -> Plan | None:
        """The plan that proves that a change helps, as a plan of the changed round; ``None``: none found."""
        need = self.around.problem.need_by_id[need_id]
        if change.kind == "support":
            tried = self._try_support(need, change)[0]
        else:
            tried = self._try_step(need, change)
        if tried.near is None or tried.finding.plan is None:
            return None
        prepared = tried.near.prepared
        draft = prepared.draft_of(tried.finding.plan)
        assert draft is not None
        changed = apply_change(self.around.problem, need_id, change)
        facts = Facts(changed)
        bounds = [ObjectiveValue(name, 0, None) for name in prepared.names]
        info = SolverInfo("", "", 0.0, 1)
        return write_plan(facts, find_pairs(facts), draft, bounds, problem_sha256(changed), info)


def _seats_by_need(seats: dict[PairKey, int]) -> dict[str, int]:
    by_need: dict[str, int] = {}
    for (need, _), count in seats.items():
        by_need[need] = by_need.get(need, 0) + count
    return by_need
