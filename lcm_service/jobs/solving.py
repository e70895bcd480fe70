"""The optimizer in a process of its own: started, watched, ended.

What runs here is exactly what anyone can run by hand: ``python -m optimizer solve``, ``explain`` and
``scenarios``, and ``python reserve_list.py``, on files. It can be killed, limited and replayed, and a crash
of a solver's native code cannot take the service with it.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).resolve().parents[2]
TIED_PROCESS: Final = Path(__file__).with_name("tied_process.py")
RESERVE_LIST: Final = Path(__file__).with_name("reserve_list.py")
OPTIMIZER: Final = ("-m", "optimizer")
PLAN_WAS_WRITTEN: Final = (0, 1)
NO_PLAN: Final = 3

POLL_SECONDS: Final = 0.1
# A solve ends by itself at its time limit; this much later it is ended.
GRACE_SECONDS: Final = 60
LAST_WORDS: Final = 3
# Twice the longest time that a run may take.
# What would help is worth more of the time of an explanation than who would be next.
SHARE_OF_CHANGES: Final = 0.7
OLDEST_FOLDER_SECONDS: Final = 2 * 86_400
LONGEST_LINE: Final = 500

# Told the latest progress, with that of every aim until now under "aims"; answers whether to go on.
type Watcher = Callable[[dict[str, Any] | None], bool]


class LetGo(Exception):
    """The watcher said to stop: the run was cancelled, is another's, or the worker is being stopped."""


class SolvingFailed(Exception):
    """No plan came of it: the code and facts of the line of the run's story, and the process's last words."""

    def __init__(self, code: str, said: tuple[str, ...] = (), **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.said = said
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Answer:
    """What the optimizer wrote: an `lcm-plan/1` and, where it holds a plan, its `lcm-explanation/1`."""

    plan: dict[str, Any]
    explanation: dict[str, Any] | None


def solve_in_process(
    problem: str,
    *,
    time_limit_seconds: float,
    solver: str,
    threads: int = 1,
    watch: Watcher,
    grace_seconds: float = GRACE_SECONDS,
) -> Answer:
    """Solve the problem text and explain the plan. Raises LetGo and SolvingFailed; leaves no file and no
    process.
    """
    limit = (
        "--time-limit",
        str(time_limit_seconds),
        "--solver",
        solver,
        "--threads",
        str(threads),
        "--progress",
    )
    with _folder_of(problem) as folder:
        watched = _Watched(folder, watch, time_limit_seconds, grace_seconds)
        status = watched.run("solve", "problem.json", "-o", "plan.json", *limit)
        if status not in PLAN_WAS_WRITTEN:
            raise _failure(status, watched.last_words(), time_limit_seconds)
        plan = _read(folder / "plan.json", watched)
        if plan.get("outcome") == "clashing_pins":
            return Answer(plan, None)
        status = watched.run("explain", "problem.json", "plan.json", "--no-changes", "-o", "explanation.json")
        if status != 0:
            raise SolvingFailed("crashed", watched.last_words(), how=f"explain: {_name_ending(status)}")
        return Answer(plan, _read(folder / "explanation.json", watched))


def compare_in_process(
    problem: str,
    *,
    time_limit_seconds: float,
    solver: str,
    threads: int = 1,
    watch: Watcher,
    grace_seconds: float = GRACE_SECONDS,
) -> dict[str, Any]:
    """Compare the scenarios of the problem text and give the `lcm-scenarios/1`. Raises LetGo and
    SolvingFailed; leaves no file and no process.
    """
    limit = (
        "--time-limit",
        str(time_limit_seconds),
        "--solver",
        solver,
        "--threads",
        str(threads),
        "--progress",
    )
    with _folder_of(problem) as folder:
        watched = _Watched(folder, watch, time_limit_seconds, grace_seconds)
        status = watched.run("scenarios", "problem.json", "-o", "scenarios.json", *limit)
        if status not in PLAN_WAS_WRITTEN:
            raise _failure(status, watched.last_words(), time_limit_seconds)
        return _read(folder / "scenarios.json", watched)


def explain_in_process(
    problem: str,
    plan: Mapping[str, Any],
    *,
    need: str | None,
    time_limit_seconds: float,
    watch: Watcher,
    grace_seconds: float = GRACE_SECONDS,
) -> dict[str, Any]:
    """Look for what would help the needs that the plan leaves short, and for who would be next for each
    match; of ``need`` alone where one is given. Raises LetGo and SolvingFailed; leaves no file and no
    process.
    """
    seconds = SHARE_OF_CHANGES * time_limit_seconds
    with _folder_of(problem) as folder:
        (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        watched = _Watched(folder, watch, time_limit_seconds, grace_seconds)
        watched.begin("changes")
        about = ("--need", need) if need else ()
        limit = ("--changes", "--time-limit", str(seconds), "-o", "explanation.json")
        status = watched.run("explain", "problem.json", "plan.json", *about, *limit)
        if status != 0:
            raise SolvingFailed("crashed", watched.last_words(), how=f"explain: {_name_ending(status)}")
        explanation = _read(folder / "explanation.json", watched)
        watched.begin("reserves")
        asked = ("problem.json", "plan.json", "reserves.json", str(time_limit_seconds - seconds))
        status = watched.run(*asked, *((need,) if need else ()), program=(str(RESERVE_LIST),))
        if status != 0:
            raise SolvingFailed("crashed", watched.last_words(), how=f"reserves: {_name_ending(status)}")
        return {"explanation": explanation, "reserves": _read(folder / "reserves.json", watched)}


@contextlib.contextmanager
def _folder_of(problem: str) -> Iterator[Path]:
    """A folder of this process that holds the problem, gone when the block is left."""
    with tempfile.TemporaryDirectory(prefix=f"{_prefix_of_this_machine()}{os.getpid()}-") as name:
        folder = Path(name)
        (folder / "problem.json").write_text(problem, encoding="utf-8")
        yield folder


def sweep_folders() -> int:
    """Remove the folders of runs whose worker was killed before it could; returns how many there were.

    A folder's name says which process of which machine made it; one that is still at work keeps its folder,
    but for one so old that its number must be another process's by now. Those of other machines and other
    people are left alone.
    """
    swept, oldest = 0, time.time() - OLDEST_FOLDER_SECONDS
    for folder in Path(tempfile.gettempdir()).glob(f"{_prefix_of_this_machine()}*"):
        maker = folder.name.removeprefix(_prefix_of_this_machine()).partition("-")[0]
        try:
            kept = folder.stat()
            is_own = maker.isdecimal() and kept.st_uid == os.getuid()
            is_left = is_own and (kept.st_mtime < oldest or not _runs(int(maker)))
        except FileNotFoundError:
            continue
        if is_left:
            shutil.rmtree(folder, ignore_errors=True)
            swept += 1
    return swept


def _prefix_of_this_machine() -> str:
    return f"lcm-run-{socket.gethostname()}-"


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class _Watched:
    """Runs commands of the optimizer in one folder, reading what they say while the watcher is asked to go
    on.
    """

    def __init__(self, folder: Path, watch: Watcher, limit_seconds: float, grace_seconds: float) -> None:
        self._folder = folder
        self._watch = watch
        self._limit_seconds = limit_seconds
        self._deadline = time.monotonic() + limit_seconds + grace_seconds
        self._said: list[str] = []
        self._aims: dict[str, dict[str, Any]] = {}

    def begin(self, stage: str) -> None:
        """Tell of a part that is begun, which may say nothing of its own for long."""
        if not self._watch({"stage": stage}):
            raise LetGo

    def run(self, *arguments: str, program: tuple[str, ...] = OPTIMIZER) -> int:
        """Run one command to its end and give its exit status; negative is the signal that ended it."""
        self._said, self._aims = [], {}
        log_path = self._folder / "said.txt"
        with (
            log_path.open("wb") as log,
            log_path.open("rb") as heard,
            _running((*program, *arguments), self._folder, log) as process,
        ):
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    status = process.wait(POLL_SECONDS)
                    self._listen(heard.readlines())
                    return status
                progress = self._listen(heard.readlines())
                if not self._watch(progress):
                    raise LetGo
                if time.monotonic() > self._deadline:
                    raise SolvingFailed("overran", self.last_words(), seconds=self._limit_seconds)

    def last_words(self) -> tuple[str, ...]:
        return tuple(line[:LONGEST_LINE] for line in self._said[-LAST_WORDS:])

    def _listen(self, lines: list[bytes]) -> dict[str, Any] | None:
        """Keep what is no progress, and give the latest progress beside that of the aims before it."""
        latest: dict[str, Any] | None = None
        for line in lines:
            text = line.decode(errors="replace").strip()
            try:
                said = json.loads(text)
            except ValueError:
                said = None
            if isinstance(said, dict):
                self._note_aim(said)
                latest = said | {"aims": list(self._aims.values())}
            elif text:
                self._said.append(text)
        return latest

    def _note_aim(self, said: dict[str, Any]) -> None:
        """What is known of the aim that the solver speaks of; each scenario begins with none."""
        if any(said.get("scenario") != one.get("scenario") for one in self._aims.values()):
            self._aims = {}
        if isinstance(said.get("objective"), str):
            self._aims[said["objective"]] = said


@contextlib.contextmanager
def _running(arguments: tuple[str, ...], folder: Path, log: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process group of its own, because solvers start programs of theirs; nothing of it outlives the block,
    and the optimizer does not outlive a worker that is killed inside it.
    """
    # The optimizer needs none of the service's settings, and must not be able to tell its secrets.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LCM_")}
    environment["PYTHONPATH"] = str(PROJECT)
    command = (sys.executable, *arguments)
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(TIED_PROCESS), str(os.getpid()), *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=log,
        start_new_session=True,
    )
    try:
        # Pages come first where they share a processor with the solver.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, 5)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _failure(status: int, said: tuple[str, ...], time_limit_seconds: float) -> SolvingFailed:
    is_in_time = status != NO_PLAN or not any("without any plan" in line for line in said)
    if is_in_time:
        return SolvingFailed("crashed", said, how=_name_ending(status))
    return SolvingFailed("no_plan_in_time", said, seconds=time_limit_seconds)


def _name_ending(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def _read(path: Path, watched: _Watched) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SolvingFailed("unreadable", watched.last_words(), fault=f"{path.name}: {error}") from error
    if not isinstance(document, dict):
        raise SolvingFailed("unreadable", watched.last_words(), fault=f"{path.name} is no object")
    return document
