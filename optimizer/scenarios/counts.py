"""What a scenario counts: each recipient's seats, and who gains or loses against another plan, in seats."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.rules.facts import Facts

SeatsByPair = Mapping[tuple[str, str], int]  # (need, session) -> whole seats; absent: none


@dataclass(frozen=True, slots=True)
class RecipientSeats:
    """Whole seats that a recipient with needs asks for (planning seats where unknown) and gets; the percent
    is rounded down.
    """

    recipient: str
    seats_asked: int
    seats_placed: int
    percent: int


@dataclass(frozen=True, slots=True)
class SeatsChange:
    """By how many whole seats, at least 1, a recipient has more or fewer."""

    recipient: str
    seats: int


@dataclass(frozen=True, slots=True)
class ScenarioDifference:
    """A scenario against another plan: who gains, who loses (most seats first), and how many matches differ.

    A match is kept where it has the same seats in both plans, changed where it has others.
    """

    against: str
    gains: tuple[SeatsChange, ...]
    losses: tuple[SeatsChange, ...]
    matches_kept: int
    matches_changed: int
    matches_added: int
    matches_lost: int


def seats_of_plan(plan: Plan) -> dict[tuple[str, str], int]:
    """(need, session) -> whole seats that the plan places."""
    return {(row.need, row.session): row.seats for row in plan.assignments}


def seats_of_previous(problem: Problem) -> dict[tuple[str, str], int]:
    """(need, session) -> whole seats in the plan last published, of the needs and sessions that still are."""
    return {(row.need, row.session): row.seats for row in problem.previous}


def count_recipients(problem: Problem, plan: Plan) -> tuple[RecipientSeats, ...]:
    """The seats of every recipient that has a need, by id."""
    facts = Facts(problem)
    asked: dict[str, int] = defaultdict(int)
    for need in problem.needs:
        asked[need.recipient] += facts.seats_of_need(need)
    placed = _seats_by_recipient(problem, seats_of_plan(plan))
    return tuple(
        RecipientSeats(recipient, wished, placed.get(recipient, 0), placed.get(recipient, 0) * 100 // wished)
        for recipient, wished in sorted(asked.items())
    )


def compare_seats(problem: Problem, against: str, old: SeatsByPair, new: SeatsByPair) -> ScenarioDifference:
    """Say what ``new`` changes, where ``old`` is the plan named ``against``."""
    before, after = _seats_by_recipient(problem, old), _seats_by_recipient(problem, new)
    changes = {
        recipient: after.get(recipient, 0) - before.get(recipient, 0)
        for recipient in before.keys() | after.keys()
    }
    both = old.keys() & new.keys()
    kept = sum(old[pair] == new[pair] for pair in both)
    return ScenarioDifference(
        against,
        gains=_rank({recipient: seats for recipient, seats in changes.items() if seats > 0}),
        losses=_rank({recipient: -seats for recipient, seats in changes.items() if seats < 0}),
        matches_kept=kept,
        matches_changed=len(both) - kept,
        matches_added=len(new.keys() - old.keys()),
        matches_lost=len(old.keys() - new.keys()),
    )


def _seats_by_recipient(problem: Problem, seats: SeatsByPair) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for (need, _), count in seats.items():
        found[problem.need_by_id[need].recipient] += count
    return found


def _rank(seats: Mapping[str, int]) -> tuple[SeatsChange, ...]:
    ranked = sorted(seats.items(), key=lambda item: (-item[1], item[0]))
    return tuple(SeatsChange(recipient, count) for recipient, count in ranked)
