"""What would be made of each row of a sheet, and every fault of it, in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from lcm_service.domain.permissions import Actor
from lcm_service.schemas.forms import read_typed
from lcm_service.services import sheets
from lcm_service.services.sheets import Finding, Row
from lcm_service.web import sheet_columns, showing
from lcm_service.web.fields import Field
from lcm_service.web.record_kinds import RecordKind
from lcm_service.web.saving import Faults, flat_faults
from lcm_service.web.sheet_columns import CELL_FAULTS, names_two_answers

Stored = Mapping[str, Any]
# A page shows so many letters of a text; the row itself has them all.
LONGEST_SHOWN = 200


@dataclass(frozen=True)
class RowFault:
    """What is wrong with a cell: the column (None: the row as a whole), the sentence, and what was typed."""

    label: Any
    sentence: Any
    typed: Any


@dataclass(frozen=True)
class RowView:
    """A row as the page shows it."""

    number: int
    title: str
    stored: Stored
    facts: Sequence[tuple[Any, Any]] = ()
    faults: Sequence[RowFault] = ()
    already: str | None = None
    namesake: str | None = None

    @property
    def is_good(self) -> bool:
        return not self.faults and self.already is None


@dataclass(frozen=True)
class _Read:
    """A row as its schema reads it."""

    stored: Stored
    values: Mapping[str, Any]
    faults: Faults = field(default_factory=dict)

    @property
    def row(self) -> Row:
        return Row(self.stored["row"], self.values)


def views_of(actor: Actor, kind: RecordKind, sheet: Any) -> list[RowView]:
    """Every row of a sheet with what would be made of it. Nothing is written."""
    read = _read(kind, sheet)
    good = sheets.look_over(actor, sheet, [one.row for one in read if not one.faults])
    # Of a row that its schema refuses, what is right of it is looked over too: all is told at once.
    bad = sheets.look_over(actor, sheet, [one.row for one in read if one.faults])
    known = sheet_columns.fields_of(kind.form.sections)
    return [_view(known, one, good.get(one.row.number) or _of_faulty(one, bad)) for one in read]


def rows_to_keep(kind: RecordKind, sheet: Any) -> list[Row]:
    """The rows that the schema accepts; whether they make a record is for the service to say."""
    return [one.row for one in _read(kind, sheet) if not one.faults]


def remarks_on(view: RowView) -> str:
    """The faults of a row in one line, for a sheet."""
    return " / ".join(
        f"{one.label}: {showing.bare(one.sentence)}" if one.label else showing.bare(one.sentence)
        for one in view.faults
    )


def _read(kind: RecordKind, sheet: Any) -> list[_Read]:
    known = sheet_columns.fields_of(kind.form.sections)
    columns = sheet.content["columns"]
    read = []
    for stored in sheet.content["rows"]:
        typed = sheet_columns.read_cells(known, columns, stored)
        values, faults = read_typed(kind.schema, typed)
        codes = {name: "two_answers" for name, value in typed.items() if names_two_answers(value)}
        told: Faults = {name: [CELL_FAULTS[code]] for name, code in (codes | stored["faults"]).items()}
        read.append(_Read(stored, kind.form.finish(values, None), faults | told))
    return read


def _of_faulty(one: _Read, findings: Mapping[int, Finding]) -> Finding:
    """All that is wrong with a row: what its schema says of a field comes before what a rule says of it."""
    more = findings[one.row.number].faults
    return Finding({**{name: more[name] for name in more if name and name not in one.faults}, **one.faults})


def _view(known: Mapping[str, Field], read: _Read, finding: Finding) -> RowView:
    cells = read.stored["cells"]
    told = flat_faults(finding.faults)
    # In the order of the columns; what is about the row as a whole comes first.
    places = {name: place for place, name in enumerate(("", *known))}
    names = sorted(told, key=lambda name: places.get(name, len(places)))
    faults = [
        RowFault(known[name].label if name in known else None, sentence, _as_typed(cells.get(name)))
        for name in names
        for sentence in told[name]
    ]
    facts = [
        (field_.label, _shown(field_, read.values.get(name)))
        for name, field_ in known.items()
        if name != "title" and read.values.get(name) not in (None, [])
    ]
    title = str(read.values.get("title") or _text(cells.get("title")) or "")
    return RowView(read.row.number, title, read.stored, facts, faults, finding.already, finding.namesake)


def _as_typed(value: Any) -> Any:
    """The begin of what a cell or a text says, set apart from the page's words."""
    text = _text(value)
    is_long = text is not None and len(text) > LONGEST_SHOWN
    return showing.as_stated(f"{text[:LONGEST_SHOWN]}…" if text and is_long else text)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _shown(one: Field, value: Any) -> Any:
    """A value as a page shows it."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int):
        return showing.number(value)
    names = dict(one.choices) | ({"any": one.any_label} if one.has_any else {})
    if isinstance(value, list | tuple):
        return showing.in_one_line(names.get(code) or showing.as_stated(code) for code in value)
    if one.widget == "date":
        return showing.day(value)
    return names.get(value) or _as_typed(value)
