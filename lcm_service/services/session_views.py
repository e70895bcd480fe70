"""The session of a match as its readers see it: by its label in a plan, on the days of now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lcm_service.persistence.tables import SessionDays


@dataclass(frozen=True, slots=True)
class DaysBefore:
    """The days that the plan has for a session that was moved since to other days."""

    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class SessionOfMatch:
    """The session; where its days are unknown, ``not_before`` and ``not_after`` say what is known.
    ``moved_from``: the days that its plan has, where all who take part have moved it since.
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


def session_of_match(code: str, label: Mapping[str, Any], moved: SessionDays | None) -> SessionOfMatch:
    """The session by its label in a plan, on the days to which it was moved since."""
    days: dict[str, Any] = {
        name: None if label[name] is None else date.fromisoformat(label[name])
        for name in ("start", "end", "not_before", "not_after")
    }
    if moved is not None:
        before = DaysBefore(days["start"], days["end"])
        days = {"start": moved.starts_on, "end": moved.ends_on, "not_before": None, "not_after": None}
        if before != DaysBefore(moved.starts_on, moved.ends_on):
            days["moved_from"] = before
    return SessionOfMatch(
        code=code,
        title=label["title"],
        mode=label["mode"],
        place=label["place"],
        languages=label["languages"],
        areas=label["areas"],
        level=label["level"],
        **days,
    )
