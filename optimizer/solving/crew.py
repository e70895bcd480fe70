"""Threads that work on parts of the same round at the same time.

HiGHS lets go of Python while it runs, so two threads that mostly wait for it use two cores. Each has a solver
of its own; the plan in hand changes in one thread alone, the one that asked.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from optimizer.solving.prepared import Improvement, PlanInHand, PreparedRound

LOOK_EVERY_SECONDS: Final = 0.1

# Given the sessions that are being worked on: those to go on with, or None where there are none for now.
ChoosePiece = Callable[[frozenset[str]], Sequence[str] | None]
SolvePiece = Callable[[PreparedRound, PlanInHand, Sequence[str]], Improvement]


@dataclass(frozen=True, eq=False)
class Step:
    """A piece that has been worked on, and the plan in hand after it.

    ``is_better``: the piece has made the plan better. ``is_done``: asked again, it would answer the same.
    """

    piece: Sequence[str]
    plan: PlanInHand
    is_better: bool
    is_done: bool


@dataclass(frozen=True, eq=False)
class _Job:
    member: PreparedRound
    begun: PlanInHand
    piece: Sequence[str]


class Crew:
    """As many threads as members; a crew of one works in the thread that asks.

    ``is_over``: from when on whatever several members are at is stopped.
    """

    def __init__(
        self, prepared: PreparedRound, members: int, is_over: Callable[[], bool] = lambda: False
    ) -> None:
        self._prepared = prepared
        self._members = max(1, members)
        self._is_over = is_over

    def work(
        self, plan: PlanInHand, choose: ChoosePiece, solve: SolvePiece, on_step: Callable[[Step], None]
    ) -> PlanInHand:
        """Return the plan after all pieces that ``choose`` gave: never worse in the round's own order.

        Pieces that are worked on together share no session; where what two have found does not go together,
        that of the later is dropped. ``on_step`` is told of each piece in this thread; an error that it
        raises ends the work.
        """
        if self._members == 1:
            while (piece := choose(frozenset())) is not None:
                step = self._weigh(
                    plan, _Job(self._prepared, plan, piece), solve(self._prepared, plan, piece)
                )
                plan = step.plan
                on_step(step)
            return plan
        return self._work_together(plan, choose, solve, on_step)

    def _work_together(
        self, plan: PlanInHand, choose: ChoosePiece, solve: SolvePiece, on_step: Callable[[Step], None]
    ) -> PlanInHand:
        stop = threading.Event()
        idle = [self._prepared.beside(stop) for _ in range(self._members)]
        running: dict[Future[Improvement], _Job] = {}
        with ThreadPoolExecutor(self._members) as pool:
            try:
                while True:
                    busy = frozenset(session for job in running.values() for session in job.piece)
                    while idle and (piece := choose(busy)) is not None:
                        job = _Job(idle.pop(), plan, piece)
                        running[pool.submit(solve, job.member, plan, piece)] = job
                        busy |= frozenset(piece)
                    if not running:
                        return plan
                    if self._is_over():
                        stop.set()
                    for done in wait(running, LOOK_EVERY_SECONDS, FIRST_COMPLETED).done:
                        job = running.pop(done)
                        idle.append(job.member)
                        step = self._weigh(plan, job, done.result())
                        plan = step.plan
                        on_step(step)
            finally:
                stop.set()

    def _weigh(self, plan: PlanInHand, job: _Job, found: Improvement) -> Step:
        """Take what was found into the plan in hand, where it makes that better."""
        is_news = found.plan.values > job.begun.values
        joined = self._prepared.join(plan, job.begun, found.plan) if is_news else None
        is_better = joined is not None and joined.values > plan.values
        is_done = plan is job.begun and (found.is_proven or not is_better)
        return Step(job.piece, joined if is_better and joined is not None else plan, is_better, is_done)


@contextmanager
def beside[T](do: Callable[[threading.Event], T]) -> Iterator[Future[T]]:
    """Have something done in a second thread while this one waits for a solver.

    ``do`` is given what tells it to stop, which is set when the block ends. After the block the result is
    there, or what was raised instead.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(do, stop)
        finally:
            stop.set()
