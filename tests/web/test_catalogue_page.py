"""The page of the catalogue: what is found, what is left open, what is not understood, and nothing at all."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.tables import Offer, Person
from tests.web import world
from tests.web.html import read_page
from tests.web.test_what_pages_claim import records_of

PATH = f"/rounds/{world.EXERCISE}/catalogue"


@pytest.fixture
def focal_point(at_work: Flask, browser_of: Callable[[Person], FlaskClient]) -> FlaskClient:
    return browser_of(world.focal_point_of("XAA"))


def rows_of(page: str) -> str:
    return page.partition("<tbody>")[2].partition("</tbody>")[0]


def test_a_subject_and_a_language_leave_what_suits_and_what_may_suit(
    at_work: Flask, focal_point: FlaskClient
) -> None:
    offers = records_of(Offer, world.EXERCISE)
    wanted = next(one for one in offers if one.areas and one.languages and "any" not in one.languages)
    area, language = wanted.areas[0], wanted.languages[0]
    page = rows_of(focal_point.get(f"{PATH}?area={area}&language={language}").text)
    for one in offers:
        may_suit = all(
            said is None or value in said or "any" in said
            for said, value in ((one.areas, area), (one.languages, language))
        )
        assert (f"/offers/{one.reference}" in page) == may_suit, one.reference
    assert page.count("May suit") == sum(
        1 for one in offers if f"/offers/{one.reference}" in page and None in (one.areas, one.languages)
    )


def test_without_a_wish_all_are_shown_and_what_was_chosen_stays_chosen(
    at_work: Flask, focal_point: FlaskClient
) -> None:
    page = rows_of(focal_point.get(PATH).text)
    assert all(f"/offers/{one.reference}" in page for one in records_of(Offer, world.EXERCISE))
    assert 'value="fr" selected' in focal_point.get(f"{PATH}?language=fr").text


def test_what_nobody_offers_leads_on_to_a_need(at_work: Flask, focal_point: FlaskClient) -> None:
    answer = focal_point.get(f"{PATH}?area=no-such-subject")
    words = read_page(answer.text).texts
    assert "No offer of this round suits that" in words
    assert f'href="/rounds/{world.EXERCISE}/needs/begin"' in answer.text


@pytest.mark.parametrize("month", ["2027-13", "2027-3", "march", "2027-03-01", "0001-01", "2027-03%0A"])
def test_what_is_no_month_is_said_at_its_field(at_work: Flask, focal_point: FlaskClient, month: str) -> None:
    answer = focal_point.get(f"{PATH}?month={month}")
    if month.endswith("%0A"):
        # Spaces and line ends around a value are nobody's intent.
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    assert "This is no month. Write it as 2027-03." in answer.text
    assert "<tbody>" not in answer.text
