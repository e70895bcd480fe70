"""``python -m optimizer scenarios``: the table, the document, the progress and the exit status."""

import json

from optimizer.files.canonical import problem_sha256
from optimizer.files.plan_files import write_json
from optimizer.files.problem_files import load_problem
from optimizer.scenarios.files import read_scenarios
from tests.optimizer.run_command import run
from tests.optimizer.sample_files import small_round


def test_the_scenarios_stand_side_by_side_with_every_objective_and_recipient(problem_file):
    answer = run("scenarios", str(problem_file))
    assert (answer.status, answer.faults) == (0, [])
    lines = answer.out.splitlines()
    assert lines[1].split("  ")[-1] == "firm only"
    for heading in ("as set", "coverage first", "reached first", "least change"):
        assert heading in lines[1]
    assert any(
        line.split()[0] == "firm.critical" and len(line.split()) == 6 for line in lines if line.strip()
    )
    assert any(line.startswith("  seats placed") for line in lines)
    assert "seats placed for each recipient:" in lines
    assert "firm only: " in answer.out


def test_json_and_the_output_file_hold_the_same_document(problem_file, tmp_path):
    output = tmp_path / "scenarios.json"
    answer = run("scenarios", str(problem_file), "--json", "-o", str(output))
    assert answer.status == 0
    document = json.loads(answer.out)
    assert document == json.loads(output.read_text(encoding="utf-8"))
    assert document["format"] == "lcm-scenarios/1"
    assert read_scenarios(document).problem_sha256 == problem_sha256(load_problem(problem_file))


def test_progress_says_of_which_scenario_it_is(problem_file, capsys):
    answer = run("scenarios", str(problem_file), "--progress", "--json")
    steps = [json.loads(line) for line in answer.faults]
    assert {step["scenario"] for step in steps} >= {"as_set", "coverage_first"}
    assert all(set(step) == {"scenario", "objective", "value", "bound", "seconds"} for step in steps)


def test_pins_that_clash_are_told_and_end_with_status_1(tmp_path):
    path = tmp_path / "pinned.json"
    write_json(path, small_round() | {"pinned": [{"need": "N-2", "session": "S-1", "seats": 5}]})
    answer = run("scenarios", str(path))
    assert answer.status == 1
    assert "these pins cannot hold together:\n" in answer.out
    assert "  N-2 in S-1: at least 5 seats\n" in answer.out


def test_bad_input_is_one_line_a_fault_and_status_2(tmp_path, problem_file):
    assert run("scenarios", str(tmp_path / "missing.json")).status == 2
    assert run("scenarios", str(problem_file), "-o", str(problem_file)).status == 2
    assert run("scenarios", str(problem_file), "--time-limit", "0").status == 2


def test_no_plan_in_time_is_status_3_and_writes_nothing(tmp_path):
    document = small_round()
    document["needs"][0] |= {"seats": 8, "min_group": 1, "whole": False}
    document["sessions"][0] |= {"seats": 20, "min_seats": 20}
    need, session = document["needs"][0]["id"], document["sessions"][0]["id"]
    path, output = tmp_path / "pinned.json", tmp_path / "out.json"
    write_json(path, document | {"pinned": [{"need": need, "session": session, "seats": 8}]})
    answer = run("scenarios", str(path), "-o", str(output), "--time-limit", "0.000001")
    assert answer.status == 3
    assert "without any plan" in answer.faults[0]
    assert not output.exists()
