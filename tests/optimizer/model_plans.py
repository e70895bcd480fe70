"""From the seats of a plan to the program's own draft of it."""

from itertools import product

from optimizer.model.vectors import Draft, RoundModel
from tests.optimizer.brute_force import Seats


def draft_of_seats(model: RoundModel, plan: Seats) -> Draft | None:
    """The plan with the first choice of bridging languages that obeys every row, or ``None``."""
    bridged = {(pair.need, pair.session): pair.bridges for pair in model.model.pairs if pair.bridges}
    needing = [pair for pair in plan if pair in bridged]
    for chosen in product(*(bridged[pair] for pair in needing)):
        words = {pair: word.casefold() for pair, word in zip(needing, chosen, strict=True)}
        draft = model.make_draft(plan, words)
        if draft is not None and model.find_violation(draft) is None:
            return draft
    return None
