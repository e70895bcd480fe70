"""Plans that are none, pins that clash, and the program itself on broken files: a status, a line, no harm."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.optimizer.run_command import run
from tests.optimizer.sample_files import change, leave_out, sketched_problem, whole_plan, whole_problem

ROOT = Path(__file__).resolve().parents[2]
WHOLE = json.dumps(whole_problem())
A_SURROGATE = "\ud800"


# -- plans that are no plan --


@pytest.fixture
def problem_file(tmp_path: Path) -> str:
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(sketched_problem()))
    return str(path)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "FILE: is empty"),
        (b"[]", "FILE: document: must be an object, not a list"),
        (WHOLE.encode(), 'FILE: format: must be "lcm-plan/1"'),
        (
            json.dumps(change(whole_plan(), "assignments[0].seats", -3)).encode(),
            "FILE: assignments[0].seats: must be",
        ),
        (json.dumps(leave_out(whole_plan(), "unmet")).encode(), "FILE: unmet: must be stated"),
        (
            json.dumps(change(whole_plan(), "solver.seconds", float("nan"))).encode(),
            "FILE: solver.seconds: must be",
        ),
    ],
)
def test_every_command_that_reads_a_plan_refuses_what_is_none(tmp_path, problem_file, content, place):
    plan, other = tmp_path / "plan.json", tmp_path / "other.json"
    plan.write_bytes(content)
    other.write_text(json.dumps(whole_plan()))
    for command in (
        ("verify", problem_file, str(plan)),
        ("explain", problem_file, str(plan)),
        ("solve", problem_file, "--start", str(plan)),
        ("diff", str(plan), str(other)),
        ("diff", str(other), str(plan)),
    ):
        answer = run(*command)
        assert answer.status == 2
        assert answer.out == ""
        assert any(fault.replace(str(plan), "FILE").startswith(place) for fault in answer.faults)


# -- pins that clash --


def clashing_problems() -> dict[str, dict[str, Any]]:
    def problem(**lists: Any) -> dict[str, Any]:
        need = {"id": "N-1", "recipient": "XAA", "areas": ["MED"], "seats": 10}
        other = {"id": "N-2", "recipient": "XAA", "areas": ["MED"], "seats": 10}
        session = {"id": "S-1", "offer": "O-1", "areas": ["MED"], "seats": 12, "min_seats": 2}
        return sketched_problem() | {"needs": [need, other], "sessions": [session]} | lists

    def pin(need: str, seats: int, rule: str = "at_least") -> dict[str, Any]:
        return {"need": need, "session": "S-1", "seats": seats, "rule": rule}

    return {
        "a pin that is also forbidden": problem(
            pinned=[pin("N-1", 5)], forbidden=[{"need": "N-1", "session": "S-1"}]
        ),
        "a pin whose pair a rule refuses": problem(
            pinned=[pin("N-1", 5)], sessions=[{"id": "S-1", "offer": "O-1", "areas": ["EOD"], "seats": 12}]
        ),
        "a pin of more seats than the need asks for": problem(pinned=[pin("N-1", 11)]),
        "a pin of more seats than the session holds": problem(
            pinned=[pin("N-1", 13)], needs=[{"id": "N-1", "recipient": "XAA", "areas": ["MED"], "seats": 20}]
        ),
        "pins of more seats together than the session holds": problem(pinned=[pin("N-1", 7), pin("N-2", 7)]),
        "an exact pin below the fewest seats of a session that nobody else may join": problem(
            pinned=[pin("N-1", 1, "exactly")], forbidden=[{"need": "N-2", "session": "S-1"}]
        ),
    }


@pytest.mark.parametrize("name", clashing_problems())
def test_pins_that_clash_give_status_1_and_name_the_pins_and_the_limits(tmp_path, name):
    problem, plan = tmp_path / "problem.json", tmp_path / "plan.json"
    problem.write_text(json.dumps(clashing_problems()[name]))
    for command in (("check", str(problem)), ("solve", str(problem), "-o", str(plan))):
        answer = run(*command)
        assert answer.status == 1
        assert answer.faults == []
        assert "these pins cannot hold together:\n  N-1 in S-1: " in answer.out
    document = json.loads(plan.read_text())
    assert document["outcome"] == "clashing_pins"
    assert document["clash"]["pins"]
    assert document["clash"]["limits"]
    assert document["assignments"] == []


# -- the real command line --


@pytest.mark.parametrize(
    ("content", "status", "begins"),
    [
        (b"", 2, "FILE: is empty"),
        (b"[" * 100_000, 2, "FILE, character 21: is nested more than 20 levels deep"),
        (
            b'{"format": ' + b"9" * 5_000 + b"}",
            2,
            'format: must be "lcm-problem/1", not a number past every limit',
        ),
        (WHOLE.encode("utf-16"), 2, "FILE: is not UTF-8"),
        (
            json.dumps(change(whole_problem(), "needs[0].id", A_SURROGATE)).encode(),
            2,
            "needs[0].id: holds half",
        ),
        (
            json.dumps(change(whole_problem(), "needs[0].seats", 0)).encode(),
            2,
            "needs[0].seats: must be at least 1",
        ),
        (
            json.dumps(change(whole_problem(), "needs[0].recipient", "café")).encode(),
            2,
            'needs[0].recipient: "caf',
        ),
        (json.dumps(clashing_problems()["a pin that is also forbidden"]).encode(), 1, None),
    ],
)
def test_the_program_itself_ends_with_the_status_and_without_a_traceback(tmp_path, content, status, begins):
    problem, plan = tmp_path / "problem.json", tmp_path / "plan.json"
    problem.write_bytes(content)
    plan.write_text("an older plan")
    ended = subprocess.run(
        [sys.executable, "-m", "optimizer", "solve", str(problem), "-o", str(plan)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    said = ended.stderr.decode("ascii")
    assert ended.returncode == status
    assert "Traceback" not in said
    if begins is None:
        assert said == ""
        assert json.loads(plan.read_text())["outcome"] == "clashing_pins"
    else:
        assert said.replace(str(problem), "FILE").startswith(begins)
        assert plan.read_text() == "an older plan"
    assert sorted(os.listdir(tmp_path)) == ["plan.json", "problem.json"]
