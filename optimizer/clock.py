"""The seconds of a solve, and what it tells while it goes on."""

from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True, slots=True)
class Progress:
    """What a solve has reached: the objective, its value and bound so far, seconds since the start."""

    objective: str
    value: int | None
    bound: int | None
    seconds: float


class Clock:
    """Seconds since the start and seconds left."""

    def __init__(self, limit_seconds: float | None) -> None:
        self._begin = monotonic()
        self._limit = limit_seconds

    def seconds(self) -> float:
        return monotonic() - self._begin

    def left(self) -> float | None:
        """Seconds left, at least 0; ``None`` without a limit."""
        return None if self._limit is None else max(0.0, self._limit - self.seconds())

    def end_within(self, seconds: float) -> None:
        """Let the time end after so many seconds from now, unless it ends before."""
        end = self.seconds() + seconds
        self._limit = end if self._limit is None else min(self._limit, end)

    def is_over(self) -> bool:
        return self.left() == 0.0
