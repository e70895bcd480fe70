"""A participant's calendar: its own courses on the days that bind, its deadlines, and nothing of others."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from lcm_service.domain.errors import NotAllowed
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Delivery, Match, Person
from lcm_service.services import decisions
from lcm_service.services.calendar import calendar_of
from tests import factories
from tests.fixtures import sign_in
from tests.service import matching_rounds as rounds
from tests.service.test_dates_hold import agree
from tests.service.test_other_dates import AFTER, BEFORE, MovingCourse


@pytest.fixture
def course(app):
    return MovingCourse()


def shown(actor):
    rounds.fresh()
    return [(one.kind, one.side, one.first, one.last) for one in calendar_of(actor)]


def test_who_is_asked_reads_the_last_day_for_its_answer_and_no_course_yet(course):
    deadline = course.match().answer_by.date()
    assert shown(course.recipients[0]) == [("answer", "recipient", deadline, deadline)]
    assert shown(course.provider) == []
    assert shown(course.funder) == []


def test_all_parties_of_an_agreed_course_have_it_on_its_days(course):
    agree(course)
    for actor, kind, side in (
        (course.recipients[0], "course", "recipient"),
        (course.recipients[1], "course", "recipient"),
        (course.provider, "course", "provider"),
        (course.funder, "support", None),
    ):
        found = shown(actor)
        # The provider has two matches of one session: it is one course.
        assert found == [(kind, side, *BEFORE)], actor.participant_code


def test_days_that_all_agreed_to_move_are_those_of_the_calendar(course):
    agree(course)
    proposal = course.propose(course.provider, "provider")
    assert ("answer_dates", None) in {(kind, side) for kind, side, _, _ in shown(course.recipients[0])}
    assert {row[2:] for row in shown(course.recipients[0]) if row[0] == "course"} == {BEFORE}
    for actor in (*course.recipients, course.funder):
        course.accept(actor, proposal)
    for actor in (course.recipients[0], course.provider, course.funder):
        assert {row[2:] for row in shown(actor)} == {AFTER}


def test_who_answers_for_no_participant_has_no_calendar(course):
    for role in ("coordinator", "observer", "administrator"):
        with pytest.raises(NotAllowed):
            calendar_of(factories.make_actor(role))
        db.session.rollback()


def test_the_file_is_read_by_a_calendar_program_and_names_no_need(app, course):
    agree(course)
    client = app.test_client()
    sign_in(client, db.session.get(Person, course.recipients[0].person_id))
    answer = client.get("/calendar.ics")
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert "no-store" in answer.headers["Cache-Control"]
    (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
    match = course.match()
    assert event.decoded("dtstart") == BEFORE[0]
    assert event.decoded("dtend") == BEFORE[1] + timedelta(days=1)
    assert str(event["url"]).endswith(f"/matches/{match.id}")
    assert str(event["uid"]).startswith(f"course-{course.round.code}-{course.code}-recipient-1@")
    assert match.need_reference not in answer.text
    assert f"/matches/{match.id}" in client.get("/calendar").text


def test_every_answer_that_waits_has_its_own_day(course):
    course.consent(0, 1)
    found = [one for one in calendar_of(course.provider) if one.kind == "answer"]
    assert [one.record_id for one in found] == [course.match(0).id, course.match(1).id]


def test_a_course_that_was_held_is_on_the_days_on_which_it_was(course):
    agree(course)
    match = course.match()
    delivery = db.session.get(Match, match.id).delivery = Delivery(
        state="delivered", starts_on=BEFORE[0], ends_on=BEFORE[1], held_from=AFTER[0], held_to=AFTER[1]
    )
    db.session.add(delivery)
    db.session.commit()
    assert shown(course.recipients[0]) == [("course", "recipient", *AFTER)]


def test_a_course_keeps_its_name_when_another_of_its_matches_ends(app, course):
    agree(course)
    client = app.test_client()
    sign_in(client, db.session.get(Person, course.provider.person_id))

    def names():
        return [
            str(one["uid"]) for one in Calendar.from_ical(client.get("/calendar.ics").data).walk("VEVENT")
        ]

    before = names()
    first = course.match(0)
    decisions.decline_match(course.coordinator, first.id, "recipient", "dates", first.version, on_behalf=True)
    assert [one.record_id for one in calendar_of(course.provider)] == [course.match(1).id]
    assert names() == before
    assert len(before) == 1
