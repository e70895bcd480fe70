"""What comes after an agreement, through the API alone."""

import pytest

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Person
from tests.api.callers import Caller
from tests.service.held_courses import FIRST, LAST, Scene


@pytest.fixture
def scene(app):
    return Scene()


def test_a_course_is_scheduled_reported_and_assessed_and_each_side_reads_its_own(app, scene):
    recipient, provider, coordinator = (
        Caller(app, db.session.get(Person, actor.person_id))
        for actor in (scene.recipient, scene.provider, scene.coordinator)
    )
    path = f"/matches/{scene.match.id}"
    days = {"starts_on": str(FIRST), "ends_on": str(LAST), "venue": "Hall 2"}
    report = {"side": "recipient", "held_from": str(FIRST), "held_to": str(LAST), "seats_used": 18}

    def press(caller, act, body, version=None):
        now = caller.get(path)
        assert now.headers["ETag"] == f'"{now.json["version"]}"'
        return caller.post(f"{path}/{act}", body, version=now.json["version"] if version is None else version)

    assert provider.get(path).json["delivery"]["open_steps"] == ["schedule", "deliver", "not_deliver"]
    assert recipient.get(path).json["delivery"]["open_steps"] == ["deliver", "not_deliver"]
    assert provider.post(f"{path}/schedule", days).status_code == 428
    assert press(provider, "schedule", days, version=1).status_code == 412
    assert press(recipient, "schedule", days).status_code == 403
    planned = press(provider, "schedule", days)
    assert (planned.status_code, planned.json["delivery"]["venue"]) == (200, "Hall 2")
    wrong = press(recipient, "delivery", report | {"women_used": 19})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/women_used")
    assert press(recipient, "delivery", report).status_code == 422
    held = press(recipient, "delivery", report | {"women_used": 5}).json["delivery"]
    assert (held["state"], held["seats_used"], held["reported_side"]) == ("delivered", 18, "recipient")
    assert press(provider, "non-delivery", {"side": "provider", "reason": "costs"}).status_code == 409

    said = {"side": "recipient", "answer": "no", "note": "Still weak."}
    assert press(recipient, "assessment", said).json["delivery"]["assessments"][0]["note"] == "Still weak."
    assert (
        press(coordinator, "assessment", {"side": "provider", "answer": "yes", "on_behalf": True}).status_code
        == 200
    )
    own = provider.get(path)
    assert [one["side"] for one in own.json["delivery"]["assessments"]] == ["provider"]
    assert "Still weak." not in own.text
    assert "record" not in provider.get(f"/offers/{scene.offer.reference}").json
