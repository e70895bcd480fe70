"""What is reported as not held is overturned by no schedule, and what a letter has put there binds on."""

from datetime import timedelta

import pytest

from lcm_service.domain.errors import Conflict, NotValid
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Offer
from lcm_service.services import deliveries, submissions
from tests.service import matching_rounds as rounds
from tests.service.held_courses import PLANNED, TO_COME, Scene, make_undated


@pytest.fixture
def scene(app):
    return Scene()


@pytest.fixture
def undated(app):
    return make_undated()


def test_no_schedule_overturns_a_report_that_the_course_was_not_held(scene):
    scene.report_not(scene.recipient, "recipient", "security", "Nobody came.")
    for who in (scene.provider, scene.coordinator):
        assert "schedule" not in scene.seen_by(who).delivery.open_steps
        with pytest.raises(NotValid) as refusal:
            scene.schedule(who, on_behalf=who is scene.coordinator)
        assert refusal.value.faults == {"starts_on": [deliveries.NOT_HELD_THEN]}
    with pytest.raises(Conflict):
        scene.report(scene.provider, "provider")
    delivery = scene.match.delivery
    assert (delivery.state, delivery.reason) == ("not_delivered", "security")


def test_a_session_without_days_is_scheduled_for_days_that_are_to_come(undated):
    undated.schedule()
    undated.report_not(undated.recipient, "recipient", "security")
    assert "schedule" in undated.seen_by(undated.provider).delivery.open_steps
    today = utc_now().date()
    for first in (PLANNED["starts_on"], today):
        with pytest.raises(NotValid) as refusal:
            undated.schedule(data=PLANNED | {"starts_on": first, "ends_on": today})
        assert refusal.value.faults == {"starts_on": [deliveries.NOT_HELD_THEN]}
    tomorrow = today + timedelta(days=1)
    again = undated.schedule(data=TO_COME | {"starts_on": tomorrow}).delivery
    assert (again.state, again.starts_on, again.reason) == ("scheduled", tomorrow, None)


def test_where_a_letter_has_put_it_a_course_stays_that_was_not_held(undated):
    undated.schedule(undated.coordinator, PLANNED | {"place_code": "XQB"}, on_behalf=True)
    undated.report_not(undated.provider, "provider", "security")
    for place in ("XQA", None):
        with pytest.raises(NotValid) as refusal:
            undated.schedule(data=TO_COME | {"place_code": place})
        assert refusal.value.faults == {"place_code": [deliveries.PUT_ELSEWHERE]}
    assert undated.schedule(data=TO_COME | {"place_code": "XQB"}).delivery.place == "XQB"


def test_what_was_not_held_comes_where_its_session_is_put_since(undated):
    undated.schedule(data=PLANNED | {"place_code": "XQA"})
    undated.report_not(undated.recipient, "recipient", "security", "The road was shut.")
    rounds.fresh()
    offer = submissions.find_offer(undated.coordinator, undated.offer.reference)
    moved = {"sessions": [{"key": "S1", "place_code": "XQB"}]}
    submissions.revise_offer(undated.coordinator, offer.reference, moved, offer.version)
    delivery = undated.match.delivery
    assert (delivery.state, delivery.reason, delivery.place) == ("not_delivered", "security", None)
    with pytest.raises(NotValid):
        undated.schedule(data=TO_COME | {"place_code": "XQA"})
    assert undated.schedule(data=TO_COME | {"place_code": "XQB"}).delivery.place == "XQB"


def test_days_that_are_stated_after_a_course_was_not_held_are_those_of_its_schedule(undated):
    undated.schedule()
    undated.report_not(undated.recipient, "recipient", "security")
    rounds.fresh()
    offer = submissions.find_offer(undated.provider, undated.offer.reference)
    days = {name: TO_COME[name] for name in ("starts_on", "ends_on")}
    submissions.revise_offer(
        undated.provider, offer.reference, {"sessions": [{"key": "S1", **days}]}, offer.version
    )
    assert "schedule" in undated.seen_by(undated.provider).delivery.open_steps
    assert undated.schedule(data=TO_COME).delivery.starts_on == TO_COME["starts_on"]


def test_days_that_a_letter_has_cut_short_are_not_made_longer_by_a_report(scene):
    """The session runs from today; a letter shortens it, and its provider reports that it is not held."""
    today = utc_now().date()
    row = db.session.get(Offer, scene.offer.id).sessions[0]
    row.starts_on, row.ends_on = today, today + timedelta(days=9)
    db.session.commit()
    short = {"starts_on": today, "ends_on": today + timedelta(days=2), "place_code": None, "venue": None}
    scene.schedule(scene.coordinator, short, on_behalf=True)
    scene.report_not(scene.provider, "provider", "security")
    with pytest.raises(NotValid):
        scene.schedule(data=short | {"ends_on": today + timedelta(days=9)})
    assert scene.match.delivery.state == "not_delivered"


def test_by_a_letter_a_course_comes_on_those_of_its_days_that_are_left(scene):
    """The session goes on for weeks; its first days passed without a course."""
    today = utc_now().date()
    row = db.session.get(Offer, scene.offer.id).sessions[0]
    row.starts_on, row.ends_on = today - timedelta(days=3), today + timedelta(days=20)
    db.session.commit()
    scene.report_not(scene.recipient, "recipient", "security")
    assert "schedule" not in scene.seen_by(scene.provider).delivery.open_steps
    assert "schedule" in scene.match.delivery.open_steps
    left = {"starts_on": today + timedelta(days=5), "ends_on": today + timedelta(days=9)}
    planned = scene.schedule(scene.coordinator, PLANNED | left, on_behalf=True).delivery
    assert planned.starts_on == left["starts_on"]
