"""A record of an earlier round, taken up again: its days move on by whole years, and nothing else changes."""

from collections.abc import Iterable
from datetime import date


def years_on(days: Iterable[date | None], opens_on: date) -> int:
    """By how many years the days move, so that the earliest of them does not come before a round opens."""
    known = [day for day in days if day is not None]
    if not known:
        return 0
    years = max(0, opens_on.year - min(known).year)
    return years + (moved_on(min(known), years) < opens_on)


def moved_on(day: date, years: int) -> date:
    """The same day so many years later; the last of February where that year has no 29th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
