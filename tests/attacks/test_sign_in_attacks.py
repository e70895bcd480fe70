"""Attacks on who somebody is: a sign-in that was planted, a form of another site, a link that leads away."""

import re

import pyotp
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lcm_service.domain.sign_in_terms import PERSON_IN_COOKIE
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Need, Person
from tests import factories
from tests.attacks.browsers import form_at, send
from tests.fixtures import sign_in
from tests.web.html import read_page

# Each is another site for some browser: a scheme, a host without one, backslashes that count as slashes,
# signs that browsers leave out, and a host that begins like a path.
OTHER_SITES = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "/\n/evil.example/",
    " //evil.example/",
    "\x01//evil.example/",
    "http:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "//[evil.example/",
)


class TestSignInFixation:
    """The attacker plants a cookie of its own, or copies one, before its victim signs in."""

    def test_a_cookie_that_was_planted_before_the_sign_in_is_never_the_victims(self, app):
        victim, attacker = app.test_client(), app.test_client()
        sign_in(attacker, factories.make_person("observer", name="The attacker"))
        attacker.get("/rounds")
        planted = attacker.get_cookie("session").value
        factories.make_person("observer", name="The victim", email="victim@example.org")
        victim.set_cookie("session", planted)
        answer = send(victim, "/sign-in", email="victim@example.org", password=factories.PASSWORD)
        assert answer.status_code == 303
        assert "The victim" in victim.get("/rounds").text
        assert victim.get_cookie("session").value != planted
        with victim.session_transaction() as kept:
            assert set(kept) <= {"_user_id", "_fresh", "_id", "csrf_token", PERSON_IN_COOKIE}
            assert db.session.get(Person, kept[PERSON_IN_COOKIE]).name == "The victim"
        # The planted one is over for both: the browser that had it has signed in anew.
        thief = app.test_client()
        thief.set_cookie("session", planted)
        assert thief.get("/rounds").status_code == 303

    def test_a_key_that_was_copied_between_the_two_steps_opens_nothing_after_the_second(self, app):
        factories.make_person("coordinator", email="victim@example.org")
        victim, thief = app.test_client(), app.test_client()
        send(victim, "/sign-in", email="victim@example.org", password=factories.PASSWORD)
        with victim.session_transaction() as kept:
            half = kept["half_sign_in"]
        assert confirm_second_step(victim).status_code == 200
        assert victim.get("/rounds").status_code == 200
        for name in ("_user_id", "half_sign_in"):
            with thief.session_transaction() as planted:
                planted.clear()
                planted[name] = half
            assert thief.get("/rounds").status_code == 303


class TestCsrf:
    """A page of another site has its visitor's browser send a form here."""

    def test_a_form_with_the_attackers_own_token_changes_nothing(self, app):
        factories.make_round("R")
        victim, attacker = app.test_client(), app.test_client()
        sign_in(victim, factories.make_person())
        sign_in(attacker, factories.make_person())
        page = "/rounds/R/needs/new"
        own = form_at(attacker, page).data()["csrf_token"]
        answers = [
            victim.post(page, data={"title": "Forged", "csrf_token": token} | more)
            for token, more in ((own, {}), ("", {}), ("x", {}), (own, {"version": "1"}))
        ]
        answers.append(victim.post(page, data={"title": "Forged"}))
        answers.append(victim.post(page, json={"title": "Forged"}))
        assert [answer.status_code for answer in answers] == [400] * len(answers)
        assert db.session.query(Need).count() == 0
        # The same form with the victim's own token is taken: the token alone made the difference.
        assert send(victim, page, title="Meant").status_code == 303

    def test_nobody_is_signed_in_or_out_by_another_site(self, app):
        factories.make_person("observer", email="attacker@example.org")
        victim = app.test_client()
        sign_in(victim, factories.make_person(name="The victim"))
        forged = {"email": "attacker@example.org", "password": factories.PASSWORD}
        assert victim.post("/sign-in", data=forged).status_code == 400
        assert victim.post("/sign-out").status_code == 400
        assert "The victim" in victim.get("/rounds").text


class TestOpenRedirect:
    """A link to this service that leads on to another one."""

    @pytest.mark.parametrize("site", OTHER_SITES)
    def test_no_address_that_is_asked_for_leads_to_another_site(self, app, site):
        factories.make_person("observer", email="o@example.org")
        browser = app.test_client()
        form = form_at(browser, "/sign-in").data(email="o@example.org", password=factories.PASSWORD)
        assert_stays_here(browser.post("/sign-in", data=form | {"next": site}))
        form = form_at(browser, "/", "/language").data(language="fr")
        assert_stays_here(browser.post("/language", data=form | {"next": site}))

    @pytest.mark.parametrize("site", OTHER_SITES)
    def test_nor_does_the_second_step(self, app, site):
        person: Person = factories.make_person("coordinator", email="c@example.org")
        browser = app.test_client()
        form = form_at(browser, "/sign-in").data(email=person.email, password=factories.PASSWORD)
        first = browser.post("/sign-in", data=form | {"next": site})
        assert first.location == "/sign-in/set-up?next=/"
        done = confirm_second_step(browser, next=site)
        assert done.status_code == 200
        assert re.findall(r'class="button main" href="([^"]*)"', done.text) == ["/"]

    @pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "//evil.example/%2e%2e"])
    def test_nor_does_a_page_that_asks_to_sign_in_first(self, app, path):
        answer = app.test_client().get(path, base_url="http://localhost")
        assert_stays_here(answer)


def confirm_second_step(browser: FlaskClient, **typed: str) -> TestResponse:
    """Read the letters that the page shows, and send the code that a telephone would make of them."""
    page = browser.get("/sign-in/set-up").text
    letters = re.findall(r'<figcaption><code dir="ltr">([A-Z2-7 ]+)</code>', page)[0].replace(" ", "")
    (form,) = [one for one in read_page(page).forms if one.action == "/sign-in/set-up"]
    return browser.post("/sign-in/set-up", data=form.data(code=pyotp.TOTP(letters).now(), **typed))


def assert_stays_here(answer: TestResponse) -> None:
    """Where an answer leads, it leads to a path of this service."""
    location = answer.headers.get("Location", "/")
    assert location.startswith("/"), location
    assert not location.startswith(("//", "/\\")), location
    assert "evil" not in location.partition("?")[0], location
