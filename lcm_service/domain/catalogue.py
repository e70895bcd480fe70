"""Which offers suit what somebody looks for: yes, no, or not known yet.

What nobody has said of an offer never hides it: it may suit, and the reader is told what is still open.
"""

from collections.abc import Collection, Mapping, Sequence
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


type Span = tuple[date | None, date | None]


@dataclass(frozen=True, slots=True)
class Sitting:
    """One session, or the time in which an offer is held: ``None`` is what nobody has said.

    ``span`` are the days from and to which it is or can be held, either end open; ``regions`` those in which
    it is held, ``any`` among them where it comes to the trainees or is held online. ``may_be_elsewhere``: it
    is held there, or where the trainees are.
    """

    span: Span | None
    regions: Collection[str] | None
    may_be_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """What an offer says, in the words in which it is looked for; ``None``: nobody has said."""

    areas: Collection[str] | None
    languages: Collection[str] | None
    sittings: Sequence[Sitting]


def open_questions(course: Course, wish: Wish) -> tuple[str, ...] | None:
    """The parts of the wish (``areas``, ``languages``, ``dates``, ``place``) that the offer leaves open.

    None where the offer does not suit. Days and place are those of one session: that which suits best.
    """
    answers = {"areas": _has(course.areas, wish.area), "languages": _has(course.languages, wish.language)}
    sittings = [
        {"dates": _falls_in(one.span, wish.month), "place": _is_held_in(one, wish.region)}
        for one in course.sittings
    ]
    suiting = [_left_open(answers | sitting) for sitting in sittings]
    return min((one for one in suiting if one is not None), key=len, default=None)


def _left_open(answers: Mapping[str, bool | None]) -> tuple[str, ...] | None:
    if False in answers.values():
        return None
    return tuple(name for name, answer in answers.items() if answer is None)


def _has(said: Collection[str] | None, wanted: str | None) -> bool | None:
    if wanted is None:
        return True
    if said is None:
        return None
    return wanted in said or ANY in said


def _is_held_in(sitting: Sitting, region: str | None) -> bool | None:
    answer = _has(sitting.regions, region)
    return None if answer is False and sitting.may_be_elsewhere else answer


def _falls_in(span: Span | None, month: date | None) -> bool | None:
    if month is None:
        return True
    if span is None:
        return None
    first = month.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    starts, ends = span
    return (starts is None or starts <= last) and (ends is None or ends >= first)
