"""The pages of signing in by two steps, of one's own account, and of a lead who looks after people."""

import re
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Invitation, Person, SecondFactor
from lcm_service.services import sign_ins
from lcm_service.web.people import device_name
from tests import factories
from tests.fixtures import sign_in
from tests.web import world
from tests.web.addresses import addresses_of_lead
from tests.web.html import main_form, read_page

PASSWORD = "mule fathom cedar plinth"


@pytest.fixture
def lead(at_work: Flask) -> Person:
    person = factories.make_person(
        "focal_point", factories.make_participant("XAA"), email="lead@example.org", name="Lead", is_lead=True
    )
    assert not person.is_demonstration
    return person


@pytest.fixture
def browser(at_work: Flask, lead: Person) -> FlaskClient:
    made = at_work.test_client()
    sign_in(made, lead)
    return made


def send(browser: FlaskClient, address: str, **typed: Any) -> Any:
    """Open a page, fill its main form and send it."""
    form = main_form(browser.get(address).text)
    return browser.post(form.action, data=form.data(**typed))


def press(browser: FlaskClient, address: str, action: str) -> Any:
    """Press a button of a page that has many."""
    (form,) = [one for one in read_page(browser.get(address).text).forms if one.action == action]
    return browser.post(action, data=form.data())


def letters_of(page: str) -> str:
    """The secret that the page shows for typing."""
    found = re.search(r'<figcaption><code dir="ltr">([A-Z2-7 ]+)</code>', page)
    assert found
    return found[1].replace(" ", "")


def set_up(browser: FlaskClient, address: str, page: str = "", **typed: Any) -> Any:
    """Read the letters of a page as a telephone does, and send that page's own form with its code."""
    page = page or browser.get(address).text
    form = main_form(page)
    code = pyotp.TOTP(letters_of(page)).now()
    return browser.post(form.action, data=form.data(code=code, **typed))


def shown_once(page: str) -> list[str]:
    return re.findall(r'<code dir="ltr">([^<]+)</code>', page)


class TestTwoSteps:
    def test_from_the_password_over_the_picture_to_the_page_asked_for(
        self, at_work: Flask, lead: Person
    ) -> None:
        browser = at_work.test_client()
        answer = send(browser, "/sign-in?next=/rounds", email=lead.email, password=factories.PASSWORD)
        assert answer.location == "/sign-in/set-up?next=/rounds"
        assert browser.get("/rounds").location.startswith("/sign-in")
        page = browser.get(answer.location).text
        assert 'src="data:image/svg+xml' in page
        secret = letters_of(page)
        form = main_form(page)
        wrong = browser.post(form.action, data=form.data(code="000000"))
        assert wrong.status_code == 422
        # The telephone has the secret already: the page goes on showing the same.
        assert letters_of(wrong.text) == secret
        assert letters_of(browser.get(answer.location).text) != secret
        done = set_up(browser, answer.location, wrong.text)
        assert done.status_code == 200
        codes = shown_once(done.text)
        assert len(codes) == 10
        assert 'href="/rounds"' in done.text
        assert browser.get("/rounds").status_code == 200

        db.session.expire_all()
        again = at_work.test_client()
        answer = send(again, "/sign-in?next=/rounds", email=lead.email, password=factories.PASSWORD)
        assert answer.location == "/sign-in/code?next=/rounds"
        assert again.get("/sign-in/set-up").location.startswith("/sign-in/code")
        wrong = send(again, answer.location, code="000000")
        assert wrong.status_code == 422
        assert "This code is not right, or it was used already." in wrong.text
        assert send(again, answer.location, code=codes[0]).location == "/rounds"
        assert again.get("/rounds").status_code == 200

    def test_the_second_step_never_leads_to_another_site(self, at_work: Flask, lead: Person) -> None:
        browser = at_work.test_client()
        answer = send(browser, "/sign-in?next=//example.org", email=lead.email, password=factories.PASSWORD)
        assert answer.location == "/sign-in/set-up?next=/"
        address = "/sign-in/set-up?next=https://example.org"
        done = set_up(browser, address)
        assert "example.org" not in re.findall(r'class="button main" href="([^"]*)"', done.text)[0]

    def test_a_key_that_was_planted_before_the_sign_in_is_worth_nothing_after_it(
        self, at_work: Flask, lead: Person
    ) -> None:
        browser = at_work.test_client()
        send(browser, "/sign-in", email=lead.email, password=factories.PASSWORD)
        with browser.session_transaction() as session:
            half = session["half_sign_in"]
        set_up(browser, "/sign-in/set-up")
        with browser.session_transaction() as session:
            assert session["_user_id"] != half
            assert "half_sign_in" not in session
        thief = at_work.test_client()
        for name in ("_user_id", "half_sign_in"):
            with thief.session_transaction() as session:
                session[name] = half
            assert thief.get("/rounds").location.startswith("/sign-in")
            assert thief.get("/sign-in/code").location.startswith("/sign-in")

    def test_an_observer_comes_in_with_a_password_alone(self, at_work: Flask) -> None:
        factories.make_person("observer", email="o@example.org")
        browser = at_work.test_client()
        assert send(browser, "/sign-in", email="o@example.org", password=factories.PASSWORD).location == "/"

    def test_signing_in_again_ends_the_sign_in_that_this_browser_had(
        self, at_work: Flask, browser: FlaskClient, lead: Person
    ) -> None:
        with browser.session_transaction() as session:
            earlier = session["_user_id"]
        send(browser, "/sign-in", email=lead.email, password=factories.PASSWORD)
        assert sign_ins.person_of_key(earlier) is None


class TestOwnAccount:
    def test_the_page_shows_where_one_is_signed_in_and_ends_the_others(
        self, at_work: Flask, browser: FlaskClient, lead: Person
    ) -> None:
        other = at_work.test_client()
        sign_in(other, lead)
        other.get("/account", headers={"User-Agent": "x"})
        page = browser.get("/account").text
        assert "2 sign-ins" in page
        press(browser, "/account", "/account/sign-ins/end-others")
        assert "1 sign-in" in browser.get("/account").text
        assert other.get("/account").location.startswith("/sign-in")

    def test_a_password_is_changed_with_the_present_one(self, browser: FlaskClient) -> None:
        wrong = send(browser, "/account/password", present_password="wrong", password=PASSWORD)
        assert wrong.status_code == 422
        assert "This is not your present password." in wrong.text
        assert PASSWORD not in wrong.text
        easy = send(
            browser, "/account/password", present_password=factories.PASSWORD, password="password1234"
        )
        assert "easy to guess" in easy.text
        done = send(browser, "/account/password", present_password=factories.PASSWORD, password=PASSWORD)
        assert done.location == "/account"
        assert browser.get("/account").status_code == 200

    def test_a_second_step_is_set_up_and_recovery_codes_are_renewed(self, browser: FlaskClient) -> None:
        page = browser.get("/account").text
        assert "You will be asked for it at your next sign-in." in page
        wrong = set_up(browser, "/account/second-step", present_password="wrong")
        assert wrong.status_code == 422
        done = set_up(browser, "/account/second-step", wrong.text, present_password=factories.PASSWORD)
        codes = shown_once(done.text)
        assert len(codes) == 10
        assert "Codes on a telephone" in browser.get("/account").text
        renewed = send(browser, "/account/recovery-codes", present_password=factories.PASSWORD)
        assert len(set(shown_once(renewed.text)) - set(codes)) == 10
        assert db.session.query(SecondFactor).count() == 1

    def test_a_token_is_made_shown_once_and_taken_back(self, browser: FlaskClient) -> None:
        known = {"present_password": factories.PASSWORD}
        for typed in (
            {"label": "", "days": "30", "scope": "act"} | known,
            {"label": "x", "days": "900", "scope": "act"} | known,
            {"label": "x", "days": "30", "scope": "act", "present_password": "wrong"},
        ):
            wrong = send(browser, "/account/tokens/new", **typed)
            assert wrong.status_code == 422
            assert factories.PASSWORD not in wrong.text
        done = send(browser, "/account/tokens/new", label="Our calendar", days="30", scope="act", **known)
        (token,) = shown_once(done.text)
        page = browser.get("/account").text
        assert "Our calendar" in page
        assert token not in page
        (action,) = re.findall(r'action="(/account/tokens/\d+/take-back)"', page)
        press(browser, "/account", action)
        assert "Our calendar" not in browser.get("/account").text


class TestPeople:
    def test_a_lead_invites_and_the_colleague_makes_an_account(
        self, at_work: Flask, browser: FlaskClient
    ) -> None:
        made = send(browser, "/people/invite", name="Ana <b>", email="ana@example.org", language="fr")
        (address,) = shown_once(made.text)
        path = address.removeprefix(world.SINGLE_SIGN_ON["address"])
        assert path.startswith("/invitations/")
        assert "ana@example.org" in browser.get("/people").text
        guest = at_work.test_client()
        assert "Ana &lt;b&gt;" in guest.get(path).text
        easy = send(guest, path, password="password1234")
        assert easy.status_code == 422
        done = send(guest, path, name="Ana", password=PASSWORD)
        assert done.location == "/sign-in"
        assert guest.get(path).status_code == 404
        person = world.person_by_email("ana@example.org")
        assert (person.role, person.language, person.is_lead) == ("focal_point", "fr", False)

    def test_a_lead_cannot_send_itself_more_than_its_form_shows(self, browser: FlaskClient) -> None:
        """Mass assignment: what the form does not ask is not taken from it."""
        send(
            browser,
            "/people/invite",
            name="Ana",
            email="ana@example.org",
            role="administrator",
            participant_code="XAB",
            is_lead="yes",
        )
        invitation = db.session.query(Invitation).one()
        assert (invitation.role, invitation.is_lead) == ("focal_point", False)
        assert invitation.participant is not None
        assert invitation.participant.code == "XAA"

    def test_every_page_of_a_lead_answers_under_a_name_of_its_own(
        self, at_work: Flask, browser: FlaskClient, lead: Person
    ) -> None:
        titles = {}
        for endpoint, address in addresses_of_lead(at_work, lead).items():
            answer = browser.get(address)
            assert answer.status_code == 200, endpoint
            title = read_page(answer.text).title
            assert title not in titles, (endpoint, titles.get(title))
            titles[title] = endpoint
        assert len(titles) >= 11

    def test_handing_over_delegating_and_ending_access_by_the_pages(
        self, at_work: Flask, browser: FlaskClient, lead: Person
    ) -> None:
        pages = addresses_of_lead(at_work, lead)
        colleague = world.person_by_email("colleague@example.org")
        assert send(browser, pages["people.ask_delegation"], last_day="").status_code == 422
        assert send(browser, pages["people.ask_delegation"], last_day="2020-01-01").status_code == 422
        (form,) = [
            one
            for one in read_page(browser.get(pages["people.ask_delegation"]).text).forms
            if one.action == pages["people.ask_delegation"]
        ]
        today = form.data()["first_day"]
        assert send(browser, pages["people.ask_delegation"], last_day=today).location == "/people"
        assert "Stands in for the lead" in browser.get("/people").text
        press(browser, "/people", f"/people/{colleague.id}/end-delegation")
        assert "Stands in for the lead" not in browser.get("/people").text
        assert send(browser, pages["people.ask_hand_over"]).location == "/"
        assert browser.get("/people").status_code == 403
        sign_in(browser, colleague)
        assert send(browser, f"/people/{lead.id}/end-access").location == "/people"
        db.session.expire_all()
        assert not lead.is_active

    def test_an_administrator_invites_anybody(self, at_work: Flask) -> None:
        administrator = at_work.test_client()
        sign_in(administrator, world.person_by_email("administrator@example.org"))
        done = send(
            administrator,
            "/people/invite",
            name="Lead",
            email="lead-xab@example.org",
            language="en",
            role="focal_point",
            participant_code="XAB",
            is_lead="yes",
        )
        assert done.status_code == 200, done.text
        assert "Lead focal point" in administrator.get("/people").text


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Safari/604", "Safari, iPhone"),
        ("curl/8", "curl/8"),
    ],
)
def test_a_browser_is_called_by_the_name_that_people_know(at_work: Flask, device: str, name: str) -> None:
    with at_work.test_request_context():
        assert device_name(device) == name
