"""Become the given program, and end with the process that asked for it.

``python tied_process.py PARENT PROGRAM ARGUMENT...``: run as a file of its own by `solving`, so that it needs
nothing but the standard library and starts in a few milliseconds. A worker that is killed can end nobody any
more; so on Linux the kernel is asked to end this process with it, which stays so across `execv`. Elsewhere
the program ends at its own time limit.
"""

import ctypes
import os
import signal
import sys
from typing import Final

# prctl(2); the order is kept across execve(2).
PR_SET_PDEATHSIG: Final = 1


def end_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends; leave at once where it has ended already."""
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit(f"The worker {parent} has ended.")


if __name__ == "__main__":
    end_with_parent(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - the worker names the program
