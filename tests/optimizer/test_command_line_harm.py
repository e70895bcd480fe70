"""Full disks, closed streams, readers that go away, requests to stop: no harm, and one line that says why."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from optimizer.command_line.commands import main
from optimizer.files.plan_files import load_plan

ROOT = Path(__file__).resolve().parents[2]


def run_main(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


# -- outputs that cannot be written --


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        ("missing/plan.json", "cannot be written: there is no such directory"),
        (".", "cannot be written: it is a directory"),
        ("problem.json", "is read by this command; name another file to write to"),
        ("./folder/../problem.json", "is read by this command; name another file to write to"),
        ("a\0b", "cannot be written: "),
        ("problem.json/plan.json", "cannot be written: "),
        ("x" * 300, "cannot be written: File name too long"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_solving(
    tmp_path, problem_file, capsys, output, fault
):
    (tmp_path / "folder").mkdir()
    before = problem_file.read_bytes()
    status, out, err = run_main(capsys, "solve", problem_file, "-o", f"{tmp_path}/{output}", "--progress")
    assert (status, out) == (2, "")
    assert fault in err
    assert "objective" not in err
    assert len(err.splitlines()) == 1
    assert problem_file.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["folder", "problem.json"]


def start(
    *arguments: object,
    stdout: Any = subprocess.PIPE,
    stderr: Any = subprocess.PIPE,
    preexec_fn: Callable[[], None] | None = None,
) -> "subprocess.Popen[bytes]":
    """The program itself, in a process of its own."""
    command = [sys.executable, "-m", "optimizer", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=stdout, stderr=stderr, preexec_fn=preexec_fn)


def end(process: "subprocess.Popen[bytes]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, (out or b"").decode(), (err or b"").decode()


def limit_file_size(size_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))


def test_a_disk_that_is_full_leaves_the_older_plan_whole(tmp_path, problem_file):
    plan_file = tmp_path / "plan.json"
    plan_file.write_text("an older plan")
    full = partial(limit_file_size, 200)
    status, out, err = end(start("solve", problem_file, "-o", plan_file, preexec_fn=full))
    assert (status, out) == (2, "")
    assert err == f"{plan_file}: cannot be written: File too large\n"
    assert plan_file.read_text() == "an older plan"
    assert sorted(os.listdir(tmp_path)) == ["plan.json", "problem.json"]


def test_a_reader_that_goes_away_is_no_error(problem_file):
    reading, writing = os.pipe()
    os.close(reading)
    status, _, err = end(start("solve", problem_file, "--json", stdout=writing))
    os.close(writing)
    assert (status, err) == (0, "")


def test_nobody_at_standard_error_does_not_stop_the_solving(problem_file):
    reading, writing = os.pipe()
    os.close(reading)
    status, out, _ = end(start("solve", problem_file, "--json", "--progress", stderr=writing))
    os.close(writing)
    assert status == 0
    assert json.loads(out)["outcome"] == "optimal"


def test_a_standard_output_that_is_full_is_said_on_one_line(tmp_path, problem_file):
    with (tmp_path / "output").open("wb") as full:
        status, _, err = end(
            start("check", problem_file, stdout=full, preexec_fn=partial(limit_file_size, 3))
        )
    assert (status, err) == (2, "standard output: cannot be written: File too large\n")


def test_a_standard_error_that_is_full_does_not_stop_the_solving(tmp_path, problem_file):
    with (tmp_path / "errors").open("wb") as full:
        process = start(
            "solve", problem_file, "--json", "--progress", stderr=full, preexec_fn=partial(limit_file_size, 3)
        )
        status, out, _ = end(process)
    assert status == 0
    assert json.loads(out)["outcome"] == "optimal"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_standard_error_that_is_full_leaves_the_document_on_standard_output(tmp_path):
    with open("/dev/full", "wb") as full:
        status, out, _ = end(start("solve", tmp_path / "missing.json", "--json", stderr=full))
    assert status == 2
    (fault,) = json.loads(out)["faults"]
    assert "cannot be read: No such file or directory" in fault


def test_a_program_whose_standard_streams_are_closed_still_writes_its_plan(tmp_path, problem_file):
    plan_file = tmp_path / "plan.json"
    command = f'exec "{sys.executable}" -m optimizer solve "{problem_file}" -o "{plan_file}" <&- >&- 2>&-'
    ended = subprocess.run(["sh", "-c", command], cwd=ROOT, check=False, timeout=120)
    assert ended.returncode == 0
    assert load_plan(plan_file).outcome == "optimal"


@pytest.mark.parametrize("command", ["check", "solve", "verify", "explain", "diff"])
def test_a_problem_in_a_pipe_is_read_like_a_file(tmp_path, problem_file, plan_file, command):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    first = plan_file if command == "diff" else problem_file
    rest = [] if command in ("check", "solve") else [plan_file]
    process = start(command, pipe, *rest)
    pipe.write_bytes(first.read_bytes())
    status, _, err = end(process)
    assert (status, err) == (0, "")


# -- signals --


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_a_search_that_is_stopped_ends_at_once_and_leaves_the_older_plan(tmp_path, large_problem_file, asked):
    plan_file = tmp_path / "plan.json"
    plan_file.write_text("an older plan")
    process = start("solve", large_problem_file, "-o", plan_file, "--progress")
    assert process.stderr is not None
    assert json.loads(process.stderr.readline())["objective"]
    time.sleep(1)  # Let the search be deep in the solver's own code.
    asked_at = time.monotonic()
    process.send_signal(asked)
    status, out, err = end(process)
    assert time.monotonic() - asked_at < 5
    assert (status, out) == (3, "")
    assert err.splitlines()[-1] == "stopped on request; nothing was written"
    assert plan_file.read_text() == "an older plan"
    assert sorted(os.listdir(tmp_path)) == ["large.json", "plan.json"]


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_a_program_that_is_stopped_while_it_waits_for_its_input_says_so(tmp_path, asked):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = start("check", pipe)
    with open(pipe, "wb"):  # Opening it waits until the program reads.
        process.send_signal(asked)
        status, out, err = end(process)
    assert (status, out, err) == (3, "", "stopped on request; nothing was written\n")
