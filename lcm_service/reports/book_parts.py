"""The parts of a stranger's book that say what its first sheet holds, found and gone through.

A book is a zip of XML parts that name each other. Those that are needed are unpacked within bounds, and
nothing else of the file is looked at. Each is gone through once, from its beginning to its end: no tree is
made of it, and names keep their prefixes unresolved, so that the time follows its size whatever it holds.
openpyxl, which writes our books, reads none of a stranger's: it seeks patterns in formats, names and areas of
any length, in a time that grows with the square of it, and keeps every other request waiting meanwhile.
"""

import io
import posixpath
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.expatreader import create_parser

from lcm_service.reports.sheet_lines import Unreadable

# Five hundred rows whose longest texts are some thousands of letters; a file that is sent is at most as large
# as a form, and text packs to a tenth.
MOST_UNPACKED_BYTES: Final = 12_000_000
MOST_PARTS: Final = 200
PIECE_BYTES: Final = 65_536
_PACKED_BY_SPREADSHEETS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Elements take the time, not letters: those of rows and their texts, and those beside, of styles above all.
MOST_ELEMENTS: Final = 600_000
MOST_ELEMENTS_BESIDE: Final = 40_000
# Spreadsheets put a dozen into each other.
DEEPEST: Final = 50
_CONTENT_TYPES: Final = "[Content_Types].xml"
_YES: Final = ("1", "true", "on")


class Budget:
    """How many elements may still be read."""

    def __init__(self, elements: int) -> None:
        self._left = elements

    def spend(self) -> None:
        """One more was read. Raises Unreadable."""
        self._left -= 1
        if self._left < 0:
            raise Unreadable("too_large")


class Walk(ContentHandler):
    """Goes through one part, and tells each element by the names from the root down to it, without prefixes:
    which prefix stands for which namespace differs by who wrote the file.
    """

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._budget = budget
        self._path: list[str] = []
        self._heard: list[str] = []

    def through(self, part: bytes) -> None:
        """Go through a part. Raises Unreadable, and whatever the reader of XML raises."""
        parser = create_parser(forbid_dtd=True)
        parser.setContentHandler(self)
        parser.feed(part)
        parser.close()

    def begin(self, path: Sequence[str], attributes: AttributesImpl) -> None:
        """An element begins."""

    def end(self, path: Sequence[str], text: str) -> None:
        """An element ends; ``text`` is what stands in it behind the last element inside it."""

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        self._budget.spend()
        self._path.append(_without_prefix(name))
        if len(self._path) > DEEPEST:
            raise Unreadable("broken")
        self._heard.clear()
        self.begin(self._path, attrs)

    def characters(self, content: str) -> None:
        self._heard.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802
        self.end(self._path, "".join(self._heard))
        self._heard.clear()
        self._path.pop()


@dataclass(frozen=True)
class Book:
    """The parts of a book that are read, unpacked. One that names no texts or styles has none."""

    sheet: bytes
    texts: bytes
    styles: bytes
    counts_from_1904: bool


class _Relation(NamedTuple):
    key: str
    kind: str
    part: str


class _Relations(Walk):
    """What a part says of others, by the last word of the kind; addresses outside the file are left out."""

    def __init__(self, budget: Budget, folder: str) -> None:
        super().__init__(budget)
        self._folder = folder
        self.found: list[_Relation] = []

    def begin(self, path: Sequence[str], attributes: AttributesImpl) -> None:
        match path:
            case [_, "Relationship"] if attributes.get("TargetMode") != "External":
                target = posixpath.join("/", self._folder, attributes["Target"])
                kind = attributes["Type"].rpartition("/")[2]
                part = posixpath.normpath(target).lstrip("/").casefold()
                self.found.append(_Relation(attributes["Id"], kind, part))


class _Workbook(Walk):
    """The sheets in their order, by the keys of their relations, and from which year days are counted."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.sheets: list[str] = []
        self.counts_from_1904 = False

    def begin(self, path: Sequence[str], attributes: AttributesImpl) -> None:
        match path:
            case [_, "workbookPr"]:
                self.counts_from_1904 = attributes.get("date1904") in _YES
            case [_, "sheets", "sheet"]:
                # Beside it stands sheetId, which is something else.
                self.sheets.extend(
                    value
                    for name, value in attributes.items()
                    if ":" in name and _without_prefix(name) == "id"
                )


def open_book(data: bytes) -> Book:
    """The parts of a book that say what its first sheet holds. Raises Unreadable, and whatever the readers of
    zip and XML raise.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = _Parts(archive)
        budget = Budget(MOST_ELEMENTS_BESIDE)
        top = _relations_of(parts, "", budget)
        workbook_name = next(one.part for one in top if one.kind == "officeDocument")
        relations = _relations_of(parts, workbook_name, budget)
        workbook = _Workbook(budget)
        workbook.through(parts.unpack(workbook_name))
        sheets = {one.key: one.part for one in relations if one.kind == "worksheet" and one.part in parts}
        first = next(sheets[key] for key in workbook.sheets if key in sheets)
        texts, styles = (_unpack_any(parts, kind, relations) for kind in ("sharedStrings", "styles"))
        return Book(parts.unpack(first), texts, styles, workbook.counts_from_1904)


class _Parts:
    """The parts of an archive by their names, whose letters' case means nothing."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        listed = archive.infolist()
        if _CONTENT_TYPES not in {part.filename for part in listed}:
            raise Unreadable("not_a_sheet")
        if len(listed) > MOST_PARTS or sum(part.file_size for part in listed) > MOST_UNPACKED_BYTES:
            raise Unreadable("too_large")
        self._archive = archive
        self._listed: Mapping[str, zipfile.ZipInfo] = {part.filename.casefold(): part for part in listed}

    def __contains__(self, name: object) -> bool:
        return name in self._listed

    def unpack(self, name: str) -> bytes:
        """A part, unpacked piece by piece: to read it whole would unpack all of it before its size is looked
        at, and its stated size may be a lie. Other ways of packing than a spreadsheet's own cannot be
        bounded so.
        """
        part = self._listed[name]
        if part.compress_type not in _PACKED_BY_SPREADSHEETS:
            raise Unreadable("broken")
        with self._archive.open(part) as file:
            return b"".join(iter(lambda: file.read(PIECE_BYTES), b""))


def _relations_of(parts: _Parts, name: str, budget: Budget) -> list[_Relation]:
    """What a part, or the file itself where none is named, says of others."""
    folder, base = posixpath.split(name)
    relations = _Relations(budget, folder)
    relations.through(parts.unpack(posixpath.join(folder, "_rels", f"{base}.rels")))
    return relations.found


def _unpack_any(parts: _Parts, kind: str, relations: Sequence[_Relation]) -> bytes:
    """The part of a kind, or nothing where the book has none."""
    name = next((one.part for one in relations if one.kind == kind and one.part in parts), None)
    return parts.unpack(name) if name else b""


def _without_prefix(name: str) -> str:
    return name.rpartition(":")[2]
