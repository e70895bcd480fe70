"""A book of two sheets to be filled in and sent back: the rows, and the answers that may be given.

The first line of a sheet holds the names of the fields in its reader's language, the second, which is hidden,
the keys by which they are read back in any. No text is ever a formula.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation

from lcm_service.reports.tables import without_formula

LAST_ROW: Final = 502
FIRST_ROW: Final = 3
_HEAD: Final = PatternFill("solid", fgColor="FFE3ECF5")
_REFUSED_IN_TITLES: Final = re.compile(r"[\[\]:*?/\\']")
LONGEST_TITLE: Final = 31
LONGEST_CELL: Final = 32_000


@dataclass(frozen=True)
class Column:
    """A column: its key, its name, and the answers that it takes (code, name). ``takes_one``: only one of
    them, so that the spreadsheet can offer the list.
    """

    key: str
    label: str
    answers: Sequence[tuple[str, str]] = ()
    takes_one: bool = False
    is_day: bool = False


@dataclass(frozen=True)
class Words:
    """What a book says beside its columns, in its reader's language."""

    rows: str
    answers: str
    # The heads of the three columns of answers: field, code, name.
    heads: tuple[str, str, str]
    notes: Sequence[str] = ()
    is_right_to_left: bool = False


def write_book(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], words: Words) -> bytes:
    """The file. ``rows``: key -> what stands in the cell."""
    book = Workbook()
    sheet, answers = book.active, book.create_sheet(_title(words.answers))
    sheet.title = _title(words.rows)
    places = _write_answers(answers, columns, words)
    for number, column in enumerate(columns, 1):
        _write_head(sheet, number, column)
        if column.key in places:
            _offer_list(sheet, number, f"{quote_sheetname(answers.title)}!{places[column.key]}")
    for at, row in enumerate(rows, FIRST_ROW):
        for number, column in enumerate(columns, 1):
            _write(sheet.cell(at, number), row.get(column.key))
    sheet.row_dimensions[2].hidden = True
    sheet.freeze_panes = sheet.cell(FIRST_ROW, 1)
    for one in (sheet, answers):
        one.sheet_view.rightToLeft = words.is_right_to_left
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _write_head(sheet: Any, number: int, column: Column) -> None:
    label, key = sheet.cell(1, number), sheet.cell(2, number)
    _write(label, column.label)
    _write(key, column.key)
    label.font, label.fill = Font(bold=True), _HEAD
    label.alignment = Alignment(wrap_text=True, vertical="top")
    width = sheet.column_dimensions[get_column_letter(number)]
    width.width = 30 if number > 1 else 24
    if column.is_day:
        width.number_format = "yyyy-mm-dd"


def _write_answers(sheet: Any, columns: Sequence[Column], words: Words) -> dict[str, str]:
    """Write the answers, and give the place of those of each column that takes one of them."""
    for note in words.notes:
        sheet.append([_plain(note)])
    sheet.append([_plain(head) for head in words.heads])
    for cell in sheet[sheet.max_row]:
        cell.font, cell.fill = Font(bold=True), _HEAD
    places = {}
    for column in columns:
        first = sheet.max_row + 1
        for code, name in column.answers:
            sheet.append([_plain(one) for one in (column.label, code, name)])
        if column.answers and column.takes_one:
            places[column.key] = f"$C${first}:$C${sheet.max_row}"
    for letter, width in zip("ABC", (44, 24, 48), strict=True):
        sheet.column_dimensions[letter].width = width
    return places


def _offer_list(sheet: Any, number: int, place: str) -> None:
    """Let the spreadsheet offer the answers; another one is not refused there, for the codes may be typed."""
    offered = DataValidation(type="list", formula1=place, allow_blank=True, showErrorMessage=False)
    letter = get_column_letter(number)
    offered.add(f"{letter}{FIRST_ROW}:{letter}{LAST_ROW}")
    sheet.add_data_validation(offered)


def _write(cell: Any, value: Any) -> None:
    cell.value = value if isinstance(value, bool | int | float | date) else _plain(value)
    if isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    cell.alignment = Alignment(wrap_text=True, vertical="top")


def _plain(value: Any) -> str | None:
    """Text that no spreadsheet takes for a formula, without what a book cannot hold."""
    if value is None:
        return None
    return without_formula(ILLEGAL_CHARACTERS_RE.sub("", str(value))[:LONGEST_CELL])


def _title(text: str) -> str:
    """The name of a sheet, as short and plain as they have to be."""
    return _REFUSED_IN_TITLES.sub(" ", text)[:LONGEST_TITLE].strip() or "-"
