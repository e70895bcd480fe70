"""What a single record must obey, whoever sends it and by whatever door: values that contradict each other.

Each function takes the whole record as it would be stored (field -> value, absent or None where unknown) and
gives the faults: field -> sentences. Whether a code exists is for the services, which know the lists.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lcm_service.domain.record_fields import REQUIRED_FIELDS
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import ANY, PRIORITIES

Faults = dict[str, list[str]]
Values = Mapping[str, Any]

REQUIRED = sentence("Say what this is called.")
ENDS_BEFORE_START = sentence("The last day lies before the first.")
MORE_THAN_SEATS = sentence("This is more than the seats.")
ANY_STANDS_ALONE = sentence("Choose “any” or choose from the list, not both.")
EMPTY_LIST = sentence("An empty list says nothing. Leave it unknown, or say “any”.")
LONGER_THAN_WINDOW = sentence("The course is longer than the days between which it can be held.")
WINDOW_OR_DAYS = sentence(
    "State the days of the sessions, or the days between which they can be held, not both."
)
SHORT_SESSION_SEATS = sentence("A session has fewer seats than it needs to run.")
OWN_PARTNER = sentence("A participant is not its own partner.")
ONLY_ITS_OWN_WORD = sentence(
    "Only the participant itself says so, which is not enough for critical. Add the report or letter that "
    "says so, or recognise it as high."
)
QUANTITY_UNSTATED = sentence("State a quantity, or a quantity for each seat.")

# Lists in which nothing stated is not the same as nothing at all.
LISTS_THAT_MAY_BE_EMPTY = ("requires", "partners", "except", "sessions")


def faults_of(kind: str, values: Values) -> Faults:
    """Every contradiction within one need, offer or support; empty where there is none."""
    faults: Faults = {}
    for field in REQUIRED_FIELDS[kind]:
        if not values.get(field):
            _add(faults, field, REQUIRED)
    for field, value in values.items():
        if isinstance(value, list | tuple) and field not in LISTS_THAT_MAY_BE_EMPTY:
            _check_list(faults, field, value)
    _RULES[kind](faults, values)
    return faults


def recognition_faults(need: Values, seats: int | None, priority: str, reason: str | None) -> Faults:
    """What keeps these seats and this priority from being recognised for a need.

    Fewer seats than the smallest group could never be placed. What only the State itself says is not enough
    for *critical*, which comes before everybody else's (docs/matching.md, 10). And a State that gets less
    than it asked for reads why.
    """
    faults: Faults = {}
    smallest = need.get("min_group")
    if seats is not None and smallest is not None and seats < smallest:
        _add(faults, "seats", sentence("These are fewer seats than the need's smallest group."))
    if priority == "critical" and not may_be_critical(need):
        _add(faults, "priority", ONLY_ITS_OWN_WORD)
    if not reason and _is_less(need, seats, priority):
        _add(
            faults, "reason", sentence("Say why less is recognised than was asked; the participant reads it.")
        )
    return faults


def may_be_critical(need: Values) -> bool:
    """Whether anybody but the State itself says how the need is known: a basis, or a report or letter."""
    return need.get("basis") not in (None, "self_declared") or bool(need.get("basis_reference"))


def _is_less(need: Values, seats: int | None, priority: str) -> bool:
    """Whether fewer seats or a lower priority are recognised than were asked for."""
    asked_seats, asked_priority = need.get("seats_asked"), need.get("priority_asked")
    is_lower = asked_priority in PRIORITIES and priority in PRIORITIES
    return _is_before(seats, asked_seats) or (
        is_lower and PRIORITIES.index(priority) > PRIORITIES.index(asked_priority)
    )


def _check_list(faults: Faults, field: str, value: Sequence[Any]) -> None:
    if not value:
        _add(faults, field, EMPTY_LIST)
    elif ANY in value and len(value) > 1:
        _add(faults, field, ANY_STANDS_ALONE)


def _check_need(faults: Faults, need: Values) -> None:
    _check_order(faults, need, "earliest", "latest")
    for field in ("women", "min_group"):
        _check_at_most(faults, need, field, "seats_asked")


def _check_offer(faults: Faults, offer: Values) -> None:
    _check_order(faults, offer, "not_before", "not_after")
    _check_at_most(faults, offer, "min_seats", "seats")
    _check_at_most(faults, offer, "max_per_recipient", "seats")
    sessions = [session for session in offer.get("sessions") or () if not session.get("is_withdrawn")]
    for session in sessions:
        if _is_before(session.get("ends_on"), session.get("starts_on")):
            _add(faults, "sessions", ENDS_BEFORE_START)
        if _is_before(session.get("seats"), offer.get("min_seats")):
            _add(faults, "sessions", SHORT_SESSION_SEATS)
    window = [offer.get("not_before"), offer.get("not_after")]
    if sessions and any(window):
        _add(faults, "not_before" if window[0] else "not_after", WINDOW_OR_DAYS)
    days = offer.get("duration_days")
    first, last = offer.get("not_before"), offer.get("not_after")
    if first and last and days and days > (last - first).days + 1:
        _add(faults, "duration_days", LONGER_THAN_WINDOW)
    for requirement in offer.get("requires") or ():
        if requirement.get("quantity") is None and requirement.get("per_seat") is None:
            _add(faults, "requires", QUANTITY_UNSTATED)


def _check_support(faults: Faults, support: Values) -> None:
    _check_order(faults, support, "usable_from", "usable_to")


_RULES = {"need": _check_need, "offer": _check_offer, "support": _check_support}


def _check_order(faults: Faults, values: Values, first: str, last: str) -> None:
    if _is_before(values.get(last), values.get(first)):
        _add(faults, last, ENDS_BEFORE_START)


def _check_at_most(faults: Faults, values: Values, field: str, limit: str) -> None:
    if _is_before(values.get(limit), values.get(field)):
        _add(faults, field, MORE_THAN_SEATS)


def _is_before(low: Any, high: Any) -> bool:
    """Both are stated, and the first is the smaller: of what is unknown nothing can be said."""
    return low is not None and high is not None and bool(low < high)


def _add(faults: Faults, field: str, text: str) -> None:
    found = faults.setdefault(field, [])
    if text not in found:
        found.append(text)
