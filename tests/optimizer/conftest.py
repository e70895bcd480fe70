"""Files for the tests of the command line."""

from pathlib import Path

import pytest

from optimizer.command_line.commands import main
from optimizer.files.canonical import problem_to_document
from optimizer.files.plan_files import write_json
from tests.bench.generator import make_problem
from tests.optimizer.sample_files import small_round


@pytest.fixture
def problem_file(tmp_path: Path) -> Path:
    path = tmp_path / "problem.json"
    write_json(path, small_round())
    return path


@pytest.fixture
def plan_file(tmp_path: Path, problem_file: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "plan.json"
    assert main(["solve", str(problem_file), "-o", str(path)]) == 0
    capsys.readouterr()
    return path


@pytest.fixture
def large_problem_file(tmp_path: Path) -> Path:
    """A round that no solver closes in the seconds of a test."""
    path = tmp_path / "large.json"
    write_json(path, problem_to_document(make_problem(needs=300, sessions=300, seed=1)))
    return path
