"""What may be told to everybody of records that are counted in tables: no number by which a State's own could
be worked out.

A *cell* may be published if every number in it stands for at least `LEAST_STATES` participants and
`LEAST_RECORDS` records, and if no participant can estimate another's part of it closely: what all but the
two largest give is at least `LEAST_DOUBT` percent of what the largest gives. That is the p% rule (Hundepool
et al., Handbook on Statistical Disclosure Control, second edition 2024, chapter 4): the second largest, who
knows its own part, takes it off and errs about the largest by what all others give. Each participant knows
its own records and may have submitted many, so a cell holds `LEAST_RECORDS` beside those of any one.

What may not be published by itself is merged with others of its group, and with the smallest that could be,
until the merged cell may be published. A group that cannot be published as a whole is merged into the rest of
its table in the same way. So the cells of a table are a partition of all its records, each published total is
a sum of whole cells, and nothing follows by subtraction. Which members a merged cell has is not told, nor is
a cell of nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

LEAST_STATES: Final = 3
LEAST_RECORDS: Final = 5
# How far, in percent of it, the best guess at the largest part of a number must be off.
LEAST_DOUBT: Final = 15
# What stands for members that are not told.
MERGED: Final = None

type Path = tuple[str, ...]
type Rows = Sequence["Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as it is counted: whose it is, where it stands in each dimension, and its amounts.

    A path is ``(leaf,)``, or ``(group, leaf)`` in a dimension of two levels. Amounts are whole numbers of at
    least 0.
    """

    participant: str
    paths: Mapping[str, Path]
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted in one set of tables.

    ``amounts`` are always judged and shown. Those of one of ``splits`` add up to something that is known
    (women and men to seats), so they are judged together, and left out together where they cannot be told of
    all records. ``hidden`` ones are judged and not shown, as they follow from what is shown. Of most amounts
    a cell may say that it holds none; of those in ``never_none`` that would tell something of everybody in
    it.
    """

    name: str
    dimensions: tuple[str, ...]
    amounts: tuple[str, ...] = ()
    splits: tuple[tuple[str, ...], ...] = ()
    hidden: frozenset[str] = field(default_factory=frozenset)
    never_none: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class _Judge:
    """A measure with the amounts that are judged, of which it shows some."""

    measure: Measure
    amounts: tuple[str, ...]

    def may_stand(self, rows: Rows) -> bool:
        """Whether a cell that holds these records may be published."""
        return _is_safe(rows, [1] * len(rows)) and all(self.may_tell(rows, name) for name in self.amounts)

    def may_tell(self, rows: Rows, amount: str) -> bool:
        """Whether this amount of these records may be told: there is none, or it is safe as a cell is."""
        given = [row for row in rows if row.amounts[amount] > 0]
        if not given:
            return amount not in self.measure.never_none
        return _is_safe(given, [row.amounts[amount] for row in given])

    def numbers(self, rows: Rows) -> dict[str, Any]:
        shown = [name for name in self.amounts if name not in self.measure.hidden]
        return {
            "records": len(rows),
            "amounts": {name: sum(row.amounts[name] for row in rows) for name in shown},
        }


def publish(measure: Measure, entries: Iterable[Entry]) -> dict[str, Any]:
    """What may be published of the records of a measure, the same whatever their order.

    ``{"name", "amounts", "withheld", "tables"}``: the amounts that are shown and those that cannot be; a
    table for each dimension as ``{"dimension", "total", "groups"}``, a group as ``{"code", "records",
    "amounts", "cells"}`` and a cell without ``cells``. ``code`` is empty where it was merged. There are no
    tables, and not even totals, where all records together may not be published.
    """
    rows = list(entries)
    judge = _Judge(measure, measure.amounts)
    if not judge.may_stand(rows):
        return {"name": measure.name, "amounts": [], "withheld": [], "tables": []}
    told, withheld = list(measure.amounts), list[str]()
    for split in measure.splits:
        can_be_told = all(judge.may_tell(rows, name) for name in split)
        (told if can_be_told else withheld).extend(split)
    judge = _Judge(measure, tuple(told))
    return {
        "name": measure.name,
        "amounts": [name for name in told if name not in measure.hidden],
        "withheld": [name for name in withheld if name not in measure.hidden],
        "tables": [_table(judge, dimension, rows) for dimension in measure.dimensions],
    }


def _table(judge: _Judge, dimension: str, rows: Rows) -> dict[str, Any]:
    groups = _grouped(rows, dimension, 0)
    cells = {code: _cells(judge, dimension, members) for code, members in groups.items()}
    merged = _merge(judge, groups, {code for code, found in cells.items() if found is not None})
    # All together may be published, or there would be no tables.
    assert merged is not None
    kept, rest = merged
    shown = [{"code": code, **judge.numbers(groups[code]), "cells": cells[code]} for code in kept]
    if rest:
        shown.append({"code": MERGED, **judge.numbers(_together(groups, rest)), "cells": []})
    return {"dimension": dimension, "total": judge.numbers(rows), "groups": shown}


def _cells(judge: _Judge, dimension: str, rows: Rows) -> list[dict[str, Any]] | None:
    """The cells of one group, none where they are all one; nothing where the group may not be published."""
    if any(len(row.paths[dimension]) == 1 for row in rows):
        return [] if judge.may_stand(rows) else None
    leaves = _grouped(rows, dimension, 1)
    merged = _merge(judge, leaves, {code for code, members in leaves.items() if judge.may_stand(members)})
    if merged is None:
        return None
    kept, rest = merged
    shown = [{"code": code, **judge.numbers(leaves[code])} for code in kept]
    if rest and kept:
        shown.append({"code": MERGED, **judge.numbers(_together(leaves, rest))})
    return shown


def _merge(
    judge: _Judge, members: Mapping[str, Rows], may_stand: Collection[str]
) -> tuple[list[str], list[str]] | None:
    """The members that are published, in their order, and those that are merged into one cell; nothing where
    all of them together may not be published either.

    Into a rest that is not safe the smallest that could stand alone is merged too: else the total of the
    group would give the rest away.
    """
    kept = sorted(may_stand, key=lambda code: (len(members[code]), code))
    rest = sorted(set(members) - set(kept))
    while rest and not judge.may_stand(_together(members, rest)):
        if not kept:
            return None
        rest.append(kept.pop(0))
    return sorted(kept, key=_in_order), sorted(rest)


def is_enough_beside_any(rows: Rows) -> bool:
    """Whether enough records are left, whoever takes its own off."""
    of_largest = max(Counter(row.participant for row in rows).values(), default=0)
    return len(rows) - of_largest >= LEAST_RECORDS


def _is_safe(rows: Rows, amounts: Sequence[int]) -> bool:
    """Whether the sum of these amounts of these records, none of them 0, may be told."""
    participants = {row.participant for row in rows}
    return len(participants) >= LEAST_STATES and is_enough_beside_any(rows) and _leaves_doubt(rows, amounts)


def _leaves_doubt(rows: Rows, amounts: Sequence[int]) -> bool:
    """The p% rule, in whole numbers."""
    shares = Counter[str]()
    for row, amount in zip(rows, amounts, strict=True):
        shares[row.participant] += amount
    largest, _second, *others = sorted(shares.values(), reverse=True)
    return 100 * sum(others) >= LEAST_DOUBT * largest


def _grouped(rows: Rows, dimension: str, level: int) -> dict[str, list[Entry]]:
    found = defaultdict[str, list[Entry]](list)
    for row in rows:
        found[row.paths[dimension][level]].append(row)
    return dict(found)


def _together(members: Mapping[str, Rows], codes: Iterable[str]) -> list[Entry]:
    return [row for code in codes for row in members[code]]


def _in_order(code: str) -> tuple[bool, int, str]:
    """Numbers by their size, before words."""
    return (False, int(code), "") if code.isdecimal() else (True, 0, code)
