"""The fields of a form as data, and how what was typed is read back.

A form is a list of sections, each a list of fields; `templates/components.html` draws them and `read_values`
reads them, so that a form is declared once. What is left empty, and what is answered with "I don't know
yet", is read as ``None``: unknown. "any" is an answer of its own. Whether a value is valid is for the schema
to say, not for this file: a number that is no number is handed on as it was typed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import g
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict

IT_DOES_NOT_MATTER = _("It does not matter")

Choices = Sequence[tuple[str, Any]]
# Shown to begin with: entries of a list field, and always at least two empty ones.
FEWEST_SLOTS = 4
# Parts of forms that are rows and no fields: each has a fieldset of this id.
ROWS = frozenset({"sessions", "requires", "costs"})
EMPTY_SLOTS = 2


# What a browser posts.
type TypedForm = MultiDict[str, str]


@dataclass(frozen=True)
class Field:
    """One question of a form.

    ``widget`` is text, email, password, longtext, number or date (one value typed); select, one or yes_no
    (one chosen); pick (one, by name or code); many (boxes); ranked (several, in order of preference); picks
    (several, by name or code); or yes (one box). ``list_choices`` is called when the form is drawn.
    """

    name: str
    label: Any
    widget: str = "text"
    hint: Any = None
    list_choices: Callable[[], Choices] | None = None
    has_any: bool = False
    any_label: Any = IT_DOES_NOT_MATTER
    may_be_unknown: bool = False
    autocomplete: str | None = None

    @property
    def choices(self) -> Choices:
        """The choices in the reader's language, read once a request."""
        if self.list_choices is None:
            return ()
        known: dict[Callable[[], Choices], Choices] = g.setdefault("form_choices", {})
        if self.list_choices not in known:
            known[self.list_choices] = self.list_choices()
        return known[self.list_choices]

    @property
    def choice_values(self) -> set[str]:
        return {value for value, _label in self.choices}


@dataclass(frozen=True)
class Section:
    """Fields that belong together, under one heading."""

    title: Any
    fields: tuple[Field, ...]
    hint: Any = None


@dataclass
class FormView:
    """A form as a page shows it: its sections, the values (as stored, or as typed), and the faults found."""

    sections: tuple[Section, ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    faults_by_field: Mapping[str, list[str]] = field(default_factory=dict)
    # False for a new record, where no box says "I don't know yet" before the person did.
    shows_unknown: bool = False
    # Where what this page does not ask is changed: a fault there is linked to it.
    addresses: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> Iterable[Field]:
        return (one for section in self.sections for one in section.fields)

    @property
    def has_faults(self) -> bool:
        return bool(self.faults_by_field)

    @property
    def fault_lines(self) -> list[tuple[str, str, Any, str]]:
        """(address, name, label, sentence) of each fault; what belongs to no field of the form points at its
        top, and the label is ``None`` where no section has the field.
        """
        labels = {one.name: one.label for one in self.fields}
        return [
            (
                self.addresses.get(name) or f"#{name if name in labels or name in ROWS else 'content'}",
                name,
                labels.get(name),
                sentence,
            )
            for name, sentences in self.faults_by_field.items()
            for sentence in sentences
        ]

    def faults(self, name: str) -> list[str]:
        return list(self.faults_by_field.get(name, ()))

    def value(self, name: str) -> Any:
        return self.values.get(name)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return "" if value is None else str(value)

    def has(self, name: str, choice: str) -> bool:
        value = self.values.get(name)
        if isinstance(value, bool):
            return choice == ("yes" if value else "no")
        return choice in value if isinstance(value, list | tuple) else value == choice

    def is_unknown(self, name: str) -> bool:
        return self.shows_unknown and self.values.get(name) is None

    def slots(self, one: Field) -> list[str]:
        """The entries of a list field, and empty ones to add more."""
        filled = [
            entry for entry in self.values.get(one.name) or () if entry != "any" or one.widget == "ranked"
        ]
        return [*filled, *[""] * max(FEWEST_SLOTS - len(filled), EMPTY_SLOTS)]

    def pick_label(self, one: Field, value: str | None) -> str:
        """The name that stands for a code in a field where names are typed."""
        return str(dict(one.choices).get(value or "", value or ""))


def read_values(sections: Iterable[Section], form: TypedForm) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Read every declared field: its value (``None``: unknown), and answers that contradict themselves."""
    # A box that the page itself had ticked says nothing: beside it, an answer counts. One that the person
    # ticked beside an answer contradicts it.
    unknown = set(form.getlist("unknown")) - set(form.getlist("was_unknown"))
    values: dict[str, Any] = {}
    faults: dict[str, list[str]] = {}
    for section in sections:
        for one in section.fields:
            value = READERS.get(one.widget, _read_one)(one, form)
            if one.name in unknown and value not in (None, False):
                faults[one.name] = [gettext("Choose one: an answer, or “I don’t know yet”.")]
            if isinstance(value, list) and "any" in value and len(value) > 1:
                faults[one.name] = [
                    gettext("Choose one: answers from the list, or “%(any)s”.", any=one.any_label)
                ]
            values[one.name] = value
    return values, faults


def _read_one(one: Field, form: TypedForm) -> str | None:
    return form.get(one.name, "").strip() or None


def _read_number(one: Field, form: TypedForm) -> int | str | None:
    text = _read_one(one, form)
    return int(text) if text and text.isdecimal() and len(text) <= 12 else text


def _read_pick(one: Field, form: TypedForm) -> str | None:
    return _code_of(one, form.get(one.name, "").strip()) or None


def _read_several(one: Field, form: TypedForm) -> list[str] | None:
    entries = [entry.strip() for entry in form.getlist(one.name)]
    if one.widget == "picks":
        entries = [_code_of(one, entry) for entry in entries]
    # The same entry twice says no more than once.
    return list(dict.fromkeys(filter(None, entries))) or None


def _read_yes(one: Field, form: TypedForm) -> bool:
    return one.name in form


def _read_yes_no(one: Field, form: TypedForm) -> bool | None:
    return {"yes": True, "no": False}.get(form.get(one.name, ""))


def _code_of(one: Field, typed: str) -> str:
    """The code of what was typed: a code itself, or the name that the page shows for it."""
    if typed in one.choice_values:
        return typed
    names = {str(label).casefold(): value for value, label in one.choices}
    return names.get(typed.casefold(), typed)


READERS: Mapping[str, Callable[[Field, TypedForm], Any]] = {
    "number": _read_number,
    "pick": _read_pick,
    "many": _read_several,
    "ranked": _read_several,
    "picks": _read_several,
    "yes": _read_yes,
    "yes_no": _read_yes_no,
}
