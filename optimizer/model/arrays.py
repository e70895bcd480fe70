"""A program as arrays: what is handed to HiGHS at once, and what a slice around a few sessions is cut from.

Columns are counted in the solver's units (``Column.scale``) and rows divided by theirs (``Row.scale``), as in
the PuLP twin. Rows lie one after the other: entries ``starts[i]`` to ``starts[i + 1]`` of ``columns`` and
``coefficients`` are row i.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from optimizer.model.program import Program, Row, Term, slack_of_lock

Floats = NDArray[np.float64]
Indexes = NDArray[np.int32]
Flags = NDArray[np.bool_]
INFINITE: Final = float("inf")


@dataclass(frozen=True, eq=False)
class Matrix:
    """n columns and m rows.

    ``lower``, ``upper`` and ``is_integer`` have length n, ``row_lower`` and ``row_upper`` length m,
    ``starts`` length m + 1, ``columns`` and ``coefficients`` one entry for each term of the rows.
    """

    lower: Floats
    upper: Floats
    is_integer: Flags
    starts: Indexes
    columns: Indexes
    coefficients: Floats
    row_lower: Floats
    row_upper: Floats

    @property
    def column_count(self) -> int:
        return len(self.lower)

    @property
    def row_count(self) -> int:
        return len(self.row_lower)

    @cached_property
    def row_of_entry(self) -> Indexes:
        """For each entry, its row."""
        return np.repeat(np.arange(self.row_count, dtype=np.int32), np.diff(self.starts))

    @cached_property
    def _by_column(self) -> tuple[Indexes, Indexes]:
        """Rows of the entries in order of their columns, and where each column's begin (length n + 1)."""
        order = np.argsort(self.columns, kind="stable")
        counts = np.bincount(self.columns, minlength=self.column_count)
        return self.row_of_entry[order], np.concatenate(([0], np.cumsum(counts))).astype(np.int32)

    def rows_of(self, columns: Indexes) -> Flags:
        """Return for each row whether it has any of these columns."""
        rows, begins = self._by_column
        found = np.zeros(self.row_count, dtype=np.bool_)
        found[rows[_ranges(begins[columns], begins[columns + 1])]] = True
        return found

    def entries_of(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the entries of these rows, one row after the other, and for each its row's place in
        ``rows``.
        """
        begins, ends = self.starts[rows], self.starts[rows + 1]
        return _ranges(begins, ends), np.repeat(np.arange(len(rows)), ends - begins)

    def with_row(self, row: Floats, least: float) -> "Matrix":
        """Return the same program with ``row @ columns >= least`` (length n) as one more row at its end."""
        columns = np.flatnonzero(row).astype(np.int32)
        return replace(
            self,
            starts=np.append(self.starts, self.starts[-1] + len(columns)).astype(np.int32),
            columns=np.concatenate((self.columns, columns)),
            coefficients=np.concatenate((self.coefficients, row[columns])),
            row_lower=np.append(self.row_lower, least),
            row_upper=np.append(self.row_upper, INFINITE),
        )

    def activity(self, values: Floats) -> Floats:
        """Return what each row adds up to at these values of all columns."""
        terms = self.coefficients * values[self.columns]
        return np.bincount(self.row_of_entry, weights=terms, minlength=self.row_count)


def _ranges(begins: Indexes, ends: Indexes) -> NDArray[np.intp]:
    """All whole numbers of these half-open ranges, one range after the other."""
    lengths = (ends - begins).astype(np.intp)
    total = int(lengths.sum())
    if total == 0:
        return np.empty(0, dtype=np.intp)
    offsets = np.repeat(begins - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
    return offsets + np.arange(total)


class ProgramArrays:
    """The arrays of a `Program`; what the program gains later is added by `extend`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.scale: Floats = np.empty(0)
        self.matrix = Matrix(
            np.empty(0),
            np.empty(0),
            np.empty(0, dtype=np.bool_),
            np.zeros(1, dtype=np.int32),
            np.empty(0, dtype=np.int32),
            np.empty(0),
            np.empty(0),
            np.empty(0),
        )
        self.extend()

    def extend(self) -> None:
        """Add whatever the program has gained since the last time."""
        old = self.matrix
        new_columns = self.program.columns[old.column_count :]
        new_rows = self.program.rows[old.row_count :]
        if not new_columns and not new_rows:
            return
        scale = np.array([column.scale for column in new_columns], dtype=np.float64)
        self.scale = np.concatenate((self.scale, scale))
        starts, columns, coefficients = self._flatten(new_rows)
        self.matrix = Matrix(
            np.concatenate((old.lower, np.array([c.lower for c in new_columns], dtype=np.float64) / scale)),
            np.concatenate((old.upper, np.array([c.upper for c in new_columns], dtype=np.float64) / scale)),
            np.concatenate((old.is_integer, np.array([c.is_integer for c in new_columns], dtype=np.bool_))),
            np.concatenate((old.starts, starts[1:] + old.starts[-1])).astype(np.int32),
            np.concatenate((old.columns, columns)),
            np.concatenate((old.coefficients, coefficients)),
            np.concatenate((old.row_lower, [_row_lower(row) for row in new_rows])),
            np.concatenate((old.row_upper, [_row_upper(row) for row in new_rows])),
        )

    def _flatten(self, rows: Sequence[Row]) -> tuple[Indexes, Indexes, Floats]:
        lengths = np.array([len(row.terms) for row in rows], dtype=np.int64)
        starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
        terms = [term for row in rows for term in row.terms]
        columns = np.array([column for column, _ in terms], dtype=np.int32)
        whole = np.array([coefficient for _, coefficient in terms], dtype=np.float64)
        divisor = np.repeat(np.array([row.scale for row in rows], dtype=np.float64), lengths)
        return starts, columns, whole * self.scale[columns] / divisor

    def cost_of(self, terms: Sequence[Term]) -> Floats:
        """Return the terms as one number a column, length n, for values in the solver's units."""
        cost = np.zeros(self.matrix.column_count)
        columns = np.array([column for column, _ in terms], dtype=np.intp)
        np.add.at(cost, columns, np.array([coefficient for _, coefficient in terms], dtype=np.float64))
        return cost * self.scale

    def scaled(self, vector: Sequence[int]) -> Floats:
        """A full vector of whole values in the solver's units."""
        return np.asarray(vector, dtype=np.float64) / self.scale

    def in_units(self, values: Floats) -> list[float]:
        """Values in the solver's units in those of the program's columns."""
        found: list[float] = (values * self.scale).tolist()
        return found


def _row_lower(row: Row) -> float:
    if row.sense == "<=":
        return -INFINITE
    bound = row.bound / row.scale
    return bound - slack_of_lock(bound) if row.is_lock else bound


def _row_upper(row: Row) -> float:
    return INFINITE if row.sense == ">=" else row.bound / row.scale
