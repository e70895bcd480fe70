"""Reading and writing plans, and writing files whole or not at all (docs/matching.md, section 6)."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from optimizer.errors import InvalidFile
from optimizer.files.plan_files import PAIR_RULE_CODES, load_plan, plan_to_document, read_plan, write_json
from optimizer.plan import Assignment, ClashLimit, ObjectiveValue, Question, SolverInfo
from tests.optimizer.sample_files import change, clashing_plan, leave_out, whole_plan


def faults_of(document: object) -> tuple[str, ...]:
    with pytest.raises(InvalidFile) as refused:
        read_plan(document)
    return refused.value.faults


@pytest.mark.parametrize("document", [whole_plan, clashing_plan])
def test_a_plan_that_is_read_and_written_again_is_the_same_document(document):
    assert plan_to_document(read_plan(document())) == document()


def test_the_fields_of_a_plan_are_read():
    plan = read_plan(whole_plan())
    assert plan.outcome == "feasible"
    assert plan.objectives == (
        ObjectiveValue("firm.critical", 120, 130),
        ObjectiveValue("quality", -50, None),
    )
    assert plan.assignments[0] == Assignment(
        "N-1", "S-1", 20, 83, False, "fr", (Question("S-1", "requires"),)
    )
    assert plan.unmet[0].blocked_counts == {"language": 3}
    assert plan.unmet[0].nearest[0].rules == ("language", "mode")
    assert plan.solver == SolverInfo("4.2.0", "HiGHS 1.16", 1.25, 2, "time_limit")
    clash = read_plan(clashing_plan()).clash
    assert clash is not None
    assert clash.limits[0] == ClashLimit("C1", "S-1", (("N-1", "S-1"),), 20, 12)


def test_rows_of_a_plan_keep_their_order():
    document = whole_plan()
    document["assignments"].reverse()
    assert [row.need for row in read_plan(document).assignments] == ["N-2", "N-1"]


def test_rows_that_only_the_checker_can_judge_are_read():
    document = change(whole_plan(), "assignments[0].seats", 0)
    document["assignments"].append(document["assignments"][1])
    assert len(read_plan(document).assignments) == 3


@pytest.mark.parametrize("name", ["objectives", "assignments", "sessions", "questions", "unmet"])
def test_the_lists_of_a_plan_must_be_there(name):
    assert faults_of(leave_out(whole_plan(), name)) == (f"{name}: must be stated",)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "lcm-plan/2"),
        ("problem_sha256", "ABC"),
        ("problem_sha256", "0123456789ABCDEF" * 4),
        ("problem_sha256", None),
        ("outcome", "Optimal"),
        ("objectives[0].name", "profit"),
        ("objectives[0].value", 1.5),
        ("objectives[0].value", None),
        ("objectives[0].bound", "120"),
        ("assignments[0].need", 1),
        ("assignments[0].session", ""),
        ("assignments[0].seats", -1),
        ("assignments[0].seats", 20.0),
        ("assignments[0].seats", True),
        ("assignments[0].seats", 10**12 + 1),
        ("assignments[0].fit", 101),
        ("assignments[0].firm", 1),
        ("assignments[0].bridged_by", []),
        ("assignments[0].questions", {}),
        ("assignments[0].questions[0].field", None),
        ("sessions[0].seats_filled", -1),
        ("sessions[0].supports[0].quantity", 0.5),
        ("questions[0].seats", "many"),
        ("unmet[0].seats_short", 0),
        ("unmet[0].reason", "bad luck"),
        ("unmet[0].blocked_counts", []),
        ("unmet[0].blocked_counts.language", 0),
        ("unmet[0].blocked_counts.weather", 1),
        ("unmet[0].nearest[0].rules", []),
        ("unmet[0].nearest[0].rules[0]", "weather"),
        ("clash", []),
        ("solver.seconds", float("nan")),
        ("solver.seconds", float("inf")),
        ("solver.seconds", -1),
        ("solver.seconds", True),
        ("solver.threads", 0),
        ("solver.colour", "blue"),
        ("assignments[0].colour", "blue"),
    ],
)
def test_a_plan_of_the_wrong_shape_is_refused_with_the_place(path, value):
    faults = faults_of(change(whole_plan(), path, value))
    assert [fault.partition(": ")[0] for fault in faults] == [path]


def test_the_parts_of_a_clash_are_read_as_strictly():
    for path, value in {
        "clash.pins[0].seats": 0,
        "clash.pins[0].rule": "about",
        "clash.limits[0].code": "C13",
        "clash.limits[0].pairs[0].need": None,
    }.items():
        (fault,) = faults_of(change(clashing_plan(), path, value))
        assert fault.startswith(f"{path}: ")


def test_the_rule_codes_that_a_plan_may_name_are_those_of_the_pair_rules_in_their_order():
    from optimizer.rules.compatibility import RULES

    assert tuple(rule.code for rule in RULES) == PAIR_RULE_CODES


def test_a_plan_is_written_and_loaded(tmp_path):
    path = tmp_path / "plan.json"
    write_json(path, whole_plan())
    assert load_plan(path) == read_plan(whole_plan())
    assert path.read_text(encoding="utf-8").endswith("}\n")


def entries(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("document", [{"a": object()}, {"a": float("nan")}, {"a": "\ud800"}])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, document):
    path = tmp_path / "plan.json"
    path.write_text("old")
    with pytest.raises((TypeError, ValueError)):
        write_json(path, document)
    assert path.read_text() == "old"
    assert entries(tmp_path) == ["plan.json"]


def test_a_write_that_is_interrupted_leaves_the_old_file_and_nothing_else(tmp_path):
    class Interrupting(dict[str, Any]):
        def items(self):
            raise KeyboardInterrupt

    path = tmp_path / "plan.json"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_json(path, {"a": Interrupting(b=1)})
    assert path.read_text() == "old"
    assert entries(tmp_path) == ["plan.json"]


def test_a_file_that_is_replaced_keeps_its_permissions_and_a_new_one_gets_the_usual_ones(tmp_path):
    old, new, usual = tmp_path / "old.json", tmp_path / "new.json", tmp_path / "usual"
    old.write_text("old")
    old.chmod(0o640)
    usual.touch()
    write_json(old, {})
    write_json(new, {})
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert new.stat().st_mode == usual.stat().st_mode


def test_a_link_goes_on_pointing_at_the_file_that_is_replaced(tmp_path):
    (tmp_path / "kept").mkdir()
    file, link = tmp_path / "kept" / "plan.json", tmp_path / "latest.json"
    file.write_text("old")
    link.symlink_to(file)
    write_json(link, {"a": 1})
    assert link.is_symlink()
    assert json.loads(file.read_text()) == {"a": 1}


def test_a_file_name_as_long_as_the_system_allows_can_be_written(tmp_path):
    path = tmp_path / ("é" * 120 + ".json")
    write_json(path, {})
    assert entries(tmp_path) == [path.name]


def test_writing_to_a_device_does_not_replace_the_device():
    write_json("/dev/null", {"a": 1})
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_json(tmp_path / "missing" / "plan.json", {})
