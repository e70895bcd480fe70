"""Pins that cannot hold together: the smallest set of them, and the limits that they meet, in numbers."""

from datetime import date
from importlib import import_module
from typing import Any

import pytest

from optimizer.clashes.clash import find_clash, find_relevant_pairs
from optimizer.clashes.hitting_sets import smallest_hitting_set
from optimizer.clock import Clock
from optimizer.errors import NoPlanFound
from optimizer.plan import ClashLimit
from optimizer.problem import Offer, Pin, Provider
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.solve import solve
from optimizer.solving.solvers import Attempt, Effort
from tests.optimizer.brute_force import find_smallest_clash
from tests.optimizer.builders import need, problem, requirement, session, support
from tests.optimizer.random_problems import random_problem

TWO = [need("N-1", "XAA", seats=8), need("N-2", "XAB", seats=6)]


def _clash(needs, sessions, pinned, **lists):
    plan = solve(problem(needs, sessions, pinned=pinned, **lists))
    assert plan.outcome == "clashing_pins"
    assert plan.assignments == ()
    assert plan.objectives == ()
    return plan.clash


def _pins(clash):
    return [(pin.need, pin.session) for pin in clash.pins]


def _limit(clash, code):
    (limit,) = [row for row in clash.limits if row.code == code]
    return limit


def test_repair_names_the_session_what_it_lacks_and_every_pinned_pair_in_it():
    # A's 8 agreed seats stay, B's 6 were declined, and the session needs 12.
    needs = [need("A", "XAA", seats=8), need("B", "XAB", seats=6), need("C", "XAC", seats=1)]
    clash = _clash(
        needs,
        [session(min_seats=12)],
        [("A", "S-1", 8), ("C", "S-1", 1)],
        forbidden=[("B", "S-1")],
    )
    assert _pins(clash) == [("A", "S-1")]
    limit = _limit(clash, "C1")
    assert (limit.record, limit.required, limit.available) == ("S-1", 12, 9)
    assert limit.pairs == (("A", "S-1"), ("C", "S-1"))


def test_a_session_too_small_for_its_pins_names_its_seats():
    clash = _clash(TWO, [session(seats=13)], [("N-1", "S-1", 8), ("N-2", "S-1", 6)])
    assert _pins(clash) == [("N-1", "S-1"), ("N-2", "S-1")]
    assert clash.limits == (ClashLimit("C1", "S-1", (("N-1", "S-1"), ("N-2", "S-1")), 14, 13),)


def test_pins_that_just_fit_do_not_clash():
    assert (
        solve(problem(TWO, [session(seats=14)], pinned=[("N-1", "S-1", 8), ("N-2", "S-1", 6)])).clash is None
    )


def test_the_fewest_pins_are_told_and_the_first_of_equals():
    needs = [need(f"N-{number}", ("XAA", "XAB", "XAC")[number % 3], seats=9) for number in range(4)]
    pinned = [("N-0", "S-1", 2), ("N-1", "S-1", 4), ("N-2", "S-1", 7), ("N-3", "S-1", 7)]
    assert _pins(_clash(needs, [session(seats=10)], pinned)) == [("N-1", "S-1"), ("N-2", "S-1")]


def test_a_pin_of_a_pair_that_a_rule_refuses_is_a_clash_of_one_with_the_rules_code():
    clash = _clash([need(level="advanced")], [session()], [("N-1", "S-1", 5)])
    assert clash.pins == (Pin("N-1", "S-1", 5),)
    assert clash.limits == (ClashLimit("level", "S-1", (("N-1", "S-1"),)),)


def test_a_pin_that_is_also_forbidden_is_a_clash():
    clash = _clash([need()], [session()], [("N-1", "S-1", 5)], forbidden=[("N-1", "S-1")])
    assert [limit.code for limit in clash.limits] == ["forbidden"]


def test_of_two_clashes_of_one_pin_the_first_by_need_is_told_whatever_its_kind():
    needs = [need("N-1", seats=5), need("N-2", "XAB", level="advanced")]
    clash = _clash(needs, [session()], [("N-1", "S-1", 6), ("N-2", "S-1", 5)])
    assert _pins(clash) == [("N-1", "S-1")]
    assert _limit(clash, "C3") == ClashLimit("C3", "N-1", (("N-1", "S-1"),), 6, 5)


def test_many_small_groups_in_one_session_are_told_by_the_fewest_that_overfill_it():
    recipients = ("XAA", "XAB", "XAC")
    needs = [need(f"N-{number:02}", recipients[number % 3]) for number in range(20)]
    pinned = [(one.id, "S-1", 3 if number > 15 else 2) for number, one in enumerate(needs)]
    clash = _clash(needs, [session(seats=24)], pinned)
    # Ten groups have 24 seats at most, so eleven are needed; the first such eleven have 25.
    assert [pin.seats for pin in clash.pins] == [2] * 8 + [3] * 3
    assert _pins(clash)[:2] == [("N-00", "S-1"), ("N-01", "S-1")]
    assert (_limit(clash, "C1").required, _limit(clash, "C1").available) == (25, 24)


DAYS: dict[str, Any] = {"start": date(2027, 4, 5), "end": date(2027, 4, 9), "team": True}
BOTH = [("N-1", "S-1", 4), ("N-2", "S-2", 4)]
LIMITS = [
    ("C2", [need(min_group=6)], [session()], [("N-1", "S-1", 5, "exactly")], {}, ("N-1", 6, 5)),
    (
        "C3",
        [need(whole=True)],
        [session(seats=9)],
        [("N-1", "S-1", 5)],
        {},
        ("N-1", 10, 9),
    ),
    (
        "C4",
        [need(max_groups=1)],
        [session("S-1"), session("S-2")],
        [("N-1", "S-1", 5), ("N-1", "S-2", 5)],
        {},
        ("N-1", 2, 1),
    ),
    (
        "C5",
        TWO,
        [session(max_recipients=1)],
        [("N-1", "S-1", 4), ("N-2", "S-1", 4)],
        {},
        ("S-1", 2, 1),
    ),
    ("C5", [need()], [session(max_per_recipient=6)], [("N-1", "S-1", 7)], {}, ("S-1", 7, 6)),
    (
        "C6",
        TWO,
        [session("S-1"), session("S-2")],
        BOTH,
        {"offers": [Offer("O-1", "XPA", max_sessions=1)]},
        ("O-1", 2, 1),
    ),
    (
        "C7",
        TWO,
        [session("S-1", **DAYS), session("S-2", **DAYS)],
        BOTH,
        {"providers": [Provider("XPA", teams=1)]},
        ("XPA", 2, 1),
    ),
    (
        "C8",
        TWO,
        [session("S-1"), session("S-2")],
        BOTH,
        {"providers": [Provider("XPA", seats=7)]},
        ("XPA", 8, 7),
    ),
    (
        "C9",
        [need()],
        [session(requires=(requirement("funds", 0, 900),))],
        [("N-1", "S-1", 5)],
        {},
        ("S-1", 4_500, 0),
    ),
    (
        "C9",
        TWO,
        [
            session("S-1", requires=(requirement("venue", 1),)),
            session("S-2", requires=(requirement("venue", 1),)),
        ],
        BOTH,
        {"supports": [support(quantity=1)]},
        ("R-1", 2, 1),
    ),
    (
        "C10",
        [need(languages=("fr",))],
        [session()],
        [("N-1", "S-1", 5)],
        {"supports": [support("R-1", "interpretation", quantity=0, languages={"fr", "en"})]},
        ("S-1", 1, 0),
    ),
    ("C12", [need(women=4)], [session(women_only=True)], [("N-1", "S-1", 5)], {}, ("N-1", 5, 4)),
]


@pytest.mark.parametrize(("code", "needs", "sessions", "pinned", "lists", "expected"), LIMITS)
def test_each_limit_that_pins_can_meet_is_named_with_what_is_required_and_what_there_is(
    code, needs, sessions, pinned, lists, expected
):
    clash = _clash(needs, sessions, pinned, **lists)
    limits = {(row.code, row.record, row.required, row.available) for row in clash.limits}
    assert (code, *expected) in limits


@pytest.mark.parametrize("seed", range(60))
def test_the_smallest_clash_of_a_tiny_problem_is_the_one_found_by_trying_every_set(seed):
    round_ = random_problem(seed)
    expected = find_smallest_clash(round_)
    found = find_clash(Facts(round_), find_pairs(round_), Effort())
    assert (None if found is None else found.pins) == expected
    assert found is None or found.limits


def test_only_sessions_with_pins_and_those_of_whole_needs_there_can_decide():
    needs = [need("N-1"), need("N-2", "XAB", whole=True)]
    sessions = [session("S-1"), session("S-2", languages={"fr"}), session("S-3", areas={"EOD"})]
    round_ = problem(needs, sessions, pinned=[("N-1", "S-1", 5)])
    kept = {pair.session for pair in find_relevant_pairs(Facts(round_), find_pairs(round_))}
    assert kept == {"S-1", "S-2"}
    alone = problem(needs[:1], sessions, pinned=[("N-1", "S-1", 5)])
    assert {pair.session for pair in find_relevant_pairs(Facts(alone), find_pairs(alone))} == {"S-1"}


# -- hitting sets
# -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ([], ""),
        (["bc"], "b"),
        (["ab", "bc"], "b"),
        (["ab", "cd"], "ac"),
        (["cd", "ab", "bd"], "ad"),
        (["abc", "cd", "ce", "af"], "ac"),
        (["ab", "bc", "ca"], "ab"),
    ],
)
def test_the_smallest_hitting_set_is_the_first_of_its_size(sets, expected):
    assert "".join(smallest_hitting_set("abcdef", [frozenset(one) for one in sets])) == expected


def test_an_empty_set_cannot_be_hit():
    with pytest.raises(ValueError, match="empty"):
        smallest_hitting_set("ab", [frozenset()])


def test_hitting_sets_agree_with_trying_every_combination():
    from itertools import combinations
    from random import Random

    rng = Random(5)
    for _ in range(300):
        members = list(range(rng.randrange(1, 9)))
        sets = [
            frozenset(rng.sample(members, rng.randrange(1, len(members) + 1)))
            for _ in range(rng.randrange(6))
        ]
        expected = next(
            some
            for size in range(len(members) + 1)
            for some in combinations(members, size)
            if all(set(some) & one for one in sets)
        )
        assert smallest_hitting_set(members, sets) == expected


def test_solvers_that_break_down_name_no_clash(monkeypatch):
    monkeypatch.setattr(
        import_module("optimizer.clashes.asking"), "run", lambda program, effort: Attempt("fault", None, None)
    )
    facts = Facts(problem(TWO, [session(seats=20)], pinned=[("N-1", "S-1", 8)]))
    with pytest.raises(NoPlanFound, match="broke down"):
        find_clash(facts, find_pairs(facts), Effort())


def test_where_time_ends_no_clash_is_named_but_a_pin_that_a_rule_refuses(monkeypatch):
    asked = []

    def run(program, effort):
        asked.append(effort.seconds)
        return Attempt("time_limit", None, None)

    monkeypatch.setattr(import_module("optimizer.clashes.asking"), "run", run)
    facts = Facts(problem(TWO, [session(seats=5)], pinned=[("N-1", "S-1", 8)]))
    refused = Facts(problem([need(areas={"EOD"})], [session()], pinned=[("N-1", "S-1", 8)]))
    for seconds in (0, 60):
        with pytest.raises(NoPlanFound, match="which pins clash"):
            find_clash(facts, find_pairs(facts), Effort(), Clock(seconds))
        clash = find_clash(refused, find_pairs(refused), Effort(), Clock(seconds))
        assert clash is not None
        assert [(pin.need, pin.session) for pin in clash.pins] == [("N-1", "S-1")]
        assert [limit.code for limit in clash.limits] == ["area"]
    assert len(asked) == 2
    assert all(0 < seconds <= 60 for seconds in asked)
