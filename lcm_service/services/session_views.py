"""The session of a match as its readers see it: by its label in a plan, as it is now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from lcm_service.domain import windows
from lcm_service.persistence.tables import Offer, SessionDays

FIELDS_OF_DAYS: Final = ("start", "end", "not_before", "not_after")

type Days = tuple[date | None, date | None, date | None, date | None]


@dataclass(frozen=True, slots=True)
class SessionNow:
    """The days and the place that bind whoever stands in a session. ``not_before`` and ``not_after`` are all
    that is known where it names no days. ``moved_by``: ``all`` who take part, or the ``offer``, which states
    others than the plan has; empty where the session is as planned.
    """

    start: date | None
    end: date | None
    not_before: date | None
    not_after: date | None
    place: str | None
    moved_by: str | None = None

    @property
    def days(self) -> Days:
        return self.start, self.end, self.not_before, self.not_after


@dataclass(frozen=True, slots=True)
class DaysBefore:
    """The days that the plan has for a session that is on other days now."""

    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class SessionOfMatch:
    """The session; where its days are unknown, ``not_before`` and ``not_after`` say what is known.
    ``moved_from``: the days that its plan has, where it is on others now, ``moved_by`` all who take part or
    its offer; ``place_before``: the place that its plan has, where its offer states another.
    """

    code: str
    title: str
    mode: str | None
    place: str | None
    languages: Sequence[str] | None
    areas: Sequence[str] | None
    level: str | None
    start: date | None
    end: date | None
    not_before: date | None
    not_after: date | None
    moved_from: DaysBefore | None = None
    moved_by: str | None = None
    place_before: str | None = None


def session_now(offer: Offer, code: str, label: Mapping[str, Any], moved: SessionDays | None) -> SessionNow:
    """The days to which the session was moved, else as its offer states them now; one that was cut from a
    window has those of its plan. The place is the one that the offer states now.
    """
    planned = session_as_planned(label)
    key = windows.key_of_session(offer.reference, code)
    row = next((one for one in offer.sessions if one.key == key), None)
    place = offer.place_code if row is None or row.place_code is None else row.place_code
    if moved is not None:
        days: Days = (moved.starts_on, moved.ends_on, None, None)
    elif row is None:
        days = planned.days
    elif row.starts_on is None or row.ends_on is None:
        days = (row.starts_on, row.ends_on, offer.not_before, offer.not_after)
    else:
        days = (row.starts_on, row.ends_on, None, None)
    moved_by = "offer" if moved is None else "all"
    return SessionNow(*days, place, None if days == planned.days else moved_by)


def session_as_planned(label: Mapping[str, Any]) -> SessionNow:
    """The same as a plan has it: so it goes on to be read by whoever has left."""
    start, end, first, last = (
        None if label[name] is None else date.fromisoformat(label[name]) for name in FIELDS_OF_DAYS
    )
    return SessionNow(start, end, first, last, label["place"])


def session_of_match(code: str, label: Mapping[str, Any], now: SessionNow | None) -> SessionOfMatch:
    """The session by its label in a plan, as it is now; where ``now`` is empty, as planned."""
    planned = session_as_planned(label)
    now = now or planned
    return SessionOfMatch(
        code=code,
        title=label["title"],
        mode=label["mode"],
        place=now.place,
        languages=label["languages"],
        areas=label["areas"],
        level=label["level"],
        start=now.start,
        end=now.end,
        not_before=now.not_before,
        not_after=now.not_after,
        moved_from=DaysBefore(planned.start, planned.end) if now.moved_by else None,
        moved_by=now.moved_by,
        place_before=planned.place if planned.place != now.place else None,
    )
