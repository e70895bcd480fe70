"""Each pair rule: where it just binds a plan passes, one step further verify refuses it by its code alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from optimizer.plan import Plan
from optimizer.problem import Offer, Problem
from optimizer.verifying.verify import verify
from tests.optimizer.builders import full_plan, need, problem, recipient, session

DAY = date(2027, 4, 5)


def codes_of(problem: Problem, plan: Plan) -> list[str]:
    return [violation.code for violation in verify(problem, plan).violations]


@dataclass(frozen=True)
class PairCase:
    """A need, a session S-1 with which it just pairs, and a session S-2 that the rule refuses."""

    code: str
    sentence: str
    need: Mapping[str, Any] = field(default_factory=dict)
    edge: Mapping[str, Any] = field(default_factory=dict)
    beyond: Mapping[str, Any] = field(default_factory=dict)
    problem: Mapping[str, Any] = field(default_factory=dict)
    edge_seats: int = 10
    beyond_seats: int = 10


PAIR_CASES = (
    PairCase(
        "area",
        "one shared area is enough; none is a no",
        need={"areas": {"MED", "C-IED"}},
        edge={"areas": {"C-IED", "EOD"}},
        beyond={"areas": {"EOD"}},
    ),
    PairCase(
        "area",
        "a substitute serves in the direction stated and not in the other",
        need={"areas": {"C-IED"}},
        edge={"areas": {"EOD"}},
        beyond={"areas": {"SEARCH"}},
        problem={"substitutions": [("C-IED", "EOD", 60), ("SEARCH", "C-IED", 60)]},
    ),
    PairCase(
        "level",
        "any level is open to all; another level is not",
        edge={"level": "any"},
        beyond={"level": "advanced"},
    ),
    PairCase(
        "personnel",
        "one shared kind of personnel is enough",
        need={"personnel": {"troops", "fpu"}},
        edge={"personnel": {"fpu", "civilian"}},
        beyond={"personnel": {"civilian"}},
    ),
    PairCase(
        "dates",
        "a session may start on the earliest day and not the day before",
        need={"earliest": DAY},
        edge={"start": DAY},
        beyond={"start": date(2027, 4, 4)},
    ),
    PairCase(
        "dates",
        "a session may end on the latest day and not the day after",
        need={"latest": date(2027, 4, 16)},
        edge={"end": date(2027, 4, 16)},
        beyond={"end": date(2027, 4, 17)},
    ),
    PairCase(
        "dates",
        "days that are not known may still fall on the earliest day, and not all before it",
        need={"earliest": DAY},
        edge={"start": None, "end": None, "not_after": DAY},
        beyond={"start": None, "end": None, "not_after": date(2027, 4, 4)},
    ),
    PairCase(
        "dates",
        "days that are not known may still fall on the latest day, and not all after it",
        need={"latest": DAY},
        edge={"start": None, "end": None, "not_before": DAY},
        beyond={"start": None, "end": None, "not_before": date(2027, 4, 6)},
    ),
    PairCase(
        "language",
        "tags are compared whole, without regard to case",
        need={"languages": ("fr", "pt-BR")},
        edge={"languages": {"PT-br"}},
        beyond={"languages": {"fr-FR", "pt"}},
    ),
    PairCase(
        "mode",
        "the session's mode is one that the need accepts, or any",
        need={"modes": ("online", "provider_centre")},
        edge={"mode": "any"},
        beyond={"mode": "regional_centre"},
    ),
    PairCase(
        "place",
        "training in the country is in the country of the trainees",
        edge={"mode": "in_country", "place": "XAA"},
        beyond={"mode": "in_country", "place": "XPB"},
    ),
    PairCase(
        "place",
        "a mobile team that goes to one place trains those who are there, in the mission and not at home",
        need={"place": "XMI"},
        edge={"mode": "mobile_team", "place": "XMI"},
        beyond={"mode": "mobile_team", "place": "XAA"},
    ),
    PairCase(
        "eligible",
        "a region of the recipient's place opens a session for it; another region does not",
        edge={"only": {"202", "XZZ"}},
        beyond={"only": {"150", "XZZ"}},
    ),
    PairCase(
        "eligible",
        "except outweighs only",
        edge={"only": {"ECO"}, "except_": {"XAB"}},
        beyond={"only": {"ECO"}, "except_": {"011"}},
        problem={"recipients": [recipient(groups={"ECO"})]},
    ),
    PairCase(
        "women",
        "a need without women is refused by a session for women alone",
        need={"women": 0},
        edge={"women_only": False},
        beyond={"women_only": True},
    ),
    PairCase(
        "self",
        "nobody is trained by an offer of which it is a partner",
        edge={"offer": "O-1"},
        beyond={"offer": "O-2"},
        problem={
            "offers": [Offer("O-1", "XPA", frozenset({"XAB"})), Offer("O-2", "XPA", frozenset({"XAA"}))]
        },
    ),
    PairCase(
        "self",
        "nobody is trained by an offer of its own",
        edge={"offer": "O-1"},
        beyond={"offer": "O-2"},
        problem={"offers": [Offer("O-1", "XPA"), Offer("O-2", "XAA")]},
    ),
    PairCase(
        "group",
        "a session with as many seats as the smallest group is large enough",
        need={"min_group": 10},
        edge={"seats": 10},
        beyond={"seats": 9},
        beyond_seats=9,
    ),
    PairCase(
        "group",
        "a session that gives one recipient as many seats as the smallest group is generous enough",
        need={"min_group": 10},
        edge={"max_per_recipient": 10},
        beyond={"max_per_recipient": 9},
        beyond_seats=9,
    ),
    PairCase(
        "forbidden",
        "a declined pair is gone and the other stays",
        problem={"forbidden": [("N-1", "S-2")]},
    ),
)


@pytest.mark.parametrize("case", PAIR_CASES, ids=lambda case: f"{case.code}: {case.sentence}")
def test_a_pair_rule_lets_its_edge_pass_and_refuses_one_step_further_by_its_code(case):
    sessions = [session("S-1", **case.edge), session("S-2", **case.beyond)]
    round_ = problem([need(**case.need)], sessions, **case.problem)
    assert codes_of(round_, full_plan(round_, {("N-1", "S-1"): case.edge_seats})) == []
    assert codes_of(round_, full_plan(round_, {("N-1", "S-2"): case.beyond_seats})) == [case.code]


def test_a_single_woman_opens_a_session_for_women_to_one_seat():
    round_ = problem([need(women=1)], [session(women_only=True)])
    assert codes_of(round_, full_plan(round_, {("N-1", "S-1"): 1})) == []
    assert codes_of(round_, full_plan(round_, {("N-1", "S-1"): 2})) == ["C12"]


def test_the_planning_seats_of_a_session_decide_the_group_rule_where_nobody_has_stated_its_seats():
    for min_group, codes in ((20, []), (21, ["group"])):
        round_ = problem([need(seats=40, min_group=min_group)], [session(seats=None)])
        assert codes_of(round_, full_plan(round_, {("N-1", "S-1"): 20})) == codes


@pytest.mark.parametrize(
    ("need_fields", "session_fields", "asked"),
    [
        ({"seats": None}, {}, [("N-1", "seats")]),
        ({}, {"seats": None}, [("S-1", "seats")]),
        ({}, {"requires": None}, [("S-1", "requires")]),
        ({}, {"only": None}, [("S-1", "only")]),
        ({"women": None}, {"women_only": True}, [("N-1", "women")]),
        ({"areas": None}, {"areas": None}, [("N-1", "areas"), ("S-1", "areas")]),
        ({"areas": {"any"}}, {"areas": None}, []),
        ({"level": None}, {"level": "any"}, []),
        ({"earliest": None}, {"end": None}, [("N-1", "earliest"), ("S-1", "end")]),
        ({}, {"mode": None, "place": "XPB"}, [("S-1", "mode")]),
        ({}, {"mode": "in_country", "place": None}, [("S-1", "place")]),
        ({}, {"mode": "mobile_team", "place": None}, []),
    ],
)
def test_a_pair_on_which_somebody_must_be_asked_is_conditional_and_names_the_fields(
    need_fields, session_fields, asked
):
    round_ = problem([need(**need_fields)], [session(**session_fields)])
    plan = full_plan(round_, {("N-1", "S-1"): 5})
    assert codes_of(round_, plan) == []
    assert [(q.record, q.field) for q in plan.assignments[0].questions] == asked
    assert plan.assignments[0].firm is (not asked)


def test_a_policy_without_unknowns_refuses_a_conditional_pair_but_never_a_pinned_one():
    records = ([need()], [session(requires=None)])
    excluded = problem(*records, unknowns="exclude")
    pinned = problem(*records, unknowns="exclude", pinned=[("N-1", "S-1", 3)])
    assert codes_of(excluded, full_plan(excluded, {("N-1", "S-1"): 10})) == ["unknowns"]
    assert codes_of(pinned, full_plan(pinned, {("N-1", "S-1"): 10})) == []


def test_every_rule_that_can_refuse_has_a_case():
    rules = {"area", "level", "personnel", "dates", "language", "mode", "place", "eligible", "women", "self"}
    assert {case.code for case in PAIR_CASES} == rules | {"group", "forbidden"}
