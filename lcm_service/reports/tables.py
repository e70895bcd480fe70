"""Rows as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

# A spreadsheet runs a cell that begins so; a title from a form must never be a formula on another person's
# desk.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows as CSV text with a heading line; an absent or unknown value is an empty cell.

    Text that a spreadsheet would take for a formula is given an apostrophe in front. Rows are ended by CRLF.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return text.getvalue()


def _cell(value: object) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    return without_formula(str(value))


def without_formula(text: str) -> str:
    """Text that a spreadsheet would take for a formula, with an apostrophe in front; any other as it is."""
    return f"'{text}" if is_like_formula(text) else text


def as_meant(text: str) -> str:
    """The text as it was before `without_formula`, so that what was given out reads back as it was."""
    return text[1:] if text.startswith("'") and is_like_formula(text[1:]) else text


def is_like_formula(text: str) -> bool:
    """Whether a spreadsheet would take a text for a formula."""
    return text.lstrip(" ").startswith(_FORMULA_STARTS)
