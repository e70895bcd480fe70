"""Become the given program, and end with the process that asked for it, with all that the program starts.

``python tied_process.py PARENT PROGRAM ARGUMENT...``: run as a file of its own by `solving`, so that it needs
nothing but the standard library and starts in a few milliseconds. A worker that is killed can end nobody any
more; so on Linux the kernel is asked to end this process with it, which stays so across `execv`. A solver
that the program started would run on to its own time limit all the same; so a guard stays beside the
program, which ends with it and takes the whole process group along. Elsewhere the program ends at its own
time limit.
"""

import ctypes
import os
import signal
import sys
from typing import Final

# prctl(2); the order is kept across execve(2), and not by children.
PR_SET_PDEATHSIG: Final = 1


def end_with_parent(parent: int, number: int = signal.SIGKILL) -> bool:
    """Ask the kernel to send this process a signal when its parent ends; False where it has ended already."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    return os.getppid() == parent


def leave_guard(program: int) -> None:
    """Leave a process behind that waits for the end of the program and then ends its whole group."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    if os.fork() == 0:
        # The signal is blocked, so that one that comes before it is waited for is not lost.
        if end_with_parent(program, signal.SIGTERM):
            signal.sigwait([signal.SIGTERM])
        os.killpg(0, signal.SIGKILL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def main(parent: int, command: list[str]) -> None:
    """Tie this process to its parent and what it starts to itself, then become the command."""
    if sys.platform.startswith("linux"):
        if not end_with_parent(parent):
            sys.exit(f"The worker {parent} has ended.")
        # A group that is not its own is somebody else's, and is not for a guard to end.
        if os.getpgrp() == os.getpid():
            leave_guard(os.getpid())
    os.execv(command[0], command)  # noqa: S606 - the worker names the program


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
