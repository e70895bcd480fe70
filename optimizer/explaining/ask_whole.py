"""Asking a changed round by its own program: all of it free, or in a large one what lies near the need."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from optimizer.clock import Clock
from optimizer.explaining.changes import (
    Change,
    Ladder,
    NeedPairs,
    add_support,
    change_need,
    facts_with_need,
    find_ladders,
    find_new_supports,
)
from optimizer.explaining.near_rounds import NearRound, RoundWithPlan
from optimizer.explaining.order_search import Finding, OrderSearch, Tried
from optimizer.problem import Need, Session
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import INTERPRETATION, Facts
from optimizer.rules.pairs import find_pairs, group_by_need


class AskWhole:
    """Builds the program of each changed round. ``seconds``: for one question; ``clock``: for all."""

    def __init__(self, around: RoundWithPlan, seconds: float, clock: Clock) -> None:
        self.around, self.seconds, self.clock = around, seconds, clock

    def ladders(self, need: Need) -> Iterator[Ladder]:
        return find_ladders(self.around.finder, need)

    def new_supports(self, need: Need) -> Iterator[Change]:
        """One more support of each kind that could matter, as much as there could be use for."""
        around = self.around
        if around.proof == "whole":
            sessions = [one for one in around.problem.sessions if one.id in around.pairs_of_session]
        else:
            sessions = self._sessions_of(need)
        return find_new_supports(around.finder, need, sessions)

    def _sessions_of(self, need: Need) -> list[Session]:
        by_id = self.around.problem.session_by_id
        return [by_id[pair.session] for pair in self.around.pairs_of_need.get(need.id, ())]

    def try_unchanged(self, need: Need) -> Tried:
        own = self.around.pairs_of_need.get(need.id, [])
        return self._ask(self.around.facts, need, {need.id: own}, finish=False)

    def try_step(self, need: Need, step: Change, *, finish: bool = True) -> Tried:
        """Whether one step of a ladder helps. With ``finish`` its witness is made a good plan."""
        around, changed = self.around, change_need(need, step)
        own = around.finder.find(changed)
        return self._ask(facts_with_need(around.facts, changed), need, {need.id: own}, finish=finish)

    def _ask(self, facts: Facts, need: Need, own_pairs: Mapping[str, list[Pair]], *, finish: bool) -> Tried:
        near = self._prepare(facts, need, own_pairs)
        if not isinstance(near, NearRound):
            return near
        return tell(near, OrderSearch(near, need.id).find_better(self.try_clock(), finish=finish))

    def _prepare(self, facts: Facts, need: Need, own_pairs: Mapping[str, list[Pair]]) -> NearRound | Tried:
        """The program, or the answer where there is none to ask."""
        pairs = own_pairs.get(need.id, [])
        if not pairs:
            return Tried("no")
        if self.clock.is_over():
            return Tried("open")
        before = {pair.session for pair in self.around.pairs_of_need.get(need.id, ())}
        ranked = sorted(pairs, key=lambda pair: (pair.session in before, -pair.fit, pair.session))
        near = self.around.prepare(facts, own_pairs, [pair.session for pair in ranked])
        return Tried("open") if near is None else near

    def try_clock(self) -> Clock:
        """The time for one question."""
        left = self.clock.left()
        return Clock(self.seconds if left is None else min(left, self.seconds))

    # -- one more support ------------------------------------------------------------------------------------

    def least_support(self, need: Need, change: Change) -> tuple[Change, bool, Tried]:
        """The least quantity of a new support that helps, whether it is proven, and its witness; the answer
        where none helps.
        """
        if change.languages is not None:
            # One unit is the least there is, and mostly enough.
            step = replace(change, amount=1)
            tried = self.try_support(need, step)
            if tried.answer == "helps":
                return step, True, tried
        near, support = self._prepare_support(need, change)
        if not isinstance(near, NearRound):
            return change, False, near
        search = OrderSearch(near, need.id)
        found = search.find_better(self.try_clock(), finish=False)
        if found.plan is None:
            return change, False, tell(near, found)
        draft = near.prepared.draft_of(found.plan)
        drawn = 0 if draft is None else sum(units for use, units in draft.uses.items() if use[0] == support)
        draw = np.zeros(near.prepared.arrays.matrix.column_count)
        for use, column in near.prepared.model.supply.uses.items():
            if use[0] == support:
                draw[column] = near.prepared.arrays.scale[column]
        least, is_least = search.find_least(draw, drawn, self.try_clock())
        step = Change("support", change.word, change.languages, least)
        return step, is_least, self.try_support(need, step)

    def try_support(self, need: Need, change: Change) -> Tried:
        """Whether a new support of just that quantity helps."""
        near, _ = self._prepare_support(need, change)
        if not isinstance(near, NearRound):
            return near
        return tell(near, OrderSearch(near, need.id).find_better(self.try_clock()))

    def _prepare_support(self, need: Need, change: Change) -> tuple[NearRound | Tried, str]:
        problem, support = add_support(self.around.problem, change)
        facts = Facts(problem)
        return self._prepare(facts, need, self._pairs_with_support(facts, need, change)), support.id

    def _pairs_with_support(self, facts: Facts, need: Need, change: Change) -> Mapping[str, list[Pair]]:
        """Interpretation opens pairs; in a large round only those of the need are looked for."""
        around = self.around
        if change.word != INTERPRETATION or change.languages is None:
            return {need.id: around.pairs_of_need.get(need.id, [])}
        if around.proof == "whole":
            return group_by_need(find_pairs(facts))
        return {need.id: NeedPairs(facts).find(need)}


def tell(near: NearRound, finding: Finding) -> Tried:
    """A finding with the seats and bridges of its plan."""
    if finding.plan is None:
        return Tried(finding.answer)
    draft = near.prepared.draft_of(finding.plan)
    return Tried("open") if draft is None else Tried("helps", draft.seats, draft.bridges)
