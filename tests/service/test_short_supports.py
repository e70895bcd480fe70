"""An owner has less than was planned with: coordinators hear of it, and nothing is given twice."""

import pytest

from lcm_service.domain.errors import Conflict
from lcm_service.services import parties, submissions
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.test_held_sessions import agreed, deliver
from tests.service.test_parties import FUNDS, Course


def state_quantity(course, quantity):
    rounds.fresh()
    support = submissions.find_support(course.funder, course.support.reference)
    submissions.revise_support(course.funder, support.reference, {"quantity": quantity}, support.version)


def test_coordinators_hear_that_an_owner_has_less_and_a_repair_asks_another_for_the_rest(app):
    course = Course(seats=(10,))
    course.consent(0)
    course.confirm("provider", 0)
    assert course.attention() == []
    state_quantity(course, 1_500)
    with pytest.raises(Conflict, match="1500 left"):
        course.answer()
    assert course.attention() == [("short_support", None, course.support.reference)]
    other = factories.make_support(round=course.round, quantity=500)
    course.publish()
    assert course.attention() == []
    (seen,) = course.seen()
    assert (seen.state, seen.quantity) == ("asked", 2_000), "What it reads does not fall."
    confirmed = parties.confirm_part(course.funder, seen.id, seen.version)
    assert (confirmed.state, confirmed.quantity, confirmed.quantity_confirmed) == ("confirmed", 1_500, 1_500)
    assert course.match().waiting_for == "parties"
    rest = next(
        one
        for one in parties.list_parts(course.coordinator, course.round.code)
        if one.support_reference == other.reference
    )
    assert (rest.state, rest.quantity) == ("asked", 500)
    parties.confirm_part(course.coordinator, rest.id, rest.version, on_behalf=True)
    assert course.match().waiting_for == "recipient"


def test_one_support_is_not_confirmed_twice_over_two_courses(app):
    course = Course(seats=(10,))
    factories.make_area("MED")
    factories.make_need(round=course.round, areas=["MED"], seats_asked=10, women=0)
    factories.make_offer(round=course.round, areas=["MED"], requires=[FUNDS], min_seats=5)
    rounds.publish(course.coordinator, rounds.solve_round(course.coordinator, course.round))
    state_quantity(course, 3_000)
    assert course.attention() == [("short_support", None, course.support.reference)]
    first, second = course.seen()
    assert {first.quantity, second.quantity} == {2_000}
    parties.confirm_part(course.funder, first.id, first.version)
    with pytest.raises(Conflict, match="1000 left"):
        parties.confirm_part(course.funder, second.id, second.version)


def test_an_owner_that_says_no_more_how_much_it_has_gives_nothing_to_the_next_plan(app):
    course = agreed(10)
    state_quantity(course, None)
    assert course.attention() == [("short_support", None, course.support.reference)]


def test_what_a_held_course_took_calls_for_no_repair_whatever_is_left(app):
    course = agreed(10)
    deliver(course)
    state_quantity(course, 100)
    assert course.attention() == []
