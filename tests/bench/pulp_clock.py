"""How many of the optimizer's seconds go to PuLP: building its model, handing it over, and inside HiGHS.

The optimizer does not count these itself. Here the few functions through which all of it passes are timed
from outside, while a block runs. What the optimizer gives to HiGHS as arrays, without PuLP, counts in none.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pulp

from optimizer.model.program import PulpProgram
from tests.bench.competitor import Parts

# Every call by which the optimizer writes its model in PuLP, or reads from it; none of them calls another.
BUILDING = ("extend", "set_objective", "set_bounds", "set_start", "values")


@contextmanager
def pulp_timed() -> Iterator[Parts]:
    """Yield the parts, which grow until the block ends."""
    parts = Parts()

    def add_build(seconds: float) -> None:
        parts.build += seconds

    def add_call(seconds: float) -> None:
        # What HiGHS itself takes lies within the call and is taken off again below.
        parts.hand_over += seconds

    def add_solve(seconds: float) -> None:
        parts.solve += seconds
        parts.hand_over -= seconds

    wrapped: list[tuple[type, str, Callable[..., Any], Callable[[float], None]]] = [
        *((PulpProgram, name, getattr(PulpProgram, name), add_build) for name in BUILDING),
        (pulp.HiGHS, "actualSolve", pulp.HiGHS.actualSolve, add_call),
        (pulp.HiGHS, "callSolver", pulp.HiGHS.callSolver, add_solve),
    ]
    for owner, name, original, add in wrapped:
        setattr(owner, name, timed(original, add))
    try:
        yield parts
    finally:
        for owner, name, original, _ in wrapped:
            setattr(owner, name, original)


def timed(original: Callable[..., Any], add: Callable[[float], None]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        begin = monotonic()
        try:
            return original(*arguments, **named)
        finally:
            add(monotonic() - begin)

    return call
