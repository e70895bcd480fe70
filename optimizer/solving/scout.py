"""What goes before and beside the solves of a large round: bounds, a plan to begin from, small steps.

The solves prove; nothing here does, but for the bounds of the relaxation, which are added up from its prices.
With a second thread the plan in hand becomes better while a solver is at work on the bound.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cached_property

from optimizer.clock import Clock
from optimizer.model.vectors import Draft, RoundModel
from optimizer.solving.around import AroundSearch
from optimizer.solving.crew import Crew, beside
from optimizer.solving.diving import Diver
from optimizer.solving.polishing import MAX_PAIRS_OF_ONE_MODEL, MIN_PAIRS, Polisher
from optimizer.solving.prepared import PreparedRound
from optimizer.solving.solvers import Effort

# A plan that is good for the objectives to come is worth more than an early proof; most polishing ends
# far sooner.
SHARE_OF_POLISH = 0.35
# Where the relaxation can be solved at all, its bounds are had at once.
SHARE_OF_BOUNDS = 0.2
# The same for the small steps around a plan (`around.py`), after each objective that stays open.
SHARE_OF_AROUND = 0.1


class Scout:
    """Looks after the plan of one large round. What it returns obeys every row."""

    def __init__(self, model: RoundModel, clock: Clock, effort: Effort) -> None:
        self._model = model
        self._clock = clock
        self._effort = effort

    def is_one_model(self) -> bool:
        """Whether the round is large, but not too large for its relaxation to be solved at once."""
        return MIN_PAIRS <= len(self._model.model.pairs) <= MAX_PAIRS_OF_ONE_MODEL

    def is_beside(self) -> bool:
        """Whether small steps are taken while a solver is at work. Only under a limit: where there is none,
        the same problem has the same plan, and how far the steps come depends on the machine.
        """
        return self.is_one_model() and self._effort.threads > 1 and self._clock.left() is not None

    # -- what is used again ---------------------------------------------------------------------------------

    @cached_property
    def _prepared(self) -> PreparedRound:
        """The round with all its objectives."""
        return PreparedRound(self._model.facts, self._model.model.pairs)

    @cached_property
    def _around(self) -> AroundSearch:
        return AroundSearch(self._prepared)

    def make_polisher(self) -> Polisher | None:
        """What hands each solve a plan that is good for the objectives to come."""
        if not self.is_one_model() or self._clock.is_over():
            return None
        return Polisher(self._prepared, self._effort)

    # -- before ---------------------------------------------------------------------------------------------

    def begin(self, draft: Draft) -> tuple[Draft, dict[str, int]]:
        """Return a plan to begin from, and what the relaxation proves of each objective by itself."""
        prepared = self._prepared
        if not self.is_beside():
            bounds = Diver(prepared).bounds(self._share_of_clock(SHARE_OF_BOUNDS))
            return self._dive(prepared, draft), bounds

        has_dived = threading.Event()

        def dive_and_step(stop: threading.Event) -> Draft:
            try:
                found = self._dive(prepared.beside(stop), draft)
            finally:
                has_dived.set()
            return self._step_until(stop, found)

        with beside(dive_and_step) as found:
            bounds = Diver(prepared).bounds(self._share_of_clock(SHARE_OF_POLISH))
            has_dived.wait()
        return found.result(), bounds

    def _dive(self, prepared: PreparedRound, draft: Draft) -> Draft:
        """The plan that the relaxation leads to, where it is better for all objectives together."""
        clock, diver = self._share_of_clock(SHARE_OF_POLISH), Diver(prepared)
        plan = None if clock.is_over() else diver.find(clock)
        if plan is None or diver.weigh(plan) <= diver.weigh(prepared.plan_of(draft)):
            return draft
        better = prepared.draft_of(plan)
        return draft if better is None or self._model.find_violation(better) is not None else better

    def _share_of_clock(self, share: float) -> Clock:
        left = self._clock.left()
        return Clock(None if left is None else left * share)

    # -- beside ---------------------------------------------------------------------------------------------

    @contextmanager
    def stepping(self, draft: Draft) -> Iterator[Future[Draft] | None]:
        """Take small steps around a plan for as long as the block lasts, where there is a thread for it."""
        if not self.is_beside():
            yield None
            return
        with beside(lambda stop: self._step_until(stop, draft)) as found:
            yield found

    def _step_until(self, stop: threading.Event, draft: Draft) -> Draft:
        crew = Crew(self._prepared.beside(stop), 1)
        return self._around.improve(draft, crew, stop.is_set, lambda values: None)

    def better(self, one: Draft, other: Draft) -> Draft:
        """The plan that is better in the round's own order, the first where they are equal."""
        one_values, other_values = (self._prepared.plan_of(row).values for row in (one, other))
        return other if other_values > one_values else one

    # -- after ----------------------------------------------------------------------------------------------

    def polish(self, polisher: Polisher, draft: Draft, names: Sequence[str]) -> Draft:
        """The plan made better for these objectives together, those held as they are."""
        left = self._clock.left()
        if not names or left == 0:
            return draft
        return polisher.polish(draft, names, None if left is None else left * SHARE_OF_POLISH)

    def search_around(self, draft: Draft, tell: Callable[[tuple[int, ...]], None]) -> Draft:
        """In a large round, make the plan in hand better in small steps, for a part of the seconds left."""
        left = self._clock.left()
        if left is None or left == 0 or len(self._model.model.pairs) < MIN_PAIRS:
            return draft
        end = self._clock.seconds() + left * SHARE_OF_AROUND

        def is_over() -> bool:
            return self._clock.seconds() >= end

        crew = Crew(self._prepared, self._effort.threads, is_over)
        return self._around.improve(draft, crew, is_over, tell)
