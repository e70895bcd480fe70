"""The comparison of ways: each solves the same rounds, one after the other, taking turns at going first."""

import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench.measure import Case, Run, measure_apart

DEFAULT_SECONDS = {"S": 60.0, "M": 120.0, "L": 300.0, "XL": 900.0}
OTHER_SECONDS = 120.0


def cases_in_turns(
    shapes: Sequence[str],
    sizes: Sequence[str],
    seeds: Sequence[int],
    ways: Sequence[str],
    seconds: float | None,
    **limits: Any,
) -> Iterator[Case]:
    """Yield the cases round by round; with each seed another way goes first."""
    for size in sizes:
        for shape in shapes:
            for turn, seed in enumerate(seeds):
                first = turn % len(ways)
                for way in (*ways[first:], *ways[:first]):
                    limit = seconds or DEFAULT_SECONDS.get(size, OTHER_SECONDS)
                    yield Case(size, seed, way, limit, shape, **limits)


def measure_cases(cases: Sequence[Case], output: Path) -> list[Run]:
    """Measure one after the other; what is there so far is in the file after each, for a bench takes long."""
    runs: list[Run] = []
    machine = describe_machine()
    for case in cases:
        run = measure_apart(case)
        spent = "no result" if run.seconds is None else f"{run.seconds:.1f} s"
        tell_progress(
            f"{case.size} {case.shape} seed {case.seed} {case.way}: {spent}, "
            f"{run.peak_mib:,.0f} MiB, {run.ending}"
        )
        runs.append(run)
        write_document(output, {"machine": machine, "runs": [asdict(run) for run in runs]})
    return runs


def write_document(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def tell_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def describe_machine() -> dict[str, str | int | None]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "command": "python -m tests.bench " + " ".join(sys.argv[1:]),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load_before": f"{os.getloadavg()[0]:.2f}",
        "pulp": version("pulp"),
        "highspy": version("highspy"),
        "ortools": version("ortools"),
    }
