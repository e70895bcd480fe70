"""A sheet that somebody sends, read as lines of plain values: .xlsx, or CSV as spreadsheets write it.

The file is a stranger's. It is bounded before it is unpacked, nothing in it is worked out (a formula is told
as one), and what it holds stands in no message: a refusal is a code, which the pages put into words.
"""

import csv
import io
from collections.abc import Iterator
from typing import Final

from lcm_service.reports.book_reading import read_book
from lcm_service.reports.sheet_lines import MOST_COLUMNS, Filled, Line, Lines, Unreadable, plain_text

_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS: Final = ";,\t"
_QUOTE: Final = '"'


def read_lines(data: bytes) -> Lines:
    """The lines of a file, told by what it is and not by its name. Raises Unreadable."""
    if data.startswith(_ZIP):
        return read_book(data)
    if data.startswith(_OLD_OFFICE):
        raise Unreadable("old_format")
    filled = Filled()
    for line in _lines_of_text(data):
        filled.add(line)
    return Lines(filled.lines)


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
            yield Line(number, [plain_text(value) for value in values[:MOST_COLUMNS]])
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
