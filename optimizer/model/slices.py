"""A slice of a program: some columns free, all others held where they are.

Rows that touch a free column stay, with what the held columns add to them moved to the right; the others
cannot change and are left out. So a plan of the slice, put back, obeys the whole program, and a slice around
a few sessions has the size of those sessions, however large the round is.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.model.arrays import Flags, Floats, Indexes, Matrix


@dataclass(frozen=True, eq=False)
class Slice:
    """``columns``: the k free columns by their number in the whole program; ``matrix``: those k columns;
    ``held``: a value for every column of the whole program, of which the free ones are replaced.
    """

    columns: Indexes
    matrix: Matrix
    held: Floats

    def put_back(self, found: Floats) -> Floats:
        """Return a value for every column of the whole program; ``found`` has length k."""
        whole = self.held.copy()
        whole[self.columns] = found
        return whole


def cut_slice(matrix: Matrix, is_free: Flags, values: Floats, bounds: tuple[Floats, Floats]) -> Slice:
    """Return the slice of these free columns around a plan.

    Parameters
    ----------
    is_free, values: length n; ``values`` obeys the program, in the solver's units.
    bounds: lower and upper of every column, length n each; they may be tighter than the program's own.
    """
    columns = np.flatnonzero(is_free).astype(np.int32)
    rows = np.flatnonzero(matrix.rows_of(columns))
    number = np.full(matrix.column_count, -1, dtype=np.int32)
    number[columns] = np.arange(len(columns), dtype=np.int32)
    entries, entry_row = matrix.entries_of(rows)
    entry_column, coefficients = matrix.columns[entries], matrix.coefficients[entries]
    is_inside = is_free[entry_column]
    is_held = ~is_inside
    held = np.bincount(
        entry_row[is_held],
        weights=coefficients[is_held] * values[entry_column[is_held]],
        minlength=len(rows),
    )
    lengths = np.bincount(entry_row[is_inside], minlength=len(rows))
    return Slice(
        columns,
        Matrix(
            bounds[0][columns],
            bounds[1][columns],
            matrix.is_integer[columns],
            np.concatenate(([0], np.cumsum(lengths))).astype(np.int32),
            number[entry_column[is_inside]],
            coefficients[is_inside],
            matrix.row_lower[rows] - held,
            matrix.row_upper[rows] - held,
        ),
        values,
    )
