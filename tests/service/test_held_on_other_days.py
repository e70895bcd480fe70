"""A course that was not held may be held on other days yet: once it is reported so, a side proposes them, all
say yes, and it is scheduled anew.
"""

from datetime import timedelta

import pytest

from lcm_service.domain.errors import Conflict, NotValid
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Offer, SessionDays
from lcm_service.services import deliveries
from lcm_service.services.date_lapses import lapse_dates
from lcm_service.services.other_dates import find_date_proposal
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.test_dates_hold import agree
from tests.service.test_other_dates import AFTER, MovingCourse


@pytest.fixture
def course(app):
    return MovingCourse()


def days_from_now(first, last):
    today = utc_now().date()
    return today + timedelta(days=first), today + timedelta(days=last)


def come_to_its_days(course, *, moved=False):
    """The days of the session come and pass; gives them."""
    if moved:
        proposal = course.propose(course.provider, "provider")
        for actor in (course.funder, *course.recipients):
            course.accept(actor, proposal)
        assert course.days() == AFTER
    rounds.fresh()
    first, last = days_from_now(-9, -5)
    stated = db.session.get(Offer, course.offer.id).sessions[0]
    row = db.session.query(SessionDays).one() if moved else stated
    row.starts_on, row.ends_on = first, last
    for need in course.needs:
        need.earliest = first
        factories.save(need)
    db.session.commit()
    return first, last


def report_not_held(course, number=0):
    match, who = course.match(number), course.recipients[number]
    deliveries.report_not_delivered(who, match.id, "recipient", "security", match.version)


def schedule(course, days):
    match = course.match()
    planned = {"starts_on": days[0], "ends_on": days[1], "place_code": None, "venue": None}
    return deliveries.schedule_delivery(course.provider, match.id, planned, match.version)


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("side", ["provider", "recipient", "letter"])
def test_the_whole_way_from_a_course_that_was_not_held_to_another_schedule(course, moved, side):
    agree(course)
    come_to_its_days(course, moved=moved)
    report_not_held(course)
    later = days_from_now(40, 44)
    with pytest.raises(NotValid) as refusal:
        schedule(course, later)
    assert refusal.value.faults["starts_on"] == [deliveries.OUTSIDE_SESSION]
    actor = {"provider": course.provider, "recipient": course.recipients[0]}.get(side, course.coordinator)
    asks_for = "recipient" if side == "recipient" else "provider"
    proposal = course.propose(actor, asks_for, days=later, on_behalf=side == "letter")
    assert proposal.answer_by is None or proposal.answer_by > utc_now()
    # Nobody is left without time to answer, as the course had to begin long ago.
    assert lapse_dates(SYSTEM) == 0
    if side == "recipient":
        course.accept(course.provider, proposal)
    for other in (course.funder, *course.recipients[side == "recipient" :]):
        assert course.state(proposal) == "put"
        course.accept(other, proposal)
    assert (course.state(proposal), course.days()) == ("moved", later)
    match = course.match()
    assert (match.state, match.delivery.state) == ("agreed", "called_off")
    assert "schedule" in match.delivery.open_steps
    assert schedule(course, later).delivery.starts_on == later[0]


def test_before_it_is_reported_the_course_that_has_begun_is_not_moved(course):
    agree(course)
    first, _ = come_to_its_days(course)
    later = days_from_now(40, 44)
    for number in (0, 1):
        with pytest.raises(Conflict) as refusal:
            course.propose(course.recipients[number], "recipient", number, days=later)
        assert refusal.value.details == {"first_day": str(first)}
    report_not_held(course)
    # Another's report tells a recipient nothing: its own counts.
    with pytest.raises(Conflict):
        course.propose(course.recipients[1], "recipient", 1, days=later)
    assert course.propose(course.recipients[0], "recipient", 0, days=later).state == "proposed"


def test_what_was_held_for_another_is_not_moved(course):
    agree(course)
    first, last = come_to_its_days(course)
    report_not_held(course)
    later = days_from_now(40, 44)
    proposal = course.propose(course.provider, "provider", days=later)
    match = course.match(1)
    report = {"held_from": first, "held_to": last, "seats_used": 10, "women_used": 0}
    deliveries.report_delivered(course.recipients[1], match.id, "recipient", report, match.version)
    view = find_date_proposal(course.coordinator, proposal.id)
    assert (view.state, view.end_reason) == ("ended", "late")
    with pytest.raises(Conflict):
        course.propose(course.provider, "provider", days=later)
    assert course.days() == (first, last)


def test_days_that_come_while_they_are_asked_about_are_over(course):
    agree(course)
    come_to_its_days(course)
    report_not_held(course)
    with pytest.raises(NotValid):
        course.propose(course.provider, "provider", days=days_from_now(0, 4))
    proposal = course.propose(course.provider, "provider", days=days_from_now(1, 5))
    rounds.fresh()
    assert find_date_proposal(course.coordinator, proposal.id).answer_by.date() == days_from_now(1, 5)[0]
