"""Which offers suit what somebody looks for: yes, no, or not known yet.

What nobody has said of an offer never hides it: it may suit, and the reader is told what is still open.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from lcm_service.domain.vocabulary import ANY


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for; ``None`` asks nothing. ``month`` is any day of the month."""

    area: str | None = None
    language: str | None = None
    month: date | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """What an offer says, in the words in which it is looked for; ``None``: nobody has said.

    ``spans`` are the days from and to which it is or can be held, either end open, and ``may_be_later`` says
    that there is more of it whose days nobody has said; ``regions`` are those in which it is held, ``any``
    among them where it comes to the trainees or is held online.
    """

    areas: Collection[str] | None
    languages: Collection[str] | None
    spans: Collection[tuple[date | None, date | None]] | None
    regions: Collection[str] | None
    may_be_later: bool = False


def open_questions(course: Course, wish: Wish) -> tuple[str, ...] | None:
    """The parts of the wish (``areas``, ``languages``, ``dates``, ``place``) that the offer leaves open.

    None where the offer does not suit.
    """
    answers = {
        "areas": _has(course.areas, wish.area),
        "languages": _has(course.languages, wish.language),
        "dates": _falls_in(course, wish.month),
        "place": _has(course.regions, wish.region),
    }
    if False in answers.values():
        return None
    return tuple(name for name, answer in answers.items() if answer is None)


def _has(said: Collection[str] | None, wanted: str | None) -> bool | None:
    if wanted is None:
        return True
    if said is None:
        return None
    return wanted in said or ANY in said


def _falls_in(course: Course, month: date | None) -> bool | None:
    if month is None:
        return True
    if course.spans is None:
        return None
    first = month.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    for starts, ends in course.spans:
        if (starts is None or starts <= last) and (ends is None or ends >= first):
            return True
    return None if course.may_be_later else False
