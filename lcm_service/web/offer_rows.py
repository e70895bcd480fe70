"""The parts of an offer's form that are rows: its sessions, what it requires, who pays what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict

from lcm_service.domain.rolling import moved_on
from lcm_service.domain.vocabulary import COST_ITEMS
from lcm_service.web import choices
from lcm_service.web.saving import Faults, Values

EMPTY_ROWS = 2
MOST_ROWS = 200
LABELS = {
    "sessions": lazy_gettext("Sessions with fixed days"),
    "requires": lazy_gettext("What must others provide so that it can run?"),
    "costs": lazy_gettext("Who pays what?"),
}
NOTHING, LISTED, UNKNOWN = "nothing", "listed", ""
SESSION_FIELDS = ("starts_on", "ends_on", "seats", "place_code")
REQUIREMENT_FIELDS = ("kind", "quantity", "per_seat")


@dataclass
class OfferRows:
    """The rows as a page shows them: as stored, or as typed. ``answer`` is what was said of requirements."""

    sessions: Sequence[Mapping[str, Any]] = field(default_factory=list)
    requires: Sequence[Mapping[str, Any]] = field(default_factory=list)
    answer: str = UNKNOWN
    costs: Mapping[str, str] = field(default_factory=dict)

    def moved_on(self, years: int) -> "OfferRows":
        """The rows for a new offer: sessions with keys of their own to come, so many years later."""
        sessions = [
            {
                name: moved_on(value, years) if isinstance(value, date) else value
                for name, value in row.items()
                if name != "key"
            }
            for row in self.sessions
        ]
        return replace(self, sessions=sessions)

    def session_rows(self) -> list[Mapping[str, Any]]:
        """The sessions, and empty rows to add more."""
        return [*self.sessions, *({} for _row in range(EMPTY_ROWS))]

    def requirement_rows(self) -> list[Mapping[str, Any]]:
        """The requirements, and empty rows to add more."""
        return [*self.requires, *({} for _row in range(EMPTY_ROWS))]


def stored_rows(offer: Any) -> OfferRows:
    """The rows of a stored offer."""
    said = LISTED if offer.requires else NOTHING
    sessions = [
        {"key": one.key, **{name: getattr(one, name) for name in SESSION_FIELDS}}
        for one in offer.sessions
        if not one.is_withdrawn
    ]
    return OfferRows(
        sessions, offer.requires or [], UNKNOWN if offer.requires is None else said, offer.costs or {}
    )


def typed_rows(form: MultiDict[str, str]) -> OfferRows:
    """The rows as they were typed, to be shown again."""
    return OfferRows(
        _typed(form, "session", ("key", *SESSION_FIELDS)),
        _typed(form, "requirement", REQUIREMENT_FIELDS),
        form.get("requires", UNKNOWN),
        {item: form.get(f"cost-{item}", "") for item in COST_ITEMS if form.get(f"cost-{item}")},
    )


def read_rows(form: MultiDict[str, str], parts: Sequence[str]) -> tuple[Values, Faults]:
    """The rows as data, for those ``parts`` (sessions, requires, costs) that the form asks about."""
    rows = typed_rows(form)
    values: Values = {}
    faults: Faults = {}
    if "sessions" in parts:
        values["sessions"] = [_session(row) for row in rows.sessions]
    if "costs" in parts:
        values["costs"] = dict(rows.costs) or None
    if "requires" in parts:
        requires = [_requirement(row) for row in rows.requires]
        if rows.answer == NOTHING and requires:
            faults["requires"] = [_("Choose one: “it needs nothing”, or the list of what it needs.")]
        if rows.answer == LISTED and not requires:
            faults["requires"] = [_("List at least one thing that it needs.")]
        # Rows that were filled in are an answer, whichever button was left pressed.
        values["requires"] = requires or ([] if rows.answer == NOTHING else None)
    return values, faults


def requires_as_stored(offer: Any, values: Values) -> Values:
    """The values with unchanged requirements as they are stored: an amount left out is as good as none."""
    typed = values.get("requires")
    stated = [{name: row[name] for name in row if row[name] is not None} for row in offer.requires or ()]
    return values | {"requires": offer.requires} if typed and typed == stated else values


def _typed(form: MultiDict[str, str], prefix: str, names: Sequence[str]) -> list[dict[str, str]]:
    """Rows whose fields are named ``prefix-number-field``; rows in which nothing was typed are left out."""
    count = _number(form.get(f"{prefix}-rows", "0"))
    numbers = range(min(count, MOST_ROWS) if isinstance(count, int) else 0)
    rows = [{name: form.get(f"{prefix}-{number}-{name}", "").strip() for name in names} for number in numbers]
    return [row for row in rows if any(row.values())]


def _session(row: Mapping[str, str]) -> dict[str, Any]:
    session: dict[str, Any] = {name: row[name] or None for name in SESSION_FIELDS}
    session["seats"] = _number(row["seats"])
    session["place_code"] = _place_code(row["place_code"])
    if row["key"]:
        session["key"] = row["key"]
    return session


def _requirement(row: Mapping[str, str]) -> dict[str, Any]:
    amounts = {name: _number(row[name]) for name in ("quantity", "per_seat")}
    return {"kind": row["kind"], **{name: amount for name, amount in amounts.items() if amount is not None}}


def _number(text: str) -> int | str | None:
    return int(text) if text.isdecimal() and len(text) <= 12 else text or None


def _place_code(text: str) -> str | None:
    names = {str(label).casefold(): code for code, label in choices.places()}
    return names.get(text.casefold(), text) or None
