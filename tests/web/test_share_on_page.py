"""The page of a need says how its State came off beside others, in a range that names nobody."""

from typing import Any

import pytest

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Person
from lcm_service.services import submissions
from tests import factories
from tests.fixtures import sign_in
from tests.service import figure_rounds, matching_rounds


@pytest.fixture
def need(app: Any) -> Any:
    round_ = figure_rounds.make_round()
    figure_rounds.fill(round_)
    figure_rounds.publish(round_)
    return submissions.list_needs(matching_rounds.coordinator(), round_.code)[0]


def page_for(app: Any, need: Any, actor: Any) -> str:
    browser = app.test_client()
    sign_in(browser, db.session.get_one(Person, actor.person_id))
    answer = browser.get(f"/needs/{need.reference}")
    assert answer.status_code == 200
    return str(answer.text)


def test_the_owner_reads_its_share_and_the_range_of_others(app, need):
    page = page_for(app, need, factories.make_actor("focal_point", need.participant))
    assert "Your share beside others" in page
    assert "the first plan of the round gave 50%" in page
    assert "between 50% and 60%" in page


def test_a_coordinator_reads_the_same_of_the_participant(app, need):
    page = page_for(app, need, matching_rounds.coordinator())
    assert "Its share beside others" in page
    assert "the first plan of the round gave 50%" in page
