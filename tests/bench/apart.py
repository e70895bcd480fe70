"""Work in a process of its own, watched from outside.

One that takes longer than a stage of its work may, or more memory than allowed, is ended, and that is its
result. So a way that cannot do a size leaves a line in the table, and never the machine without memory.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from time import monotonic
from typing import Any

from tests.bench.memory import resident_mib_of_tree, tree_of

WATCH_SECONDS = 0.1
FIRST_STAGE, FIRST_SECONDS = "starting", 60.0
FINISHED = "finished"


class Teller:
    """What the work tells those outside: the next stage and how long it may take, and what it has found."""

    def __init__(self, to_parent: Connection) -> None:
        self._to_parent = to_parent

    def begin(self, stage: str, most_seconds: float) -> None:
        self._to_parent.send((stage, most_seconds, {}))

    def tell(self, **found: Any) -> None:
        self._to_parent.send((None, None, found))


@dataclass
class Told:
    """What became of it: `ending` is ``finished``, or why not; `peak_mib` by stage, as seen from outside."""

    ending: str = FINISHED
    found: dict[str, Any] = field(default_factory=dict)
    peak_mib: dict[str, float] = field(default_factory=dict)


def _work_in_child(work: Callable[..., None], arguments: tuple[Any, ...], to_parent: Connection) -> None:
    # What a solver prints goes to standard error, so that standard output holds the tables alone.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    teller = Teller(to_parent)
    try:
        work(teller, *arguments)
        teller.tell(ending=FINISHED)
    except Exception as error:
        # The parent has it in its table; a bench goes on with the next run.
        teller.tell(ending=f"{type(error).__name__}: {error}"[:200])


def run_apart(work: Callable[..., None], *arguments: Any, most_mib: float) -> Told:
    """Call ``work(teller, *arguments)`` in a fresh process and return what it told.

    A fresh one, so that no run finds memory or a solver that another has left.
    """
    context = multiprocessing.get_context("spawn")
    from_child, to_parent = context.Pipe(duplex=False)
    child = context.Process(target=_work_in_child, args=(work, arguments, to_parent))
    child.start()
    to_parent.close()
    told = Told()
    try:
        _watch(told, child, from_child, most_mib)
    finally:
        _end(child)
        from_child.close()
    return told


def _watch(told: Told, child: SpawnProcess, from_child: Connection, most_mib: float) -> None:
    """Take what the child tells until it ends, or until it takes too much."""
    stage, most_seconds, begin = FIRST_STAGE, FIRST_SECONDS, monotonic()
    while True:
        if from_child.poll(WATCH_SECONDS):
            try:
                next_stage, seconds, found = from_child.recv()
            except EOFError:
                child.join()
                told.ending = f"broke down while {stage}, exit code {child.exitcode}"
                return
            if "ending" in found:
                told.ending = found["ending"]
                return
            told.found.update(found)
            if next_stage is not None:
                stage, most_seconds, begin = next_stage, seconds, monotonic()
            continue
        held = resident_mib_of_tree(child.pid or 0)
        told.peak_mib[stage] = max(held, told.peak_mib.get(stage, 0.0))
        if held > most_mib:
            told.ending = f"over {most_mib:,.0f} MiB while {stage}"
            return
        if monotonic() - begin > most_seconds:
            told.ending = f"not done with {stage} after {most_seconds:,g} s"
            return


def _end(child: SpawnProcess) -> None:
    """End the child and whatever it has started, if it is still there."""
    if child.is_alive():
        for pid in reversed(tree_of(child.pid or 0)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # It ended by itself.
    child.join()
