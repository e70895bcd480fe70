"""A side accepts fewer seats than are proposed: those stand, the rest is free, and no more is asked of it."""

import pytest

from lcm_service.domain.errors import Conflict, NotAllowed, NotValid, Stale
from lcm_service.services import decisions, parties, trail
from lcm_service.services.partial_acceptance import accept_fewer_seats
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.test_parties import Course


@pytest.fixture
def course(app):
    return Course()


def accept(course, actor, side, seats, number=0, **more):
    match = course.match(number)
    return accept_fewer_seats(actor, match.id, side, seats, "capacity", match.version, **more)


def test_a_recipient_agrees_to_be_put_for_fewer_and_the_provider_hears_of_no_more(course):
    put = accept(course, course.recipients[0], "recipient", 6)
    assert (put.state, put.seats, put.consent.seats, put.waiting_for) == ("proposed", 6, 6, "provider")
    rounds.fresh()
    seen = decisions.find_match(course.provider, put.id)
    assert (seen.seats, seen.consent.reason) == (6, None)
    told = [one.action for one in trail.list_events(course.provider, "match", str(put.id))]
    assert told == ["consent"]
    assert ("reduced_pair", course.code, None) in course.attention()
    # Its freed seats are for others: a repair gives it no more.
    course.needs.append(factories.make_need(round=course.round, seats_asked=14, seats_recognised=14, women=0))
    plan = course.publish()
    assert rounds.seats_in(plan) == {
        (course.needs[0].reference, course.code): 6,
        (course.needs[1].reference, course.code): 10,
        (course.needs[2].reference, course.code): 14,
    }
    assert course.attention() == []


def test_what_others_confirmed_for_more_covers_fewer(course):
    course.consent(0, 1)
    course.confirm("provider", 0)
    course.answer()
    fewer = accept(course, course.recipients[0], "recipient", 4)
    assert {one.side: one.seats for one in fewer.decisions} == {"recipient": 4, "provider": 10}
    assert (fewer.seats, fewer.waiting_for) == (4, "secretariat")
    course.confirm("secretariat", 0)
    assert (course.match().state, course.match().seats) == ("agreed", 4)
    assert course.part.state == "confirmed"


def test_an_answer_for_all_is_not_taken_for_the_fewer_that_a_colleague_accepted(course):
    read = course.match()
    accept(course, course.recipients[0], "recipient", 6)
    with pytest.raises(Stale):
        decisions.consent_to_match(course.recipients[0], read.id, read.version)
    course.consent(1)
    course.confirm("provider", 0)
    course.answer()
    read = course.match()
    accept(course, course.recipients[0], "recipient", 4)
    with pytest.raises(Stale):
        decisions.confirm_match(course.recipients[0], read.id, "recipient", read.version)
    # Who pressed for what stands is told again that it does.
    match = course.match()
    again = decisions.confirm_match(course.recipients[0], match.id, "recipient", match.version)
    assert (again.version, again.seats) == (match.version, 4)


def test_a_provider_accepts_fewer_and_the_recipient_confirms_those(course):
    course.consent(0, 1)
    fewer = accept(course, course.coordinator, "provider", 7, on_behalf=True)
    assert (fewer.seats, fewer.waiting_for) == (7, "parties")
    parties.confirm_part(course.coordinator, course.part.id, course.part.version, on_behalf=True)
    course.confirm("recipient", 0)
    assert course.match().waiting_for == "secretariat"


def test_it_is_refused_out_of_turn_and_where_fewer_cannot_stand(course):
    for seats in (0, 10, 11):
        with pytest.raises(NotValid):
            accept(course, course.recipients[0], "recipient", seats)
    with pytest.raises(NotAllowed):
        accept(course, course.recipients[0], "recipient", 5, on_behalf=True)
    with pytest.raises(NotAllowed):
        accept(course, course.coordinator, "secretariat", 5)
    course.needs[0].min_group = 5
    factories.save(course.needs[0])
    before = course.match()
    with pytest.raises(Conflict) as refusal:
        accept(course, course.recipients[0], "recipient", 4)
    assert refusal.value.details["rules"] == ["C2"]
    assert course.match() == before
    course.consent(0, 1)
    with pytest.raises(Conflict) as refusal:
        accept(course, course.recipients[0], "recipient", 5)
    assert refusal.value.details["waiting_for"] == "provider"


def test_a_provider_that_knows_of_less_accepts_some_of_that_and_hears_of_nothing_else(app):
    course = Course(seats=(10,))
    course.consent(0)
    course.needs[0].seats_asked = course.needs[0].seats_recognised = 18
    factories.save(course.needs[0])
    course.publish()
    rounds.fresh()
    assert (course.match().state, course.match().seats) == ("asked", 18)
    seen = decisions.find_match(course.provider, course.match().id)
    fewer = accept_fewer_seats(course.provider, seen.id, "provider", 6, "capacity", seen.version)
    assert (fewer.state, fewer.seats) == ("proposed", 6)
    assert (course.match().state, course.match().seats) == ("proposed", 6)
