"""What ties two courses of two States together, and what does not because there is enough of it."""

from datetime import date
from typing import Any

import pytest

from optimizer.problem import Offer, Provider
from optimizer.reducing.parts import find_parts
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from tests.optimizer.builders import need, problem, requirement, session, support

LATER: dict[str, Any] = {"start": date(2027, 5, 3), "end": date(2027, 5, 14)}
VENUE = (requirement("venue", 1),)
FUNDS = (requirement("funds", 100, 10),)


def parts_of(here: dict[str, Any], there: dict[str, Any], **lists: Any) -> list[list[str]]:
    """The needs of each part of a round in which XAA can go to S-1 alone and XAB to S-2 alone."""
    first = session(**{"id": "S-1", "offer": "O-1", "only": {"XAA"}, **here})
    second = session(**{"id": "S-2", "offer": "O-2", "only": {"XAB"}, **there})
    needs = lists.pop("needs", [need("N-1", "XAA"), need("N-2", "XAB")])
    providers = {"providers": [Provider("XPA"), Provider("XPB")]}
    facts = Facts(problem(needs, [first, second], **(providers | lists)))
    return [[row.id for row in part.facts.problem.needs] for part in find_parts(facts, find_pairs(facts))]


TIED, APART = [["N-1", "N-2"]], [["N-1"], ["N-2"]]


def test_courses_that_share_nothing_are_parts_of_their_own():
    assert parts_of({}, {}) == APART


def test_a_course_that_both_states_can_attend_ties_them():
    assert parts_of({"only": {"XAA", "XAB"}}, {}) == TIED


def test_needs_of_one_state_are_never_parted():
    needs = [need("N-1", "XAA", areas={"MED"}), need("N-2", "XAA", areas={"EOD"})]
    assert parts_of({}, {"only": {"XAA"}, "areas": {"EOD"}}, needs=needs) == TIED


@pytest.mark.parametrize(("may_run", "parts"), [(1, TIED), (2, APART), (None, APART)])
def test_an_offer_ties_its_sessions_unless_all_may_run(may_run, parts):
    offers = [Offer("O-1", "XPA", max_sessions=may_run)]
    assert parts_of({"offer": "O-1"}, {"offer": "O-1"}, offers=offers) == parts


@pytest.mark.parametrize(
    ("teams", "days", "parts"),
    [(1, {}, TIED), (2, {}, APART), (None, {}, APART), (1, LATER, APART), (1, {"end": None}, APART)],
)
def test_a_team_ties_the_sessions_of_one_day_unless_there_is_one_for_each(teams, days, parts):
    here, there = {"team": True}, {"team": True, **days}
    assert parts_of(here, there, providers=[Provider("XPA", teams=teams)]) == parts
    assert parts_of(here, {**there, "team": False}, providers=[Provider("XPA", teams=teams)]) == APART


@pytest.mark.parametrize(("seats", "parts"), [(39, TIED), (40, APART), (None, APART)])
def test_the_seats_of_a_provider_tie_its_sessions_unless_all_fit_in(seats, parts):
    assert parts_of({}, {}, providers=[Provider("XPA", seats=seats)]) == parts


@pytest.mark.parametrize(
    ("here", "kind", "quantity", "parts"),
    [
        (VENUE, "venue", 1, TIED), (VENUE, "venue", 2, APART), (VENUE, "venue", None, APART),
        (VENUE, "venue", 0, APART), (FUNDS, "funds", 599, TIED), (FUNDS, "funds", 600, APART),
    ],
)  # fmt: skip
def test_a_support_ties_those_who_could_ask_more_of_it_than_it_has(here, kind, quantity, parts):
    sides = {"requires": here}, {"requires": here}
    assert parts_of(*sides, supports=[support("R-1", kind, quantity=quantity)]) == parts


def test_a_support_that_fits_one_of_them_ties_nobody():
    sides = {"requires": VENUE}, {"requires": VENUE, **LATER}
    assert parts_of(*sides, supports=[support("R-1", quantity=1, to=date(2027, 4, 30))]) == APART


@pytest.mark.parametrize(("units", "parts"), [(1, TIED), (2, APART)])
def test_an_interpreter_ties_courses_that_must_be_bridged(units, parts):
    needs = [need("N-1", "XAA", languages=("es",)), need("N-2", "XAB", languages=("es",))]
    stock = [support("R-1", "interpretation", languages={"en", "es"}, quantity=units)]
    assert parts_of({}, {}, needs=needs, supports=stock) == parts


def test_a_state_without_a_course_counts_in_one_part():
    needs = [need("N-1", "XAA"), need("N-2", "XAB"), need("N-3", "XAC")]
    assert sorted(map(len, parts_of({}, {}, needs=needs))) == [1, 2]
