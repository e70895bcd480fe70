"""A round too large for one model to be solved in the time given: a greedy plan, made better in small steps.

A whole solve of such a round spends its time on a relaxation that it does not finish. What is found here is a
plan that obeys every rule, with bounds that need no solver; it is proven only where it reaches them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from optimizer.clock import Clock, Progress
from optimizer.model.drafts import draft_of_pins, draft_of_plan
from optimizer.model.objective_columns import ObjectiveOfModel
from optimizer.model.vectors import EMPTY_DRAFT, Draft
from optimizer.plan import ObjectiveValue, Plan
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts
from optimizer.solving.around import AroundSearch
from optimizer.solving.crew import Crew
from optimizer.solving.diving import Diver
from optimizer.solving.greedy import draft_greedily
from optimizer.solving.neighbours import Neighbours
from optimizer.solving.prepared import Improvement, PlanInHand, PreparedRound

# About as many as a relaxation and what it leads to take a few seconds for.
PAIRS_OF_A_PIECE: Final = 3_000
SECONDS_OF_A_PIECE: Final = 10.0


@dataclass(frozen=True, slots=True)
class LargePlan:
    """A plan and its objectives' values and bounds; ``stopped_by`` is ``None`` where all are proven."""

    draft: Draft
    values: list[ObjectiveValue]
    stopped_by: str | None


def search_in_steps(
    facts: Facts,
    pairs: Sequence[Pair],
    start: Plan | None,
    clock: Clock,
    on_progress: Callable[[Progress], None] | None,
    threads: int = 1,
) -> LargePlan | None:
    """Return the best plan found until time is over, or ``None`` where the pins leave none at hand.

    With several ``threads`` as many pieces are worked on at the same time.
    """
    prepared = PreparedRound(facts, pairs)
    begun = draft_of_pins(prepared.model) if facts.problem.pinned else EMPTY_DRAFT
    if begun is None:
        return None
    draft = max(_first_drafts(prepared, begun, start), key=lambda row: prepared.plan_of(row).values)
    ceilings = [ObjectiveOfModel(prepared.model.model, name).largest_value() for name in prepared.names]

    def report(values: tuple[int, ...]) -> None:
        """Tell of the first objective that is not at its bound: it is the one that a step tries first."""
        rows = list(zip(prepared.names, values, ceilings, strict=True))
        name, value, bound = next((row for row in rows if row[1] < row[2]), rows[-1])
        if on_progress is not None:
            on_progress(Progress(name, value, bound, clock.seconds()))

    report(prepared.plan_of(draft).values)
    crew = Crew(prepared, threads, clock.is_over)
    draft = _dive_in_pieces(crew, prepared, draft, clock, report)
    draft = AroundSearch(prepared).improve(draft, crew, clock.is_over, report)
    plan = prepared.plan_of(draft)
    values = [
        ObjectiveValue(name, value, bound)
        for name, value, bound in zip(prepared.names, plan.values, ceilings, strict=True)
    ]
    is_open = any(row.value != row.bound for row in values)
    return LargePlan(draft, values, "time_limit" if is_open else None)


def _dive_in_pieces(
    crew: Crew,
    prepared: PreparedRound,
    draft: Draft,
    clock: Clock,
    report: Callable[[tuple[int, ...]], None],
) -> Draft:
    """Plan the round anew, piece by piece, each led by its relaxation with all else as it is.

    Every session is in the middle of a piece or near one. Small steps follow; they find what is better within
    a few sessions, but not another choice of sessions, which is where a greedy plan falls short.
    """
    neighbours = Neighbours(prepared.model.model.pairs)
    begun, waiting = prepared.plan_of(draft), dict.fromkeys(sorted(neighbours.needs_of_session))

    def choose(busy: frozenset[str]) -> list[str] | None:
        first = next((session for session in waiting if session not in busy), None)
        if first is None or clock.is_over():
            return None
        piece = [row for row in neighbours.near([first], PAIRS_OF_A_PIECE) if row not in busy]
        for session in piece:
            waiting.pop(session, None)
        return piece

    def dive(member: PreparedRound, plan: PlanInHand, piece: Sequence[str]) -> Improvement:
        left = clock.left()
        seconds = SECONDS_OF_A_PIECE if left is None else min(left, SECONDS_OF_A_PIECE)
        found = Diver(member).find_near(plan, piece, Clock(seconds))
        return Improvement(plan if found is None else found, is_proven=False)

    plan = crew.work(begun, choose, dive, lambda step: report(step.plan.values))
    better = None if plan is begun else prepared.draft_of(plan)
    return draft if better is None or prepared.model.find_violation(better) is not None else better


def _first_drafts(prepared: PreparedRound, begun: Draft, start: Plan | None) -> list[Draft]:
    """Plans at hand: the pins alone, with sessions added greedily, and the one that was brought."""
    drafts = [begun]
    greedy = draft_greedily(prepared.facts, prepared.model.model.pairs, begun)
    if prepared.model.knows_uses(greedy) and prepared.model.find_violation(greedy) is None:
        drafts.append(greedy)
    brought = None if start is None else draft_of_plan(prepared.model, start)
    return drafts if brought is None else [*drafts, brought]
