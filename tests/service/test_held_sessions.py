"""Nobody is given a seat in a course that was held, nor what it took, whatever becomes of its records."""

import json

import pytest

from lcm_service.domain.errors import Conflict
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Delivery, Match
from lcm_service.services import decisions, parties, publication, submissions
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.test_parties import FUNDS, Course


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
    assert planned(course) == ({own: 10}, 7_000)
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
    assert planned(course) == (both, 6_700)
    withdraw(course)
    assert planned(course) == ({course.needs[1].reference: 3}, 6_700)
    assert parties.list_parts(course.coordinator, course.round.code)[0].state == "confirmed"


def drawn(plan):
    return {
        row["id"]: {use["support"]: use["quantity"] for use in row["supports"]} for row in plan["sessions"]
    }


def test_what_paid_for_a_held_course_is_neither_withdrawn_from_it_nor_replaced_by_another(app):
    course = agreed(10)
    factories.make_support(round=course.round, quantity=50_000)
    deliver(course)
    submissions.withdraw_support(course.funder, course.support.reference, 1)
    for _ in range(2):
        rounds.fresh()
        run = rounds.solve_round(course.coordinator, course.round)
        assert run.outcome == "optimal", run.story
        plan = rounds.publish(course.coordinator, run, put=False)
        assert drawn(plan.document) == {course.code: {}}
        assert (course.match().state, course.part.state, course.part.quantity_confirmed) == (
            "agreed",
            "confirmed",
            2_000,
        )
        # Its sides go on reading who paid for it.
        rounds.fresh()
        (match,) = decisions.list_matches(course.recipients[0], course.round.code)
        assert [(one.support_reference, one.state) for one in match.parties] == [
            (course.support.reference, "confirmed")
        ]
    assert course.attention() == []


def test_a_part_of_a_held_course_is_declined_no_more_not_even_by_letter(app):
    course = agreed(10)
    deliver(course)
    part = course.part
    for actor, on_behalf in ((course.funder, False), (course.coordinator, True)):
        with pytest.raises(Conflict, match="held"):
            parties.decline_part(actor, part.id, "costs", part.version, on_behalf=on_behalf)
    assert course.part == part
    assert planned(course) == ({course.needs[0].reference: 10}, 7_000)


def test_the_rest_beyond_what_was_given_to_a_held_course_can_be_declined(app):
    course = agreed(10)
    other = add_need(course, 3)
    course.needs.append(other)
    course.recipients.append(factories.make_actor("focal_point", other.participant))
    course.publish()
    course.consent(1)
    assert (course.part.state, course.part.quantity) == ("asked", 2_300)
    deliver(course)
    # What is still asked is set aside as long as it is.
    assert quantity(rounds.solve_round(course.coordinator, course.round)) == 6_700
    course.answer(is_yes=False)
    assert (course.part.state, course.part.quantity_confirmed) == ("confirmed", 2_000)
    assert quantity(rounds.solve_round(course.coordinator, course.round)) == 7_000


def test_what_a_provider_gave_to_its_own_held_course_is_spent_too(app):
    course = Course(seats=(10,), funder="provider")
    course.consent(0)
    for side in ("provider", "recipient", "secretariat"):
        course.confirm(side, 0)
    deliver(course)
    own = course.needs[0].reference
    assert [planned(course), planned(course)] == [({own: 10}, 7_000)] * 2
    withdraw(course)
    assert [planned(course), planned(course)] == [({}, 7_000)] * 2


def test_a_match_that_waits_for_a_party_in_a_held_course_goes_on_waiting(app):
    """That the course draws on nothing any more gives nobody what its owner has not confirmed."""
    course = Course(seats=(10, 3))
    course.consent(0, 1)
    course.confirm("provider", 0, 1)
    db.session.get(Match, course.match(0).id).state = "agreed"
    deliver(course)
    assert (course.match(1).waiting_for, course.part.state) == ("parties", "asked")
    planned(course)
    assert (course.match(1).waiting_for, course.part.state) == ("parties", "asked")
    course.answer()
    assert course.match(1).waiting_for == "recipient"


def test_a_plan_on_its_way_leaves_after_a_report(app):
    course = agreed(10)
    run = rounds.solve_round(course.coordinator, course.round)
    plan = rounds.plan_of(course.coordinator, run)
    assert drawn(plan.document) == {course.code: {course.support.reference: 2_000}}
    deliver(course)
    assert publication.find_objections(course.coordinator, plan.id) == []
    rounds.publish(course.coordinator, run, put=False)
    assert (course.part.support_reference, course.part.state) == (course.support.reference, "confirmed")


def test_a_plan_on_its_way_that_gives_away_what_a_course_took_is_objected_to(app):
    """It had another pay for the course, and gave its money to a second one."""
    course = agreed(10, quantity=2_000)
    another = factories.make_support(round=course.round, quantity=2_000)
    factories.make_area("MED")
    factories.make_need(round=course.round, areas=["MED"], seats_asked=10, women=0)
    second = factories.make_offer(round=course.round, areas=["MED"], requires=[FUNDS], min_seats=5)
    plan = rounds.plan_of(course.coordinator, rounds.solve_round(course.coordinator, course.round))
    assert set(drawn(plan.document)) == {course.code, f"{second.reference}-S1"}
    document = json.loads(json.dumps(plan.document))
    for row in document["sessions"]:
        payer = another if row["id"] == course.code else course.support
        row["supports"] = [{"support": payer.reference, "kind": "funds", "quantity": 2_000}]
    plan.document = document
    factories.save(plan)
    assert publication.find_objections(course.coordinator, plan.id) == []
    deliver(course)
    assert {one["code"] for one in publication.find_objections(course.coordinator, plan.id)} == {"C9"}


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
