"""Each kind of change where it just helps, and where one step less does not."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from optimizer.clock import Clock
from optimizer.command_line.commands import main
from optimizer.explaining.changes import Change, Ladder, NeedPairs, find_ladders
from optimizer.explaining.explain import explain, explanation_to_document
from optimizer.explaining.near_rounds import RoundWithPlan
from optimizer.explaining.would_help import ChangeSearch, HelpfulChange, NeedChanges
from optimizer.files.canonical import problem_to_document
from optimizer.files.plan_files import write_json
from optimizer.problem import Problem
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.solve import solve
from tests.optimizer.builders import need, problem, requirement, session, support
from tests.optimizer.random_problems import random_round

MARCH: dict[str, Any] = {"start": date(2027, 3, 8), "end": date(2027, 3, 12)}


def changes_of(round_: Problem, need_id: str = "N-1", **limits: Any) -> NeedChanges:
    plan = solve(round_)
    assert plan.outcome == "optimal"
    return ChangeSearch(RoundWithPlan(round_, plan, **limits), seconds_a_try=60).find_changes(need_id)


def only_change(round_: Problem) -> HelpfulChange:
    (one,) = changes_of(round_).helps
    assert one.is_least
    return one


# -- the kinds ----------------------------------------------------------------------------------------------


def test_a_language_that_a_session_speaks_is_accepted_too():
    one = changes_of(problem([need(languages=("ar",))], [session(languages={"EN"})])).helps[0]
    assert one.change == Change("language", "EN")
    assert one.effects.seats_gained == 10


def test_the_support_that_would_interpret_is_told_beside_the_language():
    changes = changes_of(
        problem([need(languages=("ar",))], [session(languages={"en"}), session("S-2", languages={"fr"})])
    )
    told = [one.change for one in changes.helps]
    assert told == [
        Change("language", "en"),
        Change("language", "fr"),
        Change("support", "interpretation", ("ar", "en"), 1),
        Change("support", "interpretation", ("ar", "fr"), 1),
    ]


@pytest.mark.parametrize(
    ("field", "day", "kind"),
    [("earliest", date(2027, 3, 15), "earlier"), ("latest", date(2027, 3, 5), "later")],
)
def test_the_window_opens_by_just_so_many_days_as_the_nearest_session_takes(field, day, kind):
    far = session("S-2", start=date(2027, 2, 1), end=date(2027, 2, 2))
    farther = session("S-3", start=date(2027, 4, 1), end=date(2027, 4, 2))
    sessions = [session(**MARCH), far if kind == "earlier" else farther]
    assert only_change(problem([need(**{field: day})], sessions)).change == Change(kind, amount=7)


def test_of_two_sessions_outside_the_window_the_nearer_one_that_has_seats_counts():
    full = session("S-2", seats=10, **{**MARCH, "end": date(2027, 3, 14)})
    sessions = [session(**MARCH), full]
    rival = need(
        "N-2", "XAB", seats=10, priority="critical", earliest=date(2027, 3, 8), latest=date(2027, 3, 14)
    )
    one = only_change(problem([need(seats=30, earliest=date(2027, 3, 9), max_groups=None), rival], sessions))
    assert one.change == Change("earlier", amount=1)
    assert one.effects.seats_lost_by_others == 0


def test_a_smallest_group_that_just_fits_beside_others():
    rival = need("N-2", "XAB", seats=13, priority="critical")
    one = only_change(problem([need(min_group=10), rival], [session(seats=20)]))
    assert one.change == Change("min_group", amount=7)
    assert one.effects.seats_gained == 7


def test_a_smallest_group_larger_than_the_session_can_hold():
    assert only_change(problem([need(min_group=10)], [session(seats=6)])).change == Change(
        "min_group", amount=6
    )


def test_a_mode_that_the_need_did_not_name():
    round_ = problem([need(modes=("online",))], [session()])
    assert only_change(round_).change == Change("mode", "provider_centre")


def test_as_many_more_groups_as_it_takes():
    """All ten of a need that takes all or none are spread over three sessions."""
    sessions = [session(seats=4), *(session(f"S-{n}", f"O-{n}", seats=3, min_seats=3) for n in (2, 3))]
    whole = need(seats=10, max_groups=1, whole=True)
    changes = changes_of(problem([whole], sessions))
    told = {one.change.kind: one.change for one in changes.helps}
    assert told["max_groups"] == Change("max_groups", amount=3)


def test_a_need_that_would_take_less_than_the_whole():
    assert only_change(problem([need(seats=30, whole=True)], [session()])).change == Change("not_whole")


def test_so_many_dollars_as_the_smallest_group_costs_and_not_one_less():
    paid = session(requires=(requirement("funds", 10_000, 900),), min_seats=4)
    one = only_change(problem([need(min_group=6)], [paid]))
    assert one.change == Change("support", "funds", None, 10_000 + 6 * 900)


def test_funds_that_are_there_already_are_not_asked_for_again():
    paid = session(requires=(requirement("funds", 10_000, 900),), min_seats=4)
    round_ = problem([need(min_group=6)], [paid], supports=[support("R-1", "funds", quantity=15_000)])
    told = [one.change for one in changes_of(round_).helps]
    assert told == [Change("min_group", amount=5), Change("support", "funds", None, 400)]


def test_a_venue_in_whole_units():
    round_ = problem([need()], [session(requires=(requirement("venue", 2),))])
    assert only_change(round_).change == Change("support", "venue", None, 2)


# -- what is told --------------------------------------------------------------------------------------------


def test_whom_a_change_would_displace_is_told_in_numbers():
    """With its language accepted, the critical need takes the seats of a routine one."""
    rival = need("N-2", "XAB", seats=20)
    one = need("N-1", seats=12, priority="critical", languages=("ar",))
    changes = changes_of(problem([one, rival], [session(seats=20)]))
    told = next(row for row in changes.helps if row.change == Change("language", "en"))
    assert (told.effects.seats_gained, told.effects.seats_lost_by_others) == (12, 12)
    assert told.effects.needs_losing == 1


def test_a_change_that_the_order_does_not_prefer_does_not_help():
    """A routine need would have to take the seats of a critical one."""
    rival = need("N-2", "XAB", seats=20, priority="critical")
    assert changes_of(problem([need(languages=("ar",)), rival], [session(seats=20)])).helps == ()


def test_a_need_that_has_its_seats_needs_no_help():
    assert changes_of(problem([need()], [session()])).helps == ()


def test_a_better_plan_of_the_round_as_it_is_is_told_instead_of_a_change():
    round_ = problem([need(), need("N-2", "XAB", languages=("ar",))], [session()])
    poor = solve(problem([need(languages=("ar",)), need("N-2", "XAB", languages=("ar",))], [session()]))
    search = ChangeSearch(RoundWithPlan(round_, replace(poor, outcome="feasible")))
    changes = search.find_changes("N-1")
    assert changes.gains_unchanged
    assert changes.helps == ()


def test_time_that_ran_out_is_not_told_as_a_no():
    round_ = problem([need(languages=("ar",), whole=True)], [session()])
    clock = Clock(0.0)
    changes = ChangeSearch(RoundWithPlan(round_, solve(round_)), clock=clock).find_changes("N-1")
    assert changes.helps == ()
    assert Change("language", "en") in changes.not_settled


def test_groups_larger_than_the_need_are_not_tried_one_by_one():
    round_ = problem([need(seats=None, min_group=10**12)], [session()])
    ladders = list(find_ladders(NeedPairs(Facts(round_)), round_.needs[0]))
    assert ladders == [Ladder("min_group", range(5, 0, -1))]


@pytest.mark.parametrize("seed", range(10))
def test_pairs_of_one_need_are_those_that_the_whole_round_gives_it(seed):
    round_ = random_round(seed, 6, 8)
    facts = Facts(round_)
    finder, pairs = NeedPairs(facts), find_pairs(facts)
    assert [pair for one in round_.needs for pair in finder.find(one)] == list(pairs)


# -- the document and the command ----------------------------------------------------------------------------


def test_the_document_names_nobody_but_the_need(tmp_path, capsys):
    """What a change takes from others is counts alone: their ids are nowhere in it."""
    rival = need("N-RIVAL", "XAB", seats=20)
    one = need("N-1", seats=12, priority="critical", languages=("ar",))
    round_ = problem([one, rival], [session(seats=20)])
    plan = solve(round_)
    explanation = explain(round_, plan, "N-1", search=ChangeSearch(RoundWithPlan(round_, plan)))
    (row,) = explanation_to_document(explanation)["unmet"]
    assert row["changes"]["helps"][0] == {
        "change": {"kind": "language", "word": "en", "languages": None, "amount": None},
        "is_least": True,
        "effects": {"seats_gained": 12, "seats_lost_by_others": 12, "needs_losing": 1},
    }
    assert "RIVAL" not in json.dumps(row["changes"])
    assert "XAB" not in json.dumps(row["changes"])


def test_the_command_looks_for_changes_in_a_small_round_unless_told_not_to(tmp_path, capsys):
    round_ = problem([need(languages=("ar",))], [session()])
    problem_file, plan_file = str(tmp_path / "problem.json"), str(tmp_path / "plan.json")
    write_json(tmp_path / "problem.json", problem_to_document(round_))
    assert main(["solve", problem_file, "-o", plan_file]) == 0
    capsys.readouterr()
    assert main(["explain", problem_file, plan_file]) == 0
    assert "would help: accept en too: 10 seats more, 0 fewer for 0 others" in capsys.readouterr().out
    assert main(["explain", problem_file, plan_file, "--no-changes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unmet"][0]["changes"] is None
