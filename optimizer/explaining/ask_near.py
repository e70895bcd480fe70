"""Asking what lies near a need in a large round, by the wide program that all its changes share."""

from collections.abc import Iterator
from dataclasses import replace

from optimizer.explaining.ask_whole import AskWhole, tell
from optimizer.explaining.changes import Change, Ladder, add_support, change_need, facts_with_need
from optimizer.explaining.near_rounds import NearRound, sort_pairs
from optimizer.explaining.order_search import OrderSearch, Tried
from optimizer.explaining.wide_rounds import NearNeed, WideRound
from optimizer.model.vectors import RoundModel
from optimizer.problem import Need
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts
from optimizer.rules.objectives import OBJECTIVE_TABLE


class AskNear:
    """As `AskWhole`, for the needs of a wide round; what the wide program cannot hold is asked as there.

    Every change that is told to help is checked in the changed round's own program.
    """

    def __init__(self, wide: WideRound, whole: AskWhole) -> None:
        self.wide, self.whole, self.around = wide, whole, wide.around
        self._near: tuple[str, NearNeed | None] = ("", None)
        self._could_help: tuple[str, bool] = ("", True)

    def _near_need(self, need: Need) -> NearNeed | None:
        if self._near[0] != need.id:
            self._near = (need.id, self.wide.near(need))
        return self._near[1]

    def _may_help(self, need: Need) -> bool:
        """Whether all changes at once help: where they do not, none of them alone does."""
        if self._could_help[0] != need.id:
            near = self._near_need(need)
            is_open = near is not None and self._better(near.everything(), need, finish=False).answer != "no"
            self._could_help = (need.id, is_open)
        return self._could_help[1]

    def _better(self, near: NearRound, need: Need, *, finish: bool) -> Tried:
        if self.whole.clock.is_over():
            return Tried("open")
        return tell(near, OrderSearch(near, need.id).find_better(self.whole.try_clock(), finish=finish))

    # -- changes of the need ---------------------------------------------------------------------------------

    def ladders(self, need: Need) -> Iterator[Ladder]:
        for one in self.wide.ladders[need.id]:
            if not one.is_inside or self._may_help(need):
                yield one.ladder

    def _is_inside(self, need: Need, step: Change) -> bool:
        return any(
            one.is_inside and (one.ladder.kind, one.ladder.word) == (step.kind, step.word)
            for one in self.wide.ladders[need.id]
        )

    def try_unchanged(self, need: Need) -> Tried:
        near = self._near_need(need)
        return Tried("no") if near is None else self._better(near.unchanged(), need, finish=False)

    def try_step(self, need: Need, step: Change, *, finish: bool = True) -> Tried:
        """Whether one step of a ladder helps."""
        if not self._is_inside(need, step):
            return self.whole.try_step(need, step, finish=finish)
        near, changed = self._near_need(need), change_need(need, step)
        own = self.around.finder.find(changed)
        if near is None or not own:
            return Tried("no")
        tried = self._better(near.after(changed, {pair.session for pair in own}), need, finish=finish)
        if tried.answer != "helps" or not finish:
            return tried
        return self._check(facts_with_need(self.around.facts, changed), need, own, tried)

    # -- one more support ------------------------------------------------------------------------------------

    def new_supports(self, need: Need) -> Iterator[Change]:
        """Kinds that sessions near the need require, where anything helps; interpretation, where to accept
        the language itself does.
        """
        near = self._near_need(need)
        if near is None or not self._may_help(need):
            return
        for kind in near.kinds:
            yield Change("support", kind, amount=0)
        for change in self.whole.new_supports(need):
            if change.languages is not None and self._is_served_by(need, change.languages):
                yield change

    def _is_served_by(self, need: Need, languages: tuple[str, ...]) -> bool:
        own = {language.casefold() for language in need.languages or ()}
        for one in self.wide.ladders[need.id]:
            word = one.ladder.word
            if one.ladder.kind == "language" and word is not None and word.casefold() in set(languages) - own:
                return self.try_step(need, one.ladder[0], finish=False).answer != "no"
        return False

    def least_support(self, need: Need, change: Change) -> tuple[Change, bool, Tried]:
        """The least quantity of a new support that helps, whether it is proven, and its witness."""
        near = self._near_need(need)
        if change.languages is not None or near is None:
            return self.whole.least_support(need, change)
        kind = change.word or ""
        own = self.around.pairs_of_need.get(need.id, [])
        asked = near.after(need, {pair.session for pair in own}, (kind,))
        search = OrderSearch(asked, need.id)
        found = search.find_better(self.whole.try_clock(), finish=False)
        if found.plan is None:
            return change, False, Tried(found.answer)
        draw = self.wide.draw_of(kind)
        least, is_least = search.find_least(
            draw, round(float(draw @ found.plan.vector)), self.whole.try_clock()
        )
        step = replace(change, amount=max(1, least))
        tried = self.try_support(need, step)
        return step, is_least, tried if tried.answer == "helps" else Tried("open")

    def try_support(self, need: Need, change: Change) -> Tried:
        """Whether a new support of just that quantity helps."""
        near, kind = self._near_need(need), change.word or ""
        if change.languages is not None or near is None:
            return self.whole.try_support(need, change)
        own = self.around.pairs_of_need.get(need.id, [])
        asked = near.after(need, {pair.session for pair in own}, (kind,))
        limited = near.with_at_most(asked, self.wide.draw_of(kind), change.amount or 0)
        tried = self._better(limited, need, finish=True)
        if tried.answer != "helps":
            return tried
        return self._check(Facts(add_support(self.around.problem, change)[0]), need, own, tried)

    # -- the changed round itself ----------------------------------------------------------------------------

    def _check(self, facts: Facts, need: Need, own: list[Pair], tried: Tried) -> Tried:
        """The witness, where the changed round's own program and order agree with it; else not settled."""
        present = self.around.seats
        used = tried.seats.keys() | present.keys()
        others = [
            pair for pair in self.around.pairs if pair.need != need.id and (pair.need, pair.session) in used
        ]
        pairs = sort_pairs([*others, *own])
        model = RoundModel(facts, pairs)
        bridged = {(pair.need, pair.session) for pair in pairs if pair.bridges}
        bridges = {key: word for key, word in tried.bridges.items() if key in bridged}
        draft = (
            model.make_draft(tried.seats, bridges) if bridged & tried.seats.keys() == bridges.keys() else None
        )
        if draft is None or not model.knows_uses(draft) or model.find_violation(draft) is not None:
            return Tried("open")
        for name in facts.problem.policy.objectives:
            value = OBJECTIVE_TABLE[name].value
            before, after = (value(facts.problem, pairs, seats) for seats in (present, tried.seats))
            if before != after:
                return tried if after > before else Tried("open")
        return Tried("open")
