"""Parts of a round that are planned each by itself: their shares of the time, and what they come to together.

Values add up. So do bounds, as far as each holds for the whole. A part's bound is given what this part holds
in the objectives before. While those are proven in every part, no plan that is as good in their sums can have
less of one in any part, and the bounds add up. Past the first that is open in any part it may: less here for
more there. So from there on a part counts with a bound that holds whatever is held.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from optimizer.clock import Clock, Progress
from optimizer.model.objective_columns import ObjectiveOfModel
from optimizer.plan import ObjectiveValue
from optimizer.solving.search import Search

# A part may use at least so much of the time, however small it is, while there are few; where there are many,
# what all may use at least is so much together.
LEAST_SHARE: Final = 0.1
LEAST_SHARES: Final = 0.5


def shares_of_time(sizes: Sequence[int]) -> list[float]:
    """How much of the time that is left when its turn comes each part may use, in their order.

    Where each uses all of it, a part has at least two thirds of what its size alone would give it: shares are
    at least the sizes' own, and together at most one and a half of the time.
    """
    least = min(LEAST_SHARE, LEAST_SHARES / max(len(sizes), 1))
    whole = max(sum(sizes), 1)
    weights = [max(size / whole, least) for size in sizes]
    return [weight / sum(weights[number:]) for number, weight in enumerate(weights)]


@dataclass(frozen=True, slots=True)
class Reached:
    """What a part has come to in one objective.

    ``value`` is ``None`` until it has come to it. ``bound`` is given what the part holds in the objectives
    before the one at position ``since``; ``free_bound`` holds whatever is held.
    """

    value: int | None
    bound: int | None
    free_bound: int
    since: int


def add_up(parts: Sequence[Sequence[Reached]]) -> list[tuple[int | None, int]]:
    """Value and bound of each objective over all parts; no value until all have come to it."""
    rows = list(zip(*parts, strict=True))
    is_open = (any(one.value != one.bound for one in row) for row in rows)
    first_open = next((at for at, some in enumerate(is_open) if some), len(rows))
    sums = []
    for row in rows:
        values = [one.value for one in row if one.value is not None]
        bounds = (one.free_bound if one.bound is None or one.since > first_open else one.bound for one in row)
        sums.append((sum(values) if len(values) == len(row) else None, sum(bounds)))
    return sums


class Tally:
    """What all parts have come to, added up while they are planned.

    It tells of one objective at a time: the first that some part has not been through. So the last part's is
    told where all others are done, and until then the first; it never goes back to one that was left.
    """

    def __init__(self, clock: Clock, tell: Callable[[Progress], None] | None) -> None:
        self._clock, self._tell = clock, tell
        self._searches: list[Search] = []
        self._ceilings: list[list[int]] = []
        self._told: list[dict[str, ObjectiveValue]] = []  # what each part has told of each objective
        self._ended = 0

    def begin(self, search: Search) -> None:
        """Take in a part that is still to be improved, with bounds that need no solver."""
        model, names = search.model.model, search.model.facts.problem.policy.objectives
        self._searches.append(search)
        self._ceilings.append([ObjectiveOfModel(model, name).largest_value() for name in names])
        self._told.append({})

    def end(self, values: Sequence[ObjectiveValue]) -> None:
        """Take in what the first part that had not ended has come to."""
        self._told[self._ended] = {row.name: row for row in values}
        self._ended += 1

    def sums(self) -> list[ObjectiveValue]:
        """The round's objectives, once every part has ended."""
        names = self._searches[0].model.facts.problem.policy.objectives
        sums = add_up([self._reached(number) for number in range(len(self._searches))])
        return [
            ObjectiveValue(name, value or 0, bound) for name, (value, bound) in zip(names, sums, strict=True)
        ]

    def _reached(self, number: int) -> list[Reached]:
        search, told = self._searches[number], self._told[number]
        names = search.model.facts.problem.policy.objectives
        reached = []
        for at, (name, ceiling) in enumerate(zip(names, self._ceilings[number], strict=True)):
            row = told.get(name)
            value = None if row is None else row.value
            bound = ceiling if row is None else row.bound
            free = search.free_bounds.get(name, ceiling)
            if value is not None and value > free:
                free = ceiling  # The plan in hand refutes it.
            reached.append(Reached(value, bound, free, names.index(search.twins.get(name, names[at]))))
        return reached

    def watcher_of(self, number: int) -> Callable[[Progress], None] | None:
        """What the search of a part is to tell its progress, so that the round's is told."""
        tell = self._tell
        if tell is None:
            return None

        def watch(step: Progress) -> None:
            if step.value is not None:
                self._told[number][step.objective] = ObjectiveValue(step.objective, step.value, step.bound)
            names = self._searches[number].model.facts.problem.policy.objectives
            at = names.index(step.objective) if number == len(self._searches) - 1 else 0
            value, bound = add_up([self._reached(each) for each in range(len(self._searches))])[at]
            tell(Progress(names[at], value, bound, self._clock.seconds()))

        return watch
