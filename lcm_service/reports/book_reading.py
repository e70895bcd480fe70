"""The first visible sheet of a book (.xlsx) as lines of plain values. Nothing in it is worked out."""

import math
import re
import traceback
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final, Literal
from xml.sax.xmlreader import AttributesImpl

from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel, from_ISO8601

from lcm_service.reports.book_parts import (
    MOST_ATTRIBUTES,
    MOST_ATTRIBUTES_BESIDE,
    MOST_ELEMENTS,
    MOST_ELEMENTS_BESIDE,
    Book,
    Budget,
    Walk,
    open_book,
)
from lcm_service.reports.sheet_lines import (
    FORMULA,
    MOST_COLUMNS,
    MOST_LINES,
    Filled,
    Line,
    Lines,
    Unreadable,
    Value,
    plain_text,
)

# A spreadsheet knows no larger number to the last digit, and writes none, and no day, with more signs.
_LARGEST: Final = 10**15
_LONGEST_NUMBER: Final = 100
_LONGEST_DAY: Final = 40
_CELL: Final = re.compile("([A-Z]{1,3})([0-9]{1,7})")
_JOINED: Final = re.compile("[A-Z]{1,3}([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7})")
# In a format: what is shown as it stands, room, and colours, places and conditions. Each goes on to the end
# where nothing ends it, so that no sign is looked at again and again. [h] counts hours.
_BESIDE: Final = re.compile(r'"[^"]*"?|\\.?|[_*].?|\[(?!(?:h+|m+|s+)\])[^\]]*\]?', re.IGNORECASE | re.DOTALL)
_LENGTH: Final = re.compile(r"\[[hms]", re.IGNORECASE)
_MOMENT: Final = re.compile("[dmyhs]", re.IGNORECASE)
# All but the codes of no character, and of the halves of one.
_CODE: Final = re.compile("_x(?!0000|[dD][89a-fA-F])([0-9a-fA-F]{4})_")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|[+-]?\.[0-9]+([eE][+-]?[0-9]+)?")
_TRUE_OR_FALSE: Final = {"1": True, "true": True, "0": False, "false": False}
# A number that is shown as a day or hour, as a length of time, or as a number.
type Shown = Literal["moment", "length", "number"]


def read_book(data: bytes) -> Lines:
    """The lines of the first visible sheet. Raises Unreadable."""
    try:
        book = open_book(data)
        return _read_sheet(book)
    except Unreadable:
        raise
    except Exception as error:
        # A crafted file makes the readers of zip and XML fail in any way; whichever it is, it is not read.
        # That of XML keeps its error where the error keeps the place: together they would hold the file.
        traceback.clear_frames(error.__traceback__)
        raise Unreadable("broken") from error


def shown_as(code: str) -> Shown:
    """How a number is shown by a format such as ``yyyy-mm-dd``, which has other parts for negative ones."""
    said = _BESIDE.sub("", code).split(";", 1)[0]
    if _LENGTH.search(said):
        return "length"
    return "moment" if _MOMENT.search(said) else "number"


# Some numbers of formats stand for one that the file does not hold; days and hours of Chinese, Japanese and
# Korean among them.
_EASTERN_MOMENTS: Final[Mapping[int, Shown]] = dict.fromkeys((*range(27, 37), *range(50, 59)), "moment")
_BUILT_IN: Final[Mapping[int, Shown]] = {
    **{number: shown_as(code) for number, code in BUILTIN_FORMATS.items()},
    **_EASTERN_MOMENTS,
}


def _read_sheet(book: Book) -> Lines:
    budget = Budget(MOST_ELEMENTS, MOST_ATTRIBUTES)
    texts, styles = _Texts(budget), _Styles()
    if book.texts:
        texts.through(book.texts)
    if book.styles:
        styles.through(book.styles)
    sheet = _Sheet(budget, texts.found, styles.shown(), book.counts_from_1904)
    sheet.through(book.sheet)
    return Lines(sheet.filled.lines, joined_lines(sheet.joined))


def joined_lines(areas: Sequence[tuple[int, int]]) -> frozenset[int]:
    """The numbers of lines with cells that are joined with others: only the first of them says anything."""
    found: set[int] = set()
    last_found = 0
    # From above, so that no line is counted twice, however many areas there are.
    for first, last in sorted(areas):
        found |= set(range(max(first, last_found + 1), min(last, MOST_LINES) + 1))
        last_found = max(last, last_found)
    return frozenset(found)


class _Texts(Walk):
    """The texts that cells name by their number, each made plain once, however many cells name it."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.found: list[str | None] = []
        self._pieces: list[str] = []

    def end(self, path: Sequence[str], text: str) -> None:
        match path:
            # How a text is spoken stands in it too, one element deeper.
            case [_, "si", "t"] | [_, "si", "r", "t"]:
                self._pieces.append(text)
            case [_, "si"]:
                self.found.append(_as_text("".join(self._pieces)))
                self._pieces.clear()


class _Styles(Walk):
    """How the number of a cell of each style is shown."""

    def __init__(self) -> None:
        super().__init__(Budget(MOST_ELEMENTS_BESIDE, MOST_ATTRIBUTES_BESIDE))
        self._formats: dict[int, Shown] = dict(_BUILT_IN)
        self._styles: list[int] = []

    def begin(self, path: Sequence[str], attributes: AttributesImpl) -> None:
        match path:
            case [_, "numFmts", "numFmt"]:
                self._formats[_whole(attributes["numFmtId"])] = shown_as(attributes["formatCode"])
            case [_, "cellXfs", "xf"]:
                self._styles.append(_whole(attributes.get("numFmtId", "0")))

    def shown(self) -> list[Shown]:
        """By the number of the style."""
        return [self._formats.get(number, "number") for number in self._styles]


class _Sheet(Walk):
    """The rows of a sheet, and which of them hold joined cells."""

    def __init__(
        self, budget: Budget, texts: Sequence[str | None], styles: Sequence[Shown], from_1904: bool
    ) -> None:
        super().__init__(budget)
        self.filled = Filled()
        self.joined: list[tuple[int, int]] = []
        self._texts, self._styles = texts, styles
        self._epoch = MAC_EPOCH if from_1904 else WINDOWS_EPOCH
        self._rows = self._row = self._row_above = self._column = 0
        self._is_row_said = False
        self._cells: dict[int, Value] = {}
        self._kind, self._style = "n", 0
        self._said: list[str] = []
        self._is_formula = False

    def begin(self, path: Sequence[str], attributes: AttributesImpl) -> None:
        match path:
            case [_, "sheetData", "row"]:
                self._begin_row(attributes)
            case [_, "sheetData", "row", "c"]:
                self._begin_cell(attributes)
            case [_, "sheetData", "row", "c", "f"]:
                self._is_formula = True
            case [_, "mergeCells", "mergeCell"]:
                if area := _JOINED.fullmatch(attributes.get("ref", "")):
                    self.joined.append((int(area[1]), int(area[2])))

    def end(self, path: Sequence[str], text: str) -> None:
        match path:
            case [_, "sheetData", "row", "c", "v"] if self._kind != "inlineStr":
                self._said.append(text)
            case [_, "sheetData", "row", "c", "is", "t"] | [_, "sheetData", "row", "c", "is", "r", "t"] if (
                self._kind == "inlineStr"
            ):
                self._said.append(text)
            case [_, "sheetData", "row", "c"] if self._column <= MOST_COLUMNS:
                self._cells[self._column] = self._value()
            case [_, "sheetData", "row"]:
                self._end_row()

    def _begin_row(self, attributes: AttributesImpl) -> None:
        self._rows += 1
        if self._rows > MOST_LINES:
            raise Unreadable("too_many_lines")
        self._row_above, self._column = self._row, 0
        said = attributes.get("r")
        self._set_row(_whole(said) if said else self._row + 1)
        self._is_row_said = bool(said)
        self._cells.clear()

    def _set_row(self, number: int) -> None:
        if number <= self._row_above:
            # No row of a spreadsheet stands before the one above it.
            raise Unreadable("broken")
        self._row = number

    def _end_row(self) -> None:
        # Some end a sheet with an empty row, the last that there can be.
        if any(value is not None for value in self._cells.values()):
            columns = range(1, max(self._cells) + 1)
            self.filled.add(Line(self._row, [self._cells.get(column) for column in columns]))

    def _begin_cell(self, attributes: AttributesImpl) -> None:
        if said := attributes.get("r"):
            place = _CELL.fullmatch(said)
            if place is None:
                raise Unreadable("broken")
            self._column = _number_of_column(place[1])
            if not self._is_row_said:
                self._set_row(int(place[2]))
                self._is_row_said = True
        else:
            self._column += 1
        self._kind = attributes.get("t", "n")
        self._style = _whole(attributes.get("s") or "0")
        self._said.clear()
        self._is_formula = False

    def _value(self) -> Value:
        """What the cell says that ends."""
        if self._is_formula or self._kind == "e":
            return FORMULA
        text = "".join(self._said)
        said = text.strip()
        if not said:
            return None
        match self._kind:
            case "n" if len(said) <= _LONGEST_NUMBER and _NUMBER.fullmatch(said):
                return self._number(said)
            case "s":
                return self._texts[_whole(said)]
            case "b" if said in _TRUE_OR_FALSE:
                return _TRUE_OR_FALSE[said]
            case "d" if len(said) <= _LONGEST_DAY:
                return _moment(said)
        return _as_text(text)

    def _number(self, text: str) -> Value:
        """A number, or the day or length of time that it is shown as."""
        number = float(text) if set(text) & set(".eE") else int(text)
        shown = self._styles[self._style] if self._style < len(self._styles) else "number"
        if shown == "number":
            return _as_plain(number)
        try:
            return _as_plain(from_excel(number, self._epoch, timedelta=shown == "length"))
        except (OverflowError, ValueError):
            # A spreadsheet shows an error where a number is no day.
            return FORMULA


def _moment(text: str) -> Value:
    """A day or moment as it is written, or the text where it is none."""
    try:
        return _as_plain(from_ISO8601(text))
    except ValueError:
        return _as_text(text)


def _as_plain(value: Any) -> Value:
    """A number or moment of a book as it is told. A day has no hour; a moment of one is told as it stands."""
    if isinstance(value, datetime):
        return value.date() if value.time() == time() else value.isoformat(" ")
    is_whole = isinstance(value, int) and abs(value) <= _LARGEST
    # A number beyond all numbers is no number, and no database stores one.
    is_number = isinstance(value, float) and math.isfinite(value)
    return value if isinstance(value, date) or is_whole or is_number else plain_text(str(value))


def _as_text(text: str) -> str | None:
    """A text of a book as it is told: characters that XML has not are written as codes, and what looks like
    such a code with one of its own. Of a line end of two characters the second is enough.
    """
    return plain_text(_CODE.sub(lambda found: chr(int(found[1], 16)), text).replace("\r", ""))


def _whole(text: str) -> int:
    """A number that the book gives to its things; some write it with a point. Raises Unreadable."""
    number = float(text) if len(text) <= _LONGEST_NUMBER else math.nan
    if not number.is_integer() or number < 0:
        raise Unreadable("broken")
    return int(number)


def _number_of_column(letters: str) -> int:
    """A is the first, Z the 26th, AA the 27th."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
