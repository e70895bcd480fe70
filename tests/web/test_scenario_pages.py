"""Scenarios by their page: asked for by a button, solved elsewhere, shown side by side without a script."""

import re
from collections.abc import Callable, Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from markupsafe import escape

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Person, Plan, Run
from lcm_service.services import scenarios
from lcm_service.web import reasons
from optimizer.problem import OBJECTIVES
from tests.web import world
from tests.web.html import read_page
from tests.web.test_matching_pages import press

ROUND = f"/rounds/{world.EXERCISE}"
PAGE = f"{ROUND}/scenarios"


def in_words(app: Flask, language: str, sentences: Mapping[str, object]) -> dict[str, str]:
    """The sentences for codes, as a page in this language writes them."""
    with app.test_request_context(), force_locale(language):
        return {code: str(escape(str(sentence))) for code, sentence in sentences.items()}


def compare(app: Flask, browser: FlaskClient) -> Run:
    """Press the button, let the worker run, and give the run."""
    assert press(browser, PAGE, "/scenarios").status_code == 303
    world.let_worker_run(app)
    db.session.expire_all()
    return scenarios.list_comparisons(world.coordinator_of(app), world.EXERCISE)[0]


def test_a_comparison_is_asked_for_followed_and_read_side_by_side(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    assert f'href="{PAGE}"' in coordinator.get(ROUND).text
    before = db.session.query(Plan).count()
    assert "Nothing has been compared yet." in coordinator.get(PAGE).text
    assert press(coordinator, PAGE, "/scenarios").location == PAGE
    waiting = coordinator.get(PAGE)
    assert "Refresh" in waiting.headers
    assert "Refresh" not in coordinator.get(f"{PAGE}?follow=0").headers
    assert "Under way" in waiting.text
    assert "Cancel the run" in waiting.text
    world.let_worker_run(at_work)
    db.session.expire_all()
    page = coordinator.get(PAGE)
    assert "Refresh" not in page.headers
    assert "<script" not in page.text.partition("<main")[2]
    for name in in_words(at_work, "en", reasons.SCENARIO_NAMES).values():
        assert f'<th scope="col" class="number">{name}</th>' in page.text
    for sentence in in_words(at_work, "en", reasons.OBJECTIVES).values():
        assert f">{sentence}</th>" in page.text
    assert db.session.query(Plan).count() == before


def test_the_page_shows_the_stored_numbers(at_work: Flask, coordinator: FlaskClient) -> None:
    run = compare(at_work, coordinator)
    assert run.result is not None
    page = coordinator.get(PAGE).text
    rows = re.findall(r'<tr><th scope="row"[^>]*>.*?</tr>', page)
    numbers = [re.findall(r'<td class="number">([\d,–-]+)', row) for row in rows]
    for scenario in run.result["scenarios"]:
        assert scenario["outcome"] == "optimal"
    for objective in OBJECTIVES:
        values = [
            next(row["value"] for row in scenario["values"] if row["name"] == objective)
            for scenario in run.result["scenarios"]
        ]
        assert [f"{value:,}" for value in values] in numbers
    placed = [f"{scenario['seats_placed']:,}" for scenario in run.result["scenarios"]]
    assert placed in numbers
    for first in run.result["scenarios"][0]["recipients"]:
        seats = [
            str(
                next(
                    r["seats_placed"] for r in scenario["recipients"] if r["recipient"] == first["recipient"]
                )
            )
            for scenario in run.result["scenarios"]
        ]
        assert [str(first["seats_asked"]), *seats] in numbers


def test_a_scenario_that_others_pass_is_marked(at_work: Flask, coordinator: FlaskClient) -> None:
    run = compare(at_work, coordinator)
    assert run.result is not None
    dominated = [row for row in run.result["scenarios"] if row["dominated_by"] and row["same_as"] is None]
    assert dominated
    page = coordinator.get(PAGE).text
    marks = sum(len(row["dominated_by"]) for row in dominated)
    assert page.count("Others are as good or better") == marks
    assert page.count("is at least as good in every aim and better in one.") == marks


def test_an_older_comparison_stays_readable_and_says_that_there_is_a_newer_one(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    first = compare(at_work, coordinator)
    second = compare(at_work, coordinator)
    assert f"{PAGE}?run={first.id}" in coordinator.get(f"/runs/{first.id}").text
    assert "There is a newer one" in coordinator.get(f"{PAGE}?run={first.id}").text
    assert "There is a newer one" not in coordinator.get(f"{PAGE}?run={second.id}").text
    assert coordinator.get(f"{PAGE}?run=999999").status_code == 404
    assert coordinator.get(f"{PAGE}?run=x").status_code == 404


def test_a_comparison_that_failed_leads_to_its_story(at_work: Flask, coordinator: FlaskClient) -> None:
    press(coordinator, PAGE, "/scenarios")
    run = scenarios.list_comparisons(world.coordinator_of(at_work), world.EXERCISE)[0]
    run.problem = "{}"
    db.session.commit()
    world.let_worker_run(at_work)
    page = coordinator.get(PAGE).text
    assert "The last comparison ended without an answer" in page
    assert f'href="/runs/{run.id}"' in page
    assert coordinator.get(f"/runs/{run.id}").status_code == 200


def test_where_matches_clash_the_page_names_them_and_points_to_the_repair(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    world.clash_in(at_work)
    compare(at_work, coordinator)
    page = coordinator.get(PAGE)
    assert page.status_code == 200
    assert "No plan: matches that are agreed or proposed cannot all be kept." in page.text
    assert "A repair of the round shows the ways out." in page.text


@pytest.mark.parametrize("role", ["focal_point", "observer", "administrator"])
def test_nobody_but_coordinators_reads_or_asks(
    at_work: Flask, coordinator: FlaskClient, browser_of: Callable[[Person], FlaskClient], role: str
) -> None:
    press(coordinator, PAGE, "/scenarios")
    count = db.session.query(Run).count()
    email = f"{role}@example.org"
    person = world.focal_point_of("XAB") if role == "focal_point" else world.person_by_email(email)
    browser = browser_of(person)
    assert browser.get(PAGE).status_code == 403
    token = read_page(browser.get("/").text).forms[0].data()["csrf_token"]
    assert browser.post(PAGE, data={"csrf_token": token}).status_code == 403
    assert PAGE not in browser.get(ROUND).text
    assert db.session.query(Run).count() == count


def test_the_comparison_reads_in_other_languages(
    at_work: Flask, browser_of: Callable[[Person], FlaskClient], coordinator: FlaskClient
) -> None:
    compare(at_work, coordinator)
    person = world.person_by_email(world.COORDINATOR)
    for language in ("fr", "ar"):
        person.language = language
        db.session.commit()
        page = browser_of(person).get(PAGE).text
        assert f'lang="{language}"' in page
        names = in_words(at_work, language, reasons.SCENARIO_NAMES)
        assert names["least_change"] != "Least change"
        for name in names.values():
            assert f'<th scope="col" class="number">{name}</th>' in page
        for sentence in in_words(at_work, language, reasons.SCENARIOS).values():
            assert f"<p>{sentence}</p>" in page
