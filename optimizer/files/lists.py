"""The kinds of value that hold several: sets, lists in order of preference, numbers by key."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from optimizer.files.values import (
    Kind,
    Reading,
    Schema,
    Whole,
    list_words,
    note_repeated_keys,
    place_of_key,
    show_value,
)
from optimizer.problem import ANY, MAX_ROWS


def read_list(value: object, place: str, reading: Reading) -> list[Any] | None:
    """A JSON list within the limit on rows, or ``None`` and a fault."""
    if not isinstance(value, list):
        reading.note(place, f"must be a list, not {show_value(value)}")
        return None
    if len(value) > MAX_ROWS:
        reading.note(place, f"holds {len(value)} rows; at most {MAX_ROWS} are read")
        return None
    return value


@dataclass(frozen=True)
class Members:
    """A list of texts or words: a set, or (``in_order``) a list in which the order says something.

    ``may_be_any``: ``["any"]`` alone is an answer. ``folds_case``: two members that differ in case alone
    are one member (language tags). A set that names a member twice says nothing new and is accepted; a list
    in order of preference that does so contradicts itself.
    """

    member: Kind
    may_be_empty: bool = False
    may_be_any: bool = False
    in_order: bool = False
    folds_case: bool = False

    def read(self, value: object, place: str, reading: Reading) -> frozenset[str] | tuple[str, ...] | None:
        rows = read_list(value, place, reading)
        if rows is None:
            return None
        if not rows and not self.may_be_empty:
            reading.note(place, "must not be an empty list; leave it out or write null where nobody has said")
            return None
        if self.may_be_any and rows == [ANY]:
            return (ANY,) if self.in_order else frozenset({ANY})
        if self.may_be_any and ANY in rows:
            reading.note(place, '"any" must stand alone in its list')
            return None
        faults_before = reading.fault_count
        members = [self.member.read(row, f"{place}[{index}]", reading) for index, row in enumerate(rows)]
        if reading.fault_count > faults_before:
            return None
        if not self.in_order:
            return frozenset(members)
        self._note_repeats(members, place, reading)
        return tuple(members)

    def _note_repeats(self, members: list[str], place: str, reading: Reading) -> None:
        seen: set[str] = set()
        for index, member in enumerate(members):
            key = member.casefold() if self.folds_case else member
            if key in seen:
                reading.note(f"{place}[{index}]", f"{show_value(member)} appears twice in a list in order")
            seen.add(key)

    def write(self, value: frozenset[str] | tuple[str, ...]) -> list[str]:
        return list(value) if self.in_order else sorted(value)

    def schema(self) -> Schema:
        member = self.member.schema()
        if self.may_be_any and "enum" not in member:
            member = member | {"not": {"const": ANY}}
        schema: Schema = {"type": "array", "items": member, "maxItems": MAX_ROWS}
        if not self.may_be_empty:
            schema["minItems"] = 1
        if self.in_order:
            schema["uniqueItems"] = True
        return {"anyOf": [{"const": [ANY]}, schema]} if self.may_be_any else schema


@dataclass(frozen=True)
class Numbers:
    """An object that gives a whole number to each of these keys, all of them and no other.

    ``total``: what the numbers must sum to.
    """

    keys: tuple[str, ...]
    number: Whole
    total: int | None = None

    def read(self, value: object, place: str, reading: Reading) -> dict[str, int] | None:
        if not isinstance(value, dict):
            reading.note(place, f"must be an object, not {show_value(value)}")
            return None
        faults_before = reading.fault_count
        note_repeated_keys(value, place, reading)
        for key in value:
            if key not in self.keys:
                reading.note(place_of_key(place, key), f"is unknown; the keys are {list_words(self.keys)}")
        numbers: dict[str, int] = {}
        for key in self.keys:
            key_place = place_of_key(place, key)
            if value.get(key) is None:
                reading.note(key_place, f"must be stated, for {place.rpartition('.')[2]} is given whole")
            elif (number := self.number.read(value[key], key_place, reading)) is not None:
                numbers[key] = number
        if reading.fault_count > faults_before:
            return None
        if self.total is not None and sum(numbers.values()) != self.total:
            reading.note(place, f"must sum to {self.total}, not {sum(numbers.values())}")
            return None
        return numbers

    def write(self, value: Any) -> dict[str, int]:
        return {key: value[key] for key in self.keys}

    def schema(self) -> Schema:
        return {
            "type": "object",
            "properties": {key: self.number.schema() for key in self.keys},
            "required": list(self.keys),
            "additionalProperties": False,
        }


@dataclass(frozen=True)
class Counts:
    """An object that gives a whole number of at least 1 to any of these keys."""

    keys: tuple[str, ...]

    def read(self, value: object, place: str, reading: Reading) -> dict[str, int] | None:
        if not isinstance(value, dict):
            reading.note(place, f"must be an object, not {show_value(value)}")
            return None
        faults_before = reading.fault_count
        note_repeated_keys(value, place, reading)
        for key, count in value.items():
            key_place = place_of_key(place, key)
            if key not in self.keys:
                reading.note(key_place, f"is unknown; the keys are {list_words(self.keys)}")
            Whole(least=1).read(count, key_place, reading)
        return dict(value) if reading.fault_count == faults_before else None

    def write(self, value: Any) -> dict[str, int]:
        return dict(value)

    def schema(self) -> Schema:
        return {
            "type": "object",
            "properties": {key: Whole(least=1).schema() for key in self.keys},
            "additionalProperties": False,
        }


@dataclass(frozen=True)
class Quarters:
    """Four whole numbers that never increase."""

    def read(self, value: object, place: str, reading: Reading) -> tuple[int, ...] | None:
        rows = read_list(value, place, reading)
        if rows is None:
            return None
        if len(rows) != 4:
            reading.note(place, f"must hold four whole numbers, not {len(rows)} rows")
            return None
        faults_before = reading.fault_count
        quarters = [Whole().read(row, f"{place}[{index}]", reading) for index, row in enumerate(rows)]
        if reading.fault_count > faults_before:
            return None
        for index, (before, after) in enumerate(pairwise(rows), start=1):
            if after > before:
                reading.note(f"{place}[{index}]", f"must be at most {before}, for quarters never increase")
        return tuple(quarter for quarter in quarters if quarter is not None)

    def write(self, value: tuple[int, ...]) -> list[int]:
        return list(value)

    def schema(self) -> Schema:
        return {"type": "array", "items": Whole().schema(), "minItems": 4, "maxItems": 4}
