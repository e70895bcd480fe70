"""Bounds that follow from other bounds: what no plan can change is found before a solver is asked.

Where most of a plan is agreed, nearly every column can only stay as it is: the need is full, the session is
full, the offer runs no further session, the team is away. Each row shows how far a column can still move
with all others at their best for it; a few rounds of that leave the columns that truly can move.
"""

from typing import Final

import numpy as np

from optimizer.model.arrays import Floats, Matrix

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
    for _ in range(PASSES):
        if not (_tighten_once(matrix, lower, upper)):
            break
    return lower, upper


def _tighten_once(matrix: Matrix, lower: Floats, upper: Floats) -> bool:
    """Tighten in place by every row at once and say whether anything moved."""
    columns, coefficients, rows = matrix.columns, matrix.coefficients, matrix.row_of_entry
    is_positive = coefficients > 0
    at_lower, at_upper = coefficients * lower[columns], coefficients * upper[columns]
    least = np.where(is_positive, at_lower, at_upper)
    most = np.where(is_positive, at_upper, at_lower)
    row_least = np.bincount(rows, weights=least, minlength=matrix.row_count)
    row_most = np.bincount(rows, weights=most, minlength=matrix.row_count)
    sizes = np.bincount(
        rows, weights=np.maximum(np.abs(at_lower), np.abs(at_upper)), minlength=matrix.row_count
    )
    # What a column may add to its row while all others stand at their least (or most).
    ceiling = (_loosened(matrix.row_upper, sizes) - row_least)[rows] + least
    floor = (-_loosened(-matrix.row_lower, sizes) - row_most)[rows] + most
    # A term of nothing moves no column.
    divisor = np.where(coefficients == 0, np.nan, coefficients)
    by_ceiling, by_floor = ceiling / divisor, floor / divisor
    new_upper, new_lower = upper.copy(), lower.copy()
    above, below = np.where(is_positive, by_ceiling, by_floor), np.where(is_positive, by_floor, by_ceiling)
    np.minimum.at(new_upper, columns, np.where(np.isnan(above), np.inf, above))
    np.maximum.at(new_lower, columns, np.where(np.isnan(below), -np.inf, below))
    whole = matrix.is_integer
    new_upper[whole] = np.floor(new_upper[whole] + TOLERANCE)
    new_lower[whole] = np.ceil(new_lower[whole] - TOLERANCE)
    is_sound = new_lower <= new_upper + TOLERANCE
    moved = bool(
        np.any(new_upper[is_sound] < upper[is_sound] - TOLERANCE)
        or np.any(new_lower[is_sound] > lower[is_sound] + TOLERANCE)
    )
    upper[is_sound] = np.maximum(new_upper[is_sound], new_lower[is_sound])
    lower[is_sound] = new_lower[is_sound]
    return moved


def _loosened(row_upper: Floats, sizes: Floats) -> Floats:
    """Upper bounds of rows that no sum of such size falls above by rounding alone."""
    known = np.where(np.isfinite(row_upper), np.abs(row_upper), 0.0)
    return row_upper + ROUNDING * (sizes + known)
