"""What would help a need: the least changes that gain it seats, each proved by a plan of the changed round.

A change helps where the round with only that change has a plan that obeys the whole contract, that the
round's own order of objectives prefers to the present plan, and in which the need has more seats than now
(docs/matching.md, 8). That plan, the witness, is the proof. A change only widens what is possible, so along
a ladder of changes of one kind "helps" never turns back into "no": the last step is asked first, and where
it helps, the first that does is found by halving. Time that runs out is told as such, never as a no.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

from optimizer.clock import Clock
from optimizer.explaining.ask_near import AskNear
from optimizer.explaining.ask_whole import AskWhole
from optimizer.explaining.changes import Change, Ladder, apply_change, first_step_that_allows
from optimizer.explaining.near_rounds import Proof, RoundWithPlan
from optimizer.explaining.order_search import Tried
from optimizer.explaining.wide_rounds import WideRound
from optimizer.files.canonical import problem_sha256
from optimizer.model.supply import PairKey, share_supports
from optimizer.model.vectors import Draft
from optimizer.plan import ObjectiveValue, Plan, SolverInfo
from optimizer.problem import Need
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.planning import write_plan

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


class Asker(Protocol):
    """How a changed round is asked: by its own program, or near the need by one that changes share."""

    def ladders(self, need: Need) -> Iterator[Ladder]: ...

    def new_supports(self, need: Need) -> Iterator[Change]: ...

    def try_unchanged(self, need: Need) -> Tried: ...

    def try_step(self, need: Need, step: Change, *, finish: bool = True) -> Tried: ...

    def try_support(self, need: Need, change: Change) -> Tried: ...

    def least_support(self, need: Need, change: Change) -> tuple[Change, bool, Tried]: ...


class ChangeSearch:
    """Looks for the changes that would help needs of one round with its plan.

    Parameters
    ----------
    around: the round and a plan of it that obeys the contract.
    needs: of a large round, those that will be asked about, made ready together when the first is
        (``None``: all that are unmet). In a small one each question is made ready by itself.
    seconds_a_try: the most for one question to the solver.
    clock: the time for all of it; once it is over, what is left is not settled.
    """

    def __init__(
        self,
        around: RoundWithPlan,
        *,
        needs: Iterable[str] | None = None,
        seconds_a_try: float = SECONDS_A_TRY,
        clock: Clock | None = None,
    ) -> None:
        self.around = around
        self.clock = clock or Clock(None)
        self._whole = AskWhole(around, seconds_a_try, self.clock)
        self._needs = [row.need for row in around.plan.unmet] if needs is None else list(needs)

    @cached_property
    def asker(self) -> Asker:
        """What questions go to; in a large round it takes a while to make ready."""
        if self.around.proof == "whole":
            return self._whole
        needs = [self.around.problem.need_by_id[need] for need in dict.fromkeys(self._needs)]
        return AskNear(WideRound(self.around, needs), self._whole)

    def find_changes(self, need_id: str) -> NeedChanges:
        """The least change of each kind that would help this need."""
        around = self.around
        need = around.problem.need_by_id[need_id]
        short = around.facts.seats_of_need(need) - around.seats_of_need.get(need_id, 0)
        if short <= 0:
            return NeedChanges(need_id, around.proof)
        if not around.is_proven and self.asker.try_unchanged(need).answer == "helps":
            return NeedChanges(need_id, around.proof, gains_unchanged=True)
        helps: list[HelpfulChange] = []
        not_settled: list[Change] = []
        found = [self._climb(need, ladder) for ladder in self.asker.ladders(need)]
        found += [self.asker.least_support(need, change) for change in self.asker.new_supports(need)]
        for change, is_least, tried in found:
            if tried.answer == "helps":
                helps.append(HelpfulChange(change, is_least, self._effects(need_id, tried)))
            elif tried.answer == "open":
                not_settled.append(change)
        return NeedChanges(need_id, around.proof, False, tuple(helps), tuple(not_settled))

    def _climb(self, need: Need, ladder: Ladder) -> tuple[Change, bool, Tried]:
        """The first step that helps, whether none below it does, and its witness; the last step's answer
        where none helps.
        """
        high = len(ladder) - 1
        tried = self.asker.try_step(need, ladder[high], finish=high == 0)
        if tried.answer != "helps" or high == 0:
            return ladder[high], True, tried
        low, high, is_least = 0, self._lowest_for(need, ladder, tried), True
        while low < high:
            middle = (low + high) // 2
            tried = self.asker.try_step(need, ladder[middle], finish=False)
            if tried.answer == "helps":
                high = min(middle, self._lowest_for(need, ladder, tried))
            else:
                # Where a step is not settled the least is at most what was found above it.
                is_least = is_least and tried.answer == "no"
                low = middle + 1
        tried = self.asker.try_step(need, ladder[high])
        # A step that was seen to help cannot be told to help without its witness, nor that it does not.
        return ladder[high], is_least, tried if tried.answer == "helps" else Tried("open")

    def _lowest_for(self, need: Need, ladder: Ladder, tried: Tried) -> int:
        """The lowest step under which the witness is a plan already."""
        own = {session: count for (id_, session), count in tried.seats.items() if id_ == need.id}
        return first_step_that_allows(self.around.facts, need, ladder, own)

    def _effects(self, need_id: str, tried: Tried) -> Effects:
        after, before = _seats_by_need(tried.seats), self.around.seats_of_need
        losses = [
            seats - after.get(need, 0)
            for need, seats in before.items()
            if need != need_id and after.get(need, 0) < seats
        ]
        return Effects(after.get(need_id, 0) - before.get(need_id, 0), sum(losses), len(losses))

    def find_witness(self, need_id: str, change: Change) -> Plan | None:
        """The plan that proves that a change helps, as a plan of the changed round; ``None``: none found."""
        need = self.around.problem.need_by_id[need_id]
        if change.kind == "support":
            tried = self.asker.try_support(need, change)
        else:
            tried = self.asker.try_step(need, change)
        if tried.answer != "helps":
            return None
        changed = apply_change(self.around.problem, need_id, change)
        facts = Facts(changed)
        pairs = find_pairs(facts)
        bridged = {(pair.need, pair.session) for pair in pairs if pair.bridges}
        bridges = {key: word for key, word in tried.bridges.items() if key in bridged}
        uses = share_supports(facts, tried.seats, bridges)
        if uses is None:
            return None
        bounds = [ObjectiveValue(name, 0, None) for name in changed.policy.objectives]
        info, draft = SolverInfo("", "", 0.0, 1), Draft(tried.seats, bridges, uses)
        return write_plan(facts, pairs, draft, bounds, problem_sha256(changed), info)


def _seats_by_need(seats: Mapping[PairKey, int]) -> dict[str, int]:
    by_need: dict[str, int] = {}
    for (need, _), count in seats.items():
        by_need[need] = by_need.get(need, 0) + count
    return by_need
