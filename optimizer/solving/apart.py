"""Parts of a round that are planned each by itself: their shares of the time."""

from collections.abc import Sequence
from typing import Final

# A part may use at least so much of the time, however small it is, while there are few; where there are many,
# what all may use at least is so much together.
LEAST_SHARE: Final = 0.1
LEAST_SHARES: Final = 0.5


def shares_of_time(sizes: Sequence[int]) -> list[float]:
    """How much of the time that is left when its turn comes each part may use, in their order.

    Where each uses all of it, a part has at least two thirds of what its size alone would give it: shares are
    at least the sizes' own, and together at most one and a half of the time.
    """
    least = min(LEAST_SHARE, LEAST_SHARES / max(len(sizes), 1))
    whole = max(sum(sizes), 1)
    weights = [max(size / whole, least) for size in sizes]
    return [weight / sum(weights[number:]) for number, weight in enumerate(weights)]
