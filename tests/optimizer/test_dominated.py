"""When one candidate session of an offer does as well as another: each condition once kept, once broken."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from optimizer.plan import Assignment, Plan
from optimizer.problem import Offer, Provider, Session
from optimizer.reducing import dominated
from optimizer.reducing.dominated import drop_dominated
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from tests.optimizer.builders import need, problem, requirement, session, support

ONE_OF_THEM = Offer("O-1", "XPA", max_sessions=1)
LATER: dict[str, Any] = {"start": date(2027, 5, 3), "end": date(2027, 5, 14)}
APRIL: dict[str, Any] = {"from_": date(2027, 4, 1), "to": date(2027, 4, 30)}


def names_of_dropped(first: Session, second: Session, **lists: Any) -> list[str]:
    """Which of two candidates of an offer of one are dropped, for two needs of two recipients."""
    needs = lists.pop("needs", [need("N-1", "XAA", women=4), need("N-2", "XAB", women=4)])
    offers = [lists.pop("offer", ONE_OF_THEM), Offer("O-2", "XPA", max_sessions=1)]
    others = lists.pop("others", [])
    facts = Facts(problem(needs, [first, second, *others], offers=offers, **lists))
    return [row.session for row in drop_dominated(facts, find_pairs(facts)).dropped]


def test_of_two_sessions_that_are_alike_the_later_by_id_is_dropped():
    assert names_of_dropped(session("S-1"), session("S-2", **LATER)) == ["S-2"]


def test_no_session_is_dropped_where_both_may_run():
    for may_run in (2, None):
        offer = replace(ONE_OF_THEM, max_sessions=may_run)
        assert names_of_dropped(session("S-1"), session("S-2"), offer=offer) == []


def test_as_many_must_stand_in_as_may_run():
    two = replace(ONE_OF_THEM, max_sessions=2)
    three = [session("S-3")]
    assert names_of_dropped(session("S-1"), session("S-2"), offer=two, others=three) == ["S-3"]


def test_an_offer_of_which_none_may_run_loses_all_that_nobody_knows():
    none = replace(ONE_OF_THEM, max_sessions=0)
    assert names_of_dropped(session("S-1"), session("S-2"), offer=none) == ["S-2", "S-1"]


@pytest.mark.parametrize(
    "worse",
    [
        {"seats": 19},
        {"min_seats": 3},
        {"women_only": True},
        {"max_recipients": 1},
        {"max_per_recipient": 5},
        {"areas": {"MED"}},
        {"only": None},
        {"except_": {"XAB"}},
        {"requires": (requirement("venue", 2), requirement("funds", 100, 10))},
        {"requires": (requirement("venue", 1), requirement("funds", 101, 10))},
        {"requires": (requirement("venue", 1), requirement("funds", 100, 11))},
        {"requires": (requirement("venue", 1), requirement("funds", 100, 10), requirement("equipment", 1))},
    ],
    ids=str,
)
def test_a_session_that_is_worse_in_one_thing_stands_in_for_none(worse):
    # The first is better by its seats or by how few it runs with, so that neither is dropped for the other.
    better = {"seats": 30} if "seats" not in worse else {"min_seats": 1}
    usual: dict[str, Any] = {
        "min_seats": 2, "requires": (requirement("venue", 1), requirement("funds", 100, 10)),
        "areas": {"MED", "EOD"},
    }  # fmt: skip
    stock = [support("R-1", "venue"), support("R-2", "funds", quantity=9_999), support("R-3", "equipment")]
    needs = [need("N-1", "XAA", women=4), need("N-2", "XAB", women=4, areas={"EOD"})]
    lists: dict[str, Any] = {"supports": stock, "needs": needs}
    second = session("S-2", **usual)
    assert names_of_dropped(session("S-1", **(usual | better)), second, **lists) == ["S-2"]
    assert names_of_dropped(session("S-1", **(usual | better | worse)), second, **lists) == []


def test_a_session_that_fits_less_stands_in_for_none():
    first, second = session("S-1", seats=30), session("S-2")
    assert names_of_dropped(first, second, scores=[("N-1", "S-1", 80), ("N-1", "S-2", 80)]) == ["S-2"]
    assert names_of_dropped(first, second, scores=[("N-1", "S-1", 79), ("N-1", "S-2", 80)]) == []


def test_a_conditional_pair_stands_in_for_no_firm_one_however_well_it_fits():
    second, scores = (
        session("S-2"),
        [(n, s, fit) for n in ("N-1", "N-2") for s, fit in (("S-1", 90), ("S-2", 40))],
    )
    assert names_of_dropped(session("S-1", seats=30), second, scores=scores) == ["S-2"]
    assert names_of_dropped(session("S-1", seats=30, only=None), second, scores=scores) == []


def test_a_session_that_a_support_does_not_fit_stands_in_for_none():
    usual: dict[str, Any] = {"requires": (requirement("venue", 1),)}
    first, second = session("S-1", seats=30, **usual, **LATER), session("S-2", **usual)
    assert names_of_dropped(first, second, supports=[support("R-1")]) == ["S-2"]
    assert names_of_dropped(first, second, supports=[support("R-1", **APRIL)]) == []


def interpreters(**fields: Any) -> list[Any]:
    return [support("R-1", "interpretation", languages={"en", "es"}, **fields)]


def test_a_session_whose_interpreters_are_fewer_stands_in_for_none():
    needs = [need("N-1", languages=("es",))]
    first, second = session("S-1", seats=30, **LATER), session("S-2")
    assert names_of_dropped(first, second, needs=needs, supports=interpreters()) == ["S-2"]
    both = [*interpreters(**APRIL), replace(interpreters()[0], id="R-2")]
    assert names_of_dropped(first, second, needs=needs, supports=both) == []


def test_a_session_that_must_be_bridged_stands_in_for_none_that_need_not():
    needs = [need("N-1", languages=("es",)), need("N-2", "XAB")]
    scores = [("N-1", "S-1", 50), ("N-1", "S-2", 50), ("N-2", "S-1", 50), ("N-2", "S-2", 50)]
    lists: dict[str, Any] = {"needs": needs, "supports": interpreters(), "scores": scores}
    second = session("S-2", languages={"en", "es"})
    assert names_of_dropped(session("S-1", seats=30, languages={"en", "es"}), second, **lists) == ["S-2"]
    assert names_of_dropped(session("S-1", seats=30), second, **lists) == []


def test_a_session_in_other_languages_is_bridged_by_others():
    needs = [need("N-1", languages=("es",))]
    stock = [*interpreters(), support("R-2", "interpretation", languages={"fr", "es"})]
    lists: dict[str, Any] = {"needs": needs, "supports": stock}
    scores = [("N-1", "S-1", 50), ("N-1", "S-2", 50)]
    first = session("S-1", seats=30, languages={"fr"})
    assert names_of_dropped(first, session("S-2"), scores=scores, **lists) == []


def test_a_session_that_takes_a_team_on_other_days_stands_in_where_teams_are_left():
    first, second = session("S-1", seats=30, team=True, **LATER), session("S-2", team=True)
    rival = session("S-9", "O-2", team=True, **LATER)
    for teams, dropped in ((None, ["S-2"]), (2, ["S-2"]), (1, [])):
        provider = Provider("XPA", teams=teams)
        assert names_of_dropped(first, second, others=[rival], providers=[provider]) == dropped
    one = [Provider("XPA", teams=1)]
    elsewhere = session("S-9", "O-2", team=True, start=date(2027, 5, 15), end=date(2027, 5, 20))
    assert names_of_dropped(first, second, others=[elsewhere], providers=one) == ["S-2"]
    rivals = [session("S-9", "O-2", team=True, start=date(2027, 4, 5), end=date(2027, 4, 30))]
    for first_day, last_day, dropped in ((5, 16, ["S-2"]), (6, 15, ["S-2"]), (6, 17, []), (4, 15, [])):
        days: dict[str, Any] = {"start": date(2027, 4, first_day), "end": date(2027, 4, last_day)}
        assert names_of_dropped(replace(first, **days), second, others=rivals, providers=one) == dropped


def test_a_session_without_a_team_leaves_no_room_for_one_with():
    first, second = session("S-1", seats=30, team=True, **LATER), session("S-2", **LATER)
    rival = session("S-9", "O-2", team=True, **LATER)
    assert names_of_dropped(first, second, others=[rival], providers=[Provider("XPA", teams=1)]) == []


def test_a_session_that_people_know_is_never_dropped():
    first, second = session("S-1", seats=30), session("S-2")
    assert names_of_dropped(first, second, pinned=[("N-1", "S-2", 4)]) == []
    assert names_of_dropped(first, second, previous=[("N-1", "S-2", 4)]) == []


def test_a_plan_is_moved_on_where_its_new_session_is_dropped_as_well():
    sessions = [session("S-1", seats=25), session("S-2", seats=30), session("S-3")]
    facts = Facts(problem([need("N-1")], sessions, offers=[ONE_OF_THEM]))
    reduced = drop_dominated(facts, find_pairs(facts))
    assert [(row.session, row.stand_ins) for row in reduced.dropped] == [
        ("S-3", ("S-1",)), ("S-1", ("S-2",))
    ]  # fmt: skip
    plan = Plan("", "optimal", assignments=(Assignment("N-1", "S-3", 4, fit=90, firm=True),))
    assert [row.session for row in reduced.moved(plan).assignments] == ["S-2"]


def test_a_plan_that_runs_more_sessions_than_may_is_left_as_it_is():
    facts = Facts(problem([need("N-1")], [session("S-1"), session("S-2")], offers=[ONE_OF_THEM]))
    reduced = drop_dominated(facts, find_pairs(facts))
    both = tuple(Assignment("N-1", id, 4, fit=90, firm=True) for id in ("S-1", "S-2"))
    assert reduced.moved(Plan("", "optimal", assignments=both)).assignments == both


def test_an_offer_of_very_many_candidates_is_left_as_it_is(monkeypatch):
    sessions = [session("S-1"), session("S-2"), session("S-3")]
    facts = Facts(problem([need("N-1")], sessions, offers=[ONE_OF_THEM]))
    for most, dropped in ((3, 2), (2, 0)):
        monkeypatch.setattr(dominated, "MOST_CANDIDATES", most)
        assert len(drop_dominated(facts, find_pairs(facts)).dropped) == dropped
