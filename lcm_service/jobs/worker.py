"""The worker: takes runs from the run table, has them solved, and hands the answers in.

The run table is the truth, so a worker may die at any moment: its lease ends, the run is queued again, and
what it might still say comes under an old fence. Workers may run inside the web server (embedded) or apart
from it, and as many as are wanted; a job engine would only have to wake one up.
"""

import atexit
import logging
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from types import FrameType
from typing import Any, Final, Protocol

from lcm_service.domain.errors import Conflict
from lcm_service.jobs.housekeeping import Housekeeping
from lcm_service.jobs.solving import (
    LetGo,
    SolvingFailed,
    compare_in_process,
    explain_in_process,
    solve_in_process,
    sweep_folders,
)
from lcm_service.services import explanations, matching, scenarios
from lcm_service.services.matching import ClaimedRun

log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 0.5
REPORT_SECONDS: Final = 0.5
STOP_SECONDS: Final = 5.0


class Application(Protocol):
    """What a worker needs of the application: its settings, and a context for the database."""

    config: Any
    extensions: dict[str, Any]

    def app_context(self) -> AbstractContextManager[Any]: ...


class Worker:
    """Takes one run after the other until it is stopped."""

    def __init__(self, app: Application) -> None:
        settings = app.config["SETTINGS"]
        self._app = app
        self._lease_seconds: float = settings.lease_seconds
        self._solver: str = settings.solver
        self._threads: int = settings.solve_threads
        self._longest_seconds: int = settings.solve_seconds
        self._stop = threading.Event()
        self._housekeeping = Housekeeping(app, self._stop)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Work in a thread of this process."""
        self._thread = threading.Thread(target=self.work_until_stopped, name="lcm-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let go of the run in hand, which is queued again, and wait until the thread has ended."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def work_until_stopped(self) -> None:
        """Tidy up after workers that were killed, then take runs as they come; what goes wrong is logged, and
        the worker goes on.
        """
        swept = sweep_folders()
        if swept:
            log.info("Removed %s folders of runs whose worker was killed.", swept)
        house = threading.Thread(
            target=self._housekeeping.keep_until_stopped, name="lcm-housekeeping", daemon=True
        )
        house.start()
        while not self._stop.is_set():
            try:
                has_worked = self.work_once()
            except Exception:
                # The database may be away for a moment. A run in hand is queued again when its lease ends.
                log.exception("The worker could not do its work; it tries again.")
                has_worked = False
            if not has_worked:
                self._stop.wait(IDLE_SECONDS)
        house.join(STOP_SECONDS)

    def work_once(self) -> bool:
        """Take over what was lost, then take one run through to its end; False where none waits."""
        with self._app.app_context():
            if not matching.is_work_waiting():
                return False
            matching.sweep_expired_runs()
            claimed = matching.claim_next_run(self._lease_seconds)
        if claimed is None:
            return False
        try:
            self._solve(claimed)
        except LetGo:
            self._let_go(claimed)
        except Conflict as refusal:
            log.info("%s", refusal.message)
        return True

    def _solve(self, claimed: ClaimedRun) -> None:
        try:
            finish = self._answer(claimed)
        except SolvingFailed as failure:
            with self._app.app_context():
                matching.fail_run(
                    claimed.run_id, claimed.fence, failure.code, said=failure.said, **failure.facts
                )
            return
        with self._app.app_context():
            # Judging a large plan takes a moment: begin it with a whole lease.
            if not self.report(claimed, None):
                raise LetGo
            finish(claimed.run_id, claimed.fence)

    def _answer(self, claimed: ClaimedRun) -> Callable[[int, int], object]:
        """Have the run solved in a process of its own, and give what stores the answer under run and
        fence.
        """
        options: dict[str, Any] = {
            "time_limit_seconds": min(claimed.time_limit_seconds, self._longest_seconds),
            "watch": _Heartbeat(self, claimed).goes_on,
        }
        if claimed.purpose == explanations.PURPOSE:
            with self._app.app_context():
                task = explanations.find_task(claimed.run_id)
            found = explain_in_process(claimed.problem, task.plan, need=task.need, **options)
            return partial(explanations.finish_explanation, document=found)
        options |= {"solver": self._solver, "threads": self._threads}
        if claimed.purpose == scenarios.PURPOSE:
            comparison = compare_in_process(claimed.problem, **options)
            return partial(scenarios.finish_comparison, document=comparison)
        answer = solve_in_process(claimed.problem, **options)
        return partial(matching.finish_run, document=answer.plan, explanation=answer.explanation)

    def report(self, claimed: ClaimedRun, progress: dict[str, Any] | None) -> bool:
        """Give a sign of life; False where the run is no longer this worker's, or the worker is being
        stopped.
        """
        if self._stop.is_set():
            return False
        with self._app.app_context():
            return matching.report_progress(claimed.run_id, claimed.fence, progress, self._lease_seconds)

    def _let_go(self, claimed: ClaimedRun) -> None:
        if not self._stop.is_set():
            log.info("Run %s was cancelled or taken over.", claimed.run_id)
            return
        with self._app.app_context():
            matching.give_back_run(claimed.run_id, claimed.fence)


class _Heartbeat:
    """Reports at intervals, so that the solver can be looked at more often than the database is written."""

    def __init__(self, worker: Worker, claimed: ClaimedRun) -> None:
        self._worker = worker
        self._claimed = claimed
        self._progress: dict[str, Any] | None = None
        self._next = time.monotonic() + REPORT_SECONDS

    def goes_on(self, progress: dict[str, Any] | None) -> bool:
        self._progress = progress or self._progress
        if time.monotonic() < self._next:
            return True
        self._next = time.monotonic() + REPORT_SECONDS
        try:
            return self._worker.report(self._claimed, self._progress)
        except Exception:
            # One missed sign of life is no loss: the lease outlasts several, and ends the matter where it
            # does not.
            log.exception("The worker could not report on run %s.", self._claimed.run_id)
            return True


def start_embedded_worker(app: Application) -> Worker:
    """Start the worker of this process once; it is stopped when the process ends."""
    worker: Worker | None = app.extensions.get("lcm_worker")
    if worker is None:
        worker = Worker(app)
        app.extensions["lcm_worker"] = worker
        worker.start()
        atexit.register(worker.stop)
    return worker


def run_worker(app: Application) -> None:
    """Work in the foreground until the process is asked to end (SIGTERM or Ctrl-C)."""
    worker = Worker(app)

    def stop(_number: int, _frame: FrameType | None) -> None:
        worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    worker.work_until_stopped()
