"""The eight objectives of docs/matching.md, 5, derived a second time, in whole numbers."""

from collections import defaultdict
from collections.abc import Iterable

from optimizer.plan import Assignment
from optimizer.problem import Policy, Problem
from optimizer.verifying.rules import Facts

COST_OF_A_GROUP = 50
COST_OF_A_SESSION = 50


def worth_of_share(asked: int, placed: int, quarters: Iterable[int]) -> int:
    """U(W, w): each unit in the first quarter of what is asked counts quarters[0], and so on; scaled by 4."""
    return sum(
        worth * min(max(4 * placed - quarter * asked, 0), asked) for quarter, worth in enumerate(quarters)
    )


class Values:
    """The values of one plan. `fits` and `firm` are by pair; a pair not in `fits` counts for nothing."""

    def __init__(
        self,
        facts: Facts,
        rows: Iterable[Assignment],
        fits: dict[tuple[str, str], int],
        firm: dict[tuple[str, str], bool],
    ) -> None:
        self.facts, self.fits, self.firm = facts, fits, firm
        self.problem: Problem = facts.problem
        self.policy: Policy = facts.problem.policy
        self.rows = [row for row in rows if (row.need, row.session) in fits]

    def derive(self, name: str) -> int:
        """Return the value of the objective of this name; names are those of the contract."""
        firm_only = name.startswith("firm.")
        match name.removeprefix("firm."):
            case "critical":
                return self.critical(firm_only)
            case "reached":
                return self.reached(firm_only)
            case "coverage":
                return self.coverage(firm_only)
            case "stability":
                return self.stability()
            case "quality":
                return self.quality()
        raise ValueError(f"{name} is not an objective of the contract")

    def critical(self, firm_only: bool) -> int:
        weights = {need.id: 1 if need.priority == "critical" else 0 for need in self.problem.needs}
        return self._worth_of_recipients(weights, firm_only)

    def coverage(self, firm_only: bool) -> int:
        weights = {need.id: self.policy.weights[need.priority] for need in self.problem.needs}
        return self._worth_of_recipients(weights, firm_only)

    def reached(self, firm_only: bool) -> int:
        """Recipients with a quarter (rounded up) of the seats they ask for, or `reached_seats` if less."""
        asked = self._asked_by_recipient({need.id: 1 for need in self.problem.needs})
        placed = self._placed_by_recipient({need.id: 1 for need in self.problem.needs}, firm_only)
        return sum(
            placed[recipient] >= min((seats + 3) // 4, self.policy.reached_seats)
            for recipient, seats in asked.items()
        )

    def stability(self) -> int:
        seats = {(row.need, row.session): row.seats for row in self.rows}
        return sum(min(seats.get((row.need, row.session), 0), row.seats) for row in self.problem.previous)

    def quality(self) -> int:
        worth = 0
        for row in self.rows:
            pair = (row.need, row.session)
            worth += row.seats * (self.fits[pair] if self.firm[pair] else self.fits[pair] // 2)
        sessions = {row.session for row in self.rows}
        return worth - COST_OF_A_GROUP * len(self.rows) - COST_OF_A_SESSION * len(sessions)

    def _worth_of_recipients(self, weights: dict[str, int], firm_only: bool) -> int:
        asked = self._asked_by_recipient(weights)
        placed = self._placed_by_recipient(weights, firm_only)
        return sum(
            worth_of_share(weight, placed[recipient], self.policy.quarters)
            for recipient, weight in asked.items()
        )

    def _asked_by_recipient(self, weights: dict[str, int]) -> dict[str, int]:
        asked: dict[str, int] = defaultdict(int)
        for need in self.problem.needs:
            asked[need.recipient] += weights[need.id] * self.facts.seats_of_need(need)
        return asked

    def _placed_by_recipient(self, weights: dict[str, int], firm_only: bool) -> dict[str, int]:
        placed: dict[str, int] = defaultdict(int)
        for row in self.rows:
            if self.firm[row.need, row.session] or not firm_only:
                placed[self.problem.need_by_id[row.need].recipient] += weights[row.need] * row.seats
        return placed
