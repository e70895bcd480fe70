"""A sheet that somebody sends, read as lines of plain values: .xlsx, or CSV as spreadsheets write it.

The file is a stranger's. It is bounded before it is unpacked, nothing in it is worked out (a formula is told
as one), and what it holds stands in no message: a refusal is a code, which the pages put into words.
"""

import csv
import io
import math
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries

from lcm_service.reports.tables import as_meant

# Five hundred rows whose longest texts are some thousands of letters; a file that is sent is at most as large
# as a form, and text packs to a tenth.
MOST_UNPACKED_BYTES: Final = 12_000_000
MOST_PARTS: Final = 200
PIECE_BYTES: Final = 65_536
_PACKED_BY_SPREADSHEETS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Elements take the time, not letters: those of rows and their texts, and those beside (styles above all), of
# which each takes many times as long.
MOST_ELEMENTS: Final = 600_000
MOST_ELEMENTS_BESIDE: Final = 40_000
_ROWS: Final = ("xl/worksheets/", "xl/sharedStrings.xml")
# A book holds a text once and names it in as many cells as it likes.
MOST_LETTERS: Final = 3_000_000
# Rows that look empty count, so that a file of a million of them is not read to its end.
MOST_LINES: Final = 5_000
MOST_COLUMNS: Final = 120
LONGEST_CELL: Final = 32_000
_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_JOINED: Final = re.compile(rb'<(?:\w+:)?mergeCell\s[^<>]*?ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
_DELIMITERS: Final = ";,\t"
_QUOTE: Final = '"'
# A spreadsheet knows no larger number to the last digit, and none beyond some hundred digits.
_LARGEST: Final = 10**15
# What newer spreadsheets add to a file and this reader does not know (colours, lists) is no fault of it.
warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")


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


def read_lines(data: bytes) -> Lines:
    """The lines of a file, told by what it is and not by its name. Raises Unreadable."""
    if data.startswith(_ZIP):
        return _read_book(data)
    if data.startswith(_OLD_OFFICE):
        raise Unreadable("old_format")
    return Lines(list(_filled(_lines_of_text(data))))


def _read_book(data: bytes) -> Lines:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = _bounded_parts(archive)
        book = load_workbook(
            _packed_anew(parts), read_only=True, data_only=False, keep_links=False, keep_vba=False
        )
        sheet = book.worksheets[0]
        # What the file says of its size may be wrong, and is then made up for by empty cells.
        sheet.reset_dimensions()
        lines = list(_filled(_lines_of_sheet(sheet)))
        return Lines(lines, joined_lines(parts[sheet._worksheet_path]))
    except Unreadable:
        raise
    except Exception as error:
        # A crafted file makes the library fail in any way; whichever it is, the file is not read.
        raise Unreadable("broken") from error


def _bounded_parts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The parts of a book by their names, no more of them than a sheet may hold."""
    listed = archive.infolist()
    if "[Content_Types].xml" not in {part.filename for part in listed}:
        raise Unreadable("not_a_sheet")
    if len(listed) > MOST_PARTS or sum(part.file_size for part in listed) > MOST_UNPACKED_BYTES:
        raise Unreadable("too_large")
    parts = {part.filename: _unpacked(archive, part) for part in listed}
    counts = {name: part.count(b"<") for name, part in parts.items()}
    beside = sum(count for name, count in counts.items() if not name.startswith(_ROWS))
    if sum(counts.values()) > MOST_ELEMENTS or beside > MOST_ELEMENTS_BESIDE:
        raise Unreadable("too_large")
    return parts


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """A part, unpacked piece by piece: to read it whole would unpack all of it before its size is looked at,
    and its stated size may be a lie. Other ways of packing than a spreadsheet's own cannot be bounded so.
    """
    if part.compress_type not in _PACKED_BY_SPREADSHEETS:
        raise Unreadable("broken")
    with archive.open(part) as file:
        return b"".join(iter(lambda: file.read(PIECE_BYTES), b""))


def _packed_anew(parts: Mapping[str, bytes]) -> io.BytesIO:
    """A book that holds what was bounded and nothing else, for a reader that unpacks without a bound."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    file.seek(0)
    return file


def _lines_of_sheet(sheet: Any) -> Iterator[Line]:
    for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
        yield Line(number, [_value_of(cell) for cell in cells])


def _value_of(cell: Any) -> Value:
    """What a cell of a book says. A day has no hour; a moment of one is told as it stands."""
    if cell.data_type in ("f", "e"):
        return FORMULA
    value = cell.value
    if isinstance(value, datetime):
        return value.date() if value.time() == time() else value.isoformat(" ")
    is_plain = value is None or isinstance(value, bool | date)
    is_whole = isinstance(value, int) and abs(value) <= _LARGEST
    # A number beyond all numbers is no number, and no database stores one.
    is_number = isinstance(value, float) and math.isfinite(value)
    return value if is_plain or is_whole or is_number else _text(str(value))


def joined_lines(part: bytes) -> frozenset[int]:
    """The numbers of lines with cells that are joined with others: only the first of them says anything."""
    found: set[int] = set()
    areas = (range_boundaries(area.decode("ascii")) for area in set(_JOINED.findall(part)))
    last_found = 0
    # From above, so that no line is counted twice, however many areas there are.
    for first, last in sorted((first, last) for _left, first, _right, last in areas):
        found |= set(range(max(first, last_found + 1), min(last, MOST_LINES) + 1))
        last_found = max(last, last_found)
    return frozenset(found)


def _lines_of_text(data: bytes) -> Iterator[Line]:
    text = _decoded(data)
    if "\0" in text:
        raise Unreadable("not_a_sheet")
    first = text.split("\n", 1)[0].strip("\r\n ")
    if first.casefold() == f"sep={_QUOTE}":
        # What stands around cells cannot stand between them.
        raise Unreadable("broken")
    delimiter = first[4:5] if first.casefold().startswith("sep=") and len(first) == 5 else _delimiter(first)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or ",")
    try:
        for number, values in enumerate(reader, 1):
            if number == 1 and first.casefold().startswith("sep="):
                continue
            yield Line(number, [_text(value) for value in values[:MOST_COLUMNS]])
    except csv.Error as error:
        raise Unreadable("broken") from error


def _decoded(data: bytes) -> str:
    """UTF-8 with or without its mark, or UTF-16 with it. Older encodings do not say which one they are, and
    a wrong guess would change names without a word.
    """
    encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable("not_a_sheet" if b"\0" in data[:1000] else "not_utf8") from error


def _delimiter(first: str) -> str:
    """The character between cells: whichever the first line has most of; spreadsheets write a semicolon where
    a comma is the decimal sign.
    """
    return max(_DELIMITERS, key=first.count)


def _text(text: str) -> str | None:
    """What a cell says, trimmed. Raises Unreadable for what is no text, such as half of a character."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Unreadable("broken")
    return as_meant(text.strip()[:LONGEST_CELL]) or None


def _filled(lines: Iterator[Line]) -> Iterator[Line]:
    letters = 0
    for line in lines:
        if line.number > MOST_LINES:
            raise Unreadable("too_many_lines")
        letters += sum(len(value) for value in line.values if isinstance(value, str))
        if letters > MOST_LETTERS:
            raise Unreadable("too_large")
        if any(value is not None for value in line.values):
            yield line
