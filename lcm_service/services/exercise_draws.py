"""Chance for the exercise: the same seed gives the same records, on every machine and every Python."""

import random
from collections.abc import Sequence


class Draws:
    """Draws that rest on ``Random.random`` alone, the one method whose sequence Python promises to keep."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - made-up records, not secrets

    def pick[T](self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[int(self._random.random() * len(choices))]

    def pick_some[T](self, choices: Sequence[T], number: int) -> list[T]:
        """``number`` different choices, in the order in which they were given."""
        left = list(range(len(choices)))
        taken = sorted(left.pop(int(self._random.random() * len(left))) for _ in range(number))
        return [choices[position] for position in taken]

    def between(self, lowest: int, highest: int, step: int = 1) -> int:
        """A whole number from ``lowest`` to ``highest``, both included."""
        return self.pick(range(lowest, highest + 1, step))

    def has_luck(self, percent: int) -> bool:
        """True in that many of a hundred draws."""
        return self._random.random() * 100 < percent
