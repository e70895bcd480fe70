"""The optimizer's processes as the system lists them, and how a test waits for them."""

import os
import signal
import subprocess
import time
from pathlib import Path

PATIENCE_SECONDS = 30
# Each look costs a process that lists all others, or a query; what is waited for lasts longer than this.
POLL_SECONDS = 0.05


def wait_for(condition, seconds=PATIENCE_SECONDS):
    """Wait until the condition gives something, and give it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(POLL_SECONDS)
    raise AssertionError("what was waited for did not happen")


def solving_processes(parent=None):
    """Numbers of the optimizer's processes that this process, or another one, has started and that run.

    One that is still being tied to its worker is not the optimizer yet.
    """
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 3) for line in listed.stdout.splitlines()]
    return [
        int(row[0])
        for row in rows
        if len(row) == 4
        and row[1] == str(parent or os.getpid())
        and not row[2].startswith("Z")
        and "-m optimizer" in row[3]
        and "tied_process" not in row[3]
    ]


def group_of(pid):
    """(number, command) of every process of the group of this number that runs."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,pgid=,stat=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 3) for line in listed.stdout.splitlines()]
    return [
        (int(row[0]), row[3])
        for row in rows
        if len(row) == 4 and row[1] == str(pid) and not row[2].startswith("Z")
    ]


def has_cbc(pid):
    """Whether a solver of its own runs in the group: CBC is a program that the optimizer starts."""
    return any(command.split()[0].endswith("cbc") for _, command in group_of(pid))


def hold_next_process():
    """Stop the next solving process in its tracks, so that it is surely there when the test acts."""
    (pid, *_) = wait_for(solving_processes)
    os.kill(pid, signal.SIGSTOP)
    return pid


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"
