"""The search around a plan in hand: a few sessions free at a time, all objectives in their order.

Where an objective does not close in its time, a whole solve has spent that time on its bound. The plan itself
is then made better in small steps, each of which is solved to its end within its slice. Nothing here proves
anything about the whole round, and no step makes the plan worse in the round's own order.
"""

from collections.abc import Callable, Sequence
from typing import Final

from optimizer.model.vectors import Draft
from optimizer.solving.crew import Crew, Step
from optimizer.solving.neighbours import Neighbours
from optimizer.solving.prepared import Improvement, PlanInHand, PreparedRound

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
        self,
        draft: Draft,
        crew: Crew,
        is_over: Callable[[], bool],
        on_step: Callable[[tuple[int, ...]], None],
    ) -> Draft:
        """Return a plan that is better in the round's order, or the same plan, when time is over or a whole
        turn over all needs has found nothing.

        ``draft`` obeys the program, and so does what is returned. ``crew`` is one for this round
        and takes as many steps at a time as it has members. ``on_step`` is told the values of the plan in
        hand after every step; an error that it raises ends the search.
        """
        begun = self._round.plan_of(draft)
        # Sessions that were free together since the plan last changed: asked again, they answer the same.
        tried: set[frozenset[str]] = set()

        def choose(busy: frozenset[str]) -> list[str] | None:
            for _ in self._centres:
                if is_over():
                    break
                centre = self._centres[self._next % len(self._centres)]
                self._next += 1
                first = self._neighbours.sessions_of_need[centre][:1]
                free = self._neighbours.near(first, PAIRS_OF_A_STEP)
                if busy.isdisjoint(free) and frozenset(free) not in tried:
                    return free
            return None

        def tell(step: Step) -> None:
            if step.is_better:
                tried.clear()
            if step.is_done:
                tried.add(frozenset(step.piece))
            on_step(step.plan.values)

        plan = crew.work(begun, choose, _take_a_step, tell)
        better = None if plan is begun else self._round.draft_of(plan)
        return draft if better is None or self._round.model.find_violation(better) is not None else better


def _take_a_step(prepared: PreparedRound, plan: PlanInHand, sessions: Sequence[str]) -> Improvement:
    return prepared.improve(plan, sessions, seconds_each=SECONDS_OF_A_STEP)
