"""Plans that are at hand before any search: the pinned seats alone, and a plan that someone brings."""

from optimizer.model.supply import PairKey
from optimizer.model.vectors import Draft, RoundModel
from optimizer.plan import Plan


def draft_of_pins(model: RoundModel) -> Draft | None:
    """The plan that holds every pin at its seats and nothing else, or ``None`` where that obeys not every
    rule.
    """
    seats = {(pin.need, pin.session): pin.seats for pin in model.facts.problem.pinned}
    return _check_seats(model, seats, {})


def draft_of_plan(model: RoundModel, plan: Plan) -> Draft | None:
    """A plan's seats and bridges as a draft of this problem, or ``None`` where they do not obey it."""
    seats = {(row.need, row.session): row.seats for row in plan.assignments}
    bridges = {
        (row.need, row.session): row.bridged_by.casefold()
        for row in plan.assignments
        if row.bridged_by is not None
    }
    return _check_seats(model, seats, bridges)


def _check_seats(model: RoundModel, seats: dict[PairKey, int], wanted: dict[PairKey, str]) -> Draft | None:
    """The draft of these seats, bridged as wanted or by the first language that can, if every row holds."""
    bridges: dict[PairKey, str] = {}
    known = {(pair.need, pair.session): position for position, pair in enumerate(model.model.pairs)}
    for key in seats:
        if key not in known:
            return None
        possible = model.model.columns[known[key]].bridges
        if possible:
            language = wanted.get(key)
            bridges[key] = language if language in possible else next(iter(possible))
    draft = model.make_draft(seats, bridges)
    if draft is None or not model.knows_uses(draft) or model.find_violation(draft) is not None:
        return None
    return draft
