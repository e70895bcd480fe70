"""One table of fields per record, from which reading, canonical writing and the JSON Schemas all follow.

What a record may leave out, and what that means, is stated once: by the defaults of its data class. A field
of the data class without a default must be stated. ``null`` is the same as absent, everywhere.
"""

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

from optimizer.files.lists import read_list
from optimizer.files.values import (
    Kind,
    Reading,
    Schema,
    note_repeated_keys,
    place_of_key,
    show_value,
)
from optimizer.problem import MAX_ROWS

# A check of a whole record: it is given the values as they were read (``None``: not stated, or faulty
# already) and yields a key and what is wrong with it.
RecordCheck = Callable[[Mapping[str, Any]], list[tuple[str, str]]]


@dataclass(frozen=True)
class Field:
    """One key of a record: what it may hold and, for the JSON Schema, what it means.

    ``attribute`` is the data class's name for it where that differs; ``must_be_stated`` asks for the key
    although the data class has a default. ``left_out_where_empty``: a key that came later is not written
    where it holds nothing, so that every problem that was asked before keeps its canonical form and its hash.
    """

    key: str
    kind: Kind
    meaning: str = ""
    attribute: str = ""
    must_be_stated: bool = False
    may_be_null: bool = False
    left_out_where_empty: bool = False

    @property
    def name(self) -> str:
        return self.attribute or self.key


@dataclass(frozen=True)
class Table:
    """A record: its data class, its noun, its fields, and what must hold between them.

    ``identity``: attributes of which no two rows of one list may share all values. ``not_above``: pairs of
    keys of which the first, where both are stated, must not exceed (or come after) the second. ``format``:
    the value of the key ``format``, for a whole file.
    """

    record: type[Any]
    noun: str
    fields: tuple[Field, ...]
    identity: tuple[str, ...] = ()
    not_above: tuple[tuple[str, str], ...] = ()
    check: RecordCheck | None = None
    format: str | None = None
    schema_extra: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @cached_property
    def defaults(self) -> dict[str, Callable[[], Any]]:
        """For each key that may be left out, the maker of its value."""
        attributes = {attribute.name: attribute for attribute in dataclasses.fields(self.record)}
        return {
            column.key: _maker_of_default(attributes[column.name])
            for column in self.fields
            if not column.must_be_stated and _has_default(attributes[column.name])
        }

    @cached_property
    def keys(self) -> frozenset[str]:
        keys = frozenset(column.key for column in self.fields)
        return keys | {"format"} if self.format else keys

    @cached_property
    def order(self) -> Callable[[Any], Any]:
        """The order of rows in the canonical form: by identity, else by every field."""
        return attrgetter(*(self.identity or (column.name for column in self.fields)))


def _has_default(attribute: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return attribute.default is not missing or attribute.default_factory is not missing


def _maker_of_default(attribute: dataclasses.Field[Any]) -> Callable[[], Any]:
    if attribute.default_factory is not dataclasses.MISSING:
        return attribute.default_factory
    return lambda: attribute.default


def read_record(document: object, table: Table, place: str, reading: Reading) -> Any:
    """The record that an object states. Where faults were noted it holds ``None`` in the faulty fields, so
    that the checks that remain can still be made; the caller must not hand it on.
    """
    if not isinstance(document, dict):
        reading.note(place or "document", f"must be an object, not {show_value(document)}")
        return None
    note_repeated_keys(document, place, reading)
    _note_unknown_keys(document, table, place, reading)
    if table.format and document.get("format") != table.format:
        found = show_value(document.get("format"))
        reading.note(place_of_key(place, "format"), f'must be "{table.format}", not {found}')
    stated = {key: value for key, value in document.items() if value is not None}
    values = {column.key: _read_field(stated, column, table, place, reading) for column in table.fields}
    for lower, upper in table.not_above:
        _note_order(values, lower, upper, place, reading)
    if table.check is not None:
        read_values = {key: values[key] if key in stated else None for key in values}
        for key, message in table.check(read_values):
            reading.note(place_of_key(place, key), message)
    return table.record(**{column.name: values[column.key] for column in table.fields})


def _read_field(stated: Mapping[str, Any], column: Field, table: Table, place: str, reading: Reading) -> Any:
    if column.key in stated:
        # The keys of our own tables are plain; `place_of_key` is for those that a document makes up.
        its_place = f"{place}.{column.key}" if place else column.key
        return column.kind.read(stated[column.key], its_place, reading)
    if column.key in table.defaults:
        return table.defaults[column.key]()
    if column.may_be_null:
        return None
    reading.note(place_of_key(place, column.key), "must be stated")
    if isinstance(column.kind, Rows) and column.kind.declares:
        reading.declared[column.kind.declares] = None
    return None


def _note_unknown_keys(document: dict[str, Any], table: Table, place: str, reading: Reading) -> None:
    for key in document:
        if key in table.keys:
            continue
        message = f"is not a field of a {table.noun}"
        if len(key) <= 40:
            close = difflib.get_close_matches(key, sorted(table.keys), n=1)
            message += f'; did you mean "{close[0]}"?' if close else ""
        reading.note(place_of_key(place, key), message)


def _note_order(values: Mapping[str, Any], lower: str, upper: str, place: str, reading: Reading) -> None:
    low, high = values[lower], values[upper]
    if low is None or high is None or low <= high:
        return
    if isinstance(low, int):
        reading.note(place_of_key(place, lower), f"must be at most {upper} ({high}), not {low}")
    else:
        reading.note(place_of_key(place, upper), f"must not be before {lower} ({low}), but is {high}")


def write_record(record: Any, table: Table) -> dict[str, Any]:
    """The JSON object of a record, every key written out but those that say that they need not be."""
    document: dict[str, Any] = {"format": table.format} if table.format else {}
    for column in table.fields:
        value = getattr(record, column.name)
        if column.left_out_where_empty and not value:
            continue
        document[column.key] = None if value is None else column.kind.write(value)
    return document


@dataclass(frozen=True)
class Rows:
    """A list of records. ``declares``: the name under which other lists refer to its ids. ``in_order``: the
    order of the rows is kept; else it says nothing, and the rows are put in canonical order.
    """

    table: Table
    declares: str = ""
    in_order: bool = False

    def read(self, value: object, place: str, reading: Reading) -> tuple[Any, ...] | None:
        if self.declares:
            reading.declared[self.declares] = None
        rows = read_list(value, place, reading)
        if rows is None:
            return None
        faults_before = reading.fault_count
        records = [
            read_record(row, self.table, f"{place}[{index}]", reading) for index, row in enumerate(rows)
        ]
        if self.declares:
            reading.declared[self.declares] = {
                record.id for record in records if record is not None and record.id is not None
            }
        if self.table.identity:
            self._note_twins(records, place, reading)
        if reading.fault_count > faults_before:
            return None
        return tuple(records if self.in_order else sorted(records, key=self.table.order))

    def _note_twins(self, records: list[Any], place: str, reading: Reading) -> None:
        first_index: dict[Any, int] = {}
        for index, record in enumerate(records):
            names = tuple(getattr(record, attribute, None) for attribute in self.table.identity)
            if None in names:
                continue
            first = first_index.setdefault(names, index)
            if first != index:
                shown = ", ".join(show_value(name) for name in names)
                key = place_of_key(f"{place}[{index}]", self.table.identity[0])
                keys = " and ".join(self.table.identity)
                reading.note(key, f"{shown} is the {keys} of {place}[{first}] already")

    def write(self, value: tuple[Any, ...]) -> list[dict[str, Any]]:
        records = value if self.in_order else sorted(value, key=self.table.order)
        return [write_record(record, self.table) for record in records]

    def schema(self) -> Schema:
        return {"type": "array", "items": {"$ref": f"#/$defs/{self.table.noun}"}, "maxItems": MAX_ROWS}


@dataclass(frozen=True)
class Nested:
    """One record inside another."""

    table: Table

    def read(self, value: object, place: str, reading: Reading) -> Any:
        return read_record(value, self.table, place, reading)

    def write(self, value: Any) -> dict[str, Any]:
        return write_record(value, self.table)

    def schema(self) -> Schema:
        return {"$ref": f"#/$defs/{self.table.noun}"}
