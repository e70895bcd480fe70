"""A plan in pictures: rows of tables with a bar that shows their numbers, from what was stored with the plan.

The numbers stand in the table; the bar says nothing that they do not, so who hears the page misses nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from lcm_service.web.bars import WIDE, Piece, pieces
from lcm_service.web.plan_view import Document, Names

# What stands for records that name no subject.
NO_SUBJECT: Final = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Seats of one recipient: what the plan places and what it leaves open."""

    recipient: str
    placed: int
    open: int
    bar: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """Seats of one subject: asked by needs (placed and open), and offered in sessions. Those of sessions of
    which nobody has said how many are not among them: ``unknown`` counts such sessions.
    """

    area: str
    placed: int
    open: int
    offered: int
    unknown: int
    asked_bar: tuple[Piece, ...]
    offered_bar: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A session that runs: its seats, and where its days lie in the time of all."""

    session: str
    filled: int
    bar: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The sessions that run, by provider and day, in a picture that reaches from the first day to the last;
    ``months`` are where months begin, ``undated`` the sessions of which no day is known.
    """

    first: date | None
    last: date | None
    months: tuple[tuple[date, int], ...]
    held: Sequence[Held]
    undated: Sequence[Held]


@dataclass(frozen=True, slots=True)
class Flow:
    """Seats that one participant gives another, and the supports by which others help them."""

    provider: str
    recipient: str
    seats: int
    supports: tuple[str, ...]
    bar: tuple[Piece, ...]


def coverage_of(names: Names, document: Document) -> list[Coverage]:
    """The recipients, those with most open seats first."""
    placed, left = Counter[str](), Counter[str]()
    for row in document["assignments"]:
        placed[names.need(row["need"])["recipient"]] += row["seats"]
    for row in document["unmet"]:
        left[names.need(row["need"])["recipient"]] += row["seats_short"]
    most = max((placed[one] + left[one] for one in placed | left), default=1)
    order = sorted(placed | left, key=lambda one: (-left[one], -placed[one], one))
    return [
        Coverage(one, placed[one], left[one], pieces(most, placed=placed[one], open=left[one]))
        for one in order
    ]


def balance_of(names: Names, document: Document, problem: Document) -> list[Balance]:
    """Demand beside supply by subject, the largest demand first. A record counts under its first subject, an
    offer with as many sessions as can be held of it.
    """
    placed, left, offered, unknown = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    needs = names.labels["needs"]
    for row in document["assignments"]:
        placed[_first_area(needs[row["need"]])] += row["seats"]
    for row in document["unmet"]:
        left[_first_area(needs[row["need"]])] += row["seats_short"]
    for label in _sessions_that_fit(names, problem):
        area = _first_area(label)
        offered[area] += label["seats"] or 0
        unknown[area] += label["seats"] is None
    areas = placed | left | offered | unknown
    most = max((max(placed[one] + left[one], offered[one]) for one in areas), default=1)
    order = sorted(areas, key=lambda one: (-(placed[one] + left[one]), -offered[one], one))
    return [
        Balance(
            area=one,
            placed=placed[one],
            open=left[one],
            offered=offered[one],
            unknown=unknown[one],
            asked_bar=pieces(most, placed=placed[one], open=left[one]),
            offered_bar=pieces(most, free=offered[one]),
        )
        for one in order
    ]


def _sessions_that_fit(names: Names, problem: Document) -> Iterator[Mapping[str, Any]]:
    """The candidate sessions, of each offer no more than can be held, those with most known seats first."""
    most = {row["id"]: row.get("max_sessions") for row in problem["offers"]}
    by_offer = defaultdict[str, list[Mapping[str, Any]]](list)
    for label in names.labels["sessions"].values():
        by_offer[label["offer"]].append(label)
    for offer, labels in by_offer.items():
        labels.sort(key=lambda label: -(label["seats"] or 0))
        yield from labels[: most.get(offer)]


def time_line_of(names: Names, document: Document) -> TimeLine:
    """The sessions that run, each on its days."""
    rows = list(document["sessions"])
    days = {row["id"]: _days_of(names.session(row["id"])) for row in rows}
    known = [span for span in days.values() if span is not None]
    if not known:
        return TimeLine(None, None, (), (), [Held(row["id"], row["seats_filled"], ()) for row in rows])
    first, last = min(start for start, _ in known), max(end for _, end in known)
    whole = (last - first).days + 1
    held, undated = [], []
    for row in sorted(rows, key=lambda row: (days[row["id"]] or (date.max, date.max), row["id"])):
        span = days[row["id"]]
        if span is None:
            undated.append(Held(row["id"], row["seats_filled"], ()))
            continue
        start = (span[0] - first).days * WIDE // whole
        width = max(1, ((span[1] - span[0]).days + 1) * WIDE // whole)
        held.append(Held(row["id"], row["seats_filled"], (Piece(start, width, "session"),)))
    months = tuple((month, (month - first).days * WIDE // whole) for month in _months_after(first, last))
    return TimeLine(first, last, months, held, undated)


def flows_of(names: Names, document: Document) -> list[Flow]:
    """Who gives seats to whom, the most first; with each the supports that the sessions between them use."""
    seats, helped = Counter[tuple[str, str]](), dict[tuple[str, str], set[str]]()
    supports = {row["id"]: {use["support"] for use in row["supports"]} for row in document["sessions"]}
    for row in document["assignments"]:
        pair = (names.session(row["session"])["provider"], names.need(row["need"])["recipient"])
        seats[pair] += row["seats"]
        helped.setdefault(pair, set()).update(supports.get(row["session"], ()))
    most = max(seats.values(), default=1)
    order = sorted(seats, key=lambda pair: (-seats[pair], pair))
    return [
        Flow(*pair, seats[pair], tuple(sorted(helped[pair])), pieces(most, placed=seats[pair]))
        for pair in order
    ]


def _first_area(label: Mapping[str, Any]) -> str:
    areas: Sequence[str] = label.get("areas") or (NO_SUBJECT,)
    return areas[0]


def _days_of(label: Mapping[str, Any]) -> tuple[date, date] | None:
    start, end = label.get("start"), label.get("end")
    if start is None or end is None:
        return None
    return date.fromisoformat(start), date.fromisoformat(end)


def _months_after(first: date, last: date) -> Iterable[date]:
    """The first days of months after the first day."""
    month = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    while month <= last:
        yield month
        month = (month + timedelta(days=32)).replace(day=1)
