"""A record of an earlier round fills in the form of a new one, so that nobody types it all again."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from lcm_service.domain.record_fields import column_of
from lcm_service.domain.rolling import moved_on, years_on
from lcm_service.web.fields import Section
from lcm_service.web.saving import Values

# A consent is given for one record and round; when a unit deploys next, nobody has said.
ASKED_ANEW = frozenset({"visibility_consent", "deploys_on"})
# When there is to be training or what supports it: by these the years are counted.
DAYS_OF_TRAINING = frozenset({"earliest", "latest", "not_before", "not_after", "usable_from", "usable_to"})
# What moves along. Until when a course is recognised is no plan, but what somebody decided: it stays.
MOVED = DAYS_OF_TRAINING | {"expires_on"}


def values_again(
    sections: Sequence[Section], record: Any, opens_on: date, more_days: Iterable[date | None], today: date
) -> tuple[Values, int]:
    """What the form of a new record says at first, and by how many years its days were moved on.

    ``more_days`` are days of training of the record that stand in no section; a round may have opened long
    before ``today``.
    """
    names = [one.name for section in sections for one in section.fields]
    values: Values = {
        name: None if name in ASKED_ANEW else getattr(record, column_of(name)) for name in names
    }
    days = [values[name] for name in names if name in DAYS_OF_TRAINING]
    years = years_on([*days, *more_days], opens_on)
    for name in MOVED.intersection(names):
        day: date | None = values[name]
        values[name] = None if day is None else moved_on(day, years)
    expires_on: date | None = values.get("expires_on")
    if expires_on is not None and expires_on < max(opens_on, today):
        # It would stand no more when it is sent; until when it does is asked.
        values["expires_on"] = None
    # Whom a coordinator submits it for.
    return values | {"participant": record.participant.code}, years


def later_rounds(own: Any, all_rounds: Iterable[Any]) -> list[Any]:
    """The open rounds of the same standing as the record's own: what is invented stays among its like."""
    return [
        one for one in all_rounds if one.state == "open" and one.id != own.id and one.standing == own.standing
    ]
