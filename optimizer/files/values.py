"""The kinds of single value that the files hold: each reads strictly, writes canonically and states its
JSON Schema.

A kind never coerces: ``true`` is not 1, ``5.0`` is not 5 and ``"5"`` is not 5, because a file that says one
thing where the contract means another was written by a program that is wrong, and seats that are guessed
are seats that are lost. A fault is noted with its place and reading goes on, so that one run names every
fault.
"""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Protocol

from optimizer.problem import ANY, MAX_WHOLE_NUMBER

MAX_FAULTS: Final = 1_000
_SHOWN_CHARACTERS: Final = 60
_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")

Schema = dict[str, Any]


class RepeatedKeys(dict[str, Any]):
    """A JSON object in which a key appears more than once; ``repeated`` names those keys.

    Python's own reader keeps the last value silently. The object is kept as a value so that the fault can be
    reported with its place.
    """

    repeated: tuple[str, ...] = ()


@dataclass
class Reading:
    """One reading of one document: the faults so far, and the ids that each list has declared.

    A list that is left out declares nothing. ``declared[name]`` is ``None`` where a list could not be read;
    then nothing can be said about the ids that refer to it, and one fault is not drowned in thousands that
    follow.
    """

    faults: list[str] = field(default_factory=list)
    faults_left_out: int = 0
    declared: dict[str, set[str] | None] = field(default_factory=dict)

    def note(self, place: str, message: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(f"{place}: {message}")
        else:
            self.faults_left_out += 1

    @property
    def fault_count(self) -> int:
        return len(self.faults) + self.faults_left_out

    def all_faults(self) -> tuple[str, ...]:
        """Every fault; past `MAX_FAULTS` the rest is one line with their number."""
        if not self.faults_left_out:
            return tuple(self.faults)
        return (*self.faults, f"document: {self.faults_left_out} more faults are not listed")


class Kind(Protocol):
    """What a field may hold. ``read`` returns ``None`` after it has noted a fault."""

    def read(self, value: object, place: str, reading: Reading) -> Any: ...

    def write(self, value: Any) -> Any: ...

    def schema(self) -> Schema: ...


def show_value(value: object) -> str:
    """A value as a fault shows it: on one line, short, and printable whatever it holds."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        text = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "..."
        quoted = json.dumps(text, ensure_ascii=False)
        return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in quoted)
    if value is None or isinstance(value, bool | float):
        return json.dumps(value)
    if isinstance(value, int):
        # A number of thousands of digits cannot even be turned into text.
        return str(value) if abs(value) < 10**20 else "a number past every limit"
    return f"a {type(value).__name__}"


def place_of_key(place: str, key: object) -> str:
    """The place of a key in an object: ``needs[3].seats``, and for a strange key ``needs[3]["se ats"]``."""
    if isinstance(key, str) and _PLAIN_KEY.fullmatch(key):
        return f"{place}.{key}" if place else key
    return f"{place}[{show_value(key)}]"


def list_words(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def note_repeated_keys(value: dict[str, Any], place: str, reading: Reading) -> None:
    """Note the keys that the text of an object names more than once."""
    if isinstance(value, RepeatedKeys):
        for key in value.repeated:
            reading.note(place_of_key(place, key), "appears twice in one object")


@dataclass(frozen=True)
class Text:
    """A text of at least one character that UTF-8 can hold.

    ``reserves_any`` refuses the word "any" as a code, for a list such as ``only`` could not tell it from the
    answer that the list is open to all.
    """

    reserves_any: bool = False

    def read(self, value: object, place: str, reading: Reading) -> str | None:
        if not isinstance(value, str):
            reading.note(place, f"must be a text, not {show_value(value)}")
        elif not value:
            reading.note(place, "must not be empty")
        elif self.reserves_any and value == ANY:
            reading.note(place, 'must not be "any", which is an answer and names nothing')
        elif not value.isascii() and not _is_utf8(value):
            reading.note(place, f"holds half of a surrogate pair, which is no character: {show_value(value)}")
        else:
            return value
        return None

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        schema: Schema = {"type": "string", "minLength": 1}
        return schema | {"not": {"const": ANY}} if self.reserves_any else schema


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class Reference:
    """The id of a record that one of these lists has declared; the lists are read before this one."""

    lists: tuple[str, ...]

    def read(self, value: object, place: str, reading: Reading) -> str | None:
        text = Text().read(value, place, reading)
        declared = [reading.declared.get(name, set()) for name in self.lists]
        if text is None or any(ids is None for ids in declared):
            return text
        if not any(text in ids for ids in declared if ids is not None):
            reading.note(place, f"{show_value(text)} is not declared in {' or '.join(self.lists)}")
        return text

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        return Text().schema()


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, value: object, place: str, reading: Reading) -> str | None:
        if isinstance(value, str) and value in self.words:
            return value
        reading.note(place, f"must be one of {list_words(self.words)}, not {show_value(value)}")
        return None

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class Whole:
    """A whole number between two limits, both included."""

    least: int = 0
    most: int = MAX_WHOLE_NUMBER

    def read(self, value: object, place: str, reading: Reading) -> int | None:
        if not isinstance(value, int) or isinstance(value, bool):
            reading.note(place, f"must be a whole number, not {show_value(value)}")
        elif value < self.least:
            reading.note(place, f"must be at least {self.least}")
        elif value > self.most:
            reading.note(place, f"must be at most {self.most}")
        else:
            return value
        return None

    def write(self, value: int) -> int:
        return value

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Sha256:
    """A SHA-256, in 64 lower-case hexadecimal digits."""

    def read(self, value: object, place: str, reading: Reading) -> str | None:
        if isinstance(value, str) and _SHA256.fullmatch(value):
            return value
        reading.note(place, f"must be 64 hexadecimal digits in lower case, not {show_value(value)}")
        return None

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{_SHA256.pattern}$"}


@dataclass(frozen=True)
class Seconds:
    """A duration: a finite number of at least 0, whole or not."""

    def read(self, value: object, place: str, reading: Reading) -> float | None:
        if not isinstance(value, int | float) or isinstance(value, bool):
            reading.note(place, f"must be a number, not {show_value(value)}")
        elif not math.isfinite(value) or not 0 <= value <= MAX_WHOLE_NUMBER:
            reading.note(place, f"must be between 0 and {MAX_WHOLE_NUMBER}, not {show_value(value)}")
        else:
            return float(value)
        return None

    def write(self, value: float) -> float:
        return value

    def schema(self) -> Schema:
        return {"type": "number", "minimum": 0, "maximum": MAX_WHOLE_NUMBER}


@dataclass(frozen=True)
class Flag:
    """``true`` or ``false``."""

    def read(self, value: object, place: str, reading: Reading) -> bool | None:
        if isinstance(value, bool):
            return value
        reading.note(place, f"must be true or false, not {show_value(value)}")
        return None

    def write(self, value: bool) -> bool:
        return value

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Day:
    """A calendar day, written YYYY-MM-DD and in no other of the forms of ISO 8601."""

    def read(self, value: object, place: str, reading: Reading) -> date | None:
        if not isinstance(value, str) or not _ISO_DAY.fullmatch(value):
            reading.note(place, f"must be a day written YYYY-MM-DD, not {show_value(value)}")
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            reading.note(place, f"{show_value(value)} is not a day of the calendar")
            return None

    def write(self, value: date) -> str:
        return value.isoformat()

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{_ISO_DAY.pattern}$", "format": "date"}
