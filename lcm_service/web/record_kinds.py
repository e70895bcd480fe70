"""What each kind of record has of its own: its words, its form, its services.

The pages that all kinds have in common are in `record_flow`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lcm_service.domain.permissions import Actor
from lcm_service.schemas.records import RecordSchema
from lcm_service.web.fields import Section, TypedForm
from lcm_service.web.saving import Faults, Values

# A need, an offer or a support. Pages do not know the tables.
type Record = Any


def _as_it_is(values: Values, _record: Record | None) -> Values:
    return values


def _as_they_are(values: Values, _years: int) -> Values:
    return values


def _nothing_more(*_about: Any) -> Values:
    return {}


def _no_rows(_form: TypedForm, _parts: Sequence[str]) -> tuple[Values, Faults]:
    return {}, {}


def _no_change(values: Values, _given: Mapping[str, str]) -> tuple[Values, Any]:
    return values, None


def _no_days(_record: Record) -> Iterable[date | None]:
    return ()


@dataclass(frozen=True)
class RecordForm:
    """A form about a record: its page, and what it asks.

    The three functions are for forms that ask more than their sections declare. ``read_more`` reads that from
    what was posted. ``finish`` makes all that was read ready for the service; it gets the stored record, or
    None where the record is new. ``show_more`` gives the page what stands beside the sections: as the record
    that it gets has it, or, where it gets None, as it was typed.
    """

    template: str
    sections: tuple[Section, ...]
    read_more: Callable[[], tuple[Values, Faults]] | None = None
    finish: Callable[[Values, Record | None], Values] = _as_it_is
    show_more: Callable[[Record | None], Values] = _nothing_more
    # What stands beside the sections where a record is taken up again: the days of the stored one, and those
    # rows moved on by so many years.
    more_days: Callable[[Record], Iterable[date | None]] = _no_days
    move_more: Callable[[Values, int], Values] = _as_they_are
    # And what an address asks to be changed in it at once, with the sentence that says so.
    make_change: Callable[[Values, Mapping[str, str]], tuple[Values, Any]] = _no_change


@dataclass(frozen=True)
class RecordServices:
    """The services that list, find and change records of a kind. Each checks what the actor may do."""

    list_all: Callable[..., Sequence[Record]]
    find: Callable[[Actor, str], Record]
    submit: Callable[[Actor, str, str, Values], Record]
    revise: Callable[..., Record]
    withdraw: Callable[[Actor, str, int, str | None], Record]


@dataclass(frozen=True)
class RecordKind:
    """What a kind of record has of its own."""

    # Its code in questions and histories.
    name: str
    # What its addresses, its blueprint and its folder of templates are called.
    area: str
    # The heading of its lists, and the button that leads to an empty form.
    plural: Any
    to_submit: Any
    # What a person is told once it is done.
    recorded: Any
    changed: Any
    withdrawn: Any
    form: RecordForm
    schema: type[RecordSchema]
    services: RecordServices
    # What an empty form has answered already.
    at_first: Mapping[str, Any] = field(default_factory=dict)
    # How those parts of its form that are rows are read, in a step that asks about some of them.
    read_rows: Callable[[TypedForm, Sequence[str]], tuple[Values, Faults]] = _no_rows
    # What its page shows and the pages of other kinds do not.
    show_more: Callable[[Actor, Record], Values] = _nothing_more
    # The same of its list, by the code of the round.
    list_more: Callable[[Actor, str], Values] = _nothing_more
