"""Records through the API: partly known, versioned, and each in its owner's hands."""

from typing import Any

import pytest

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Need, Offer
from lcm_service.services import accounts, submissions
from tests import factories
from tests.api.callers import Caller
from tests.fixtures import sign_in

KINDS = ("needs", "offers", "supports")


def least(kind: str) -> dict[str, Any]:
    return {"title": "One sentence", "round": "R2027"} | ({"kind": "funds"} if kind == "supports" else {})


@pytest.fixture
def owner(app):
    factories.make_round("R2027")
    return Caller(app, factories.make_person())


@pytest.fixture
def stranger(app):
    return Caller(app, factories.make_person())


@pytest.fixture
def coordinator(app):
    return Caller(app, factories.make_person("coordinator"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_partial_record_is_created_with_an_address_a_version_and_what_is_still_to_ask(owner, kind):
    created = owner.post(f"/{kind}/", least(kind))
    assert created.status_code == 201
    assert created.headers["ETag"] == '"1"'
    assert created.json["participant"] == owner.person.participant.code
    assert "quantity" in created.json["still_to_ask"] or "personnel" in created.json["still_to_ask"]
    read = owner.client.get(created.headers["Location"], headers={"Authorization": f"Bearer {owner.token}"})
    assert read.json == created.json


def test_an_answer_takes_its_question_off_the_list_whether_it_is_a_value_any_or_nothing(owner):
    asked = owner.post("/offers/", least("offers")).json["still_to_ask"]
    answers = {"personnel": ["any"], "requires": [], "seats": 20, "only": ["any"], "level": "any"}
    revised = owner.patch("/offers/O-0001", answers, version=1)
    assert revised.json["still_to_ask"] == [field for field in asked if field not in answers]
    assert {field: revised.json[field] for field in answers} == answers


def test_null_makes_a_field_unknown_again(owner):
    owner.post("/needs/", least("needs") | {"level": "basic", "seats_asked": 12})
    revised = owner.patch("/needs/N-0001", {"level": None}, version=1)
    assert (revised.json["level"], revised.json["seats_asked"]) == (None, 12)
    assert "level" in revised.json["still_to_ask"]


def send_form(owner: Caller, path: str, form: dict[str, Any]) -> None:
    """Send a form of the pages as the same person."""
    sign_in(owner.client, owner.person)
    config = owner.client.application.config
    config["WTF_CSRF_ENABLED"] = False
    try:
        answer = owner.client.post(path, data=form)
    finally:
        config["WTF_CSRF_ENABLED"] = True
    assert answer.status_code == 303, answer.text


def differences(table: Any) -> set[str]:
    """The columns in which the two records of a table differ, but for what every record has of its own."""
    first, second = db.session.query(table).order_by(table.id)
    columns = {column.key for column in table.__mapper__.column_attrs}
    different = {column for column in columns if getattr(first, column) != getattr(second, column)}
    return different - {"id", "reference", "created_at", "changed_at"}


def test_form_and_api_store_the_same_need(owner):
    sent = {
        "title": "A need",
        "areas": [factories.make_area("EOD").code],
        "level": "any",
        "personnel": ["any"],
        "languages": ["fr", "en"],
        "modes": None,
        "seats_asked": 12,
        "women": 0,
        "earliest": "2027-03-01",
        "whole": False,
    }
    owner.post("/needs/", sent | {"round": "R2027"})
    form = {key: value for key, value in sent.items() if value not in (None, False)} | {"women": "0"}
    send_form(owner, "/rounds/R2027/needs/new", form)
    assert differences(Need) == set()


@pytest.mark.parametrize(
    ("sent", "form"),
    [
        ({"requires": None, "only": None, "mode": None}, {"unknown": ["only", "mode"]}),
        (
            {"requires": [], "only": ["any"], "mode": "any"},
            {"requires": "nothing", "only": "any", "mode": "any"},
        ),
        (
            {"requires": [{"kind": "funds", "quantity": 500}], "only": ["XAA"], "seats": 20},
            {
                "requires": "listed",
                "requirement-rows": "1",
                "requirement-0-kind": "funds",
                "requirement-0-quantity": "500",
                "only": ["", "XAA"],
                "seats": "20",
            },
        ),
    ],
    ids=["unknown", "any and nothing", "stated"],
)
def test_form_and_api_mean_the_same_by_unknown_any_and_nothing(owner, sent, form):
    factories.make_participant("XAA")
    owner.post("/offers/", least("offers") | sent)
    send_form(owner, "/rounds/R2027/offers/new", {"title": "One sentence"} | form)
    assert differences(Offer) == set()
    still = [owner.get(f"/offers/O-000{number}").json["still_to_ask"] for number in (1, 2)]
    assert still[0] == still[1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "field", ["state", "version", "seats_recognised", "source", "still_to_ask", "reference"]
)
def test_what_is_not_the_senders_to_set_is_refused_and_pointed_at(owner, kind, field):
    for refused in (
        owner.post(f"/{kind}/", least(kind) | {field: 5}),
        owner.patch(f"/{kind}/X-0001", {field: 5}, version=1),
    ):
        assert refused.status_code == 422
        assert refused.content_type == "application/problem+json"
        assert [error["pointer"] for error in refused.json["errors"]] == [f"/{field}"]


def test_faults_inside_rows_are_pointed_at(owner):
    data = least("offers") | {"sessions": [{"starts_on": "2027-04-05"}, {"ends_on": "soon"}]}
    refused = owner.post("/offers/", data)
    assert [error["pointer"] for error in refused.json["errors"]] == ["/sessions/1/ends_on"]


def test_contradictions_are_pointed_at_like_malformed_values(owner):
    refused = owner.post("/needs/", least("needs") | {"earliest": "2027-05-01", "latest": "2027-04-01"})
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json["errors"]] == ["/latest"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_without_a_version_is_428_and_with_an_old_one_412_that_says_who(owner, coordinator, kind):
    reference = owner.post(f"/{kind}/", least(kind)).json["reference"]
    path = f"/{kind}/{reference}"
    assert owner.patch(path, {"title": "Mine"}).status_code == 428
    assert owner.post(f"{path}/withdrawal").status_code == 428
    assert coordinator.patch(path, {"title": "Theirs"}, version=1).status_code == 200
    stale = owner.patch(path, {"title": "Mine"}, version=1)
    assert stale.status_code == 412
    assert stale.json["code"] == "stale"
    (change,) = stale.json["details"]["changes"]
    assert (change["by"], change["fields"]) == ("coordinator", ["title"])
    assert owner.post(f"{path}/withdrawal", version=1).status_code == 412
    assert owner.get(path).json["title"] == "Theirs"


@pytest.mark.parametrize("header", ["*", "1", 'W/"1"', '"one"', '"1", "2"', '"99999999999999999999"'])
def test_an_if_match_that_names_no_single_version_is_412(owner, header):
    owner.post("/needs/", least("needs"))
    refused = owner.patch("/needs/N-0001", {"title": "x"}, headers={"If-Match": header})
    assert refused.status_code == 412


def test_a_record_that_did_not_change_is_not_sent_again(owner):
    owner.post("/needs/", least("needs"))
    same = owner.get("/needs/N-0001", headers={"If-None-Match": '"1"'})
    assert (same.status_code, same.data) == (304, b"")
    owner.patch("/needs/N-0001", {"title": "New"}, version=1)
    assert owner.get("/needs/N-0001", headers={"If-None-Match": '"1"'}).status_code == 200


def test_another_states_need_is_answered_exactly_as_one_that_does_not_exist(owner, stranger):
    owner.post("/needs/", least("needs"))
    calls = [
        lambda path: stranger.get(path),
        lambda path: stranger.patch(path, {"title": "x"}, version=1),
        lambda path: stranger.patch(path, {"title": "x"}),
        lambda path: stranger.post(f"{path}/withdrawal", version=1),
    ]
    for call in calls:
        there, missing = call("/needs/N-0001"), call("/needs/N-0002")
        assert there.status_code == missing.status_code
        assert there.text.replace("N-0001", "N") == missing.text.replace("N-0002", "N")
        assert there.status_code in (404, 428)
    assert stranger.get("/needs/").json == {"items": [], "next": None}
    after = [stranger.get(f"/needs/?after=N-000{number}") for number in (1, 2)]
    assert after[0].text.replace("N-0001", "N") == after[1].text.replace("N-0002", "N")


def test_a_focal_point_submits_for_its_own_state_alone(owner, stranger):
    code = stranger.person.participant.code
    assert owner.post("/needs/", least("needs") | {"participant": code}).status_code == 403
    assert owner.post("/needs/", least("needs") | {"participant": "NOBODY"}).status_code == 403


def test_an_offer_is_read_by_all_and_changed_by_its_owner(owner, stranger):
    owner.post("/offers/", least("offers") | {"sessions": [{"starts_on": "2027-04-05"}]})
    assert stranger.get("/offers/O-0001").json["sessions"][0]["code"] == "O-0001-S1"
    assert stranger.patch("/offers/O-0001", {"title": "x"}, version=1).status_code == 403
    assert stranger.post("/offers/O-0001/sessions/S1/withdrawal", version=1).status_code == 403
    gone = owner.post("/offers/O-0001/sessions/S1/withdrawal", {"reason": "No venue"}, version=1)
    assert gone.json["sessions"][0]["is_withdrawn"] is True
    assert gone.headers["ETag"] == '"2"'


def test_recognition_is_for_coordinators(owner, coordinator):
    owner.post("/needs/", least("needs") | {"seats_asked": 12})
    data = {"seats": 10, "priority": "high", "reason": "As assessed."}
    path = "/needs/N-0001/recognition"
    assert owner.call("PUT", path, json=data, version=1).status_code == 403
    recognised = coordinator.call("PUT", path, json=data, version=1)
    assert (recognised.json["seats_recognised"], recognised.json["priority_recognised"]) == (10, "high")


def test_a_long_list_is_read_part_by_part(owner):
    made = [owner.post("/needs/", least("needs")).json["reference"] for _ in range(5)]
    read, path = [], "/api/v1/needs/?limit=2&live=true&round=R2027"
    while path:
        part = owner.client.get(path, headers={"Authorization": f"Bearer {owner.token}"}).json
        read += [item["reference"] for item in part["items"]]
        path = part["next"]
    assert read == made


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=99999999999999999999999", "limit=x", "after="]
)
def test_a_part_that_makes_no_sense_is_refused(owner, query):
    assert owner.get(f"/needs/?{query}").status_code == 422


def test_an_activity_is_recorded_by_its_provider(owner, stranger):
    code = owner.person.participant.code
    data = {"title": "A course", "state": "delivered", "provider_code": code, "seats": 20}
    assert stranger.post("/activities/", data).status_code == 403
    assert owner.post("/activities/", data).json["reference"] == "A-0001"
    assert [row["seats"] for row in stranger.get(f"/activities/?provider={code}").json] == [20]


def test_the_database_holds_what_was_answered_last(owner):
    factories.make_participant("XAA")
    owner.post("/offers/", least("offers") | {"except": ["XAA"]})
    assert db.session.query(Offer).one().except_ == ["XAA"]
    found = submissions.find_offer(accounts.actor_of(owner.person), "O-0001")
    assert owner.get("/offers/O-0001").json["except"] == found.except_
