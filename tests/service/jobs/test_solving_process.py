"""The solving process, without a database: it answers, is let go or ended, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lcm_service.jobs import solving
from lcm_service.jobs.solving import LetGo, SolvingFailed, solve_in_process
from optimizer import canonical_bytes
from tests.bench.generator import make_problem
from tests.optimizer import builders
from tests.service.jobs.processes import (
    group_of,
    has_cbc,
    hold_next_process,
    is_running,
    solving_processes,
    wait_for,
)

SMALL = canonical_bytes(builders.problem([builders.need()], [builders.session()])).decode()
# What a solver is asked for here takes it minutes.
HARD = canonical_bytes(make_problem(300, 300, 1)).decode()


def always(_progress):
    return True


def test_the_answer_is_what_the_command_line_gives():
    answer = solve_in_process(SMALL, time_limit_seconds=60, solver="highs", watch=always)
    assert answer.plan["outcome"] == "optimal"
    assert answer.explanation is not None
    assert answer.explanation["problem_sha256"] == answer.plan["problem_sha256"]


def test_progress_tells_of_every_aim_in_its_turn_what_was_reached():
    told = []

    def watch(progress):
        told.extend([progress] if progress else [])
        return True

    plan = solve_in_process(SMALL, time_limit_seconds=60, solver="highs", watch=watch).plan
    told_last = told[-1]["aims"]
    stored = {row["name"]: (row["value"], row["bound"]) for row in plan["objectives"]}
    # What follows from the aims before it is not searched for, and not told of.
    assert 2 < len(told_last) <= len(stored)
    assert [stored[row["objective"]] for row in told_last] == [
        (row["value"], row["bound"]) for row in told_last
    ]
    assert {name: told[-1][name] for name in ("objective", "value", "bound", "seconds")} == told[-1]["aims"][
        -1
    ]


def test_a_second_solver_answers_the_same():
    highs = solve_in_process(SMALL, time_limit_seconds=60, solver="highs", watch=always).plan
    cbc = solve_in_process(SMALL, time_limit_seconds=60, solver="cbc", watch=always).plan
    assert highs["assignments"] == cbc["assignments"]


def test_a_watcher_that_says_no_ends_the_process_and_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with pytest.raises(LetGo):
        solve_in_process(SMALL, time_limit_seconds=60, solver="highs", watch=lambda _progress: False)
    assert solving_processes() == []
    assert list(Path(tmp_path).iterdir()) == []


def test_a_process_that_does_not_stop_at_its_limit_is_ended():
    held = []

    def hold(_progress):
        held.extend([] if held else [hold_next_process()])
        return True

    with pytest.raises(SolvingFailed) as failure:
        solve_in_process(SMALL, time_limit_seconds=1, solver="highs", watch=hold, grace_seconds=0.5)
    assert (failure.value.code, failure.value.facts) == ("overran", {"seconds": 1})
    assert solving_processes() == []


def test_a_limit_that_ends_before_any_plan_is_named():
    needs = [builders.need("N-1", seats=8), builders.need("N-2", recipient="XAB", seats=8)]
    sessions = [builders.session(min_seats=12)]
    problem = builders.problem(needs, sessions, pinned=[("N-1", "S-1", 8)])
    with pytest.raises(SolvingFailed) as failure:
        solve_in_process(
            canonical_bytes(problem).decode(), time_limit_seconds=0.000001, solver="highs", watch=always
        )
    assert failure.value.code == "no_plan_in_time"
    assert any("without any plan" in line for line in failure.value.said)


def test_a_problem_that_cannot_be_read_is_a_failure_with_the_faults_said():
    with pytest.raises(SolvingFailed) as failure:
        solve_in_process(json.dumps({"format": "x"}), time_limit_seconds=5, solver="highs", watch=always)
    assert (failure.value.code, failure.value.facts) == ("crashed", {"how": "exit status 2"})
    assert failure.value.said


def test_the_solver_is_told_none_of_the_services_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("LCM_SECRET_KEY", "the secret of the service")
    seen = []

    def look(_progress):
        if not seen:
            (pid, *_) = wait_for(solving_processes)
            seen.append(Path(f"/proc/{pid}/environ").read_bytes())
        return True

    if not Path("/proc/self/environ").exists():
        pytest.skip("this system does not show a process's environment as a file")
    solve_in_process(SMALL, time_limit_seconds=60, solver="highs", watch=look)
    assert b"PYTHONPATH=" in seen[0]
    assert b"LCM_SECRET_KEY" not in seen[0]


# When a run is cancelled: once this is true of what the process has told and of its group.
MOMENTS = {
    "while the round is read and the model is built": ("highs", lambda _told, _pid: True),
    "in the middle of HiGHS": ("highs", lambda told, _pid: told),
    "while CBC runs, a process of its own": ("cbc", lambda _told, pid: has_cbc(pid)),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_whatever_the_process_is_doing_it_and_all_it_started_are_gone_within_a_second(moment):
    solver, has_come = MOMENTS[moment]
    told, since = [], []

    def watch(progress):
        told.extend([progress] if progress else [])
        pids = solving_processes()
        if pids and has_come(told, pids[0]):
            since.extend([time.monotonic(), pids[0]])
            assert len(group_of(pids[0])) >= 2
            return False
        return True

    with pytest.raises(LetGo):
        solve_in_process(HARD, time_limit_seconds=60, solver=solver, watch=watch)
    asked, group = since
    wait_for(lambda: not group_of(group), seconds=5)
    assert time.monotonic() - asked < 1


SOLVING_PROGRAM = """
import sys
from lcm_service.jobs.solving import solve_in_process
problem, solver = open(sys.argv[1]).read(), sys.argv[2]
solve_in_process(problem, time_limit_seconds=60, solver=solver, watch=lambda _: True)
"""


def worker_process(tmp_path, problem, solver):
    """A process that solves a problem as a worker does, in a folder of its own."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "solve.py").write_text(SOLVING_PROGRAM, encoding="utf-8")
    (tmp_path / "problem.json").write_text(problem, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(solving.PROJECT), "TMPDIR": str(tmp_path / "runs")}
    return subprocess.Popen(
        [sys.executable, str(tmp_path / "solve.py"), str(tmp_path / "problem.json"), solver], env=environment
    )


def test_a_solver_that_the_optimizer_started_ends_with_the_worker_too(tmp_path):
    """It would run on to its own time limit: the kernel ends the optimizer alone."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends a process with its parent")
    with worker_process(tmp_path, HARD, "cbc") as worker:
        try:
            (pid, *_) = wait_for(lambda: solving_processes(worker.pid))
            wait_for(lambda: has_cbc(pid))
        finally:
            worker.kill()
    wait_for(lambda: not group_of(pid), seconds=2)


def test_a_solving_process_ends_with_its_worker_and_the_next_worker_removes_its_folder(tmp_path, monkeypatch):
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends a process with its parent")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "runs"))
    monkeypatch.setattr("tempfile.tempdir", None)
    with worker_process(tmp_path, SMALL, "highs") as worker:
        try:
            (pid, *_) = wait_for(lambda: solving_processes(worker.pid))
            os.kill(pid, signal.SIGSTOP)
            assert solving.sweep_folders() == 0
        finally:
            worker.kill()
    wait_for(lambda: not is_running(pid))
    assert len(list((tmp_path / "runs").iterdir())) == 1
    (tmp_path / "runs" / "lcm-run-of-another-machine-1-x").mkdir()
    assert solving.sweep_folders() == 1
    assert [one.name for one in (tmp_path / "runs").iterdir()] == ["lcm-run-of-another-machine-1-x"]
