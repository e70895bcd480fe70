"""A record of an earlier round fills in the form of a new one, so that nobody types it all again."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from lcm_service.domain.record_fields import column_of
from lcm_service.domain.rolling import moved_on, years_on
from lcm_service.web.fields import Section
from lcm_service.web.saving import Values

# A consent is given for one record and round, and asked for anew.
ASKED_ANEW = frozenset({"visibility_consent"})


def values_again(
    sections: Sequence[Section], record: Any, opens_on: date, more_days: Iterable[date | None]
) -> tuple[Values, int]:
    """What the form of a new record says at first, and by how many years its days were moved on.

    ``more_days`` are days of the record that stand in no section.
    """
    fields = [one for section in sections for one in section.fields]
    values = {
        one.name: None if one.name in ASKED_ANEW else getattr(record, column_of(one.name)) for one in fields
    }
    dated = [one.name for one in fields if one.widget == "date"]
    years = years_on([*(values[name] for name in dated), *more_days], opens_on)
    for name in dated:
        day: date | None = values[name]
        values[name] = None if day is None else moved_on(day, years)
    # Whom a coordinator submits it for.
    return values | {"participant": record.participant.code}, years


def later_rounds(own: Any, all_rounds: Iterable[Any]) -> list[Any]:
    """The open rounds of the same standing as the record's own: what is invented stays among its like."""
    return [
        one for one in all_rounds if one.state == "open" and one.id != own.id and one.standing == own.standing
    ]
