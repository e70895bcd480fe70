"""The first plan of a search: what a solver finds for the pins alone, and what anyone would add by hand."""

from collections.abc import Iterable
from dataclasses import replace

from optimizer.clock import Clock
from optimizer.errors import NoPlanFound
from optimizer.model.program import PulpProgram
from optimizer.model.vectors import Draft, RoundModel
from optimizer.solving.greedy import draft_greedily
from optimizer.solving.solvers import Attempt, Effort, run


def read_plan(model: RoundModel, attempt: Attempt) -> Draft | None:
    """The plan that an attempt offers, rebuilt in whole numbers, or ``None`` where it is none."""
    if attempt.values is None:
        return None
    draft = model.read_draft(attempt.values)
    return None if draft is None or model.find_violation(draft) is not None else draft


def search_any_draft(
    program: PulpProgram,
    model: RoundModel,
    opinions: Iterable[Effort],
    clock: Clock,
    reserve: Draft | None,
) -> Draft | None:
    """Any plan that obeys every row, or ``None`` where all opinions say that there is none.

    Where they break down instead, nothing is known, and no pin may be said to clash. ``reserve`` is a plan
    that obeys, where one is known.

    Raises
    ------
    NoPlanFound: time ran out, or nothing is known, and there is no reserve.
    """
    program.set_objective([])
    is_refuted = True
    for effort in opinions:
        attempt = run(program, replace(effort, seconds=clock.left()))
        draft = read_plan(model, attempt)
        if draft is not None:
            return draft
        if attempt.ending == "time_limit" or clock.is_over():
            if reserve is not None:
                return reserve
            raise NoPlanFound("time ran out before any plan that obeys the pins was found")
        is_refuted = is_refuted and attempt.ending == "infeasible"
    if not is_refuted and reserve is None:
        raise NoPlanFound("the solvers broke down before any plan that obeys the pins was found")
    return None


def add_greedily(model: RoundModel, draft: Draft) -> Draft:
    """The draft with what a coordinator would add at once, where that obeys every row."""
    more = draft_greedily(model.facts, model.model.pairs, draft)
    return more if model.knows_uses(more) and model.find_violation(more) is None else draft
