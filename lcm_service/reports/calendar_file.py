"""Whole days as a file that calendar programs read (iCalendar, RFC 5545)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something on the days from ``first`` to ``last``, both included.

    ``name`` stays when the event moves, so that a program that reads the file again moves it too. One that is
    not ``is_busy`` leaves the days free.
    """

    name: str
    first: date
    last: date
    summary: str
    address: str
    place: str | None
    is_busy: bool


def write_calendar(title: str, rows: Iterable[EventRow], made_at: datetime) -> bytes:
    """The rows as a calendar of that title. Every event is marked as private: such files are passed on."""
    calendar = Calendar()
    calendar.add("prodid", "-//Light Coordination Mechanism//calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    for row in rows:
        calendar.add_component(_event(row, made_at))
    return bytes(calendar.to_ical())


def _event(row: EventRow, made_at: datetime) -> Event:
    event = Event()
    event.add("uid", row.name)
    event.add("dtstamp", made_at)
    event.add("dtstart", row.first)
    # The end is the first day after it (RFC 5545, 3.6.1).
    event.add("dtend", row.last + timedelta(days=1))
    event.add("summary", row.summary)
    if row.place:
        event.add("location", row.place)
    event.add("url", row.address)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE" if row.is_busy else "TRANSPARENT")
    return event
