"""The parts of a stranger's book that say what its first visible sheet holds, found and gone through.

A book is a zip of XML parts that name each other. Those that are needed are unpacked within bounds, and
nothing else of the file is looked at. Each is gone through once, from its beginning to its end: no tree is
made of it, and names keep their prefixes unresolved, so that the time follows its size whatever it holds.
openpyxl, which writes our books, reads none of a stranger's: it seeks patterns in formats, names and areas of
any length, in a time that grows with the square of it, and keeps every other request waiting meanwhile.
"""

import codecs
import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, InputSource

from defusedxml.expatreader import create_parser

from lcm_service.reports.sheet_lines import Unreadable

# Five hundred rows whose longest texts are some thousands of letters; a file that is sent is at most as large
# as a form, and text packs to a tenth.
MOST_UNPACKED_BYTES: Final = 12_000_000
MOST_PARTS: Final = 200
# Names of parts, and what parts say of others, in letters; spreadsheets write some dozens. What stands for a
# name is kept as often as the file likes.
LONGEST_NAME: Final = 250
PIECE_BYTES: Final = 65_536
_PACKED_BY_SPREADSHEETS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Elements and their attributes take the time, not letters: those of rows and their texts, and those beside,
# of styles above all. A cell has two elements with three attributes, a style some six for each element.
MOST_ELEMENTS: Final = 600_000
MOST_ATTRIBUTES: Final = 1_200_000
MOST_ELEMENTS_BESIDE: Final = 40_000
MOST_ATTRIBUTES_BESIDE: Final = 240_000
# Spreadsheets put a dozen into each other.
DEEPEST: Final = 50
# More signs of equality than stand in one element with what it says: in a cell, a line of them at most.
# Nothing in it is looked at twice.
_MANY_ATTRIBUTES: Final = re.compile(rb"<[^<=]*+(?:=[^<=]*+){5000}")
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DECLARATION: Final = re.compile(rb"<\?xml\s")
_ENCODING: Final = re.compile(rb"""encoding\s*=\s*["']([^"']*)""")
_ENCODINGS: Final = (b"utf-8", b"utf8", b"utf-16")
_CONTENT_TYPES: Final = "[Content_Types].xml"
_KINDS: Final = ("officeDocument", "worksheet", "sharedStrings", "styles")
_YES: Final = ("1", "true", "on")


class Budget:
    """How many elements and attributes may still be read. Remarks and instructions count as elements."""

    def __init__(self, elements: int, attributes: int) -> None:
        self._elements = elements
        self._attributes = attributes

    def spend(self, elements: int, attributes: int = 0) -> None:
        """So many more are read. Raises Unreadable."""
        self._elements -= elements
        self._attributes -= attributes
        if self._elements < 0 or self._attributes < 0:
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
        text = _in_utf_8(part)
        # Before it is gone through, for the reader of XML tells an element when it has all of its attributes.
        self._budget.spend(text.count(b"<?") + text.count(b"<!"))
        if _MANY_ATTRIBUTES.search(text):
            raise Unreadable("too_large")
        source = InputSource()
        source.setByteStream(io.BytesIO(text))
        # Said here, so that the part has no say.
        source.setEncoding("utf-8")
        # All at once, so that nothing is begun anew where a piece ends.
        parser = create_parser(forbid_dtd=True, bufsize=len(text) + 1)
        parser.setContentHandler(self)
        try:
            parser.parse(source)
        except BaseException:
            # A reader that was stopped and what it tells things to hold each other until memory is swept; one
            # that has come to an end holds nothing.
            parser.setContentHandler(ContentHandler())
            parser.reset()
            parser.feed("<a/>")
            parser.close()
            raise

    def begin(self, path: Sequence[str], attributes: AttributesImpl) -> None:
        """An element begins."""

    def end(self, path: Sequence[str], text: str) -> None:
        """An element ends; ``text`` is what stands in it behind the last element inside it."""

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        self._budget.spend(1, len(attrs))
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
    target: str


class _Relations(Walk):
    """What a part says of others, by the last word of the kind. Addresses outside the file are left out, and
    kinds that are not read. Which part is meant is found for those alone that are chosen: the folder that all
    addresses begin in would be repeated for each.
    """

    def __init__(self, budget: Budget, name: str) -> None:
        super().__init__(budget)
        self._folder, self._base = posixpath.split(name)
        self._found: list[_Relation] = []

    @property
    def part(self) -> str:
        """The part in which a part, or the file itself where none is named, says so."""
        return posixpath.join(self._folder, "_rels", f"{self._base}.rels")

    def begin(self, path: Sequence[str], attributes: AttributesImpl) -> None:
        match path:
            case [_, "Relationship"] if attributes.get("TargetMode") != "External":
                kind = attributes["Type"].rpartition("/")[2]
                if kind in _KINDS:
                    self._found.append(_Relation(_name(attributes["Id"]), kind, _name(attributes["Target"])))

    def of(self, kind: str) -> dict[str, str]:
        """Target by key of all relations of a kind."""
        return {one.key: one.target for one in self._found if one.kind == kind}

    def resolve(self, target: str) -> str:
        """The name of the part that is meant by a target."""
        whole = posixpath.normpath(posixpath.join("/", self._folder, target))
        return whole.lstrip("/").casefold()


class _Workbook(Walk):
    """The sheets that are seen, in their order, by the keys of their relations, and from which year days are
    counted.
    """

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.sheets: list[str] = []
        self.counts_from_1904 = False

    def begin(self, path: Sequence[str], attributes: AttributesImpl) -> None:
        match path:
            case [_, "workbookPr"]:
                self.counts_from_1904 = attributes.get("date1904") in _YES
            case [_, "sheets", "sheet"] if attributes.get("state", "visible") == "visible":
                # Beside it stands sheetId, which is something else.
                self.sheets.extend(
                    _name(value)
                    for name, value in attributes.items()
                    if ":" in name and _without_prefix(name) == "id"
                )


def open_book(data: bytes) -> Book:
    """The parts of a book that say what its first visible sheet holds. Raises Unreadable, and whatever the
    readers of zip and XML raise.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = _Parts(archive)
        budget = Budget(MOST_ELEMENTS_BESIDE, MOST_ATTRIBUTES_BESIDE)
        workbook_name = next(_present(_relations_of(parts, "", budget), "officeDocument", parts))
        relations = _relations_of(parts, workbook_name, budget)
        workbook = _Workbook(budget)
        workbook.through(parts.unpack(workbook_name))
        sheet = next(_present(relations, "worksheet", parts, workbook.sheets))
        texts, styles = (_unpack_any(parts, kind, relations) for kind in ("sharedStrings", "styles"))
        return Book(parts.unpack(sheet), texts, styles, workbook.counts_from_1904)


class _Parts:
    """The parts of an archive by their names, whose letters' case means nothing."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        listed = archive.infolist()
        if _CONTENT_TYPES not in {part.filename for part in listed}:
            raise Unreadable("not_a_sheet")
        if len(listed) > MOST_PARTS or sum(part.file_size for part in listed) > MOST_UNPACKED_BYTES:
            raise Unreadable("too_large")
        if any(len(part.filename) > LONGEST_NAME for part in listed):
            raise Unreadable("broken")
        self._archive = archive
        self._unpacked: set[str] = set()
        self._listed: Mapping[str, zipfile.ZipInfo] = {part.filename.casefold(): part for part in listed}

    def __contains__(self, name: object) -> bool:
        return name in self._listed

    def unpack(self, name: str) -> bytes:
        """A part, unpacked piece by piece: to read it whole would unpack all of it before its size is looked
        at, and its stated size may be a lie. Other ways of packing than a spreadsheet's own cannot be
        bounded so. None is two things at once, and gone through again as each.
        """
        if name in self._unpacked:
            raise Unreadable("broken")
        self._unpacked.add(name)
        part = self._listed[name]
        if part.compress_type not in _PACKED_BY_SPREADSHEETS:
            raise Unreadable("broken")
        with self._archive.open(part) as file:
            return b"".join(iter(lambda: file.read(PIECE_BYTES), b""))


def _relations_of(parts: _Parts, name: str, budget: Budget) -> _Relations:
    """What a part, or the file itself where none is named, says of others."""
    relations = _Relations(budget, name)
    relations.through(parts.unpack(relations.part))
    return relations


def _present(
    relations: _Relations, kind: str, parts: _Parts, keys: Iterable[str] | None = None
) -> Iterator[str]:
    """The parts of a kind that are there, in the order of the keys."""
    targets = relations.of(kind)
    for key in targets if keys is None else keys:
        if key in targets and (name := relations.resolve(targets[key])) in parts:
            yield name


def _unpack_any(parts: _Parts, kind: str, relations: _Relations) -> bytes:
    """The part of a kind, or nothing where the book has none."""
    name = next(_present(relations, kind, parts), None)
    return parts.unpack(name) if name else b""


def _in_utf_8(part: bytes) -> bytes:
    """A part as spreadsheets write XML, in UTF-8, or in UTF-16 with its mark. Raises Unreadable for any other
    encoding: the reader of XML would ask Python for it by a name of any length, which Python keeps.
    """
    if part.startswith(_UTF_16):
        part = part.decode("utf-16").encode()
    part = part.removeprefix(codecs.BOM_UTF8)
    if _DECLARATION.match(part):
        declaration, ended, _rest = part[:LONGEST_NAME].partition(b"?>")
        encoding = _ENCODING.search(declaration)
        if not ended or (encoding and encoding[1].lower() not in _ENCODINGS):
            raise Unreadable("broken")
    return part


def _name(text: str) -> str:
    """What stands for a thing of the book. Raises Unreadable where it is longer than any name."""
    if len(text) > LONGEST_NAME:
        raise Unreadable("broken")
    return text


def _without_prefix(name: str) -> str:
    return name.rpartition(":")[2]
