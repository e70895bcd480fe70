"""Which needs, sessions and offers count as alike, and how a plan is put in order."""

from datetime import date
from typing import Any

import pytest

from optimizer.plan import Assignment, Plan
from optimizer.problem import Offer
from optimizer.reducing.twins import Twins, find_twins
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from tests.optimizer.builders import need, problem, session, support

LATER: dict[str, Any] = {"start": date(2027, 5, 3), "end": date(2027, 5, 14)}
TWO = (need("N-1"), need("N-2"))


def twins_of(needs: Any, sessions: Any, **lists: Any) -> Twins:
    facts = Facts(problem(needs, sessions, **lists))
    return find_twins(facts, find_pairs(facts))


def test_two_needs_that_read_the_same_are_alike():
    assert twins_of(TWO, [session()]).needs == (("N-1", "N-2"),)


@pytest.mark.parametrize(
    ("other", "lists"),
    [
        ({"seats": 11}, {}),
        ({"recipient": "XAB"}, {}),
        ({"priority": "critical"}, {}),
        ({}, {"scores": [("N-1", "S-1", 12)]}),
        ({}, {"forbidden": [("N-1", "S-2")]}),
        ({}, {"pinned": [("N-1", "S-1", 3)]}),
        ({}, {"previous": [("N-1", "S-1", 3)]}),
    ],
    ids=str,
)
def test_needs_that_differ_in_anything_have_no_order(other, lists):
    needs = [need("N-1"), need(**{"id": "N-2", **other})]
    assert twins_of(needs, [session(), session("S-2", **LATER)], **lists).needs == ()


def test_a_need_that_nothing_serves_has_no_twin():
    assert twins_of([*TWO, need("N-3", areas={"EOD"}), need("N-4", areas={"EOD"})], [session()]).needs == (
        ("N-1", "N-2"),
    )


def test_sessions_of_one_offer_that_read_the_same_are_alike_and_others_are_not():
    alike = [session(), session("S-2"), session("S-3", seats=21), session("S-4", "O-2", seats=9)]
    assert twins_of([need()], alike).blocks == ((("S-1",), ("S-2",)),)
    assert twins_of([need()], alike, pinned=[("N-1", "S-2", 3)]).blocks == ()
    assert twins_of([need()], alike, previous=[("N-1", "S-1", 3)]).blocks == ()
    assert twins_of([need()], alike, scores=[("N-1", "S-1", 3)]).blocks == ()
    assert twins_of([need()], alike, supports=[support(not_for={"S-2"})]).blocks == ()


def test_offers_of_one_provider_with_the_same_sessions_are_alike():
    sessions = [
        session("S-1"),
        session("S-2", **LATER),
        session("S-3", "O-2"),
        session("S-4", "O-2", **LATER),
    ]
    together = ((("S-1", "S-2"), ("S-3", "S-4")),)
    assert twins_of([need()], sessions).blocks == together
    for other in (
        Offer("O-2", "XPB"), Offer("O-2", "XPA", max_sessions=1), Offer("O-2", "XPA", frozenset({"XPB"})),
    ):  # fmt: skip
        assert twins_of([need()], sessions, offers=[Offer("O-1", "XPA"), other]).blocks == ()
    assert twins_of([need()], sessions, pinned=[("N-1", "S-4", 3)]).blocks == ()


def test_a_plan_is_put_in_order_by_seats_and_by_how_many_sessions_run():
    twins = Twins((("N-1", "N-2", "N-3"),), ((("S-1",), ("S-2",)), (("S-1", "S-2"), ("S-3", "S-4"))))
    rows = [("N-1", "S-4", 2), ("N-2", "S-4", 5), ("N-9", "S-9", 1)]
    plan = Plan("", "optimal", assignments=tuple(Assignment(*row, fit=9, firm=True) for row in rows))
    assert [(row.need, row.session, row.seats) for row in twins.in_order(plan).assignments] == [
        ("N-2", "S-2", 2), ("N-1", "S-2", 5), ("N-9", "S-9", 1)
    ]  # fmt: skip
