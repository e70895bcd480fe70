"""How much of what States asked a plan gave them, as a range that points to none of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final

# So many others are behind a range that a participant is compared with.
LEAST_OTHERS: Final = 5
# Ends are given in steps of so many percent, the lower one down and the upper one up.
STEP_PERCENT: Final = 10


@dataclass(frozen=True, slots=True)
class Given:
    """Seats that one need asked, by its priority, and how many of them it was given."""

    need: str
    participant: str
    priority: str
    seats: int
    placed: int


def middle_shares(rows: Iterable[Given]) -> dict[str, dict[str, int]]:
    """For each priority between which shares, in whole percent, the middle half of the participants lie:
    ``{priority: {"lower", "upper"}}``.

    A participant counts once for a priority, by all its seats together, so that many small needs weigh no
    more than a large one. A priority has no range unless each reader would be compared with at least
    `LEAST_OTHERS` others. The ends are those of the middle half, for the lowest and the highest share are
    somebody's, and in steps of `STEP_PERCENT`. They are a step apart at least: between equal ends a reader
    whose own share lies outside would know those of all others.
    """
    seats, placed = _sums(rows)
    found = {}
    for priority, asked in sorted(seats.items()):
        shares = sorted(Fraction(placed[priority][one], asked[one]) for one in asked if asked[one] > 0)
        if len(shares) <= LEAST_OTHERS:
            continue
        skipped = (len(shares) - 1) // 4
        lower, upper = (100 * share / STEP_PERCENT for share in (shares[skipped], shares[-1 - skipped]))
        first, last = floor(lower), ceil(upper)
        if first == last:
            first, last = (first, last + 1) if last < 100 // STEP_PERCENT else (first - 1, last)
        found[priority] = {"lower": STEP_PERCENT * first, "upper": STEP_PERCENT * last}
    return found


def own_share_percent(rows: Iterable[Given], participant: str, priority: str) -> int | None:
    """How much of its own seats of this priority a participant was given, in whole percent, rounded down;
    None where it asked none.
    """
    seats, placed = _sums(rows)
    asked = seats[priority][participant]
    return None if asked == 0 else 100 * placed[priority][participant] // asked


def _sums(rows: Iterable[Given]) -> tuple[Mapping[str, Counter[str]], Mapping[str, Counter[str]]]:
    seats, placed = defaultdict[str, Counter[Any]](Counter), defaultdict[str, Counter[Any]](Counter)
    for row in rows:
        seats[row.priority][row.participant] += row.seats
        placed[row.priority][row.participant] += row.placed
    return seats, placed
