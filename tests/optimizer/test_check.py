"""What is noticed before a solve: pins that clash, and data that will surprise."""

import json

import pytest

from optimizer.explaining.check import WARNINGS, check, check_report_to_document
from tests.optimizer.builders import need, problem, requirement, session, support

VENUE = (requirement("venue", 1),)
CASES = [
    (
        "group_above_planned",
        "N-1",
        {"min_group": 6, "seats": 5},
        [need(seats=None, min_group=6)],
        [session()],
        [],
    ),
    ("need_without_pair", "N-1", {}, [need(areas={"EOD"})], [session()], []),
    ("session_without_pair", "S-1", {}, [need(areas={"EOD"})], [session()], []),
    ("session_below_minimum", "S-1", {"most": 10, "min_seats": 11}, [need()], [session(min_seats=11)], []),
    ("requirement_without_support", "S-1", {"kind": "venue"}, [need()], [session(requires=VENUE)], []),
    ("support_without_quantity", "R-1", {}, [need()], [session()], [support(quantity=None)]),
    ("support_links_nothing", "R-1", {}, [need()], [session()], [support("R-1", "interpretation")]),
]


@pytest.mark.parametrize(("code", "record", "parameters", "needs", "sessions", "supports"), CASES)
def test_each_warning_names_its_record_and_its_numbers(code, record, parameters, needs, sessions, supports):
    report = check(problem(needs, sessions, supports=supports))
    (warning,) = [row for row in report.warnings if row.code == code]
    assert (warning.record, warning.parameters) == (record, parameters)
    assert warning.message.startswith(f"{record}: ")


def test_every_warning_has_a_case():
    assert {case[0] for case in CASES} == set(WARNINGS)


def test_a_complete_round_has_no_warning_and_no_clash():
    report = check(problem([need()], [session(min_seats=10, requires=VENUE)], supports=[support()]))
    assert (report.clash, report.warnings) == (None, ())


def test_pins_that_hold_are_no_clash_and_pins_that_do_not_are_told():
    sound = problem([need()], [session()], pinned=[("N-1", "S-1", 10)])
    assert check(sound).clash is None
    report = check(problem([need()], [session(seats=9)], pinned=[("N-1", "S-1", 10)]))
    assert report.clash is not None
    assert [(pin.need, pin.session) for pin in report.clash.pins] == [("N-1", "S-1")]


def test_the_report_is_plain_json():
    report = check(problem([need()], [session(seats=9)], pinned=[("N-1", "S-1", 10)]))
    document = check_report_to_document(report)
    assert json.loads(json.dumps(document)) == document
    assert document["ok"] is False
    assert document["clash"]["pins"] == [{"need": "N-1", "session": "S-1", "seats": 10, "rule": "at_least"}]
