"""Where the command line's words go: standard output, standard error and files, each of which may fail.

A reader that goes away (``| head``) ends the printing and nothing else. A file that cannot be written is bad
input, and is found before hours of solving where that is possible.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from optimizer.files.json_text import shown_name
from optimizer.files.plan_files import write_json


class CannotWrite(Exception):
    """An output that cannot be written; the text says which and why."""


class Output:
    """The answers of one command, as text for people or as one JSON document."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def print_answer(self, document: object, lines: Iterable[str]) -> None:
        """Print the answer on standard output."""
        if self.as_json:
            # Plain ASCII, for JSON must come through whatever the encoding of the terminal is.
            lines = [json.dumps(document, indent=1, allow_nan=False)]
            _print(sys.stdout, "standard output", lines)
        else:
            _print(sys.stdout, "standard output", map(keep_one_line, lines))

    def print_progress(self, document: dict[str, Any]) -> None:
        """Print one line of progress on standard error. That nobody reads it is no reason to stop solving."""
        with contextlib.suppress(CannotWrite):
            _print(sys.stderr, "standard error", [json.dumps(document)])

    def report_faults(self, faults: Sequence[str]) -> None:
        """One line a fault on standard error; with ``--json`` also one document on standard output."""
        self._report(faults, {"faults": list(faults)})

    def report_failure(self, message: str) -> None:
        """Say on standard error why there is no answer; with ``--json`` also in a document."""
        self._report([message], {"failure": message})

    def _report(self, lines: Sequence[str], document: dict[str, Any]) -> None:
        # Either may be full without the other. Where neither can be written, only the exit status is left.
        with contextlib.suppress(CannotWrite):
            _print(sys.stderr, "standard error", map(keep_one_line, lines))
        if self.as_json:
            with contextlib.suppress(CannotWrite):
                self.print_answer(document, [])

    def write_file(self, path: str | None, document: object) -> None:
        """Write the document to the file that was asked for, if one was."""
        if path is None:
            return
        try:
            write_json(path, document)
        except (OSError, ValueError) as error:
            raise CannotWrite(f"{shown_name(path)}: cannot be written: {_reason(error)}") from None


def open_closed_streams() -> None:
    """Give a program that was started with a standard stream closed one that goes nowhere.

    The number of a closed stream goes to the next file that is opened, and what a solver's own code prints
    would end up in that file.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def refuse_unwritable(path: str | None, inputs: Iterable[str | None]) -> None:
    """Raise `CannotWrite` where it is plain beforehand that ``path`` cannot be written, or is an input."""
    if path is None:
        return
    try:
        target = Path(os.path.realpath(path))
        _refuse_unwritable(target, shown_name(path))
        is_input = any(file is not None and Path(os.path.realpath(file)) == target for file in inputs)
    except (OSError, ValueError) as error:
        raise CannotWrite(f"{shown_name(path)}: cannot be written: {_reason(error)}") from None
    if is_input:
        raise CannotWrite(f"{shown_name(path)}: is read by this command; name another file to write to")


def _refuse_unwritable(target: Path, name: str) -> None:
    if target.is_dir():
        raise CannotWrite(f"{name}: cannot be written: it is a directory")
    if not target.parent.is_dir():
        raise CannotWrite(f"{name}: cannot be written: there is no such directory")
    writable = target if target.exists() and not target.is_file() else target.parent
    if not os.access(writable, os.W_OK):
        raise CannotWrite(f"{name}: cannot be written: permission denied")


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _print(stream: TextIO, name: str, lines: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    try:
        _write_all(stream, text)
        stream.flush()
    except BrokenPipeError:
        # Nobody reads on. What Python still holds for the pipe goes nowhere, so that its end is silent too.
        _let_it_go_nowhere(stream)
    except OSError as error:
        _let_it_go_nowhere(stream)
        raise CannotWrite(f"{name}: cannot be written: {_reason(error)}") from None


def _write_all(stream: TextIO, text: str) -> None:
    """Write the whole text or raise. Where Python runs unbuffered, as it does in most containers, its own
    text layer forgets what a disk that fills up did not take.
    """
    binary = getattr(stream, "buffer", None)
    if binary is None:
        stream.write(text)
        return
    stream.flush()
    rest = memoryview(text.encode(stream.encoding, "backslashreplace"))
    while rest:
        rest = rest[binary.write(rest) :]


def _let_it_go_nowhere(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def keep_one_line(text: str) -> str:
    """A text on one line: ids are free texts, and may hold what moves the cursor."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
