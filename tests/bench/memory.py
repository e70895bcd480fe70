"""Memory of processes, as Linux tells it in /proc; mebibytes throughout."""

import re
from pathlib import Path


def forget_peak() -> None:
    """Let the peak of this process start again from what it holds now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def own_peak_mib() -> float:
    """Return the most memory that this process has held since it began, or since `forget_peak`."""
    return _field_mib("self", "VmHWM")


def own_resident_mib() -> float:
    return _field_mib("self", "VmRSS")


def tree_of(pid: int) -> list[int]:
    """Return a process and all that it has started, as far as they live."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text(encoding="ascii").split()]
            except (FileNotFoundError, ProcessLookupError):
                continue  # It ended while it was being looked at.
    return found


def resident_mib_of_tree(pid: int) -> float:
    """Return what a process and all that it has started hold now; memory they share counts for each."""
    return sum(_field_mib(member, "VmRSS") for member in tree_of(pid))


def _field_mib(pid: int | str, name: str) -> float:
    """Return a field of a process's status; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.M)
    return int(found[1]) / 1024 if found else 0.0
