"""Whatever is wrong, the API answers with problem details and never with a page, a traceback or a guess."""

import json

import pytest

from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import ApiToken
from tests import factories
from tests.api.callers import Caller
from tests.fixtures import key_of_new_sign_in

ADDRESSES = (
    "/needs/",
    "/needs/N-0001",
    "/offers/",
    "/supports/",
    "/activities/",
    "/questions/?round=R",
    "/rounds/",
    "/runs/?round=R",
    "/runs/1",
    "/plans/?round=R",
    "/plans/1",
    "/plans/1/export",
    "/plans/1/problem",
    "/matches/?round=R",
    "/matches/1",
)


@pytest.fixture
def owner(app):
    factories.make_round("R")
    return Caller(app, factories.make_person())


def is_problem(answer) -> bool:
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    assert set(answer.json) >= {"type", "title", "detail", "instance", "code"}
    return True


@pytest.mark.parametrize("path", ADDRESSES)
def test_nothing_is_read_without_a_token(client, path):
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert is_problem(answer)


def test_a_cookie_opens_no_door_of_the_api(client):
    with client.session_transaction() as session:
        session["_user_id"] = key_of_new_sign_in(factories.make_person("coordinator"))
    assert client.get("/api/v1/needs/").status_code == 401


def test_a_wrong_expired_or_ended_token_is_refused_in_the_same_words(app, owner):
    answers = []
    for token in ("", "lcm_00000000_" + "x" * 43, owner.token[:-1] + "!", owner.token.replace("lcm", "abc")):
        answers.append(owner.get("/needs/", headers={"Authorization": f"Bearer {token}"}))
    owner.person.is_active = False
    db.session.commit()
    answers.append(owner.get("/needs/"))
    owner.person.is_active = True
    db.session.query(ApiToken).one().expires_at = utc_now()
    db.session.commit()
    answers.append(owner.get("/needs/"))
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b"[" * 100_000, 400),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400),
        (b'{"title": "T", "round": "R", "seats_asked": NaN}', 422),
        (b'{"title": "T", "round": "R", "seats_asked": 1e400}', 422),
        (b'{"title": "T", "round": "R", "seats_asked": ' + b"9" * 5000 + b"}", 400),
        (b'{"title": "T", "round": "R", "seats_asked": 10000000000000000000000}', 422),
        (b'{"title": "\\u0000", "round": "R"}', 422),
        (b'{"title": "\\ud800", "round": "R"}', 422),
        (b'{"title": "\xff", "round": "R"}', 400),
        (b'{"title": "T", "round": "R\\u0000"}', 422),
        (b'{"title": "T", "title": "U", "round": "R"}', 400),
        (b'{"title": "T", "round": "R", "sessions": [{"key": "S1", "key": "S2"}]}', 400),
        (b'{"title": "T", "round": "NONE"}', 404),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(owner, body, status):
    answer = owner.call("POST", "/needs/", data=body, content_type="application/json")
    assert answer.status_code == status, answer.text
    assert is_problem(answer)


def test_a_body_that_is_too_large_is_refused(owner):
    body = json.dumps({"title": "T", "round": "R", "detail": "x" * 3_000_000})
    answer = owner.call("POST", "/needs/", data=body, content_type="application/json")
    assert answer.status_code == 413
    assert is_problem(answer)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("DELETE", "/needs/", 405),
        ("GET", "/needs/N-0001%00", 404),
        ("GET", "/needs/%F0%9F%92%A9", 404),
        ("GET", "/matches/99999999999999999999", 404),
        ("GET", "/matches/-1", 404),
        ("GET", "/matches/1", 404),
        ("GET", "/questions/", 422),
        ("GET", "/questions/?round=NONE", 404),
        ("GET", "/needs/?round=NONE", 404),
        ("GET", "/needs/?round=%00", 400),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(owner, method, path, status):
    answer = owner.call(method, path)
    assert answer.status_code == status, answer.text
    assert is_problem(answer)


def test_an_address_is_given_back_percent_encoded(owner):
    instance = owner.get("/needs/%3Cscript%3E").json["instance"]
    assert instance == "/api/v1/needs/%3Cscript%3E"


def test_what_is_for_coordinators_is_refused_to_others(app, owner):
    for role in ("focal_point", "observer", "administrator"):
        caller = Caller(app, factories.make_person(role))
        for path in ("/runs/?round=R", "/runs/1", "/plans/1", "/plans/1/problem"):
            assert caller.get(path).status_code == 403, (role, path)
        data = {"code": "X", "title": "X", "opens_on": "2027-01-01", "closes_on": "2027-12-31"}
        assert caller.post("/rounds/", data).status_code == 403


def test_a_run_is_asked_for_once_however_often_the_call_is_repeated(app, owner):
    coordinator = Caller(app, factories.make_person("coordinator"))
    assert coordinator.post("/runs/?round=R").status_code == 400
    key = {"Idempotency-Key": "0123456789"}
    runs = [coordinator.post("/runs/?round=R", headers=key) for _ in range(2)]
    assert [run.status_code for run in runs] == [202, 202]
    assert runs[0].json["id"] == runs[1].json["id"]
    assert coordinator.get(f"/runs/{runs[0].json['id']}").json["state"] == "queued"
    ended = coordinator.post(f"/runs/{runs[0].json['id']}/cancellation")
    assert ended.json["state"] == "cancelled"


def test_a_coordinator_opens_a_round(app, owner):
    coordinator = Caller(app, factories.make_person("coordinator"))
    data = {"code": "R-2", "title": "Second", "opens_on": "2027-01-01", "closes_on": "2027-12-31"}
    opened = coordinator.post("/rounds/", data)
    assert (opened.status_code, opened.headers["Location"]) == (201, "/api/v1/rounds/R-2")
    assert coordinator.post("/rounds/", data).status_code == 409
    assert owner.get("/rounds/R-2").json["title"] == "Second"


def test_a_coordinator_sets_what_a_round_aims_for_and_closes_it(app, owner):
    coordinator = Caller(app, factories.make_person("coordinator"))
    policy = {"policy": {"reached_seats": 15}}
    assert owner.call("PUT", "/rounds/R/policy", json=policy, version=1).status_code == 403
    assert coordinator.call("PUT", "/rounds/R/policy", json=policy).status_code == 428
    changed = coordinator.call("PUT", "/rounds/R/policy", json=policy, version=1)
    assert (changed.json["policy"], changed.headers["ETag"]) == ({"reached_seats": 15}, '"2"')
    assert coordinator.call("PUT", "/rounds/R/policy", json=policy, version=1).status_code == 412
    nonsense = {"policy": {"reached_seats": -1}}
    assert coordinator.call("PUT", "/rounds/R/policy", json=nonsense, version=2).status_code == 422
    assert owner.post("/rounds/R/closing", version=2).status_code == 403
    assert coordinator.post("/rounds/R/closing", version=2).json["state"] == "closed"
    assert owner.post("/needs/", {"title": "Late", "round": "R"}).status_code == 409


def test_a_token_for_reading_reads_and_writes_nothing(app):
    reader = Caller(app, factories.make_person(), scope="read")
    assert reader.get("/needs/").status_code == 200
    for method, path in (("POST", "/needs/"), ("PATCH", "/needs/N-1"), ("POST", "/offers/O-1/withdrawal")):
        answer = reader.call(method, path, version=1, json={})
        assert answer.status_code == 403, (method, path)
        assert "reading" in answer.json["detail"]


def test_a_refusal_is_in_english_whatever_language_its_reader_s_pages_are_in(app):
    factories.make_round("R")
    reader = Caller(app, factories.make_person(language="ar"))
    answer = reader.get("/needs/N-999999")
    assert answer.status_code == 404
    assert answer.json["detail"] == "There is no need N-999999."
