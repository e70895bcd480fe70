"""How much the record of a course counts in the fit of a round: nothing, unless a coordinator says so.

The five weights of a fit sum to 100, so the other four give way to the record in proportion.
"""

from collections.abc import Mapping
from typing import Final

from lcm_service.domain.errors import NotAllowed, NotValid
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.tables import Round
from lcm_service.services.rounds import find_round, set_policy
from lcm_service.services.snapshots import fit_weights

WHOLE: Final = 100
RECORD: Final = "record"
# What recipients say of a course in sum is one thing among others that make it fit.
MOST: Final = 50
TOO_MUCH: Final = sentence("Name a whole number from 0 to 50.")


def read_weights(actor: Actor, code: str) -> dict[str, int]:
    """The weights by which the next runs of a round judge how well a session fits.

    Raises NotAllowed for all but coordinators, NotFound.
    """
    _require_coordinator(actor)
    return fit_weights(find_round(actor, code).policy)


def set_record_weight(actor: Actor, code: str, weight: int, version: int) -> Round:
    """Let the record of a course count so much of 100 in the fit of the next runs of a round.

    Sent twice it changes nothing. Raises NotAllowed for all but coordinators, NotFound, Stale, and NotValid
    for a weight that is not between 0 and `MOST`.
    """
    _require_coordinator(actor)
    if not 0 <= weight <= MOST:
        raise NotValid(TOO_MUCH, {"weight": [TOO_MUCH]})
    round_ = find_round(actor, code)
    now = fit_weights(round_.policy)
    if now[RECORD] == weight:
        return round_
    fit = _give_way(_without_record(now), weight)
    return set_policy(actor, code, {**(round_.policy or {}), "fit": fit}, version)


def _without_record(now: Mapping[str, int]) -> Mapping[str, int]:
    """The weights from which these came: the usual ones where they did, so that going back leads back."""
    usual = fit_weights({})
    return usual if _give_way(usual, now[RECORD]) == now else now


def _give_way(weights: Mapping[str, int], record: int) -> dict[str, int]:
    """The other weights in their proportion, as whole numbers; what is left over by rounding goes to those
    that lost most by it, the first of equals.
    """
    others = {name: weight for name, weight in weights.items() if name != RECORD}
    whole, left = sum(others.values()), WHOLE - record
    kept = {name: weight * left // whole for name, weight in others.items()}
    lost = sorted(others, key=lambda name: -(others[name] * left % whole))
    for name in lost[: left - sum(kept.values())]:
        kept[name] += 1
    return kept | {RECORD: record}


def _require_coordinator(actor: Actor) -> None:
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators say what counts in the fit of a round."))
