"""Objectives as terms of the integer program, each with the largest value it could have and how to fill its
columns.

An objective adds its columns and rows to the program only when its turn comes, so that an earlier one is
solved without them. Two objectives that come to the same terms (all pairs of critical needs are firm, say)
have the same `signature`, and the second needs no solve.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import gcd

from optimizer.model.limits import Model
from optimizer.model.program import Term
from optimizer.problem import Need
from optimizer.rules.facts import Facts
from optimizer.rules.objectives import (
    GROUP_PRICE,
    SESSION_PRICE,
    coverage_weight,
    critical_weight,
    is_firm_objective,
    quality_of_seat,
    seats_to_reach,
    wished_by_recipient,
    worth,
)

# Given the seats of every pair by position, the whole value of one column.
Filler = tuple[int, Callable[[Sequence[int]], int]]


@dataclass(slots=True)
class ObjectiveTerms:
    """The terms to maximise, and how each column that the objective added is filled from the seats."""

    name: str
    terms: list[Term]
    fillers: list[Filler]
    constant: int = 0

    def value(self, vector: Sequence[int]) -> int:
        """The objective's value at a full vector."""
        return self.constant + sum(coefficient * vector[column] for column, coefficient in self.terms)


@dataclass(frozen=True, slots=True)
class Wish:
    """What one recipient wishes (W, weighted) and the pairs that serve it: (position, weight of a seat)."""

    recipient: str
    wished: int
    served_by: tuple[tuple[int, int], ...]

    def most_served(self, model: Model) -> int:
        """No plan serves more than this: each need at most its seats, each pair at most what it holds."""
        by_need: dict[str, int] = {}
        for position, weight in self.served_by:
            need = model.pairs[position].need
            by_need[need] = by_need.get(need, 0) + weight * model.columns[position].most
        asked = {
            model.pairs[position].need: weight * model.facts.seats_of_need(model.need(model.pairs[position]))
            for position, weight in self.served_by
        }
        return min(self.wished, sum(min(most, asked[need]) for need, most in by_need.items()))


class ObjectiveOfModel:
    """One objective seen from the model: its signature, its trivial bound, and its terms when its turn
    comes.
    """

    def __init__(self, model: Model, name: str) -> None:
        self.model = model
        self.name = name
        self._kind = name.removeprefix("firm.")
        self._wishes = self._find_wishes()

    def _find_wishes(self) -> list[Wish]:
        if self._kind not in WEIGHTS:
            return []
        weight = WEIGHTS[self._kind]
        served: dict[str, list[tuple[int, int]]] = {}
        for position, pair in enumerate(self.model.pairs):
            need = self.model.need(pair)
            seat_weight = weight(self.model.facts, need)
            if (pair.firm or not is_firm_objective(self.name)) and seat_weight > 0:
                served.setdefault(need.recipient, []).append((position, seat_weight))
        wished = wished_by_recipient(self.model.facts, weight)
        return [
            Wish(recipient, wished[recipient], tuple(served[recipient]))
            for recipient in sorted(served)
            if wished[recipient] > 0
        ]

    @property
    def signature(self) -> Hashable:
        """Equal for two objectives of one model that give every plan the same value."""
        formula = "worth" if self._kind in ("critical", "coverage") else self._kind
        return (formula, tuple(self._wishes))

    def largest_value(self) -> int:
        """A bound that needs no solver: every recipient, pair or seat by itself at its best."""
        facts, model = self.model.facts, self.model
        if self._kind == "reached":
            return self._always_reached() + sum(
                wish.most_served(model) >= seats_to_reach(facts, wish.wished) for wish in self._wishes
            )
        if self._wishes or self._kind in WEIGHTS:
            quarters = facts.problem.policy.quarters
            return sum(worth(quarters, wish.wished, wish.most_served(model)) for wish in self._wishes)
        if self._kind == "stability":
            return sum(min(most, seats) for _, most, seats in self._previous())
        return self._largest_quality()

    def _largest_quality(self) -> int:
        best_of_need: dict[str, int] = {}
        for pair in self.model.pairs:
            best_of_need[pair.need] = max(best_of_need.get(pair.need, 0), quality_of_seat(pair))
        needs, facts = self.model.facts.problem.need_by_id, self.model.facts
        return sum(best * facts.seats_of_need(needs[need]) for need, best in best_of_need.items())

    def _always_reached(self) -> int:
        """Recipients that ask for nothing are reached by nothing."""
        return sum(wished == 0 for wished in wished_by_recipient(self.model.facts, _one).values())

    def add_to_program(self) -> ObjectiveTerms:
        """Add what the objective needs to the program and return its terms."""
        objective = ObjectiveTerms(self.name, [], [])
        if self._kind == "reached":
            self._add_reached(objective)
        elif self._kind == "stability":
            self._add_stability(objective)
        elif self._kind == "quality":
            self._add_quality(objective)
        else:
            for wish in self._wishes:
                self._add_worth(objective, wish)
        return objective

    def _column_name(self, wish: Wish) -> str:
        return f"{self.name.replace('.', '_')}_q{self.model.recipient_number[wish.recipient]}"

    def _add_worth(self, objective: ObjectiveTerms, wish: Wish) -> None:
        """U(W, w) as a concave sum: 4 w is cut into segments, the dearest of which a maximum fills first."""
        model, quarters = self.model, self.model.facts.problem.policy.quarters
        segments = _merge_equal(quarters, wish.wished)
        if len(segments) == 1:
            objective.terms += [
                (model.columns[position].seats, 4 * weight * quarters[0])
                for position, weight in wish.served_by
            ]
            return
        unit = gcd(wish.wished, *(4 * weight for _, weight in wish.served_by))
        row: list[Term] = [
            (model.columns[position].seats, 4 * weight // unit) for position, weight in wish.served_by
        ]
        for number, (factor, begin, width) in enumerate(segments):
            name = f"{self._column_name(wish)}_{number}"
            column = model.program.add_column(name, 0, width // unit, is_integer=False)
            row.append((column, -1))
            objective.terms.append((column, factor * unit))
            objective.fillers.append((column, _segment_filler(wish, begin, width, unit)))
        model.add_definition(f"def_{self._column_name(wish)}", row, "=", 0)

    def _add_reached(self, objective: ObjectiveTerms) -> None:
        """A recipient counts once its seats come to the threshold."""
        model = self.model
        objective.constant = self._always_reached()
        for wish in self._wishes:
            threshold = seats_to_reach(model.facts, wish.wished)
            if wish.most_served(model) < threshold:
                continue
            column = model.program.add_column(self._column_name(wish), 0, 1)
            seats = [(model.columns[position].seats, 1) for position, _ in wish.served_by]
            model.add_definition(f"def_{self._column_name(wish)}", [*seats, (column, -threshold)], ">=", 0)
            objective.terms.append((column, 1))
            objective.fillers.append((column, _threshold_filler(wish, threshold)))

    def _previous(self) -> list[tuple[int, int, int]]:
        """(position, most seats, previous seats) of each pair of the last plan that still exists."""
        previous = {(row.need, row.session): row.seats for row in self.model.facts.problem.previous}
        return [
            (position, self.model.columns[position].most, previous[pair.need, pair.session])
            for position, pair in enumerate(self.model.pairs)
            if (pair.need, pair.session) in previous
        ]

    def _add_stability(self, objective: ObjectiveTerms) -> None:
        """Seats kept: the lesser of the pair's seats now and then."""
        model = self.model
        for position, most, seats in self._previous():
            if seats >= most:
                objective.terms.append((model.columns[position].seats, 1))
                continue
            name = model.name("kept", model.pairs[position])
            column = model.program.add_column(name, 0, seats, is_integer=False)
            terms = [(column, 1), (model.columns[position].seats, -1)]
            model.add_definition(f"def_{name}", terms, "<=", 0)
            objective.terms.append((column, 1))
            objective.fillers.append((column, _kept_filler(position, seats)))

    def _add_quality(self, objective: ObjectiveTerms) -> None:
        """Fit of every seat, less a price for each group and each running session."""
        model = self.model
        for position, pair in enumerate(model.pairs):
            objective.terms.append((model.columns[position].seats, quality_of_seat(pair)))
            objective.terms.append((model.columns[position].group, -GROUP_PRICE))
        objective.terms += [(column, -SESSION_PRICE) for column in model.running.values()]


def _one(facts: Facts, need: Need) -> int:
    return 1


# The weight of a need's seats in the objectives that count seats by recipient.
WEIGHTS: dict[str, Callable[[Facts, Need], int]] = {
    "critical": critical_weight,
    "reached": _one,
    "coverage": coverage_weight,
}


def _merge_equal(quarters: Sequence[int], width: int) -> list[tuple[int, int, int]]:
    """(factor, begin, width) of each segment; quarters that count alike are one segment."""
    segments: list[tuple[int, int, int]] = []
    for number, factor in enumerate(quarters):
        if segments and segments[-1][0] == factor:
            segments[-1] = (factor, segments[-1][1], segments[-1][2] + width)
        else:
            segments.append((factor, number * width, width))
    return segments


def _segment_filler(wish: Wish, begin: int, width: int, unit: int) -> Callable[[Sequence[int]], int]:
    def fill(seats: Sequence[int]) -> int:
        quarters_of_seats = 4 * sum(weight * seats[position] for position, weight in wish.served_by)
        return min(max(quarters_of_seats - begin, 0), width) // unit

    return fill


def _threshold_filler(wish: Wish, threshold: int) -> Callable[[Sequence[int]], int]:
    def fill(seats: Sequence[int]) -> int:
        return int(sum(seats[position] for position, _ in wish.served_by) >= threshold)

    return fill


def _kept_filler(position: int, most: int) -> Callable[[Sequence[int]], int]:
    def fill(seats: Sequence[int]) -> int:
        return min(seats[position], most)

    return fill
