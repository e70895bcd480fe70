"""From the bytes of a file to a JSON document, whatever those bytes are.

JSON readers are easily hurt: deep nesting exhausts the stack, a number of thousands of digits is refused by
Python with an error of its own, repeated keys vanish. Each is met here, before or while the text is parsed,
and becomes a fault with its place.
"""

import json
import os
import re
import stat
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO, Final

from optimizer.errors import InvalidFile
from optimizer.files.values import RepeatedKeys
from optimizer.problem import MAX_DEPTH

MAX_FILE_BYTES: Final = 2**30
BYTES_AT_ONCE: Final = 2**20
_MAX_DIGITS: Final = 100
# Up to and with the next bracket that stands outside a string. Every repetition is possessive and the
# pattern is only matched, never searched for, so that the time grows with the text and not with its square.
_UP_TO_NEXT_BRACKET: Final = re.compile(
    r"""[^"\[\]{}]*+ (?: "[^"\\]*+ (?:\\.[^"\\]*+)*+ (?:"|\Z) [^"\[\]{}]*+ )*+ [\[\]{}]""",
    re.DOTALL | re.VERBOSE,
)


def load_json(path: str | Path) -> object:
    """The JSON document that a file holds.

    Objects that name a key twice are `RepeatedKeys`; a number of more than 100 digits is cut to its first
    100, which is past every limit of the contract all the same.

    Raises `InvalidFile` with one fault where the file cannot be read or is not JSON in UTF-8 within the
    limits.
    """
    name = shown_name(path)
    return parse_json(_read_bytes(Path(path), name), name)


def parse_json(content: bytes, name: str) -> object:
    """The JSON document in ``content``; ``name`` is the place that faults name. Raises as `load_json`."""
    text = _decode(content, name)
    if not text.strip():
        raise InvalidFile([f"{name}: is empty; a JSON document is expected"])
    _refuse_deep_nesting(text, name)
    try:
        document: object = json.loads(text, object_pairs_hook=_read_object, parse_int=_read_whole_number)
    except json.JSONDecodeError as error:
        place = f"{name}, line {error.lineno}, column {error.colno}"
        raise InvalidFile([f"{place}: is not JSON: {error.msg}"]) from None
    return document


def shown_name(path: str | Path) -> str:
    """A file name on one line, printable whatever it holds."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in str(path))


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            # A device such as /dev/zero has no end; a pipe does, and is a fair way to hand over a file.
            mode = os.fstat(file.fileno()).st_mode
            has_an_end = stat.S_ISREG(mode) or stat.S_ISFIFO(mode)
            content = _read_at_most(file, MAX_FILE_BYTES + 1) if has_an_end else None
    except IsADirectoryError:
        raise InvalidFile([f"{name}: is a directory, not a file"]) from None
    except OSError as error:
        raise InvalidFile([f"{name}: cannot be read: {error.strerror or error}"]) from None
    except ValueError:
        raise InvalidFile([f"{name}: cannot be read: no file can have this name"]) from None
    if content is None:
        raise InvalidFile([f"{name}: is a device, not a file"])
    if len(content) > MAX_FILE_BYTES:
        raise InvalidFile([f"{name}: holds more than {MAX_FILE_BYTES} bytes; no larger file is read"])
    return content


def _read_at_most(file: BinaryIO, most: int) -> bytes:
    """Piece by piece: to ask for the whole at once takes memory for the largest file that could come."""
    pieces: list[bytes] = []
    while most > 0 and (piece := file.read(min(most, BYTES_AT_ONCE))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def _decode(content: bytes, name: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidFile([f"{name}: is not UTF-8 but seems to be UTF-16; save it as UTF-8"])
    if content.startswith(b"\xef\xbb\xbf"):
        raise InvalidFile([f"{name}: begins with a byte order mark; save it as UTF-8 without one"])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidFile([f"{name}, byte {error.start}: is not UTF-8; save it as UTF-8"]) from None


def _refuse_deep_nesting(text: str, name: str) -> None:
    """Measured on the text, before a parser that recurses gets to see it. Brackets in strings are no
    nesting.
    """
    depth = position = 0
    while (found := _UP_TO_NEXT_BRACKET.match(text, position)) is not None:
        position = found.end()
        depth += 1 if text[position - 1] in "[{" else -1
        if depth > MAX_DEPTH:
            raise InvalidFile([f"{name}, character {position}: is nested more than {MAX_DEPTH} levels deep"])


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) == len(pairs):
        return values
    marked = RepeatedKeys(values)
    counts = Counter(key for key, _ in pairs)
    marked.repeated = tuple(key for key, count in counts.items() if count > 1)
    return marked


def _read_whole_number(digits: str) -> int:
    return int(digits[:_MAX_DIGITS])
