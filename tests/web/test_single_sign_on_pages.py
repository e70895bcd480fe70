"""Single sign-on as a person meets it: a button, a way there and back, a clear page whatever goes wrong."""

import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service import CONTENT_SECURITY_POLICY
from lcm_service.domain.errors import TooMany
from lcm_service.domain.sentences import sentence
from lcm_service.identity_provider import asking
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuthenticationRequest, Person, ProviderLink, SignIn
from lcm_service.services import accounts, own_account, single_sign_on
from tests import factories
from tests.fixtures import key_of_new_sign_in, sign_in
from tests.identity_provider.fixtures import local  # noqa: F401
from tests.identity_provider.local_provider import (
    NAME,
    LocalProvider,
    drips,
    leads_on_to,
    never_ends,
    says,
    sign_in_there,
)
from tests.service.sign_in_people import forget_used_codes
from tests.web import world
from tests.web.html import read_page
from tests.web.test_people_pages import send

DESCRIPTION = "/.well-known/openid-configuration"


@pytest.fixture
def joined(world_template: Path, tmp_path: Path, local: LocalProvider) -> Iterator[Flask]:  # noqa: F811
    """A service at work that trusts the provider, with its context open."""
    path = tmp_path / "world.sqlite3"
    shutil.copyfile(world_template, path)
    app = world.open_world(path, **local.settings())
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def person(joined: Flask) -> Person:
    return factories.make_person("coordinator", email="ana@example.org", name="Ana")


@pytest.fixture
def application(joined: Flask, person: Person) -> pyotp.TOTP:
    """The person's telephone."""
    key, actor, sealer = key_of_new_sign_in(person), accounts.actor_of(person), joined.config["SEALER"]
    shown = own_account.find_enrolment(actor, key, sealer)
    made = pyotp.TOTP(shown.secret)
    own_account.set_up_second_factor(actor, factories.PASSWORD, made.now(), shown.sealed, "", key, sealer)
    forget_used_codes()
    return made


def press_button(browser: FlaskClient, following: str = "") -> Any:
    """Press the provider's button on the sign-in page."""
    page = browser.get("/sign-in", query_string={"next": following}).text
    (form,) = [one for one in read_page(page).forms if one.action == "/sign-in/provider"]
    return browser.post(form.action, data=form.data())


def address_there(page: Any) -> str:
    """Where the page leads by itself, and by its link."""
    assert page.status_code == 200
    by_itself = page.headers["Refresh"].removeprefix("0; url=")
    (by_link,) = re.findall(r'<a class="button main" href="([^"]+)"', page.text)
    assert unescape(by_link) == by_itself
    return str(by_itself)


def come_back(browser: FlaskClient, back: dict[str, str]) -> Any:
    return browser.get(f"/sign-in/answer?{urlencode(back)}")


def go_there_and_back(browser: FlaskClient, following: str = "", answer: str = "yes") -> Any:
    return come_back(browser, sign_in_there(address_there(press_button(browser, following)), answer))


def link(app: Flask, person: Person) -> None:
    browser = app.test_client()
    sign_in(browser, person)
    page = send(browser, "/account/provider/link", present_password=factories.PASSWORD)
    assert come_back(browser, sign_in_there(address_there(page))).location == "/account"


def told(browser: FlaskClient, response: Any) -> str:
    """The page to which a refusal leads: readable, and nobody is signed in."""
    assert response.status_code == 303
    assert urlsplit(response.location).path == "/sign-in"
    page = browser.get(response.location)
    assert page.status_code == 200
    assert "Traceback" not in page.text
    assert browser.get("/rounds").status_code == 303
    return str(unescape(page.text))


def test_the_button_is_there_where_a_provider_is_set_and_only_there(joined: Flask, tmp_path: Path) -> None:
    words = f"Sign in with {NAME}"
    assert words in joined.test_client().get("/sign-in").text
    path = tmp_path / "other.sqlite3"
    shutil.copyfile(tmp_path / "world.sqlite3", path)
    without = world.open_world(path, **dict.fromkeys(world.SINGLE_SIGN_ON, ""))
    without.config["WTF_CSRF_ENABLED"] = False
    browser = without.test_client()
    with without.app_context():
        assert "/sign-in/provider" not in browser.get("/sign-in").text
        assert browser.post("/sign-in/provider").status_code == 404
        sign_in(browser, world.person_by_email(world.COORDINATOR))
        assert "/account/provider" not in browser.get("/account").text
        for action in ("link", "unlink"):
            assert browser.get(f"/account/provider/{action}").status_code == 404
            answer = browser.post(
                f"/account/provider/{action}", data={"present_password": factories.PASSWORD}
            )
            assert answer.status_code == 404
        db.session.remove()
        db.engine.dispose()


def test_a_person_links_signs_in_by_it_with_the_second_step_and_ends_the_link(
    joined: Flask,
    person: Person,
    application: pyotp.TOTP,
    local: LocalProvider,  # noqa: F811
) -> None:
    link(joined, person)
    browser = joined.test_client()
    first = go_there_and_back(browser, "/rounds?page=2")
    assert first.location == "/sign-in/code?next=/rounds?page%3D2"
    assert browser.get("/rounds").status_code == 303
    second = send(browser, first.location, code=application.now())
    assert (second.status_code, second.location) == (303, "/rounds?page=2")
    page = browser.get("/account").text
    assert "Linked since" in page
    assert local.subject not in page
    assert send(browser, "/account/provider/unlink", present_password="wrong").status_code == 422
    done = send(browser, "/account/provider/unlink", present_password=factories.PASSWORD)
    assert (done.status_code, done.location) == (303, "/account")
    assert "Your account is not linked with one there." in browser.get("/account").text
    again = joined.test_client()
    assert "is not linked with an account" in told(again, go_there_and_back(again))


def test_whoever_needs_no_second_step_is_in_and_nothing_of_the_visit_before_is_left(joined: Flask) -> None:
    observer = world.person_by_email("observer@example.org")
    link(joined, observer)
    browser = joined.test_client()
    earlier = key_of_new_sign_in(world.person_by_email(world.COORDINATOR))
    sign_in(browser, observer, earlier)
    with browser.session_transaction() as session:
        session["planted"] = "by somebody else"
    assert go_there_and_back(browser, "/rounds").location == "/rounds"
    with browser.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"] != earlier
    db.session.expire_all()
    ended = db.session.query(SignIn).filter(SignIn.ended_at.is_not(None)).one()
    assert ended.person_id == world.person_by_email(world.COORDINATOR).id


def test_a_provider_that_says_who_sends_a_browser_back_must_be_the_one_that_was_asked(
    joined: Flask,
    local: LocalProvider,  # noqa: F811
) -> None:
    link(joined, world.person_by_email("observer@example.org"))
    local.description["authorization_response_iss_parameter_supported"] = True
    local.answering_issuer = local.issuer
    assert go_there_and_back(joined.test_client()).location == "/"
    for other in ("https://elsewhere.example.org", ""):
        local.answering_issuer = other
        browser = joined.test_client()
        assert "cannot be relied on, so nothing was done" in told(browser, go_there_and_back(browser))


def test_who_was_heading_to_a_very_long_address_starts_at_the_start(joined: Flask) -> None:
    """Else the cookie would be larger than browsers keep, and the answer one to nothing."""
    link(joined, world.person_by_email("observer@example.org"))
    longest = "/rounds?page=" + "1" * 487
    assert go_there_and_back(joined.test_client(), longest).location == longest
    browser = joined.test_client()
    page = press_button(browser, longest + "1")
    (cookie,) = page.headers.getlist("Set-Cookie")
    assert len(cookie) < 4096
    assert come_back(browser, sign_in_there(address_there(page))).location == "/"


@pytest.mark.parametrize(
    "following", ["https://example.org/", "//example.org", "/\\example.org", "javascript:1"]
)
def test_no_way_back_leads_to_another_site(joined: Flask, following: str) -> None:
    link(joined, world.person_by_email("observer@example.org"))
    assert go_there_and_back(joined.test_client(), following).location == "/"


def test_the_way_there_is_a_page_that_the_content_policy_need_not_be_opened_for(joined: Flask) -> None:
    page = press_button(joined.test_client())
    assert page.status_code == 200
    assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "form-action 'self'" in CONTENT_SECURITY_POLICY
    assert page.headers["Cache-Control"] == "no-store"


def test_where_people_are_sent_back_to_is_not_for_the_request_to_say(joined: Flask) -> None:
    browser = joined.test_client()
    page = browser.get("/sign-in", headers={"Host": "evil.example.org"})
    (form,) = [one for one in read_page(page.text).forms if one.action == "/sign-in/provider"]
    joined.config["WTF_CSRF_ENABLED"] = False
    sent = browser.post(form.action, data=form.data(), headers={"Host": "evil.example.org"})
    (back,) = parse_qs(urlsplit(address_there(sent)).query)["redirect_uri"]
    assert back == "https://lcm.example.org/sign-in/answer"


def test_the_cookie_tells_neither_nonce_nor_verifier(joined: Flask) -> None:
    browser = joined.test_client()
    asked = parse_qs(urlsplit(address_there(press_button(browser))).query)
    with browser.session_transaction() as session:
        kept = dict(session)
        secrets = single_sign_on._secrets_of(kept["at_provider"]["key"], joined.config["SEALER"])
    assert (asked["state"], asked["nonce"]) == ([secrets.state], [secrets.nonce])
    for secret in (secrets.state, secrets.nonce, secrets.verifier):
        assert secret not in repr(kept)


class TestWhatGoesWrong:
    def test_who_is_not_linked_is_told_how_to_link(self, joined: Flask) -> None:
        browser = joined.test_client()
        assert "on the page My account you can link the two" in told(browser, go_there_and_back(browser))
        assert db.session.query(SignIn).count() == 0

    def test_the_person_cancels(self, joined: Flask) -> None:
        browser = joined.test_client()
        assert "was broken off or refused there" in told(browser, go_there_and_back(browser, answer="no"))

    def test_an_answer_of_somebody_else_signs_nobody_in(self, joined: Flask) -> None:
        """Else one could have others work in one's own account, unknowing."""
        link(joined, world.person_by_email("observer@example.org"))
        attacker, victim = joined.test_client(), joined.test_client()
        address = address_there(press_button(attacker))
        press_button(victim)
        back = sign_in_there(address)
        for browser in (victim, joined.test_client()):
            assert "was not begun in this browser" in told(browser, come_back(browser, back))

    @pytest.mark.parametrize(
        "query", ["", "?state=&code=", "?error=access_denied", "?state=x&state=y&code[]=1"]
    )
    def test_an_answer_to_nothing_leads_to_the_sign_in_page(self, joined: Flask, query: str) -> None:
        browser = joined.test_client()
        assert "was not begun in this browser" in told(browser, browser.get(f"/sign-in/answer{query}"))

    def test_an_answer_is_good_once(self, joined: Flask) -> None:
        link(joined, world.person_by_email("observer@example.org"))
        browser = joined.test_client()
        back = sign_in_there(address_there(press_button(browser)))
        with browser.session_transaction() as session:
            kept = dict(session)
        assert come_back(browser, back).location == "/"
        with browser.session_transaction() as session:
            session.clear()
            session.update(kept)
        assert "was done already" in told(browser, come_back(browser, back))

    @pytest.mark.parametrize("kind", ["down", "html", "endless", "drips", "redirect", "another issuer"])
    def test_a_provider_that_cannot_be_asked(
        self,
        joined: Flask,
        local: LocalProvider,  # noqa: F811
        kind: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(asking, "LONGEST_ANSWER_SECONDS", 0.3)
        local.answers[DESCRIPTION] = {
            "down": says("", 503),
            "html": says("<html>"),
            "endless": never_ends,
            "drips": drips(local),
            "redirect": leads_on_to("http://127.0.0.1:9/"),
            "another issuer": says('{"issuer": "https://elsewhere.example.org"}'),
        }[kind]
        browser = joined.test_client()
        assert "The identity provider does not answer." in told(browser, press_button(browser))
        assert db.session.query(AuthenticationRequest).count() == 0

    @pytest.mark.parametrize("kind", ["nonce", "aud", "exp", "none", "token", "keys"])
    def test_a_provider_that_cannot_be_believed(
        self,
        joined: Flask,
        local: LocalProvider,  # noqa: F811
        kind: str,
    ) -> None:
        link(joined, world.person_by_email("observer@example.org"))
        if kind in {"nonce", "aud", "exp"}:
            local.claims[kind] = 7
        elif kind == "none":
            local.header = {"alg": "none"}
        else:
            local.answers["/token" if kind == "token" else "/jwks"] = says("{", 200)
        before = db.session.query(SignIn).count()
        browser = joined.test_client()
        assert "cannot be relied on, so nothing was done" in told(browser, go_there_and_back(browser))
        assert db.session.query(SignIn).count() == before

    def test_a_fault_at_the_way_back_tells_nobody_code_and_state(
        self, joined: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_about: object) -> None:
            raise TooMany(sentence("Something else."), retry_after_seconds=1)

        browser = joined.test_client()
        back = sign_in_there(address_there(press_button(browser)))
        monkeypatch.setattr(single_sign_on, "take_answer", fail)
        page = come_back(browser, back)
        assert page.status_code == 429
        assert back["code"] not in page.text
        assert back["state"] not in page.text
        assert 'name="next" value="/sign-in/answer"' in page.text
        assert page.headers["Referrer-Policy"] == "strict-origin"
        assert browser.get("/sign-in").headers["Referrer-Policy"] == "same-origin"

    def test_the_language_is_chosen_on_such_a_page(
        self, joined: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By TLS a form is taken only from a page of the same origin, which the browser tells."""

        def fail(*_about: object) -> None:
            raise TooMany(sentence("Something else."), retry_after_seconds=1)

        browser, base = joined.test_client(), "https://lcm.example.org/"
        browser.get("/sign-in", base_url=base)
        with browser.session_transaction(base_url=base) as session:
            session["at_provider"] = {"key": "x", "next": "/", "is_link": False}
        monkeypatch.setattr(single_sign_on, "take_answer", fail)
        page = browser.get("/sign-in/answer?state=x&code=y", base_url=base)
        (form,) = [one for one in read_page(page.text).forms if one.action == "/language"]
        data = form.data() | {"language": "fr"}
        told_by_browser = {"Referer": base}
        answer = browser.post("/language", base_url=base, data=data, headers=told_by_browser)
        assert (answer.status_code, answer.location) == (303, "/sign-in/answer")

    def test_where_the_settings_have_lost_the_provider_meanwhile_the_sign_in_page_says_so(
        self, joined: Flask
    ) -> None:
        browser = joined.test_client()
        back = sign_in_there(address_there(press_button(browser)))
        joined.config["IDENTITY_PROVIDER"] = None
        assert "There is no single sign-on here." in told(browser, come_back(browser, back))
        assert "was not begun in this browser" in told(browser, come_back(browser, back))

    def test_a_first_second_step_is_not_set_up_by_the_provider_alone(
        self, joined: Flask, person: Person
    ) -> None:
        link(joined, person)
        browser = joined.test_client()
        assert "Your second step is not set up yet." in told(browser, go_there_and_back(browser))

    def test_too_many_attempts_have_to_wait(self, joined: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lcm_service.services.throttle.MOST_FAILURES_OF_A_SOURCE", 1)
        browser = joined.test_client()
        press_button(browser)
        refused = press_button(browser)
        assert refused.status_code == 429
        assert refused.headers["Retry-After"]


class TestLinking:
    @pytest.fixture
    def browser(self, joined: Flask, person: Person) -> FlaskClient:
        made = joined.test_client()
        sign_in(made, person)
        return made

    def test_a_wrong_password_shows_the_form_again(self, browser: FlaskClient) -> None:
        answer = send(browser, "/account/provider/link", present_password="wrong")
        assert answer.status_code == 422
        assert "This is not your present password." in answer.text

    def test_what_goes_wrong_leads_back_to_the_account_and_links_nothing(
        self,
        browser: FlaskClient,
        local: LocalProvider,  # noqa: F811
    ) -> None:
        page = send(browser, "/account/provider/link", present_password=factories.PASSWORD)
        answer = come_back(browser, sign_in_there(address_there(page), "no"))
        assert answer.location == "/account"
        assert "was broken off or refused there" in browser.get("/account").text
        local.answers[DESCRIPTION] = says("", 503)
        answer = send(browser, "/account/provider/link", present_password=factories.PASSWORD)
        assert answer.location == "/account"
        assert "The identity provider does not answer." in browser.get("/account").text
        assert db.session.query(ProviderLink).count() == 0

    def test_one_who_signs_out_meanwhile_links_nothing(self, joined: Flask, browser: FlaskClient) -> None:
        page = send(browser, "/account/provider/link", present_password=factories.PASSWORD)
        back = sign_in_there(address_there(page))
        (form,) = [one for one in read_page(browser.get("/account").text).forms if one.action == "/sign-out"]
        browser.post("/sign-out", data=form.data())
        assert "was not begun in this browser" in told(browser, come_back(browser, back))
        assert db.session.query(ProviderLink).count() == 0

    def test_one_whose_sign_in_was_ended_meanwhile_links_nothing(
        self, joined: Flask, person: Person, browser: FlaskClient
    ) -> None:
        page = send(browser, "/account/provider/link", present_password=factories.PASSWORD)
        back = sign_in_there(address_there(page))
        db.session.query(SignIn).filter_by(person_id=person.id).update({"ended_at": SignIn.begun_at})
        db.session.commit()
        assert "Sign in" in told(browser, come_back(browser, back))
        assert db.session.query(ProviderLink).count() == 0

    def test_a_second_link_and_the_end_of_none_are_told_on_the_account(
        self, joined: Flask, person: Person, browser: FlaskClient
    ) -> None:
        typed = {"present_password": factories.PASSWORD}
        assert send(browser, "/account/provider/unlink", **typed).location == "/account"
        assert "is linked with no other" in browser.get("/account").text
        link(joined, person)
        assert send(browser, "/account/provider/link", **typed).location == "/account"
        assert "is linked already" in browser.get("/account").text
