"""The smallest set that holds a member of each of several sets; among equals the first in a given order."""

from collections.abc import Hashable, Sequence


def smallest_hitting_set[Member: Hashable](
    members: Sequence[Member], sets: Sequence[frozenset[Member]]
) -> tuple[Member, ...]:
    """Return the smallest tuple of members, in their order, that hits every set.

    Among tuples of one size it is the first in lexicographic order by position. Sizes are tried from the
    smallest; for each, members are taken in order wherever the rest can still be hit.

    Raises
    ------
    ValueError: an empty set, which nothing hits.
    """
    rank = {member: position for position, member in enumerate(members)}
    bits = sorted({sum(1 << rank[member] for member in one) for one in sets}, key=lambda one: one.bit_count())
    if bits and bits[0] == 0:
        raise ValueError("an empty set cannot be hit")
    needed = [one for one in bits if not any(other != one and other & one == other for other in bits)]
    size = _count_disjoint(needed)
    while True:
        found = _first_of_size(needed, size, -1)
        if found is not None:
            return tuple(members[position] for position in found)
        size += 1


def _first_of_size(sets: list[int], size: int, after: int) -> list[int] | None:
    """The first positions above `after` that hit the sets with at most `size` members, or ``None``."""
    if not sets:
        return []
    if _count_disjoint(sets) > size:
        return None
    # Whichever member comes first, all sets that lie wholly at or below it must be hit by it.
    highest = min(one.bit_length() for one in sets) - 1
    everything = 0
    for one in sets:
        everything |= one
    for position in range(after + 1, highest + 1):
        if not everything >> position & 1:
            continue
        # Members at or below this one are spent: sets that are left may be hit only above it.
        left = [one >> (position + 1) << (position + 1) for one in sets if not one >> position & 1]
        if not all(left):
            continue
        rest = _first_of_size(left, size - 1, position) if size > 0 else None
        if rest is not None:
            return [position, *rest]
    return None


def _count_disjoint(sets: list[int]) -> int:
    """A number of sets no two of which share a member, small sets first: at least so many members are
    needed.
    """
    count, taken = 0, 0
    for one in sorted(sets, key=lambda one: (one.bit_count(), one)):
        if not one & taken:
            taken |= one
            count += 1
    return count
