"""What has expired goes on under what stands on it, and is asked nothing more until it is renewed."""

import json
from datetime import timedelta

import pytest

from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.services import publication, record_ends, submissions
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.test_parties import FUNDS, Course


def expire(record):
    yesterday = utc_now().date() - timedelta(days=1)
    row = db.session.merge(record)
    row.expires_on = yesterday
    db.session.commit()
    assert record_ends.expire_overdue(SYSTEM) == 1
    rounds.fresh()


def renew(actor, kind, record):
    row = db.session.merge(record)
    until = utc_now().date() + timedelta(days=30)
    submissions.renew_record(actor, kind, row.reference, expires_on=until, version=row.version)
    rounds.fresh()


@pytest.fixture
def scene(app):
    return Half()


class Half:
    """A need of 20 seats and a course of 10: both could have more."""

    def __init__(self):
        self.round = factories.make_round()
        self.need = factories.make_need(round=self.round, seats_asked=20, women=0)
        self.offer = factories.make_offer(round=self.round, seats=10, min_seats=5)
        self.coordinator = rounds.coordinator()
        self.pair = (self.need.reference, f"{self.offer.reference}-S1")
        assert self.planned() == {self.pair: 10}
        rounds.publish(self.coordinator, rounds.solve_round(self.coordinator, self.round))

    def draft(self):
        rounds.fresh()
        return rounds.plan_of(self.coordinator, rounds.solve_round(self.coordinator, self.round))

    def planned(self):
        return rounds.seats_in(self.draft())

    def change(self, record, **columns):
        for name, value in columns.items():
            setattr(db.session.merge(record), name, value)
        db.session.commit()


def test_no_pair_is_planned_with_a_need_that_has_expired_until_it_is_renewed(scene):
    factories.make_offer(round=scene.round, seats=30, min_seats=5)
    early = scene.draft()
    assert len(rounds.seats_in(early)) == 2
    expire(scene.need)
    assert scene.planned() == {scene.pair: 10}
    assert publication.find_objections(scene.coordinator, early.id) != []
    renew(scene.coordinator, "need", scene.need)
    assert sum(scene.planned().values()) == 20


def test_no_pair_is_planned_with_an_offer_that_has_expired_and_none_of_it_grows(scene):
    scene.change(scene.offer, seats=30)
    factories.make_need(round=scene.round, seats_asked=8, women=0)
    early = scene.draft()
    assert sum(rounds.seats_in(early).values()) == 28
    expire(scene.offer)
    assert scene.planned() == {scene.pair: 10}
    assert publication.find_objections(scene.coordinator, early.id) != []
    renew(scene.coordinator, "offer", scene.offer)
    assert sum(scene.planned().values()) == 28


def test_a_match_on_a_need_that_has_expired_does_not_grow(scene):
    scene.change(scene.offer, seats=30)
    expire(scene.need)
    assert scene.planned() == {scene.pair: 10}


def test_of_a_support_that_has_expired_no_session_draws_more_than_it_has(app):
    course = Course(seats=(10,))
    course.consent(0)
    factories.make_area("MED")
    factories.make_need(round=course.round, areas=["MED"], seats_asked=8, women=0)
    factories.make_offer(round=course.round, areas=["MED"], min_seats=5, requires=[FUNDS])
    course.needs[0].seats_asked = course.needs[0].seats_recognised = 14
    factories.save(course.needs[0])

    def planned():
        rounds.fresh()
        run = rounds.solve_round(course.coordinator, course.round)
        (support,) = json.loads(run.problem)["supports"]
        return rounds.seats_in(rounds.plan_of(course.coordinator, run)), support["quantity"]

    before, _ = planned()
    assert sum(before.values()) == 22
    expire(course.support)
    pair = (course.needs[0].reference, course.code)
    assert planned() == ({pair: 10}, 2_000)
    renew(course.funder, "support", course.support)
    assert planned() == (before, 9_000)


def test_a_support_that_its_provider_gives_to_its_own_course_goes_on_under_it_too(app):
    course = Course(seats=(10,), funder="provider")
    course.consent(0)
    expire(course.support)
    run = rounds.solve_round(course.coordinator, course.round)
    assert run.outcome == "optimal", run.story
    assert rounds.seats_in(rounds.plan_of(course.coordinator, run)) == {
        (course.needs[0].reference, course.code): 10
    }
