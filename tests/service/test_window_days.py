"""A session that was cut from a window, or of which no days are known, is not made longer nor held at another
time by its provider alone while others stand there.
"""

import json
from datetime import date

import pytest

from lcm_service.domain.errors import NotValid
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Delivery, Match, Offer, OutboxMessage, Plan
from lcm_service.services import decisions, publication, repair, submissions
from lcm_service.services.delivery_views import days_of_match
from lcm_service.services.plan_objections import list_objections
from lcm_service.services.stated_days import OTHERS_STAND_THERE
from tests import factories
from tests.service import matching_rounds as rounds

FIRST, LAST = date(2027, 4, 5), date(2027, 8, 30)


class WindowCourse:
    """A need and an offer within a window; a session of five days is cut from it, and its recipient is
    asked.
    """

    def __init__(self, **offer):
        self.round = factories.make_round()
        self.need = factories.make_need(round=self.round, seats_asked=20, women=0)
        columns = {"not_before": FIRST, "not_after": LAST, "duration_days": 5, "min_seats": 1}
        self.offer = factories.make_offer(round=self.round, **{**columns, **offer})
        self.coordinator = rounds.coordinator()
        self.provider = factories.make_actor("focal_point", self.offer.participant)
        self.recipient = factories.make_actor("focal_point", self.need.participant)
        self.publish()

    def publish(self):
        return rounds.publish(self.coordinator, rounds.solve_round(self.coordinator, self.round), put=False)

    @property
    def match(self):
        rounds.fresh()
        return next(
            one
            for one in decisions.list_matches(self.coordinator, self.round.code)
            if one.need_reference == self.need.reference
        )

    def consent(self):
        match = self.match
        decisions.consent_to_match(self.recipient, match.id, match.version)

    def revise(self, actor=None, **values):
        rounds.fresh()
        offer = submissions.find_offer(self.provider, self.offer.reference)
        return submissions.revise_offer(actor or self.provider, offer.reference, values, offer.version)

    def told(self):
        rows = db.session.query(OutboxMessage).filter_by(participant_id=self.recipient.participant_id)
        return [one.kind for one in rows.order_by(OutboxMessage.id)]


@pytest.fixture
def course(app):
    return WindowCourse()


def stand(course, stage):
    course.consent()
    if stage == "agreed":
        rounds.agree(course.coordinator, course.match)


def days(course):
    session = course.match.session
    return session.start, session.end


@pytest.mark.parametrize("stage", ["put", "agreed"])
def test_a_course_on_which_others_stand_is_not_made_longer_by_its_offer(course, stage):
    stand(course, stage)
    before = days(course)
    assert (before[1] - before[0]).days == 4
    for actor in (course.provider, course.coordinator):
        with pytest.raises(NotValid) as refusal:
            course.revise(actor, duration_days=40)
        assert refusal.value.faults == {"duration_days": [OTHERS_STAND_THERE]}
    with pytest.raises(NotValid):
        course.revise(duration_days=None)
    # What the key says of its first day holds, so the window itself may change.
    course.revise(duration_days=5, not_before=FIRST, not_after=date(2027, 9, 30))
    assert days(course) == before


@pytest.mark.parametrize("stage", ["put", "agreed"])
def test_the_next_plan_keeps_the_days_under_which_the_course_was_put(course, stage):
    stand(course, stage)
    before = course.match
    rounds.fresh()
    db.session.get(Offer, course.offer.id).duration_days = 40
    db.session.commit()
    factories.make_need(round=course.round, seats_asked=3, women=0)
    course.publish()
    after = course.match
    assert after.plan_id != before.plan_id
    assert (after.state, after.session.start, after.session.end) == (
        before.state,
        before.session.start,
        before.session.end,
    )
    row = db.session.get(Match, after.id)
    assert days_of_match(row).days == (after.session.start, after.session.end, None, None)


def test_a_plan_that_has_other_days_for_who_stands_there_is_objected_to(course):
    rounds.fresh()
    course.revise(duration_days=40)
    factories.make_need(round=course.round, seats_asked=3, women=0)
    rounds.solve_round(course.coordinator, course.round)
    draft = publication.latest_useful_draft(course.coordinator, course.round.code)

    def objections():
        rounds.fresh()
        plan = db.session.get(Plan, draft.id)
        found = list_objections(db.session(), plan.round, plan)
        return [(one["code"], one["session"]) for one in found]

    # Nobody but the recipient knows of it yet: the next plan has it as long as its offer says.
    assert objections() == []
    course.consent()
    assert objections() == [("dates", course.match.session_code)]


def test_a_recipient_that_is_asked_is_told_by_a_plan_that_makes_its_course_longer(course):
    before = course.match
    course.revise(duration_days=12)
    assert (course.told(), days(course)) == (["match.ask"], (before.session.start, before.session.end))
    found = repair.find_attention(course.coordinator, course.round.code)
    assert ("restated_session", before.session_code) in {(one.code, one.record) for one in found}
    course.publish()
    after = course.match
    assert (after.session.start, (after.session.end - after.session.start).days) == (before.session.start, 11)
    assert (after.state, course.told()) == ("asked", ["match.ask", "match.restate"])
    assert repair.find_attention(course.coordinator, course.round.code) == ()


def test_a_course_that_was_held_holds_no_offer_back_and_stays_as_it_was(course):
    stand(course, "agreed")
    before, place = course.match.session, factories.make_place("XQA", regions=["X01"]).code
    db.session.add(Delivery(match_id=course.match.id, state="delivered"))
    db.session.commit()
    course.revise(duration_days=40, place_code=place)
    assert course.match.session == before
    course.publish()
    assert course.match.session == before
    assert "match.restate" not in course.told()


def test_a_course_that_is_known_by_its_time_alone_keeps_that_time(app):
    course = WindowCourse(duration_days=None)
    code = course.match.session_code
    assert code.endswith("-U1")
    course.consent()
    course.revise(not_before=date(2027, 1, 1), not_after=date(2027, 12, 31))
    course.publish()
    session = course.match.session
    assert (session.not_before, session.not_after) == (FIRST, LAST)
    asked = json.loads(db.session.get(Plan, course.match.plan_id).problem)["sessions"]
    times = [(one["not_before"], one["not_after"]) for one in asked if one["id"] == code]
    assert times == [(FIRST.isoformat(), LAST.isoformat())]


def test_as_long_as_its_recipient_alone_knows_of_it_a_plan_takes_the_time_of_now(app):
    course = WindowCourse(duration_days=None)
    course.revise(not_after=date(2027, 12, 31))
    course.publish()
    assert course.match.session.not_after == date(2027, 12, 31)
    assert course.told() == ["match.ask", "match.restate"]
