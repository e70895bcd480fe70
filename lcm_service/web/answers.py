"""What a record says, field by field and in words, as it is read before it is sent."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from lcm_service.domain.completeness import live_sessions
from lcm_service.domain.record_fields import column_of
from lcm_service.web import offer_rows, showing, words
from lcm_service.web.fields import Field
from lcm_service.web.record_steps import Step

# In how many words an empty answer is said: unknown is asked again, what is left empty is not.
NOT_KNOWN, LEFT_EMPTY = "unknown", "empty"


@dataclass(frozen=True)
class Answer:
    """One question, what is answered in one line or more, and where it is changed; without a line, why."""

    label: Any
    lines: tuple[Any, ...]
    address: str
    without: str = ""


def answers_of(record: Any, step: Step, addresses: Mapping[str, str]) -> list[Answer]:
    """All that a step asks, with what the record says."""
    return [
        *(_of_field(record, one, addresses[one.name]) for one in step.fields),
        *(_ROWS[name](record, addresses[name]) for name in step.rows),
    ]


def _of_field(record: Any, one: Field, address: str) -> Answer:
    said = in_words(one, getattr(record, column_of(one.name)))
    without = NOT_KNOWN if one.may_be_unknown else LEFT_EMPTY
    return Answer(one.label, (), address, without) if said is None else Answer(one.label, (said,), address)


def in_words(one: Field, value: Any) -> Any:
    """A value as the field would show it; ``None`` where nobody has said."""
    if value is None or value == "":
        return None
    return _WORDS.get(one.widget, _as_it_stands)(one, value)


def _as_it_stands(_one: Field, value: Any) -> Any:
    return showing.as_stated(str(value))


def _chosen(one: Field, value: Any) -> Any:
    """The name of a choice. What is on no list any more shows as it was written."""
    if value == "any":
        return one.any_label
    label = dict(one.choices).get(value, value)
    return showing.as_stated(label) if isinstance(label, str) and not isinstance(label, Markup) else label


def _several(one: Field, values: Iterable[Any]) -> Any:
    chosen = [_chosen(one, value) for value in values]
    return showing.in_one_line(chosen) if chosen else _("Nobody")


def _yes_or_no(_one: Field, value: bool) -> Any:
    return _("Yes") if value else _("No")


_WORDS: Mapping[str, Callable[[Field, Any], Any]] = {
    "number": lambda _one, value: showing.number(value),
    "date": lambda _one, value: showing.day(value, "long"),
    "one": _chosen,
    "select": _chosen,
    "pick": _chosen,
    "many": _several,
    "ranked": _several,
    "picks": _several,
    "yes": _yes_or_no,
    "yes_no": _yes_or_no,
}


def _sessions(offer: Any, address: str) -> Answer:
    lines = tuple(_session(one) for one in live_sessions(offer))
    return Answer(offer_rows.LABELS["sessions"], lines, address, LEFT_EMPTY)


def _session(session: Any) -> Any:
    """The days of a session, and what it has of its own."""
    parts = [showing.days(session.starts_on, session.ends_on) or _("Days not known yet")]
    if session.seats is not None:
        parts.append(_("own seats: %(number)s", number=showing.number(session.seats)))
    if session.place_code is not None:
        parts.append(showing.place(session.place_code))
    return showing.in_one_line(parts)


def _requires(offer: Any, address: str) -> Answer:
    label = offer_rows.LABELS["requires"]
    if offer.requires is None:
        return Answer(label, (), address, NOT_KNOWN)
    if not offer.requires:
        return Answer(label, (_("It needs nothing from others."),), address)
    return Answer(label, tuple(_requirement(row) for row in offer.requires), address)


def _requirement(row: Mapping[str, Any]) -> Any:
    parts = []
    if row.get("quantity") is not None:
        parts.append(_("%(amount)s for one session", amount=showing.number(row["quantity"])))
    if row.get("per_seat") is not None:
        parts.append(_("%(amount)s for each seat", amount=showing.number(row["per_seat"])))
    return _(
        "%(kind)s: %(amounts)s",
        kind=words.word("support_kind", row["kind"]),
        amounts=showing.in_one_line(parts),
    )


def _costs(offer: Any, address: str) -> Answer:
    lines = tuple(
        _(
            "%(item)s: %(bearer)s",
            item=words.word("cost_item", item),
            bearer=words.word("cost_bearer", bearer),
        )
        for item, bearer in (offer.costs or {}).items()
    )
    return Answer(offer_rows.LABELS["costs"], lines, address, NOT_KNOWN)


_ROWS: Mapping[str, Callable[[Any, str], Answer]] = {
    "sessions": _sessions,
    "requires": _requires,
    "costs": _costs,
}
