"""Candidate sessions of an offer: which days may be proposed, and under which keys.

A session's id in every problem and plan is ``<offer reference>-<key>``. Matches, decisions and declines hang
on it, so a key never changes its meaning:

- ``S1``, ``S2``... were given once to dated sessions and stay theirs;
- ``W20270405`` is the session cut from a window to start on that day;
- ``U1``, ``U2``... are courses of which no days are known.

A session that is moved to other days, as all agreed who take part, keeps its key.

Windows are cut on a fixed grid of Mondays, counted from the same Monday for every offer. A window that is
moved by a week therefore keeps most of its keys, and the same window always gives the same ones.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

MAX_CANDIDATES: Final = 12

# Any Monday would do; it must never change, or every key cut from a long window would.
FIRST_MONDAY: Final = date(2001, 1, 1)
WEEK: Final = timedelta(days=7)

_WINDOW_KEY: Final = re.compile(r"W(\d{4})(\d{2})(\d{2})")
_UNDATED_KEY: Final = re.compile(r"U[1-9]\d{0,3}")


@dataclass(frozen=True, slots=True)
class DatedSession:
    """A session of an offer as it was submitted; a withdrawn one gives no candidate."""

    key: str
    starts_on: date | None = None
    ends_on: date | None = None
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class OfferDays:
    """What an offer says about its days: dated sessions, else a window with a duration, else little or
    nothing.

    ``duration_days`` counts the first and the last day. ``max_sessions`` absent means no limit for dated
    sessions and one session otherwise: a sentence such as "a course in the first half of the year" pledges
    one course.
    """

    sessions: tuple[DatedSession, ...] = ()
    not_before: date | None = None
    not_after: date | None = None
    duration_days: int | None = None
    max_sessions: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A session that may run. Where its days are unknown, ``not_before`` and ``not_after`` say what is
    known.
    """

    key: str
    start: date | None = None
    end: date | None = None
    not_before: date | None = None
    not_after: date | None = None


def is_generated(key: str) -> bool:
    """Whether the key was cut from a window or stands for unknown days, rather than given to a dated
    session.
    """
    return bool(_WINDOW_KEY.fullmatch(key) or _UNDATED_KEY.fullmatch(key))


def has_unknown_days(key: str) -> bool:
    """Whether the key stands for a course of which no days are known; such keys of one offer mean the same
    course.
    """
    return bool(_UNDATED_KEY.fullmatch(key))


def session_code(offer_reference: str, key: str) -> str:
    """The id of a session in problems, plans and matches."""
    return f"{offer_reference}-{key}"


def key_of_session(offer_reference: str, code: str) -> str:
    """The key within a session's id. Raises ValueError where the id is another offer's."""
    prefix = f"{offer_reference}-"
    if not code.startswith(prefix) or len(code) == len(prefix):
        raise ValueError(f"Session {code} is not one of offer {offer_reference}.")
    return code[len(prefix) :]


def sessions_that_may_run(days: OfferDays) -> int | None:
    """How many of the offer's candidates may run; None is no limit."""
    if days.max_sessions is not None:
        return days.max_sessions
    return None if _stated_sessions(days) else 1


def candidates_of(
    days: OfferDays, *, opens_on: date | None = None, kept: Collection[str] = ()
) -> tuple[Candidate, ...]:
    """The candidate sessions of an offer, ordered by key.

    ``opens_on`` is the day on which the round opens: a course that ended before is history. ``kept`` are
    keys that live matches hold; each stays a candidate whatever the offer says now, so that what is agreed
    can be pinned, and counts among the `MAX_CANDIDATES` cut from a window.
    """
    withdrawn = {session.key for session in days.sessions if session.is_withdrawn}
    wanted = set(kept) - withdrawn
    stated = _stated_sessions(days)
    if stated:
        found = [_candidate_of(session, days) for session in stated if not session.is_withdrawn]
        found = [one for one in found if one.key in wanted or not _ended_before(one, opens_on)]
    else:
        found = [one for one in _generate(days, opens_on, wanted) if one.key not in withdrawn]
    known = {one.key for one in found}
    found += [_kept_candidate(key, days) for key in wanted - known]
    return tuple(sorted(found, key=lambda one: (len(one.key), one.key)))


def moved_to(candidate: Candidate, start: date, end: date) -> Candidate:
    """The same session on other days."""
    return replace(candidate, start=start, end=end, not_before=None, not_after=None)


def as_agreed(
    candidate: Candidate,
    start: date | None,
    end: date | None,
    not_before: date | None,
    not_after: date | None,
) -> Candidate:
    """The same session with the days under which a match stands in it, whatever its offer says of now."""
    return replace(candidate, start=start, end=end, not_before=not_before, not_after=not_after)


def _stated_sessions(days: OfferDays) -> list[DatedSession]:
    """Sessions that the provider gave; a withdrawn mark on a generated key does not make an offer dated."""
    return [session for session in days.sessions if not is_generated(session.key)]


def _candidate_of(session: DatedSession, days: OfferDays) -> Candidate:
    if session.starts_on is not None and session.ends_on is not None:
        return Candidate(session.key, session.starts_on, session.ends_on)
    return Candidate(session.key, session.starts_on, session.ends_on, days.not_before, days.not_after)


def _ended_before(candidate: Candidate, opens_on: date | None) -> bool:
    last_known = candidate.end or candidate.start or candidate.not_after
    return opens_on is not None and last_known is not None and last_known < opens_on


def _generate(days: OfferDays, opens_on: date | None, kept: set[str]) -> list[Candidate]:
    if opens_on is not None and days.not_after is not None and days.not_after < opens_on:
        return []
    starts = _starts_in_window(days, opens_on)
    if not starts:
        count = min(1 if days.max_sessions is None else days.max_sessions, MAX_CANDIDATES)
        return [_undated(f"U{number}", days) for number in range(1, count + 1)]
    fixed = sorted(start for start in map(_start_of_key, kept) if start is not None)
    chosen = _spread(starts, fixed)
    return [_starting_on(start, days.duration_days) for start in chosen]


def _starts_in_window(days: OfferDays, opens_on: date | None) -> list[date]:
    """Every Monday on which a course of the stated duration fits; else the window's first day; else none."""
    if days.not_before is None or days.not_after is None or days.duration_days is None:
        return []
    first = max(days.not_before, opens_on) if opens_on is not None else days.not_before
    last = days.not_after - timedelta(days=days.duration_days - 1)
    if last < first:
        return []
    monday = first + timedelta(days=-first.weekday() % 7)
    mondays = (
        [monday + WEEK * number for number in range((last - monday) // WEEK + 1)] if monday <= last else []
    )
    return mondays or [first]


def _spread(starts: list[date], fixed: list[date]) -> list[date]:
    """At most `MAX_CANDIDATES` starts with equal steps between them, and every fixed one.

    Where the fixed ones leave room for fewer, the starts nearest to a fixed one give way: they add least.
    """
    step = -(-len(starts) // MAX_CANDIDATES)
    picked = [start for start in starts if (start - FIRST_MONDAY) // WEEK % step == 0] or starts[:1]
    free = [start for start in picked if start not in fixed]
    room = max(MAX_CANDIDATES - len(fixed), 0)
    if len(free) > room:
        free.sort(key=lambda start: (-_days_to_nearest(start, fixed), start))
        free = free[:room]
    return sorted({*free, *fixed})


def _days_to_nearest(start: date, others: Iterable[date]) -> int:
    return min(abs((start - other).days) for other in others)


def days_of_key(key: str, duration_days: int | None) -> tuple[date | None, date | None]:
    """The days of a session that was cut from a window, as its key and the duration tell; else nothing."""
    start = _start_of_key(key)
    found = Candidate(key) if start is None else _starting_on(start, duration_days)
    return found.start, found.end


def _start_of_key(key: str) -> date | None:
    found = _WINDOW_KEY.fullmatch(key)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups())
    return date(year, month, day)


def _starting_on(start: date, duration_days: int | None) -> Candidate:
    end = None if duration_days is None else start + timedelta(days=duration_days - 1)
    return Candidate(f"W{start:%Y%m%d}", start, end)


def _undated(key: str, days: OfferDays) -> Candidate:
    return Candidate(key, None, None, days.not_before, days.not_after)


def _kept_candidate(key: str, days: OfferDays) -> Candidate:
    """A candidate that only a live match still holds, with the days that its key and the offer tell."""
    start = _start_of_key(key)
    return _undated(key, days) if start is None else _starting_on(start, days.duration_days)
