"""Whether two records may be one and the same, sent twice.

A focal point writes again because it heard nothing, or a letter comes after the form. Nothing is decided
here: a coordinator looks at both, and asks.
"""

from collections.abc import Sequence
from datetime import date
from itertools import product
from typing import Any

from lcm_service.domain.completeness import live_sessions
from lcm_service.domain.vocabulary import ANY

# From one day to another; None where nobody has said.
type Span = tuple[date | None, date | None]


def may_be_the_same(kind: str, one: Any, other: Any) -> bool:
    """Two records of one kind may be the same if one participant wrote both in one round, they are about the
    same in one area at least, their title or their level is the same, and their days may overlap.

    Days that nobody has stated may be any. Where one says nothing of its areas, the same title alone counts:
    of what is unknown nothing is alike, and records of few words would all be taken for each other.
    """
    if _frame(kind, one) != _frame(kind, other):
        return False
    has_same_title = _plain(one.title) == _plain(other.title)
    if one.areas is None or other.areas is None:
        is_alike = has_same_title
    else:
        is_alike = _share(one.areas, other.areas) and (
            has_same_title or _level(one) == _level(other) is not None
        )
    return is_alike and any(_overlap(*pair) for pair in product(spans_of(kind, one), spans_of(kind, other)))


def spans_of(kind: str, record: Any) -> list[Span]:
    """The days of a record, as far as it states them: of an offer, those of each of its sessions."""
    if kind == "need":
        return [(record.earliest, record.latest)]
    if kind == "support":
        return [(record.usable_from, record.usable_to)]
    sessions = live_sessions(record)
    return [(one.starts_on, one.ends_on) for one in sessions] or [(record.not_before, record.not_after)]


def _frame(kind: str, record: Any) -> tuple[Any, ...]:
    """What must be the same. Funds are no venue, whatever they are called."""
    what = record.kind if kind == "support" else ""
    return record.participant_id, record.round_id, record.subject, what


def _level(record: Any) -> str | None:
    """The level of a need or an offer, where it is stated; a support has none."""
    return getattr(record, "level", None)


def _plain(title: str) -> str:
    """A title without what hurried people write differently: capitals and spaces."""
    return " ".join(title.casefold().split())


def _share(one: Sequence[str], other: Sequence[str]) -> bool:
    return ANY in one or ANY in other or not set(one).isdisjoint(other)


def _overlap(one: Span, other: Span) -> bool:
    """Whether two spans have a day in common, or may have: what is unknown may be any day."""
    return not (_ends_before(one, other) or _ends_before(other, one))


def _ends_before(one: Span, other: Span) -> bool:
    """The first is over before the second begins, as far as both are stated."""
    last, first = one[1], other[0]
    return last is not None and first is not None and last < first
