"""What can go wrong at the optimizer's door, as few classes as callers can act on."""

from collections.abc import Iterable


class InvalidFile(ValueError):
    """A document that the contract refuses (exit status 2).

    ``faults`` holds every fault found, in reading order, each a single line that names its place:
    ``needs[3].seats: must be at least 1``.
    """

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults: tuple[str, ...] = tuple(faults)
        super().__init__("\n".join(self.faults))


class NoPlanFound(RuntimeError):
    """A solve that was stopped before it had any plan at all (exit status 3)."""
