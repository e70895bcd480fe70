"""Running a command of the optimizer inside the test's own process."""

import contextlib
import io
from typing import NamedTuple

from optimizer.command_line.commands import main


class Answer(NamedTuple):
    status: int
    out: str
    faults: list[str]


def run(*arguments: str) -> Answer:
    """Run a command in this process; what it prints must be printable, and no traceback."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    assert "Traceback" not in err.getvalue()
    assert "internal failure" not in err.getvalue()
    faults = err.getvalue().splitlines()
    assert all(fault.isprintable() and len(fault) < 500 for fault in faults)
    return Answer(status, out.getvalue(), faults)
