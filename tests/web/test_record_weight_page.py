"""A coordinator lets the records of courses count in the fit, by a form."""

from typing import Any

import pytest

from lcm_service.domain.errors import NotAllowed, NotValid
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Person, Round
from lcm_service.services import record_weight, rounds
from tests import factories
from tests.fixtures import sign_in
from tests.web.html import main_form

USUAL = {"area": 45, "language": 28, "mode": 17, "proximity": 10, "record": 0}


@pytest.fixture
def coordinator(app: Any) -> Any:
    return factories.make_actor("coordinator")


def policy_of(round_: Round) -> dict[str, Any]:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Round, round_.id).policy


def test_the_page_says_who_reads_it_and_sets_it(app, coordinator):
    round_, client = factories.make_round(), app.test_client()
    sign_in(client, db.session.get(Person, coordinator.person_id))
    address = f"/rounds/{round_.code}/record-weight"
    assert address in client.get(f"/rounds/{round_.code}").text
    page = client.get(address)
    assert "Its provider and coordinators read it, and nobody else" in page.text
    filled = main_form(page.text)
    assert client.post(filled.action, data=filled.data(weight="80")).status_code == 422
    assert client.post(filled.action, data=filled.data(weight="")).status_code == 422
    assert client.post(filled.action, data=filled.data(weight="20")).status_code == 303
    assert policy_of(round_)["fit"] == {"area": 36, "language": 22, "mode": 14, "proximity": 8, "record": 20}
    # The page was read before that: a later press on it is stale.
    assert client.post(filled.action, data=filled.data(weight="30")).status_code == 409
    other = app.test_client()
    sign_in(other, factories.make_person("focal_point", factories.make_participant()))
    assert other.get(address).status_code == 403


def test_the_other_weights_give_way_in_proportion_and_come_back(app, coordinator):
    round_ = factories.make_round(policy={"reached_seats": 10})
    for weight in (*range(1, 51), 0):
        now = rounds.find_round(coordinator, round_.code)
        record_weight.set_record_weight(coordinator, round_.code, weight, now.version)
        fit = policy_of(round_)["fit"]
        assert (sum(fit.values()), fit["record"]) == (100, weight)
        assert all(
            abs(fit[name] - USUAL[name] * (100 - weight) / 100) < 1 for name in USUAL if name != "record"
        )
    assert policy_of(round_) == {"reached_seats": 10, "fit": USUAL}


def test_weights_that_are_not_the_usual_ones_keep_their_proportion(app, coordinator):
    fit = {"area": 60, "language": 20, "mode": 20, "proximity": 0, "record": 0}
    round_ = factories.make_round(policy={"fit": fit})
    record_weight.set_record_weight(coordinator, round_.code, 10, 1)
    assert policy_of(round_)["fit"] == {"area": 54, "language": 18, "mode": 18, "proximity": 0, "record": 10}
    version = policy_of(round_) and rounds.find_round(coordinator, round_.code).version
    same = record_weight.set_record_weight(coordinator, round_.code, 10, 1)
    assert same.version == version
    with pytest.raises(NotValid):
        record_weight.set_record_weight(coordinator, round_.code, 51, version)
    with pytest.raises(NotAllowed):
        record_weight.set_record_weight(factories.make_actor("observer"), round_.code, 10, version)
