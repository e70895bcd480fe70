"""What a program of others reads of an offer that was given back with questions: nothing of that."""

import re

import pytest

from lcm_service.services import submissions
from tests import factories
from tests.api.callers import Caller
from tests.fixtures import sign_in
from tests.service import matching_rounds as rounds


@pytest.mark.parametrize("role", ["focal_point", "observer"])
def test_an_offer_that_was_given_back_reads_as_before_to_all_but_its_owner(app, role):
    round_ = factories.make_round()
    offer = factories.make_offer(round=round_, languages=None)
    person = factories.make_person(role)
    program, browser = Caller(app, person), app.test_client()
    sign_in(browser, person)

    def read():
        one = program.get(f"/offers/{offer.reference}").json
        listed = program.get(f"/offers/?round={round_.code}&live=true").json["items"]
        pages = [
            re.sub(r"<[^>]+>", " ", browser.get(path).text)
            for path in (f"/offers/{offer.reference}", f"/rounds/{round_.code}/offers")
        ]
        return one["state"], one["still_to_ask"], [row["state"] for row in listed], pages

    before = read()
    assert before[0] == "submitted"
    submissions.return_record(
        rounds.coordinator(), "offer", offer.reference, questions="Is it open to all?", version=offer.version
    )
    assert read() == before
    owner = Caller(app, factories.make_person("focal_point", offer.participant))
    assert owner.get(f"/offers/{offer.reference}").json["state"] == "returned"
