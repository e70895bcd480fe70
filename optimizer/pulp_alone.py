"""PuLP, without what it loads for the sake of things that are rarely or never asked of it here.

As it is imported, PuLP 4 also imports orloge, which reads the logs of solvers and brings pydantic, and, where
OR-Tools is installed, its CP-SAT, which brings pandas. Together they are most of the time in which a process
that solves gets ready. Something stands in for each of them while PuLP is imported, and becomes the real one
as soon as anything is asked of it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

__all__ = ["pulp"]

LOADED_WHEN_ASKED: Final = ("orloge", "ortools.sat.python.cp_model")


class _StandIn(ModuleType):
    """Looks like a module, which is imported when first something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


@contextmanager
def _standing_in(names: tuple[str, ...]) -> Iterator[None]:
    """What is imported already stays, and what is not installed stays missing."""
    here = [name for name in names if name not in sys.modules and find_spec(name.partition(".")[0])]
    sys.modules.update({name: _StandIn(name) for name in here})
    try:
        yield
    finally:
        # Whoever imports them from now on gets the real ones.
        for name in here:
            del sys.modules[name]


with _standing_in(LOADED_WHEN_ASKED):
    import pulp
