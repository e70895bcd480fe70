"""How well a pair fits: a whole number from 0 to 100, from five parts weighted by the policy.

A coordinator's own score for a pair overrides the formula. What nobody has said counts half (50): neither a
reward for silence nor a sentence.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from optimizer.problem import ANY, FIT_PARTS, Need, Session
from optimizer.rules.facts import Facts, fold_languages, is_any

FULL = 100
UNKNOWN = 50
RANKED = (100, 80, 60, 40)  # by the rank of a preference; the fourth and later count alike
BRIDGED = 30
SAME_REGION = 70
ELSEWHERE = 30


def fit_of_pair(facts: Facts, need: Need, session: Session) -> int:
    """Return the fit of a pair, 0..100: the coordinator's score, else the rounded weighted mean of its parts.

    The pair is expected to exist; for one that a rule refuses the number has no meaning.
    """
    own = facts.score_by_pair.get((need.id, session.id))
    if own is not None:
        return own
    weights = facts.problem.policy.fit
    parts = fit_parts(facts, need, session)
    return (sum(weights[name] * parts[name] for name in FIT_PARTS) + 50) // 100


def fit_parts(facts: Facts, need: Need, session: Session) -> dict[str, int]:
    """Return each part of the formula (0..100 each), in the order of the policy's table."""
    return {part.name: part.of_pair(facts, need, session) for part in PARTS}


def _area_part(facts: Facts, need: Need, session: Session) -> int:
    """Full where an area is shared, else the best substitution between the two."""
    if is_any(need.areas) or is_any(session.areas):
        return FULL
    if need.areas is None or session.areas is None:
        return UNKNOWN
    if need.areas & session.areas:
        return FULL
    table = facts.substitute_fit
    return max((table.get((wanted, given), 0) for wanted in need.areas for given in session.areas), default=0)


def _language_part(facts: Facts, need: Need, session: Session) -> int:
    """By the rank of the best shared language in the need's list; bridged by interpretation counts less."""
    if is_any(need.languages) or is_any(session.languages):
        return FULL
    if need.languages is None or session.languages is None:
        return UNKNOWN
    spoken = set(fold_languages(session.languages))
    for rank, language in enumerate(fold_languages(need.languages)):
        if language in spoken:
            return _part_of_rank(rank)
    return BRIDGED


def _mode_part(facts: Facts, need: Need, session: Session) -> int:
    """By the rank of the session's mode in the need's list."""
    if is_any(need.modes) or session.mode == ANY:
        return FULL
    if need.modes is None or session.mode is None:
        return UNKNOWN
    return _part_of_rank(need.modes.index(session.mode)) if session.mode in need.modes else 0


def _proximity_part(facts: Facts, need: Need, session: Session) -> int:
    """Full where nobody of the trainees travels; less in a shared region; least elsewhere."""
    if session.mode == "online" or (session.mode == "mobile_team" and session.place is None):
        return FULL
    home = facts.place_of(need)
    if home is None or session.place is None:
        return UNKNOWN
    if home == session.place:
        return FULL
    places = facts.problem.place_by_id
    shared = set(places[home].regions[1:]) & set(places[session.place].regions)
    return SAME_REGION if shared else ELSEWHERE


def _record_part(facts: Facts, need: Need, session: Session) -> int:
    record = facts.offer_of(session).record
    return UNKNOWN if record is None else record


def _part_of_rank(rank: int) -> int:
    return RANKED[min(rank, len(RANKED) - 1)]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the formula, and what it looks at on each side: equal keys get equal parts (`looks.py`)."""

    name: str
    of_pair: Callable[[Facts, Need, Session], int]
    need_key: Callable[[Facts, Need], Hashable]
    session_key: Callable[[Facts, Session], Hashable]


PARTS: Final = (
    Part("area", _area_part, lambda _, need: need.areas, lambda _, session: session.areas),
    Part("language", _language_part, lambda _, need: need.languages, lambda _, session: session.languages),
    Part("mode", _mode_part, lambda _, need: need.modes, lambda _, session: session.mode),
    Part(
        "proximity",
        _proximity_part,
        lambda facts, need: facts.place_of(need),
        lambda _, session: (session.mode, session.place),
    ),
    Part("record", _record_part, lambda _, need: None, lambda facts, session: facts.offer_of(session).record),
)
