"""A round too large for one model to be solved in the time given: a greedy plan, made better in small steps.

A whole solve of such a round spends its time on a relaxation that it does not finish. What is found here is a
plan that obeys every rule, with bounds that need no solver; it is proven only where it reaches them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optimizer.clock import Clock, Progress
from optimizer.model.drafts import draft_of_pins, draft_of_plan
from optimizer.model.objective_columns import ObjectiveOfModel
from optimizer.model.vectors import EMPTY_DRAFT, Draft
from optimizer.plan import ObjectiveValue, Plan
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts
from optimizer.solving.around import AroundSearch
from optimizer.solving.greedy import draft_greedily
from optimizer.solving.prepared import PlanInHand, PreparedRound


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
) -> LargePlan | None:
    """Return the best plan found until time is over, or ``None`` where the pins leave none at hand."""
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
    draft = AroundSearch(prepared).improve(draft, clock.is_over, report)
    plan: PlanInHand = prepared.plan_of(draft)
    values = [
        ObjectiveValue(name, value, bound)
        for name, value, bound in zip(prepared.names, plan.values, ceilings, strict=True)
    ]
    is_open = any(row.value != row.bound for row in values)
    return LargePlan(draft, values, "time_limit" if is_open else None)


def _first_drafts(prepared: PreparedRound, begun: Draft, start: Plan | None) -> list[Draft]:
    """Plans at hand: the pins alone, with sessions added greedily, and the one that was brought."""
    drafts = [begun]
    greedy = draft_greedily(prepared.facts, prepared.model.model.pairs, begun)
    if prepared.model.knows_uses(greedy) and prepared.model.find_violation(greedy) is None:
        drafts.append(greedy)
    brought = None if start is None else draft_of_plan(prepared.model, start)
    return drafts if brought is None else [*drafts, brought]
