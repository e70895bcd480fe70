"""Long tables in portions: a page of hundreds of rows takes long to make, to send and to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import request, url_for

ROWS_IN_A_PORTION: Final = 100
LONGEST_SEARCH: Final = 200


@dataclass(frozen=True)
class Portion[Row]:
    """Some rows of a table. ``name`` is that of the table, in the page's address and as its anchor;
    ``number`` counts portions from 1, ``total`` the rows of all portions.
    """

    name: str
    rows: Sequence[Row]
    number: int
    total: int

    @property
    def first(self) -> int:
        """The number of its first row, from 1."""
        return (self.number - 1) * ROWS_IN_A_PORTION + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def is_part(self) -> bool:
        """Whether there are other portions."""
        return len(self.rows) < self.total

    @property
    def before(self) -> str | None:
        """The address of the portion before this one."""
        return self._address(self.number - 1) if self.number > 1 else None

    @property
    def after(self) -> str | None:
        return self._address(self.number + 1) if self.last < self.total else None

    def _address(self, number: int) -> str:
        """The page as it is, with another portion of this table. What the address says beside is not given to
        `url_for`, which would take some of it as orders to itself.
        """
        page = url_for(str(request.endpoint), **(request.view_args or {}))
        return f"{page}?{urlencode({**request.args.to_dict(), self.name: number})}#{self.name}"


def wanted_rows() -> str:
    """What the reader looks for in the tables of the page; empty where it looks for nothing."""
    return request.args.get("find", "").strip()[:LONGEST_SEARCH]


def portion_of[Row](rows: Sequence[Row], name: str) -> Portion[Row]:
    """The portion for which the address asks, else the first; beyond the last there is the last, for a plan
    or a search has fewer rows than the one before.
    """
    asked = request.args.get(name, "")
    last = max(1, -(-len(rows) // ROWS_IN_A_PORTION))
    # A number of more digits than any table has portions is no number of one.
    number = min(last, max(1, int(asked))) if asked.isdecimal() and len(asked) < 7 else 1
    start = (number - 1) * ROWS_IN_A_PORTION
    return Portion(name, rows[start : start + ROWS_IN_A_PORTION], number, len(rows))
