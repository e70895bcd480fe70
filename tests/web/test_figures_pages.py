"""The page of figures, for everybody, its file and the API; and how those of courses are made public."""

import csv
import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from lcm_service.domain.standing import NOTICE_OF_FIGURES, NOTICES
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Person
from tests import factories
from tests.fixtures import sign_in
from tests.service import figure_rounds
from tests.service import matching_rounds as rounds
from tests.service.figure_rounds import SECRET, STATES
from tests.web.html import main_form, read_page


def words_of(page: str) -> str:
    return " ".join(read_page(page).texts)


@pytest.fixture
def stranger(app: Any) -> FlaskClient:
    browser: FlaskClient = app.test_client()
    return browser


@pytest.fixture
def published(app: Any) -> Any:
    round_ = figure_rounds.make_round(title="The round of 2027")
    figure_rounds.fill(round_)
    figure_rounds.publish(round_)
    return round_


def browser_of(app: Any, role: str) -> FlaskClient:
    browser: FlaskClient = app.test_client()
    sign_in(browser, db.session.get_one(Person, factories.make_actor(role).person_id))
    return browser


def test_before_there_are_figures_the_page_says_when_there_will_be(stranger):
    page = words_of(stranger.get("/figures").text)
    assert "There are no figures yet" in page
    assert "when its first plan is published" in page
    assert "at least 3 States, and for 5 records beside those of any one State" in page
    assert stranger.get("/api/v1/figures/").json == []


def test_a_stranger_reads_every_table_of_a_round(stranger, published):
    page = stranger.get("/figures").text
    said = words_of(page)
    assert "The round of 2027" in page
    # Of five offers of five providers, four are left beside those of any one.
    assert said.count("Paragraph 10") == 1
    assert "Exercise North" in page
    assert "March 2024" in said
    assert "English" in said
    captions = re.findall(r"<caption>(.*?)</caption>", page)
    assert len(captions) == len(set(captions)) == 7
    headings = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', page)
    assert headings[:6] == [
        "Subject",
        "Needs",
        "Seats asked",
        "Matches planned",
        "Seats planned",
        "Seats still open",
    ]
    assert NOTICE_OF_FIGURES in said
    assert "are not corrected later" in said


def test_no_word_of_a_record_and_no_state_is_told_to_a_stranger(stranger, published):
    for address in ("/figures", "/figures.csv", "/api/v1/figures/"):
        answer = stranger.get(address)
        assert answer.status_code == 200
        for word in (SECRET, *STATES, *(f"State {code}" for code in STATES)):
            assert word not in answer.text, (address, word)


@pytest.mark.parametrize("standing", ["submitted", "public_sources", "exercise"])
def test_page_file_and_api_say_where_the_records_come_from(stranger, standing):
    round_ = figure_rounds.make_round(standing=standing)
    figure_rounds.fill(round_)
    figure_rounds.publish(round_)
    notice = NOTICE_OF_FIGURES if standing == "submitted" else NOTICES[standing]
    assert notice.removeprefix("EXERCISE: ").lower() in words_of(stranger.get("/figures").text).lower()
    rows = list(csv.DictReader(io.StringIO(stranger.get("/figures.csv").text.removeprefix("\ufeff"))))
    assert {(row["notice"], row["standing"]) for row in rows} == {(notice, standing)}
    (answer,) = stranger.get("/api/v1/figures/").json
    assert (answer["notice"], answer["standing"]) == (notice, standing)


def test_file_and_api_hold_the_same_numbers(stranger, published):
    (answer,) = stranger.get("/api/v1/figures/").json
    assert answer["rule"] == {"states": 3, "records": 5, "percent": 15}
    (kind,) = answer["kinds"]
    needs = next(one for one in kind["measures"] if one["name"] == "needs")
    areas = next(one for one in needs["tables"] if one["dimension"] == "area")
    rows = list(csv.DictReader(io.StringIO(stranger.get("/figures.csv").text.removeprefix("\ufeff"))))
    totals = [
        row for row in rows if (row["measure"], row["dimension"], row["group"]) == ("needs", "area", "")
    ]
    assert [int(totals[0][name]) for name in ("records", "seats")] == [16, 160]
    assert areas["total"]["amounts"]["seats"] == 160
    cells = [row["cell"] for row in rows if row["measure"] == "needs" and row["cell"]]
    assert cells == [cell["code"] for group in areas["groups"] for cell in group["cells"]]


def test_of_a_round_that_is_too_small_the_page_says_so(stranger):
    small = factories.make_round()
    factories.make_need(round=small)
    factories.make_offer(round=small)
    rounds.publish(rounds.coordinator(), rounds.solve_round(rounds.coordinator(), small))
    page = stranger.get("/figures").text
    assert "Nothing of this round can be told" in words_of(page)
    assert "<table" not in page


def test_strangers_and_observers_are_led_there_from_every_page(app, stranger):
    for browser in (stranger, browser_of(app, "observer")):
        page = browser.get("/").text
        assert page.count('href="/figures"') >= 3
    assert browser_of(app, "focal_point").get("/").text.count('href="/figures"') == 1


def test_a_coordinator_reads_what_will_be_public_and_makes_it_so(app, stranger, published):
    coordinator = browser_of(app, "coordinator")
    address = f"/rounds/{published.code}/figures"
    assert "The round is still open" in words_of(coordinator.get(address).text)
    figure_rounds.hold_courses(published)
    assert address in coordinator.get(f"/rounds/{published.code}").text
    figure_rounds.close(published)
    page = coordinator.get(address).text
    assert "It is done once for a round" in words_of(page)
    assert "Courses by subject" in page
    assert "Courses by subject" not in stranger.get("/figures").text
    form = main_form(page)
    assert coordinator.post(form.action, data=form.data(sha256="0" * 64)).status_code == 409
    answer = coordinator.post(form.action, data=form.data())
    assert (answer.status_code, answer.location) == (303, "/figures")
    told, figures = stranger.get("/figures").text, stranger.get("/api/v1/figures/").json
    assert "Courses by subject" in told
    assert "Of them by women" in told
    assert coordinator.post(form.action, data=form.data()).status_code == 409
    assert "public already" in words_of(coordinator.get(address).text)
    assert stranger.get("/api/v1/figures/").json == figures


def test_nobody_else_is_given_the_page(app, published):
    for role in ("focal_point", "observer", "administrator"):
        assert browser_of(app, role).get(f"/rounds/{published.code}/figures").status_code == 403
