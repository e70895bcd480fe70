"""What a sheet holds, whatever kind of file it came in: lines of plain values, of which we take so many."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from lcm_service.reports.tables import as_meant

# A book holds a text once and names it in as many cells as it likes.
MOST_LETTERS: Final = 3_000_000
# Rows that look empty count, so that a file of a million of them is not read to its end.
MOST_LINES: Final = 5_000
MOST_COLUMNS: Final = 120
LONGEST_CELL: Final = 32_000
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")


class Unreadable(Exception):
    """The file is not read. ``code`` says why: too_large, too_many_lines, old_format, not_a_sheet, not_utf8,
    broken.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Formula:
    """A cell that holds a formula or what a formula failed with, in place of what somebody says."""


FORMULA: Final = Formula()
# None is an empty cell.
type Value = str | int | float | bool | date | Formula | None


@dataclass(frozen=True)
class Line:
    """One line of a sheet under its number in the file, counted from 1."""

    number: int
    values: Sequence[Value]


@dataclass(frozen=True)
class Lines:
    """The lines that hold anything, and the numbers of those in which cells are joined with others."""

    lines: Sequence[Line]
    joined: frozenset[int] = field(default_factory=frozenset)


class Filled:
    """Takes the lines of a file as they are read, keeps those that hold anything, and ends the reading where
    there are too many.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._letters = 0

    def add(self, line: Line) -> None:
        """Keep a line if it holds anything. Raises Unreadable."""
        if line.number > MOST_LINES:
            raise Unreadable("too_many_lines")
        self._letters += sum(len(value) for value in line.values if isinstance(value, str))
        if self._letters > MOST_LETTERS:
            raise Unreadable("too_large")
        if any(value is not None for value in line.values):
            self.lines.append(line)


def plain_text(text: str) -> str | None:
    """What a cell says, trimmed. Raises Unreadable for what is no text, such as half of a character."""
    if _NO_TEXT.search(text):
        raise Unreadable("broken")
    return as_meant(text.strip()[:LONGEST_CELL]) or None
