"""Signing in and out, and the language of the pages."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.web import world
from tests.web.html import language_form, read_page


def sign_in_by_page(browser: FlaskClient, email: str, password: str, following: str = "") -> Any:
    address = f"/sign-in?next={following}"
    (form,) = [one for one in read_page(browser.get(address).text).forms if one.action == "/sign-in"]
    return browser.post("/sign-in", data=form.data(email=email, password=password))


def test_a_person_signs_in_goes_on_to_the_page_asked_for_and_signs_out(at_work: Flask) -> None:
    browser = at_work.test_client()
    response = sign_in_by_page(browser, world.COORDINATOR, factories.PASSWORD, "/rounds")
    assert (response.status_code, response.location) == (303, "/rounds")
    page = browser.get("/rounds")
    assert page.status_code == 200
    (form,) = [one for one in read_page(page.text).forms if one.action == "/sign-out"]
    left = browser.post("/sign-out", data=form.data())
    assert (left.status_code, left.headers["Clear-Site-Data"]) == (303, '"cache", "storage"')
    assert browser.get("/rounds").location.startswith("/sign-in")


@pytest.mark.parametrize("email", [world.COORDINATOR, "nobody@example.org", ""])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(at_work: Flask, email: str) -> None:
    response = sign_in_by_page(at_work.test_client(), email, "not the password")
    assert response.status_code == 422
    assert "The e-mail address and the password do not belong together." in response.text
    assert "not the password" not in response.text


@pytest.mark.parametrize(
    "following", ["https://example.org/", "//example.org", "/\\example.org", "javascript:1"]
)
def test_signing_in_never_leads_to_another_site(at_work: Flask, following: str) -> None:
    response = sign_in_by_page(at_work.test_client(), world.COORDINATOR, factories.PASSWORD, following)
    assert response.location == "/"


def test_the_browser_chooses_the_language_until_the_reader_does(at_work: Flask) -> None:
    browser = at_work.test_client()
    page = browser.get("/", headers={"Accept-Language": "ar"}).text
    assert '<html lang="ar" dir="rtl">' in page
    form = language_form(page)
    browser.post("/language", data=form.data(language="fr", next="/how-matching-works"))
    assert '<html lang="fr" dir="ltr">' in browser.get("/", headers={"Accept-Language": "ar"}).text


@pytest.mark.parametrize("language", ["ar", "zh", "en", "fr", "ru", "es"])
def test_each_of_the_six_languages_can_be_chosen_and_the_page_says_in_which_it_is(
    at_work: Flask, language: str
) -> None:
    browser = at_work.test_client()
    form = language_form(browser.get("/").text)
    browser.post("/language", data=form.data(language=language))
    page = browser.get("/").text
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page
    assert f'value="{language}" lang="{language}" aria-pressed="true"' in page
    assert page.count('class="standing draft"') == (language != "en")


def test_a_draft_language_leads_to_the_english_text_of_the_same_page(at_work: Flask) -> None:
    browser = at_work.test_client()
    page = browser.get("/how-matching-works", headers={"Accept-Language": "ru"}).text
    notice = page.partition('class="standing draft"')[2].partition("</section>")[0]
    (form,) = read_page(notice).forms
    answer = browser.post(form.action, data=form.data())
    assert answer.location == "/how-matching-works"
    assert '<html lang="en" dir="ltr">' in browser.get(answer.location).text


def test_a_language_that_is_not_offered_is_refused(at_work: Flask) -> None:
    browser = at_work.test_client()
    form = language_form(browser.get("/").text)
    assert browser.post("/language", data=form.data(language="tlh")).status_code == 400
