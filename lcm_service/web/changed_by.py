"""A change that would have helped a need, made in the form of the next round: nothing is sent by it."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from lcm_service.domain.vocabulary import MODES
from lcm_service.web import studies
from lcm_service.web.saving import Values
from lcm_service.web.studies import Document

# A window is not opened by more days than a plan would ever try.
MOST_DIGITS: Final = 4
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")


def make_change(values: Values, given: Mapping[str, str]) -> tuple[Values, Any]:
    """What the form says at first with the change that the address names, and the change in words; where it
    names none, or one that changes nothing, the form stays as it is and no page says that it was changed.
    """
    change = read_change(given)
    made = values if change is None else values | _MADE[change["kind"]](values, change)
    return made, None if change is None or made == values else studies.change_sentence(change)


def read_change(given: Mapping[str, str]) -> Document | None:
    """The change that an address names, as `studies.change_sentence` takes it; None where it names none that
    the owner of a need can make.
    """
    kind, amount = given.get("change", ""), given.get("amount", "")
    if kind not in _MADE:
        return None
    is_number = amount.isdecimal() and amount.isascii() and len(amount) <= MOST_DIGITS
    change = {"kind": kind, "word": given.get("word") or None, "amount": int(amount) if is_number else None}
    lacks_days = kind in ("earlier", "later") and not change["amount"]
    word = given.get("word", "")
    is_known = {"language": _LANGUAGE.fullmatch(word) is not None, "mode": word in MODES}
    return None if lacks_days or not is_known.get(kind, True) else change


def address_of(change: Document) -> dict[str, Any]:
    """What an address says of a change; `read_change` reads it."""
    named = {"change": change["kind"], "word": change.get("word"), "amount": change.get("amount")}
    return {name: value for name, value in named.items() if value is not None}


def _add(field: str) -> Callable[[Values, Document], Values]:
    def add(values: Values, change: Document) -> Values:
        chosen = values.get(field)
        # "It does not matter" holds the new one already, and an answer that is not known yet, which rules out
        # nothing, would be narrowed to it.
        if chosen is None or isinstance(chosen, str):
            return {}
        return {field: [*chosen, *({change["word"]} - set(chosen))]}

    return add


def _move(field: str, sign: int) -> Callable[[Values, Document], Values]:
    def move(values: Values, change: Document) -> Values:
        day: date | None = values.get(field)
        return {} if day is None else {field: day + sign * timedelta(days=change["amount"])}

    return move


_MADE: Final[Mapping[str, Callable[[Values, Document], Values]]] = {
    "language": _add("languages"),
    "mode": _add("modes"),
    "earlier": _move("earliest", -1),
    "later": _move("latest", 1),
    # How much smaller, or over how many sessions, is not told to its owner, so both are left open.
    "min_group": lambda _values, change: {"min_group": change["amount"]},
    "max_groups": lambda _values, change: {"max_groups": change["amount"]},
    "not_whole": lambda _values, _change: {"whole": False},
}
