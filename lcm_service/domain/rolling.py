"""A record of an earlier round, taken up again: its days move on by whole years, and nothing else changes."""

from collections.abc import Iterable
from datetime import date


def years_on(days: Iterable[date | None], opens_on: date) -> int:
    """By how many years the days of training move: the fewest that bring the middle of the time between the
    first and the last of them to the opening of the round or behind it.

    Not the first day, or a year that begins two weeks before a round opens would be moved by two; not the
    last, or nearly nothing of a time that ends just then would be left.
    """
    known = [day for day in days if day is not None]
    if not known:
        return 0
    middle = min(known) + (max(known) - min(known)) / 2
    years = max(0, opens_on.year - middle.year)
    return years + (moved_on(middle, years) < opens_on)


def moved_on(day: date, years: int) -> date:
    """The same day so many years later; the last of February where that year has no 29th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
