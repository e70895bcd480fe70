"""The search around a plan in hand: a few sessions free at a time, all objectives in their order.

Where an objective does not close in its time, a whole solve has spent that time on its bound. The plan itself
is then made better in small steps, each of which is solved to its end within its slice. Nothing here proves
anything about the whole round, and no step makes the plan worse in the round's own order.
"""

from collections.abc import Callable
from typing import Final

from optimizer.model.vectors import Draft
from optimizer.solving.neighbours import Neighbours
from optimizer.solving.prepared import PreparedRound

# About how many pairs a step sets free, and how long it may look for one objective.
PAIRS_OF_A_STEP: Final = 100
SECONDS_OF_A_STEP: Final = 1.0
RANKS: Final = {"critical": 0, "high": 1, "routine": 2}


class AroundSearch:
    """Goes from need to need, the most pressing first, and goes on where it stopped when asked again."""

    def __init__(self, prepared: PreparedRound) -> None:
        self._round = prepared
        self._neighbours = Neighbours(prepared.model.model.pairs)
        facts = prepared.facts
        self._centres = sorted(
            (need.id for need in facts.problem.needs if need.id in self._neighbours.sessions_of_need),
            key=lambda id_: (RANKS[facts.problem.need_by_id[id_].priority], id_),
        )
        self._next = 0

    def improve(
        self, draft: Draft, is_over: Callable[[], bool], on_step: Callable[[tuple[int, ...]], None]
    ) -> Draft:
        """Return a plan that is better in the round's order, or the same plan, when time is over or a whole
        turn over all needs has found nothing.

        ``draft`` obeys the program, and so does what is returned. ``on_step`` is told the values of the plan
        in hand after every step; an error that it raises ends the search.
        """
        plan = self._round.plan_of(draft)
        started_from, steps_without = plan, 0
        # Sessions that were free together since the plan last changed: asked again, they answer the same.
        tried: set[frozenset[str]] = set()
        while steps_without < len(self._centres) and not is_over():
            centre = self._centres[self._next % len(self._centres)]
            self._next += 1
            first = self._neighbours.sessions_of_need[centre][:1]
            free = self._neighbours.near(first, PAIRS_OF_A_STEP)
            if frozenset(free) in tried:
                steps_without += 1
                continue
            step = self._round.improve(plan, free, seconds_each=SECONDS_OF_A_STEP)
            if step.plan is plan:
                steps_without += 1
            else:
                steps_without = 0
                tried.clear()
            if step.plan is plan or step.is_proven:
                tried.add(frozenset(free))
            plan = step.plan
            on_step(plan.values)
        if plan is started_from:
            return draft
        better = self._round.draft_of(plan)
        if better is None or self._round.model.find_violation(better) is not None:
            return draft
        return better
