"""The ordered objectives: each one's sentence and its value for a set of seats, in whole numbers.

All are maximised. `worth` is the contract's U(W, w): what a recipient gets first counts most. Names that
begin with ``firm.`` count the seats of firm pairs alone, against the same wishes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from optimizer.problem import Need, Problem
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts

Seats = Mapping[tuple[str, str], int]  # (need, session) -> whole seats; absent: none

GROUP_PRICE: Final = 50
SESSION_PRICE: Final = 50


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective: its name in a policy, what it says, and how to value the seats of a plan."""

    name: str
    sentence: str
    value: Callable[[Problem, Sequence[Pair], Seats], int]


def worth(quarters: Sequence[int], wished: int, placed: int) -> int:
    """U(W, w): each quarter of what is wished counts by its own factor a unit, in units of a quarter seat."""
    return sum(
        factor * min(max(4 * placed - quarter * wished, 0), wished) for quarter, factor in enumerate(quarters)
    )


def is_firm_objective(name: str) -> bool:
    return name.startswith("firm.")


def critical_weight(facts: Facts, need: Need) -> int:
    """Weight of a need's seats for `critical`: those of critical needs count, others not."""
    return 1 if need.priority == "critical" else 0


def coverage_weight(facts: Facts, need: Need) -> int:
    """Weight of a need's seats for `coverage`: its priority's, from the policy."""
    return facts.weight_of(need)


def wished_by_recipient(facts: Facts, weight: Callable[[Facts, Need], int]) -> dict[str, int]:
    """W: the weighted seats that each recipient with a need asks for, in the order of the needs."""
    wished: dict[str, int] = {}
    for need in facts.problem.needs:
        added = weight(facts, need) * facts.seats_of_need(need)
        wished[need.recipient] = wished.get(need.recipient, 0) + added
    return wished


def seats_to_reach(facts: Facts, wished: int) -> int:
    """A quarter of the seats asked for, rounded up, or the policy's `reached_seats`, whichever is less."""
    return min(-(-wished // 4), facts.problem.policy.reached_seats)


def quality_of_seat(pair: Pair) -> int:
    """What one seat of the pair adds to quality: its fit, or half of it (rounded down) while conditional."""
    return pair.fit if pair.firm else pair.fit // 2


def _value_of_worth(
    weight: Callable[[Facts, Need], int], firm_only: bool
) -> Callable[[Problem, Sequence[Pair], Seats], int]:
    def value(problem: Problem, pairs: Sequence[Pair], seats: Seats) -> int:
        facts = Facts(problem)
        placed = _placed_by_recipient(facts, pairs, seats, weight, firm_only)
        return sum(
            worth(problem.policy.quarters, wished, placed.get(recipient, 0))
            for recipient, wished in wished_by_recipient(facts, weight).items()
        )

    return value


def _value_of_reached(firm_only: bool) -> Callable[[Problem, Sequence[Pair], Seats], int]:
    def value(problem: Problem, pairs: Sequence[Pair], seats: Seats) -> int:
        facts = Facts(problem)
        placed = _placed_by_recipient(facts, pairs, seats, lambda *_: 1, firm_only)
        return sum(
            placed.get(recipient, 0) >= seats_to_reach(facts, wished)
            for recipient, wished in wished_by_recipient(facts, lambda *_: 1).items()
        )

    return value


def _value_of_stability(problem: Problem, pairs: Sequence[Pair], seats: Seats) -> int:
    return sum(min(seats.get((row.need, row.session), 0), row.seats) for row in problem.previous)


def _value_of_quality(problem: Problem, pairs: Sequence[Pair], seats: Seats) -> int:
    total, sessions = 0, set()
    for pair in pairs:
        placed = seats.get((pair.need, pair.session), 0)
        if placed > 0:
            total += placed * quality_of_seat(pair) - GROUP_PRICE
            sessions.add(pair.session)
    return total - SESSION_PRICE * len(sessions)


def _placed_by_recipient(
    facts: Facts,
    pairs: Sequence[Pair],
    seats: Seats,
    weight: Callable[[Facts, Need], int],
    firm_only: bool,
) -> dict[str, int]:
    """w: the weighted seats placed for each recipient."""
    placed: dict[str, int] = {}
    for pair in pairs:
        held = seats.get((pair.need, pair.session), 0)
        if held and (pair.firm or not firm_only):
            need = facts.problem.need_by_id[pair.need]
            placed[need.recipient] = placed.get(need.recipient, 0) + weight(facts, need) * held
    return placed


_ALL: Final = (
    Objective(
        "firm.critical",
        "Seats of critical needs, in firm pairs alone; what a recipient gets first counts most.",
        _value_of_worth(critical_weight, True),
    ),
    Objective(
        "firm.reached",
        "Recipients that get a fair part of what they ask for, in firm pairs alone.",
        _value_of_reached(True),
    ),
    Objective(
        "firm.coverage",
        "Seats of all needs by priority, in firm pairs alone; what a recipient gets first counts most.",
        _value_of_worth(coverage_weight, True),
    ),
    Objective(
        "critical",
        "Seats of critical needs; what a recipient gets first counts most.",
        _value_of_worth(critical_weight, False),
    ),
    Objective(
        "reached",
        "Recipients that get a quarter of the seats they ask for, or the stated number if that is less.",
        _value_of_reached(False),
    ),
    Objective(
        "coverage",
        "Seats of all needs by priority; what a recipient gets first counts most.",
        _value_of_worth(coverage_weight, False),
    ),
    Objective("stability", "Seats kept from the plan last published.", _value_of_stability),
    Objective("quality", "Fit of the seats placed, with few groups and few sessions.", _value_of_quality),
)
OBJECTIVE_TABLE: Final[Mapping[str, Objective]] = {objective.name: objective for objective in _ALL}
