"""The only place that picks a PuLP solver, and the place that knows their traps.

HiGHS solves by default; CBC is the second solver behind the same argument. What either says is a
suggestion: a run returns its values, its bound and why it stopped, and `solve.py` checks the values in
whole numbers. Traps met (PuLP 4.2.0, highspy 1.16): a partial starting vector can leave values that do not
belong to the reported objective; a run with another number of threads in one process can end without a
solution; HiGHS prints a banner to standard output when its first model is made, whatever its log options
say; it refuses all rows where one coefficient is 1e15 or more, goes on without them, and PuLP then trips over
the rows that are not there.
"""

import contextlib
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from math import floor, isfinite
from pathlib import Path
from types import FrameType
from typing import Any, Final, Literal

import highspy

from optimizer.model.program import MAX_SPREAD, PulpProgram
from optimizer.pulp_alone import pulp

SOLVERS: Final = ("highs", "cbc")
Ending = Literal["optimal", "time_limit", "infeasible", "fault"]

# Values are whole, so a plan within less than one of the bound is proven.
WHOLE_GAP: Final = 0.999
BOUND_TOLERANCE: Final = 1e-6

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one run ended. ``values`` is ``None`` without a solution; ``bound`` is whole, ``None`` if
    unknown.
    """

    ending: Ending
    values: list[float | None] | None
    bound: int | None


@dataclass(frozen=True, slots=True)
class Effort:
    """What a run may use: the solver, its threads, the seconds left (``None``: no limit).

    ``is_strict`` asks for the tightest tolerances: slower, and needed only where sums of money are so
    large that the usual ones let a dollar slip. ``is_hasty`` has HiGHS go without presolve: where seconds are
    few, presolving a large round takes them all, and the run ends without a bound.
    ``is_brief`` is for searches that end in a second: HiGHS does not begin anew at the root whenever some
    columns are settled, and looks for no plans beside the search where it is given one.
    """

    solver: str = "highs"
    threads: int = 1
    seconds: float | None = None
    is_strict: bool = False
    is_hasty: bool = False
    is_brief: bool = False


@dataclass(frozen=True, slots=True)
class _Limits:
    """When a run may stop before it is proven."""

    gap: float
    relative_gap: float
    max_nodes: int | None


# Called while a run goes on, with the best objective so far and the bound (``None`` where not known yet).
Watcher = Callable[[float | None, float | None], None]


def describe_solver(solver: str) -> str:
    """Name and version of a solver, as a plan states them."""
    if solver == "highs":
        return f"HiGHS {version('highspy')}"
    return f"CBC (cbcbox {version('cbcbox')})"


def other_solver(solver: str) -> str:
    """The one to ask when this one's word does not hold."""
    return "cbc" if solver == "highs" else "highs"


def careful(effort: Effort, spread: int) -> Effort:
    """The effort for a program whose numbers are spread so far (`spread_of`): past a limit only the strict
    tolerances of HiGHS tell them apart.
    """
    return effort if spread <= MAX_SPREAD else replace(effort, solver="highs", is_strict=True)


def two_opinions(effort: Effort, spread: int) -> tuple[Effort, Effort]:
    """Two ways to ask whether there is any plan: both solvers, or HiGHS with presolve and without."""
    first = careful(effort, spread)
    if first.is_strict:
        return first, replace(first, is_hasty=not first.is_hasty)
    return first, replace(first, solver=other_solver(first.solver))


def run(
    program: PulpProgram,
    effort: Effort,
    *,
    start: Sequence[int] | None = None,
    gap: float = WHOLE_GAP,
    relative_gap: float = 0.0,
    max_nodes: int | None = None,
    watcher: Watcher | None = None,
) -> Attempt:
    """Maximise the program's objective and return how it ended.

    ``start`` is a whole value for every column, or ``None``; never a part. ``gap`` is absolute, in the
    solver's unit of the objective: the run may stop once its bound lies within it, or within the relative
    gap, or after so many nodes. Whatever breaks down in the solver or in PuLP is the ending `fault`: the
    caller asks again, or asks the other solver, or keeps the plan in hand.

    Raises
    ------
    ValueError: no such solver.
    Whatever the watcher raises, or a handler of signals.
    """
    if effort.solver not in SOLVERS:
        raise ValueError(f"solver must be one of {', '.join(SOLVERS)}, not {effort.solver!r}")
    if program.is_contradictory:
        return Attempt("infeasible", None, None)
    if not program.variables:
        return Attempt("optimal", [], 0)
    program.set_start(start)
    limits = _Limits(gap, relative_gap, max_nodes)
    if effort.solver == "highs":
        stats = _run_highs(program, effort, limits, start is not None, watcher)
    else:
        stats = _run_cbc(program, effort, limits, start is not None)
    return Attempt("fault", None, None) if stats is None else _read_attempt(program, stats)


# What a library raises that breaks down. No wider: an interrupt, a lack of memory and the errors of those who
# watch or handle signals are not the solver's.
_BREAKDOWNS: Final = (
    pulp.PulpError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def _solve(program: PulpProgram, solver: pulp.LpSolver) -> pulp.LpSolveStats | None:
    """What the solver says of its run, or ``None`` where its process, its library or PuLP broke down."""
    try:
        return program.problem.solve(solver)
    except TimeoutError:
        raise  # An alarm that someone set, though an `OSError` by kind.
    except _BREAKDOWNS:
        _log.info("%s broke down", type(solver).__name__, exc_info=True)
        return None


def _read_attempt(program: PulpProgram, stats: pulp.LpSolveStats) -> Attempt:
    """`status` says why the run stopped, `has_solution` whether there is a plan; neither stands for the
    other.
    """
    bound = stats.best_bound
    if bound is not None and isfinite(bound):
        whole_bound: int | None = floor(bound + BOUND_TOLERANCE) * program.objective_scale
    else:
        whole_bound = None
    values = program.values() if stats.has_solution else None
    if stats.status in (pulp.LpSolveStatus.Optimal, pulp.LpSolveStatus.GapLimit):
        return Attempt("optimal" if values is not None else "fault", values, whole_bound)
    if stats.status == pulp.LpSolveStatus.Infeasible:
        return Attempt("infeasible", None, None)
    if stats.status == pulp.LpSolveStatus.TimeLimit:
        return Attempt("time_limit", values, whole_bound)
    return Attempt("fault", values, whole_bound)


# -- HiGHS ------------------------------------------------------------------------------------------------

HIGHS_TOLERANCES: Final = (
    "mip_feasibility_tolerance",
    "primal_feasibility_tolerance",
    "dual_feasibility_tolerance",
)
STRICT_TOLERANCE: Final = 1e-10

_first_model_lock = threading.Lock()
_has_first_model = False
# HiGHS keeps a scheduler for each thread that asks it.
_scheduler = threading.local()


def _run_highs(
    program: PulpProgram, effort: Effort, limits: _Limits, is_warm: bool, watcher: Watcher | None
) -> pulp.LpSolveStats | None:
    prepare_highs(effort.threads)
    watch = _HighsWatch(watcher, program.objective_scale)
    options: dict[str, float | str | bool] = {}
    if effort.is_strict:
        options |= dict.fromkeys(HIGHS_TOLERANCES, STRICT_TOLERANCE)
    if effort.is_hasty:
        options["presolve"] = "off"
    if effort.is_brief:
        options["mip_allow_restart"] = False
        if is_warm:
            options["mip_heuristic_effort"] = 0.0
    if limits.max_nodes is not None:
        options["mip_max_nodes"] = limits.max_nodes
    solver = pulp.HiGHS(
        msg=False,
        gapRel=limits.relative_gap,
        gapAbs=limits.gap,
        threads=effort.threads,
        timeLimit=effort.seconds,
        warmStart=is_warm,
        callbackTuple=(watch, None),
        callbacksToActivate=_HighsWatch.kinds,
        **options,
    )
    with _signals_kept_for(watch):
        stats = _solve(program, solver)
    if watch.error is not None:
        raise watch.error
    return stats


def prepare_highs(threads: int) -> None:
    """Make the first model quietly, and start a new scheduler whenever this thread asks for another number
    of threads.
    """
    global _has_first_model
    with _first_model_lock:
        if not _has_first_model:
            with _silent_standard_output():
                highspy.Highs()  # type: ignore[no-untyped-call]
            _has_first_model = True
    if getattr(_scheduler, "threads", threads) != threads:
        highspy.Highs.resetGlobalScheduler(True)
    _scheduler.threads = threads


@contextlib.contextmanager
def _silent_standard_output() -> Iterator[None]:
    """Send what C code writes to standard output nowhere, so that a JSON document on it stays one."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


_ASKS_TO_STOP: Final = (
    highspy.cb.HighsCallbackType.kCallbackMipInterrupt,
    highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt,
)


class _HighsWatch:
    """Passes on what HiGHS reports of a search, and stops the search when it should end.

    An error of the watcher may not cross C++, where it would be lost: it is kept, HiGHS is told to stop, and
    it is raised once HiGHS has returned. The same goes for what a signal raises (`_signals_kept_for`).
    """

    kinds: Final = [
        highspy.cb.HighsCallbackType.kCallbackMipImprovingSolution,
        highspy.cb.HighsCallbackType.kCallbackMipLogging,
        highspy.cb.HighsCallbackType.kCallbackMipInterrupt,
        highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt,
    ]

    def __init__(
        self, watcher: Watcher | None, objective_scale: int, stop: threading.Event | None = None
    ) -> None:
        self._watcher = watcher
        self._scale = objective_scale
        self._stop = stop
        self.error: BaseException | None = None

    def __call__(self, kind: Any, message: str, found: Any, wanted: Any, data: Any) -> None:
        is_asked_to_stop = kind in _ASKS_TO_STOP
        try:
            if self._watcher is not None and self.error is None and not is_asked_to_stop:
                value, bound = found.mip_primal_bound * self._scale, found.mip_dual_bound * self._scale
                self._watcher(value if isfinite(value) else None, bound if isfinite(bound) else None)
        except BaseException as error:
            self.error = error
        is_stopped = self._stop is not None and self._stop.is_set()
        if is_asked_to_stop and (is_stopped or self.error is not None):
            wanted.user_interrupt = True


@contextlib.contextmanager
def stopped_by_signals(highs: highspy.Highs, stop: threading.Event | None = None) -> Iterator[None]:
    """Let Ctrl-C, or a request to terminate that someone handles, end a run of this HiGHS, and raise it.

    Signals reach the main thread only; the others are told by ``stop``, which raises nothing.
    """
    watch = _HighsWatch(None, 1, stop)
    highs.setCallback(watch, None)
    for kind in _ASKS_TO_STOP:
        highs.startCallback(kind)
    try:
        with _signals_kept_for(watch):
            yield
    finally:
        for kind in _ASKS_TO_STOP:
            highs.stopCallback(kind)
    if watch.error is not None:
        raise watch.error


@contextlib.contextmanager
def _signals_kept_for(watch: _HighsWatch) -> Iterator[None]:
    """Let Ctrl-C, or a request to terminate that someone handles, stop HiGHS instead of being lost in it.

    Python runs a handler at the next call of the watch, and what it raises there would vanish in C++. So
    while HiGHS runs, handlers are called as ever and what they raise is kept for later. Signals reach
    only the main thread; elsewhere there is nothing to keep.
    """

    def keep(handler: Callable[[int, FrameType | None], Any]) -> Callable[[int, FrameType | None], None]:
        def handle(number: int, frame: FrameType | None) -> None:
            try:
                handler(number, frame)
            except BaseException as error:
                watch.error = error

        return handle

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, keep(handler))
        yield
    finally:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, handler)


# -- CBC --------------------------------------------------------------------------------------------------


def _run_cbc(
    program: PulpProgram, effort: Effort, limits: _Limits, is_warm: bool
) -> pulp.LpSolveStats | None:
    """CBC runs as a process of its own, on one thread: its parallel search does not repeat itself."""
    with tempfile.TemporaryDirectory(prefix="lcm-cbc-") as folder:
        solver = pulp.COIN_CMD(  # type: ignore[no-untyped-call]
            msg=False,
            gapRel=limits.relative_gap,
            gapAbs=limits.gap,
            maxNodes=limits.max_nodes,
            timeLimit=effort.seconds,
            warmStart=is_warm,
            logPath=str(Path(folder) / "cbc.log"),
        )
        return _solve(program, solver)
