"""A solve that is killed, starved of memory or cancelled at any moment.

The older plan is whole, or a new one is there that `verify` accepts; never half of one, and never a plan that
breaks a rule.
"""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from optimizer.files.canonical import problem_to_document
from optimizer.files.plan_files import load_plan, plan_to_document, write_json
from optimizer.problem import Problem
from optimizer.solving.solve import solve
from optimizer.verifying.verify import verify
from tests.bench.generator import make_problem

ROOT = Path(__file__).resolve().parents[2]
# Long enough for the start, the model, each objective and the end to be hit.
LATEST_SECONDS = 9.0
MIB = 2**20
# Of address space, which is more than what is used. This round takes about 330.
TOO_LITTLE_MIB, ENOUGH_MIB = 180, 600

# Fifty solves of several seconds each at full size.
pytestmark = pytest.mark.timeout(3_600)


@pytest.fixture(scope="session")
def times(size) -> int:
    return 50 if size == "full" else 3


@pytest.fixture(scope="module")
def round_() -> Problem:
    return make_problem(60, 80, 1)


@pytest.fixture
def files(tmp_path: Path, round_: Problem) -> Iterator[tuple[Path, Path]]:
    """A problem and an older plan of it, which places nothing."""
    problem_file, plan_file = tmp_path / "problem.json", tmp_path / "plan.json"
    write_json(problem_file, problem_to_document(round_))
    write_json(plan_file, plan_to_document(solve(round_, time_limit_seconds=0.001)))
    yield problem_file, plan_file
    assert sorted(os.listdir(tmp_path)) == ["plan.json", "problem.json"]


def start(
    problem_file: Path, plan_file: Path, *, seconds: float, preexec_fn: Callable[[], None] | None = None
) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "optimizer", "solve", str(problem_file), "-o", str(plan_file)]
    command += ["--time-limit", str(seconds)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, preexec_fn=preexec_fn)


def check_plan(round_: Problem, plan_file: Path, older: bytes) -> bool:
    """Whether the plan is a new one; it must be that or the older one, whole, and hold."""
    plan = load_plan(plan_file)
    assert verify(round_, plan).ok
    return plan_file.read_bytes() != older


def end_at(process: "subprocess.Popen[bytes]", seconds: float, signal_: signal.Signals) -> tuple[int, str]:
    """Send the signal after so many seconds, unless the process has ended before."""
    try:
        _, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal_)
        _, said = process.communicate(timeout=60)
    return process.returncode, said.decode()


def remove_half_written(folder: Path) -> None:
    """A process that is killed while it writes beside the older plan cannot clear that up."""
    for path in folder.iterdir():
        if path.name not in ("plan.json", "problem.json"):
            path.unlink()


@pytest.mark.parametrize("signal_", [signal.SIGKILL, signal.SIGTERM])
def test_at_whatever_moment_a_solve_is_ended_a_whole_plan_is_there(files, round_, times, signal_):
    problem_file, plan_file = files
    older, rng, ended = plan_file.read_bytes(), Random(1), 0
    for _ in range(times):
        plan_file.write_bytes(older)
        process = start(problem_file, plan_file, seconds=6)
        status, said = end_at(process, rng.uniform(0.0, LATEST_SECONDS), signal_)
        is_new = check_plan(round_, plan_file, older)
        assert is_new or status != 0, said
        assert "Traceback" not in said
        ended += status != 0
        if signal_ == signal.SIGKILL:
            remove_half_written(plan_file.parent)
    assert ended > 0


def limit_memory(mebibytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (mebibytes * MIB, mebibytes * MIB))


def test_a_solve_without_enough_memory_harms_nothing(files, round_, times):
    problem_file, plan_file = files
    older, rng, outcomes = plan_file.read_bytes(), Random(2), []
    # Too little to begin with, enough, and in between, where it runs out anywhere: while the round is read,
    # while the model is built, in the midst of a search.
    for mebibytes in (TOO_LITTLE_MIB, ENOUGH_MIB, *(rng.randint(200, 340) for _ in range(times - 2))):
        plan_file.write_bytes(older)
        limit = partial(limit_memory, mebibytes)
        process = start(problem_file, plan_file, seconds=6, preexec_fn=limit)
        _, said = process.communicate(timeout=120)
        is_new = check_plan(round_, plan_file, older)
        assert is_new or process.returncode != 0, said.decode()
        outcomes.append(is_new)
        remove_half_written(plan_file.parent)
    assert outcomes[:2] == [False, True]


def test_a_watcher_that_cancels_at_any_moment_ends_the_solve_with_its_own_error(round_, times):
    rng = Random(3)
    for _ in range(times):
        left = rng.randint(0, 40)

        def cancel(progress: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise InterruptedError("cancelled")

        try:
            plan = solve(round_, time_limit_seconds=6, on_progress=cancel)
        except InterruptedError:
            assert left < 0
        else:
            assert left >= 0
            assert verify(round_, plan).ok
