"""Nobody is given a seat in a course that was held, nor what it took, whatever becomes of its records."""

import json

import pytest

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Delivery
from lcm_service.services import decisions, parties, publication, submissions
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.test_parties import Course


def agreed(*seats, **support):
    course = Course(seats=seats, **support)
    course.consent(*range(len(seats)))
    course.answer()
    for side in ("provider", "recipient", "secretariat"):
        course.confirm(side, *range(len(seats)))
    return course


def deliver(course, number=0):
    db.session.add(Delivery(match_id=course.match(number).id, state="delivered"))
    db.session.commit()


def withdraw(course, number=0):
    rounds.fresh()
    need = course.needs[number]
    submissions.withdraw_need(course.recipients[number], need.reference, need.version, "done")


def add_need(course, seats):
    return factories.make_need(
        round=course.round, seats_asked=seats, seats_recognised=seats, women=0, priority_asked="critical"
    )


def planned(course, **choice):
    """The seats of the next plan and what it may draw on of the support."""
    rounds.fresh()
    run = rounds.solve_round(course.coordinator, course.round, **choice)
    plan = rounds.publish(course.coordinator, run, put=False)
    return {need: seats for (need, _), seats in rounds.seats_in(plan).items()}, quantity(run)


def quantity(run):
    (support,) = json.loads(run.problem)["supports"]
    return support["quantity"]


def test_free_seats_of_a_held_course_and_what_it_spent_are_given_to_nobody(app):
    course = agreed(10)
    deliver(course)
    add_need(course, 10)
    own = course.needs[0].reference
    assert planned(course) == ({own: 10}, 9_000)
    withdraw(course)
    assert planned(course) == ({}, 7_000)
    assert (course.match().state, course.part.state, course.part.quantity_confirmed) == (
        "agreed",
        "confirmed",
        2_000,
    )
    # The next plan finds it as it was.
    assert planned(course) == ({}, 7_000)
    # Where the report was wrong and the match is released, its seats and its money are for others again.
    db.session.query(Delivery).delete()
    db.session.commit()
    match = course.match()
    decisions.release_match(course.coordinator, match.id, "dates", match.version)
    assert planned(course)[1] == 9_000
    assert course.part.state != "confirmed"


def test_who_stands_in_a_held_course_keeps_its_seats_below_the_least_and_gets_no_more(app):
    course = agreed(10, 3)
    deliver(course)
    course.needs[1].seats_asked = course.needs[1].seats_recognised = 8
    factories.save(course.needs[1])
    both = {course.needs[0].reference: 10, course.needs[1].reference: 3}
    assert planned(course) == (both, 9_000)
    withdraw(course)
    assert planned(course) == ({course.needs[1].reference: 3}, 8_000)
    assert parties.list_parts(course.coordinator, course.round.code)[0].state == "confirmed"


@pytest.mark.parametrize("is_given", [True, False])
def test_a_plan_that_releases_what_was_held_meanwhile_is_objected_to(app, is_given):
    """Its seats may go to another, or to nobody as there are fewer of them now."""
    course = agreed(10)
    need = course.needs[0]
    need.min_group, course.offer.seats = 10, 8
    factories.save(need)
    factories.save(course.offer)
    others = [add_need(course, 8).reference] if is_given else []
    choice = {"choice": {"release": [[need.reference, course.code]], "hold": []}}

    def draft():
        run = rounds.solve_round(course.coordinator, course.round)
        assert run.outcome == "clashing_pins"
        out = rounds.request(course.coordinator, course.round, base_run_id=run.id, **choice)
        rounds.solve_waiting_runs()
        return rounds.plan_of(course.coordinator, out)

    plan = draft()
    assert sum(rounds.seats_in(plan).values()) == (8 if is_given else 0)
    assert publication.find_objections(course.coordinator, plan.id) == []
    deliver(course)
    found = publication.find_objections(course.coordinator, plan.id)
    assert {one["need"] for one in found if "was delivered since" in one["message"]} == {
        need.reference,
        *others,
    }
    # Asked for anew, it holds nobody there, and nothing speaks against it.
    plan = draft()
    assert rounds.seats_in(plan) == {}
    assert publication.find_objections(course.coordinator, plan.id) == []
