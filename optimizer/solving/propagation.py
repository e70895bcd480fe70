"""Bounds that follow from other bounds: what no plan can change is found before a solver is asked.

Where most of a plan is agreed, nearly every column can only stay as it is: the need is full, the session is
full, the offer runs no further session, the team is away. Each row shows how far a column can still move
with all others at their best for it; a few rounds of that leave the columns that truly can move.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from optimizer.model.arrays import Flags, Floats, Matrix

PASSES: Final = 4
TOLERANCE: Final = 1e-6
# Sums of doubles are off by less than this part of what is added up, for rows of a few thousand terms. It is
# given away, so that no rounding of a long or heavy row takes a plan away.
ROUNDING: Final = 1e-12


def tighten(matrix: Matrix, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Return bounds, length n each, that every plan within the given ones obeys as well.

    Integer columns get whole bounds. Bounds that cross (nothing obeys them) are left as they are, for the
    solver to say so.
    """
    lower, upper = lower.copy(), upper.copy()
    # A term of nothing moves no column.
    is_term = matrix.coefficients != 0
    entries = np.flatnonzero(is_term)
    for _ in range(PASSES):
        has_moved = _tighten_once(matrix, entries, lower, upper)
        if not has_moved.any():
            break
        # Only rows of what has moved can say anything new.
        is_touched = np.zeros(matrix.row_count, dtype=np.bool_)
        is_touched[matrix.row_of_entry[has_moved[matrix.columns]]] = True
        entries = np.flatnonzero(is_touched[matrix.row_of_entry] & is_term)
    return lower, upper


def _tighten_once(matrix: Matrix, entries: NDArray[np.intp], lower: Floats, upper: Floats) -> Flags:
    """Tighten in place by the rows of these entries at once and say which columns have moved."""
    columns, rows = matrix.columns[entries], matrix.row_of_entry[entries]
    coefficients = matrix.coefficients[entries]
    is_positive = coefficients > 0
    at_lower, at_upper = coefficients * lower[columns], coefficients * upper[columns]
    least = np.where(is_positive, at_lower, at_upper)
    most = np.where(is_positive, at_upper, at_lower)
    row_least = np.bincount(rows, weights=least, minlength=matrix.row_count)
    row_most = np.bincount(rows, weights=most, minlength=matrix.row_count)
    sizes = np.maximum(np.abs(row_least), np.abs(row_most))
    sizes += np.bincount(rows, weights=np.abs(at_upper), minlength=matrix.row_count)
    # What a column may add to its row while all others stand at their least (or most).
    by_ceiling = ((_loosened(matrix.row_upper, sizes) - row_least)[rows] + least) / coefficients
    by_floor = ((-_loosened(-matrix.row_lower, sizes) - row_most)[rows] + most) / coefficients
    new_upper, new_lower = upper.copy(), lower.copy()
    np.minimum.at(new_upper, columns, np.where(is_positive, by_ceiling, by_floor))
    np.maximum.at(new_lower, columns, np.where(is_positive, by_floor, by_ceiling))
    whole = matrix.is_integer
    new_upper[whole] = np.floor(new_upper[whole] + TOLERANCE)
    new_lower[whole] = np.ceil(new_lower[whole] - TOLERANCE)
    is_sound = new_lower <= new_upper + TOLERANCE
    has_moved: Flags = is_sound & ((new_upper < upper - TOLERANCE) | (new_lower > lower + TOLERANCE))
    upper[is_sound] = np.maximum(new_upper[is_sound], new_lower[is_sound])
    lower[is_sound] = new_lower[is_sound]
    return has_moved


def _loosened(row_upper: Floats, sizes: Floats) -> Floats:
    """Upper bounds of rows that no sum of such size falls above by rounding alone."""
    known = np.where(np.isfinite(row_upper), np.abs(row_upper), 0.0)
    return row_upper + ROUNDING * (sizes + known)
