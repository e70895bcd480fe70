"""The commands, options, documents and statuses of docs/matching.md, section 1."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from optimizer.command_line.commands import main
from optimizer.files.canonical import problem_sha256
from optimizer.files.plan_files import load_plan, write_json
from optimizer.files.problem_files import load_problem
from tests.optimizer.sample_files import change, small_round, smallest_problem

ROOT = Path(__file__).resolve().parents[2]


def run_main(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


# -- solve --


def test_solve_writes_the_plan_and_says_in_short_what_it_is(tmp_path, problem_file, capsys):
    plan_file = tmp_path / "plan.json"
    status, out, err = run_main(capsys, "solve", problem_file, "-o", plan_file)
    assert (status, err) == (0, "")
    assert "outcome: optimal\n" in out
    assert "30 seats placed, for 1 of 2 needs, in 2 of 2 sessions\n" in out
    assert "questions to ask, most seats first:\n  S-2: seats (" in out
    assert "needs short of seats:\n  N-2: 10 seats short, no_session\n" in out
    plan = load_plan(plan_file)
    assert plan.problem_sha256 == problem_sha256(load_problem(problem_file))
    assert sum(row.seats for row in plan.assignments) == 30


def test_solve_with_json_prints_the_plan_document_and_nothing_else(tmp_path, problem_file, capsys):
    plan_file = tmp_path / "plan.json"
    status, out, err = run_main(capsys, "solve", problem_file, "-o", plan_file, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) == json.loads(plan_file.read_text())


def test_solve_without_an_output_writes_no_file(tmp_path, problem_file, capsys):
    assert run_main(capsys, "solve", problem_file)[0] == 0
    assert os.listdir(tmp_path) == ["problem.json"]


def test_progress_is_one_json_object_a_line_on_standard_error(problem_file, capsys):
    status, out, err = run_main(capsys, "solve", problem_file, "--progress", "--json")
    assert status == 0
    assert json.loads(out)["outcome"] == "optimal"
    steps = [json.loads(line) for line in err.splitlines()]
    assert steps
    assert all(set(step) == {"objective", "value", "bound", "seconds"} for step in steps)


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_either_solver_can_be_asked_and_the_plan_names_it(problem_file, capsys, solver):
    status, out, _ = run_main(capsys, "solve", problem_file, "--json", "--solver", solver)
    assert status == 0
    assert json.loads(out)["solver"]["solver"].lower().startswith(solver)


def test_a_solve_may_start_from_a_plan_even_one_for_another_problem(
    problem_file, plan_file, tmp_path, capsys
):
    other = small_round()
    other["needs"].pop(0)
    write_json(tmp_path / "other.json", other)
    for problem in (problem_file, tmp_path / "other.json"):
        assert run_main(capsys, "solve", problem, "--start", plan_file)[0] == 0


def test_a_solve_that_a_time_limit_stops_keeps_its_plan_and_says_so(large_problem_file, tmp_path, capsys):
    plan_file = tmp_path / "plan.json"
    status, out, _ = run_main(capsys, "solve", large_problem_file, "-o", plan_file, "--time-limit", "3")
    assert status == 0
    plan = load_plan(plan_file)
    assert plan.outcome == "feasible"
    assert plan.solver is not None
    assert plan.solver.stopped_by == "time_limit"
    assert "stopped by time_limit" in out
    assert run_main(capsys, "verify", large_problem_file, plan_file)[0] == 0


# -- check --


def test_check_answers_yes_where_the_pins_can_hold_together(problem_file, capsys):
    status, out, err = run_main(capsys, "check", problem_file)
    assert (status, err) == (0, "")
    assert "the pins can hold together" in out


def test_check_with_json_says_whether_it_is_ok_what_clashes_and_what_to_look_at(
    problem_file, tmp_path, capsys
):
    status, out, _ = run_main(capsys, "check", problem_file, "--json")
    assert status == 0
    assert json.loads(out)["clash"] is None
    pinned = small_round() | {"pinned": [{"need": "N-2", "session": "S-1", "seats": 5}]}
    write_json(tmp_path / "pinned.json", pinned)
    status, out, _ = run_main(capsys, "check", tmp_path / "pinned.json", "--json")
    assert status == 1
    document = json.loads(out)
    assert document["clash"]["pins"] == [{"need": "N-2", "session": "S-1", "seats": 5, "rule": "at_least"}]
    assert document["clash"]["limits"][0]["code"] == "area"


# -- verify --


def test_verify_answers_yes_and_derives_every_objective(problem_file, plan_file, capsys):
    status, out, err = run_main(capsys, "verify", problem_file, plan_file, "--json")
    assert (status, err) == (0, "")
    document = json.loads(out)
    assert set(document) == {"ok", "violations", "objectives"}
    assert document["ok"] is True
    assert document["violations"] == []
    stated = json.loads(plan_file.read_text())["objectives"]
    assert document["objectives"] == [{"name": o["name"], "value": o["value"]} for o in stated]
    assert "the plan holds" in run_main(capsys, "verify", problem_file, plan_file)[1]


def break_plan(plan_file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(plan_file.read_text())
    change(document)
    write_json(plan_file, document)


def test_verify_answers_no_to_a_plan_that_breaks_a_rule_and_names_the_rule(problem_file, plan_file, capsys):
    break_plan(plan_file, lambda plan: plan["assignments"][0].update(seats=21))
    status, out, err = run_main(capsys, "verify", problem_file, plan_file, "--json")
    assert (status, err) == (1, "")
    document = json.loads(out)
    assert document["ok"] is False
    assert {"code", "need", "session", "message"} == set(document["violations"][0])
    assert "C1" in {violation["code"] for violation in document["violations"]}
    status, out, _ = run_main(capsys, "verify", problem_file, plan_file)
    assert status == 1
    assert "violations:\n  " in out


def test_verify_answers_no_to_a_plan_for_another_problem(problem_file, plan_file, capsys):
    changed = small_round()
    changed["needs"][0]["priority"] = "high"
    write_json(problem_file, changed)
    status, out, _ = run_main(capsys, "verify", problem_file, plan_file, "--json")
    assert status == 1
    assert json.loads(out)["violations"][0]["code"] == "problem"


# -- explain --


def test_explain_says_why_a_need_is_unmet(problem_file, plan_file, capsys):
    status, out, err = run_main(capsys, "explain", problem_file, plan_file, "--need", "N-2")
    assert (status, err) == (0, "")
    assert "N-2" in out
    assert "no_session" in out
    assert "N-1" not in out


def test_explain_writes_and_prints_one_document(problem_file, plan_file, tmp_path, capsys):
    explanation_file = tmp_path / "explanation.json"
    status, out, _ = run_main(capsys, "explain", problem_file, plan_file, "-o", explanation_file, "--json")
    assert status == 0
    document = json.loads(out)
    assert document["format"] == "lcm-explanation/1"
    assert document == json.loads(explanation_file.read_text())


def test_explain_refuses_a_need_that_the_problem_does_not_declare(problem_file, plan_file, capsys):
    status, out, err = run_main(capsys, "explain", problem_file, plan_file, "--need", "N-9")
    assert (status, out, err) == (2, "", '--need: "N-9" is not declared in needs\n')


def test_explain_does_not_explain_a_plan_that_does_not_hold(problem_file, plan_file, tmp_path, capsys):
    break_plan(plan_file, lambda plan: plan["assignments"][0].update(need="N-9"))
    status, out, _ = run_main(capsys, "explain", problem_file, plan_file, "-o", tmp_path / "explanation.json")
    assert status == 1
    assert "violations:" in out
    assert not (tmp_path / "explanation.json").exists()


# -- diff --


def test_diff_shows_what_was_kept_added_lost_and_changed(problem_file, plan_file, tmp_path, capsys):
    changed = small_round()
    changed["sessions"][0]["seats"] = 25
    changed["sessions"].pop()
    write_json(tmp_path / "problem-2.json", changed)
    new_plan = tmp_path / "plan-2.json"
    assert run_main(capsys, "solve", tmp_path / "problem-2.json", "-o", new_plan)[0] == 0
    status, out, err = run_main(capsys, "diff", plan_file, new_plan)
    assert (status, err) == (0, "")
    assert "the plans answer different problems:\n" in out
    assert "kept: 0 pairs, 0 seats\n" in out
    assert "changed: 1 pairs:\n  N-1 in S-1: 20 -> 25 seats\n" in out
    assert "lost: 1 pairs:\n  N-1 in S-2: 10 -> 0 seats\n" in out
    assert "sessions that run no longer:\n  S-2\n" in out
    document = json.loads(run_main(capsys, "diff", plan_file, new_plan, "--json")[1])
    assert document["sessions_stopped"] == ["S-2"]
    assert document["is_same_problem"] is False


def test_diff_of_a_plan_with_itself_keeps_everything(plan_file, capsys):
    status, out, _ = run_main(capsys, "diff", plan_file, plan_file)
    assert status == 0
    assert "both plans answer problem " in out
    assert "kept: 2 pairs, 30 seats\n" in out
    assert "lost" not in out


# -- arguments --


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("match", "problem.json"),
        ("solve",),
        ("verify", "problem.json"),
        ("diff", "plan.json"),
        ("solve", "problem.json", "--time-limit", "soon"),
        ("solve", "problem.json", "--time-limit", "0"),
        ("solve", "problem.json", "--time-limit", "-1"),
        ("solve", "problem.json", "--time-limit", "nan"),
        ("solve", "problem.json", "--time-limit", "inf"),
        ("solve", "problem.json", "--time-limit", "9" * 5000),
        ("solve", "problem.json", "--threads", "0"),
        ("solve", "problem.json", "--threads", "1.5"),
        ("solve", "problem.json", "--threads", "٣"),
        ("solve", "problem.json", "--threads", "9" * 5000),
        ("solve", "problem.json", "--solver", "abacus"),
        ("solve", "problem.json", "--colour"),
        ("check", "problem.json", "plan.json"),
    ],
)
def test_arguments_that_the_contract_does_not_know_are_refused(capsys, arguments):
    status, out, err = run_main(capsys, *arguments)
    assert (status, out) == (2, "")
    assert "error: " in err


@pytest.mark.parametrize("command", [(), ("check",), ("solve",), ("verify",), ("explain",), ("diff",)])
def test_help_is_no_error(capsys, command):
    status, out, err = run_main(capsys, *command, "--help")
    assert (status, err) == (0, "")
    assert "python -m optimizer" in out


def test_bad_input_with_json_is_a_document_too(tmp_path, capsys):
    write_json(tmp_path / "problem.json", smallest_problem() | {"format": 1})
    status, out, err = run_main(capsys, "check", tmp_path / "problem.json", "--json")
    assert status == 2
    assert json.loads(out) == {"faults": err.splitlines()}


# -- rounds at the limits of the contract --

MOST = 10**12
FUNDS = {"id": "R-1", "provider": "XPA", "kind": "funds", "quantity": MOST}
EXTREMES: dict[str, dict[str, object]] = {
    "a need of 10^12 seats": {"needs[0].seats": MOST},
    "a session that runs with 10^12 seats or not at all": {
        "needs[0].seats": MOST,
        "sessions[0].seats": MOST,
        "sessions[0].min_seats": MOST,
    },
    "weights of 10^12": {"policy": {"weights": dict.fromkeys(("critical", "high", "routine"), MOST)}},
    "quarters of 10^12": {"policy": {"quarters": [MOST] * 4}},
    "weights and quarters that no solver tells apart": {
        "policy": {
            "weights": {"critical": MOST, "high": 1, "routine": MOST - 1},
            "quarters": [MOST, MOST - 1, 2, 1],
        }
    },
    "weights and quarters of nothing": {
        "policy": {"weights": dict.fromkeys(("critical", "high", "routine"), 0), "quarters": [0] * 4}
    },
    "unknown seats planned as 10^12": {"policy": {"planning_seats": {"need": MOST, "session": MOST}}},
    "a group of 10^12 for an unknown number of seats": {"needs[0].seats": None, "needs[0].min_group": MOST},
    "funds that are 10^12 and required to the last dollar": {
        "sessions[0].requires": [{"kind": "funds", "quantity": MOST - 20 * 10**10, "per_seat": 10**10}],
        "supports": [FUNDS],
    },
    "two requirements of one kind": {
        "sessions[0].requires": [
            {"kind": "funds", "quantity": 5, "per_seat": 1},
            {"kind": "funds", "quantity": 7},
        ],
        "supports": [FUNDS | {"quantity": 12 + 9}],
    },
    "a session as long as the calendar": {
        "needs[0].earliest": "0001-01-01",
        "needs[0].latest": "9999-12-31",
        "sessions[0].start": "0001-01-01",
        "sessions[0].end": "9999-12-31",
        "sessions[0].team": True,
        "providers[0].teams": 1,
    },
    "a provider without teams": {"sessions[0].team": True, "providers[0].teams": 0},
    "a provider without seats": {"providers[0].seats": 0},
    "an offer of which nothing may run": {"offers[0].max_sessions": 0},
}


@pytest.mark.parametrize("solver", ["highs", "cbc"])
@pytest.mark.parametrize("name", EXTREMES)
def test_a_round_at_the_limits_of_the_contract_is_solved_and_the_plan_holds(tmp_path, capsys, name, solver):
    problem, problem_file, plan_file = small_round(), tmp_path / "problem.json", tmp_path / "plan.json"
    for path, value in EXTREMES[name].items():
        change(problem, path, value)
    write_json(problem_file, problem)
    status, _, err = run_main(capsys, "solve", problem_file, "-o", plan_file, "--solver", solver)
    assert (status, err) == (0, "")
    for command in ("verify", "explain"):
        status, _, err = run_main(capsys, command, problem_file, plan_file)
        assert (status, err) == (0, "")
    assert run_main(capsys, "check", problem_file)[0] == 0
