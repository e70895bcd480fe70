"""Why a plan is as it is: the first reason that holds, what blocks, what comes nearest, what waits for an
answer.
"""

import json
from datetime import date
from typing import Any

import pytest

from optimizer.command_line.text import describe_explanation
from optimizer.explaining.explain import explain, explanation_to_document
from optimizer.files.canonical import problem_sha256
from optimizer.files.plan_files import plan_to_document
from optimizer.plan import Nearest, OpenQuestion, Question
from optimizer.problem import Offer, Provider
from optimizer.solving.solve import solve
from tests.optimizer.builders import need, problem, requirement, session, support

RIVAL = need("N-2", "XAB", seats=20, priority="critical")


def _unmet(needs, sessions, **lists):
    plan = solve(problem(needs, sessions, **lists))
    return next(row for row in plan.unmet if row.need == "N-1")


# -- reasons, each where it just holds, in the order of the contract
# ------------------------------------------------


def test_no_session_where_every_session_says_no_to_the_area():
    row = _unmet([need(level="advanced")], [session(areas={"EOD"}), session("S-2", areas={"LOG"})])
    assert (row.reason, row.seats_short) == ("no_session", 10)
    assert row.blocked_counts == {"area": 2, "level": 2}
    assert row.nearest == ()


def test_no_session_where_the_round_has_none():
    assert _unmet([need()], []).reason == "no_session"


def test_blocked_where_every_session_of_the_area_is_refused_by_another_rule():
    sessions = [
        session("S-1", areas={"EOD"}),
        session("S-2", level="advanced", languages={"ar"}),
        session("S-3", start=date(2028, 1, 1), end=date(2028, 1, 2)),
    ]
    row = _unmet([need()], sessions)
    assert row.reason == "blocked"
    assert row.blocked_counts == {"area": 1, "level": 1, "dates": 1, "language": 1}
    assert row.nearest == (Nearest("S-3", ("dates",)), Nearest("S-2", ("level", "language")))


def test_blocked_where_the_policy_leaves_out_all_that_is_not_known():
    assert _unmet([need()], [session(level=None)], unknowns="exclude").reason == "blocked"


def test_nearest_sessions_are_at_most_twenty_by_rules_and_then_id():
    sessions = [session(f"S-{number:02}", level="advanced") for number in range(30)]
    row = _unmet([need()], sessions)
    assert [near.session for near in row.nearest] == [f"S-{number:02}" for number in range(20)]


def test_support_missing_where_the_seats_are_there_and_the_support_is_not():
    paid = session(requires=(requirement("funds", 0, 900),))
    row = _unmet([need()], [paid], supports=[support("R-1", "funds", quantity=2_700)])
    assert (row.reason, row.seats_short) == ("support_missing", 7)
    assert _unmet([need()], [paid]).reason == "support_missing"


def test_support_missing_where_only_an_interpreter_is_missing():
    supports = [support("R-1", "interpretation", quantity=0, languages={"fr", "en"})]
    row = _unmet([need(languages=("fr",))], [session()], supports=supports)
    assert row.reason == "support_missing"


def test_not_enough_for_a_group_where_others_leave_fewer_seats_than_one():
    row = _unmet([need(min_group=6), RIVAL], [session(seats=25)], objectives=("critical", "coverage"))
    assert row.reason == "not_enough_for_a_group"


def test_contention_where_seats_are_left_for_a_group_and_another_limit_stands_in_the_way():
    full = _unmet([need(min_group=1), RIVAL], [session(seats=20)], objectives=("critical", "coverage"))
    assert full.reason == "not_enough_for_a_group"
    apart = _unmet(
        [need(), RIVAL], [session(seats=40, max_recipients=1)], objectives=("critical", "coverage")
    )
    assert apart.reason == "contention"


BUSY: dict[str, Any] = {"start": date(2027, 4, 5), "end": date(2027, 4, 9), "team": True, "max_recipients": 1}
HELD_BACK = [
    ("max_groups", need(seats=30, max_groups=1), [session("S-1"), session("S-3", "O-2")], {}),
    ("min_seats", need(seats=10), [session(min_seats=11)], {}),
    ("whole", need(seats=30, whole=True), [session()], {}),
    ("women", need(seats=10, women=4), [session(women_only=True)], {}),
    ("max_per_recipient", need(seats=10), [session(max_per_recipient=9)], {}),
    ("provider seats", need(seats=10), [session()], {"providers": [Provider("XPA", seats=9)]}),
    (
        "max_sessions",
        need(seats=30),
        [session("S-1"), session("S-2")],
        {"offers": [Offer("O-1", "XPA", max_sessions=1)]},
    ),
    (
        "teams",
        need(seats=30),
        [session("S-1", **BUSY), session("S-2", **BUSY)],
        {"providers": [Provider("XPA", teams=1)]},
    ),
    ("exact pin", need(seats=10), [session()], {"pinned": [("N-1", "S-1", 4, "exactly")]}),
]


@pytest.mark.parametrize(("limit", "one", "sessions", "lists"), HELD_BACK)
def test_a_need_that_another_limit_holds_back_is_not_told_that_a_support_is_missing(
    limit, one, sessions, lists
):
    assert _unmet([one], sessions, **lists).reason in ("contention", "not_enough_for_a_group")


def test_a_need_that_gets_all_its_seats_is_not_unmet():
    assert solve(problem([need()], [session()])).unmet == ()


def test_a_need_whose_seats_nobody_stated_is_short_of_its_planning_seats():
    assert _unmet([need(seats=None)], [session(areas={"EOD"})]).seats_short == 5


# -- the explanation
# ------------------------------------------------------------------------------------------------


def _explained(need_id=None):
    needs = [need("N-1", seats=30, languages=("en", "fr")), need("N-2", "XAB", personnel={"fpu"})]
    sessions = [
        session("S-1", seats=20),
        session("S-2", seats=8, only=None, languages={"fr"}),
        session("S-3", level=None, min_seats=30),
        session("S-4", mode="online", max_recipients=1, min_seats=25, seats=40, team=True),
    ]
    round_ = problem(
        needs, sessions, offers=[Offer("O-1", "XPA", max_sessions=2)], scores=[("N-1", "S-2", 77)]
    )
    plan = solve(round_, time_limit_seconds=60)
    return round_, plan, explain(round_, plan, need_id)


def test_each_match_tells_its_fit_its_open_rules_and_the_sessions_it_could_have_had():
    round_, plan, explanation = _explained()
    assert explanation.problem_sha256 == problem_sha256(round_)
    by_pair = {(row.need, row.session): row for row in explanation.matches}
    assert set(by_pair) == {(row.need, row.session) for row in plan.assignments}
    for row in explanation.matches:
        others = {other.session for other in row.alternatives}
        assert others.isdisjoint(pair[1] for pair in by_pair if pair[0] == row.need)
        assert [other.fit for other in row.alternatives] == sorted(
            (other.fit for other in row.alternatives), reverse=True
        )
        assert row.firm == (row.unknown_rules == ())
        if row.session == "S-2":
            assert row.fit_parts is None
            assert row.unknown_rules == ("eligible",)
        else:
            assert set(row.fit_parts) == {"area", "language", "mode", "proximity", "record"}


def test_an_unmet_need_names_its_best_conditional_pairs_and_their_questions():
    needs = [need("N-1"), RIVAL]
    sessions = [session("S-1", level=None, min_seats=40, seats=40), session("S-2", seats=20)]
    round_ = problem(needs, sessions)
    explanation = explain(round_, solve(round_))
    (row,) = [row for row in explanation.unmet if row.need == "N-1"]
    assert [(pair.session, pair.questions) for pair in row.waiting] == [("S-1", (Question("S-1", "level"),))]
    assert row.waiting[0].seats_left == 40


def test_each_question_carries_the_seats_that_hang_on_it():
    round_ = problem([need("N-1"), need("N-2", "XAB", seats=4)], [session(only=None)])
    explanation = explain(round_, solve(round_))
    assert explanation.questions == (OpenQuestion("S-1", "only", 14),)
    assert explain(round_, solve(round_), "N-2").questions == (OpenQuestion("S-1", "only", 4),)


def test_one_need_alone_is_explained_by_its_id():
    _, _, whole = _explained()
    _, _, part = _explained("N-2")
    assert part.matches == tuple(row for row in whole.matches if row.need == "N-2")
    assert part.unmet == tuple(row for row in whole.unmet if row.need == "N-2")
    with pytest.raises(ValueError, match="N-9"):
        _explained("N-9")


def test_the_document_is_plain_json_with_every_key_written_out():
    document = explanation_to_document(_explained()[2])
    assert json.loads(json.dumps(document)) == document
    assert document["format"] == "lcm-explanation/1"
    assert set(document) == {"format", "problem_sha256", "unmet", "matches", "questions", "prices", "clash"}
    assert all(
        set(row)
        == {
            *("need", "session", "seats", "fit", "fit_parts", "firm", "pinned"),
            *("bridged_by", "unknown_rules", "questions", "alternatives"),
        }
        for row in document["matches"]
    )


def test_a_plan_whose_pins_clash_has_nothing_to_explain_but_the_clash():
    round_ = problem([need()], [session(seats=4)], pinned=[("N-1", "S-1", 5)])
    plan = solve(round_)
    explanation = explain(round_, plan)
    assert (explanation.matches, explanation.unmet) == ((), ())
    assert plan.clash is not None
    assert explanation.clash == plan.clash
    assert explanation_to_document(explanation)["clash"] == plan_to_document(plan)["clash"]
    told = "\n".join(describe_explanation(explanation))
    assert "no plan satisfies the pins" in told
    assert "N-1 in S-1: at least 5 seats" in told
    assert "nothing is short of seats" not in told
