"""A small program for each question about a round with a plan: the plan held, and what lies near it free.

In a small round everything is free, and an answer holds for the whole round. In a large one the program has
the pairs of the plan, and of the sessions near the question as many others as can be solved in a blink; what
lies further away is held where it is. What such a program finds is a plan of the whole round all the same;
what it does not find may still exist further away. So each answer says how much was free (`Proof`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from optimizer.explaining.changes import NeedPairs
from optimizer.model.drafts import draft_of_plan
from optimizer.model.slices import Slice
from optimizer.model.supply import PairKey
from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs, group_by_need
from optimizer.solving.prepared import PlanInHand, PreparedRound

Proof = Literal["whole", "near"]

# A round with so many pairs is solved as a whole for every question.
MOST_PAIRS_WHOLE: Final = 400
# In a larger one, so many pairs besides those of the plan are free.
MOST_PAIRS_NEAR: Final = 150


@dataclass(frozen=True, eq=False)
class NearRound:
    """A question made ready: the program, the plan in it, and the slice of it that is free.

    ``is_own``: the program is the changed round's own, so that it can say of a plan whether it obeys.
    """

    prepared: PreparedRound
    plan: PlanInHand
    piece: Slice
    is_own: bool = True
    sessions: frozenset[str] = frozenset()


@dataclass(eq=False)
class RoundWithPlan:
    """A round, its pairs and a plan of it, from which each question takes what lies near.

    ``plan`` obeys the round (`verify`).
    """

    problem: Problem
    plan: Plan
    most_pairs_whole: int = MOST_PAIRS_WHOLE
    most_pairs_near: int = MOST_PAIRS_NEAR
    facts: Facts = field(init=False)
    pairs: tuple[Pair, ...] = field(init=False)
    finder: NeedPairs = field(init=False)

    def __post_init__(self) -> None:
        self.facts = Facts(self.problem)
        self.pairs = find_pairs(self.facts)
        self.finder = NeedPairs(self.facts)
        self.pairs_of_need = group_by_need(self.pairs)
        self.pairs_of_session: dict[str, list[Pair]] = {}
        for pair in self.pairs:
            self.pairs_of_session.setdefault(pair.session, []).append(pair)
        self.seats: dict[PairKey, int] = {(row.need, row.session): row.seats for row in self.plan.assignments}
        self.seats_of_need: dict[str, int] = {}
        self.needs_in_session: dict[str, list[str]] = {}
        for (need, session), seats in sorted(self.seats.items()):
            self.seats_of_need[need] = self.seats_of_need.get(need, 0) + seats
            self.needs_in_session.setdefault(session, []).append(need)

    @property
    def proof(self) -> Proof:
        """How much is free in this round's questions."""
        return "whole" if len(self.pairs) <= self.most_pairs_whole else "near"

    @property
    def is_proven(self) -> bool:
        """Whether no plan of the round is better."""
        return self.plan.outcome == "optimal"

    def prepare(
        self, facts: Facts, own_pairs: Mapping[str, Sequence[Pair]], sessions: Iterable[str]
    ) -> NearRound | None:
        """The program of a changed round around these sessions, or ``None`` where the plan does not obey it.

        Parameters
        ----------
        facts: of the round as changed.
        own_pairs: need -> all its pairs in the changed round, for each need whose pairs the change touches.
        sessions: what the question is about, most important first; looked at only where not all is free.
        """
        if self.proof == "whole":
            pairs, free = self._all_pairs(own_pairs), frozenset(s.id for s in self.problem.sessions)
        else:
            pairs, free = self._near_pairs(own_pairs, list(dict.fromkeys(sessions)))
        prepared = PreparedRound(facts, pairs, as_stated=True)
        draft = draft_of_plan(prepared.model, self.plan)
        if draft is None:
            return None
        plan = prepared.plan_of(draft)
        return NearRound(prepared, plan, prepared.cut(plan, free), sessions=free)

    def _all_pairs(self, own_pairs: Mapping[str, Sequence[Pair]]) -> list[Pair]:
        others = [pair for pair in self.pairs if pair.need not in own_pairs]
        return sort_pairs([*others, *(pair for pairs in own_pairs.values() for pair in pairs)])

    def _near_pairs(
        self, own_pairs: Mapping[str, Sequence[Pair]], sessions: Sequence[str]
    ) -> tuple[list[Pair], frozenset[str]]:
        """The plan's pairs and those near: of the needs asked about, of others in these sessions, then the
        other pairs of those who hold seats here, who might move.
        """
        chosen: dict[PairKey, Pair] = {}
        for pair in self.pairs:
            if (pair.need, pair.session) in self.seats and pair.need not in own_pairs:
                chosen[pair.need, pair.session] = pair
        free = set(sessions)
        for pairs in own_pairs.values():
            for pair in pairs:
                if pair.session in free or (pair.need, pair.session) in self.seats:
                    chosen[pair.need, pair.session] = pair
        left = self.most_pairs_near
        for pair in self.competing_pairs(sessions, own_pairs):
            if left <= 0:
                break
            if (pair.need, pair.session) not in chosen:
                chosen[pair.need, pair.session] = pair
                left -= 1
            free.add(pair.session)
        return sort_pairs(chosen.values()), frozenset(free)

    def competing_pairs(self, sessions: Sequence[str], own: Collection[str]) -> Iterable[Pair]:
        """Pairs of others in these sessions, the same number from each in turn; then where those go who
        hold seats here.
        """
        rows = [
            [pair for pair in self.pairs_of_session.get(session, ()) if pair.need not in own]
            for session in sessions
        ]
        for rank in range(max(map(len, rows), default=0)):
            yield from (row[rank] for row in rows if rank < len(row))
        holders = dict.fromkeys(
            need for session in sessions for need in self.needs_in_session.get(session, ())
        )
        for need in holders:
            if need not in own:
                yield from self.pairs_of_need[need]


def sort_pairs(pairs: Iterable[Pair]) -> list[Pair]:
    """By need and session, as the model wants them."""
    return sorted(pairs, key=lambda pair: (pair.need, pair.session))
