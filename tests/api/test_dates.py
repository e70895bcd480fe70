"""Other dates through the API alone."""

import pytest

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Person
from tests.api.callers import Caller
from tests.service.test_other_dates import AFTER, MovingCourse


@pytest.fixture
def course(app):
    course = MovingCourse()
    course.consent(0, 1)
    return course


def test_a_session_is_moved_and_each_reads_its_own(app, course):
    one, other, provider, funder = (
        Caller(app, db.session.get(Person, actor.person_id))
        for actor in (*course.recipients, course.provider, course.funder)
    )
    path = f"/matches/{course.match().id}"
    body = {"side": "recipient", "starts_on": str(AFTER[0]), "note": "Rotation"}
    assert one.post(f"{path}/other-dates", body).status_code == 428
    assert one.post(f"{path}/other-dates", body, version=99).status_code == 412
    assert other.post(f"{path}/other-dates", body, version=1).status_code == 404
    wrong = one.post(
        f"{path}/other-dates", body | {"starts_on": "2020-01-01"}, version=course.match().version
    )
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/starts_on")
    made = one.post(f"{path}/other-dates", body, version=course.match().version)
    assert (made.status_code, made.json["state"], made.json["ends_on"]) == (200, "proposed", str(AFTER[1]))
    address = f"/dates/{made.json['id']}"
    assert [other.get(address).status_code, funder.get(address).status_code] == [404, 404]
    assert other.get(f"/dates/?round={course.round.code}").json == []

    def press(caller, act, body=None):
        return caller.post(f"{address}/{act}", body or {}, version=caller.get(address).json["version"])

    assert press(one, "acceptance").json["answers"][0]["answer"] == "accepted"
    assert press(one, "refusal").status_code == 409
    assert press(provider, "withdrawal").status_code == 403
    assert press(provider, "acceptance").json["may_answer"] == []
    (seen,) = other.get(f"/dates/?round={course.round.code}").json
    assert (seen["author"], seen["note"], seen["match"]) == (course.offer.participant.code, None, None)
    assert press(other, "acceptance").json["state"] == "moved"
    session = one.get(path).json["session"]
    assert (session["start"], session["moved_from"]) == (
        str(AFTER[0]),
        {"start": "2027-04-05", "end": "2027-04-16"},
    )
    assert press(one, "withdrawal").status_code == 409
