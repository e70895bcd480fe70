"""Bars beside the numbers of a table: they say nothing that the numbers do not, so who hears the page misses
nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

# The width of a whole bar, in the units of its picture.
WIDE: Final = 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar: from where, how wide, and as what it is shown: ``placed``, ``open`` or ``free`` seats,
    or a ``session``.
    """

    start: int
    width: int
    kind: str


def pieces(most: int, **numbers: int) -> tuple[Piece, ...]:
    """The numbers beside each other in one bar, of which ``most`` would fill all."""
    return tuple(_laid_out(max(1, most), numbers))


def _laid_out(most: int, numbers: Mapping[str, int]) -> Iterator[Piece]:
    before = 0
    for kind, number in numbers.items():
        start, end = before * WIDE // most, (before + number) * WIDE // most
        if number:
            yield Piece(start, max(1, end - start), kind)
        before += number
