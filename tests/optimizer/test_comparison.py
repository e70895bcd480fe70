"""What changed between two plans."""

import json
from dataclasses import replace

from optimizer.explaining.comparison import ObjectiveChange, PairChange, diff_plans, difference_to_document
from optimizer.plan import Assignment, ObjectiveValue, Plan, RunningSession

OLD = Plan(
    problem_sha256="a" * 64,
    outcome="optimal",
    objectives=(ObjectiveValue("critical", 10, 10), ObjectiveValue("stability", 5, 5)),
    assignments=(
        Assignment("N-1", "S-1", 8, 80, True),
        Assignment("N-2", "S-1", 6, 80, True),
        Assignment("N-3", "S-2", 4, 80, True),
    ),
    sessions=(RunningSession("S-1", 14), RunningSession("S-2", 4)),
)
NEW = Plan(
    problem_sha256="b" * 64,
    outcome="feasible",
    objectives=(ObjectiveValue("critical", 12, 14), ObjectiveValue("quality", 900, 900)),
    assignments=(
        Assignment("N-4", "S-3", 9, 80, True),
        Assignment("N-2", "S-1", 7, 80, True),
        Assignment("N-1", "S-1", 8, 60, False),
    ),
    sessions=(RunningSession("S-3", 9), RunningSession("S-1", 15)),
)


def test_every_pair_of_either_plan_is_kept_changed_added_or_lost():
    difference = diff_plans(OLD, NEW)
    assert difference.kept == (PairChange("N-1", "S-1", 8, 8),)
    assert difference.changed == (PairChange("N-2", "S-1", 6, 7),)
    assert difference.added == (PairChange("N-4", "S-3", 0, 9),)
    assert difference.lost == (PairChange("N-3", "S-2", 4, 0),)


def test_sessions_that_run_now_or_no_longer_are_named():
    difference = diff_plans(OLD, NEW)
    assert difference.sessions_started == ("S-3",)
    assert difference.sessions_stopped == ("S-2",)


def test_objectives_show_both_values_and_none_where_a_plan_does_not_state_one():
    assert diff_plans(OLD, NEW).objectives == (
        ObjectiveChange("critical", 10, 12),
        ObjectiveChange("quality", None, 900),
        ObjectiveChange("stability", 5, None),
    )


def test_the_problems_that_the_plans_answer_are_stated_and_compared():
    difference = diff_plans(OLD, NEW)
    assert (difference.old_problem_sha256, difference.new_problem_sha256) == ("a" * 64, "b" * 64)
    assert not difference.is_same_problem
    assert diff_plans(OLD, OLD).is_same_problem


def test_a_plan_differs_from_itself_in_nothing():
    difference = diff_plans(OLD, OLD)
    assert len(difference.kept) == 3
    assert difference.changed == difference.added == difference.lost == ()
    assert difference.sessions_started == difference.sessions_stopped == ()


def test_the_order_of_rows_makes_no_difference():
    turned = replace(
        NEW, assignments=tuple(reversed(NEW.assignments)), sessions=tuple(reversed(NEW.sessions))
    )
    assert diff_plans(OLD, turned) == diff_plans(OLD, NEW)


def test_comparing_the_other_way_round_turns_added_into_lost():
    there, back = diff_plans(OLD, NEW), diff_plans(NEW, OLD)
    assert [(c.need, c.session) for c in there.added] == [(c.need, c.session) for c in back.lost]
    assert there.sessions_started == back.sessions_stopped


def test_the_document_of_a_difference_is_json_that_says_all_of_it():
    document = difference_to_document(diff_plans(OLD, NEW))
    assert json.loads(json.dumps(document)) == document
    assert document["is_same_problem"] is False
    assert document["added"] == [{"need": "N-4", "session": "S-3", "old_seats": 0, "new_seats": 9}]
    assert document["objectives"][0] == {"name": "critical", "old": 10, "new": 12}
