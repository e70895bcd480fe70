"""The application as a whole: its settings, its headers, its cookies, and how it refuses people."""

import os
import re
import stat
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request, url_for
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from werkzeug.routing.converters import NumberConverter

from lcm_service import create_app, require_no_demonstration_people
from lcm_service.config import Settings
from lcm_service.domain import errors
from lcm_service.domain.permissions import SYSTEM
from lcm_service.http_errors import STATUS_OF_ERROR, pointed_faults
from lcm_service.persistence.database import db
from lcm_service.services import accounts, throttle
from tests import factories
from tests.fixtures import SECRET, make_app, sign_in

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}


def let_go() -> None:
    """Close what the open context holds of the database."""
    db.session.remove()
    db.engine.dispose()


class TestSettings:
    def test_without_a_secret_the_service_does_not_start(self):
        with pytest.raises(ValueError, match="LCM_SECRET_KEY"):
            create_app(Settings(database_url="sqlite://"))

    def test_a_short_secret_is_none(self):
        with pytest.raises(ValueError, match="LCM_SECRET_KEY"):
            create_app(Settings(database_url="sqlite://", secret_key="secret"))

    def test_a_demonstration_makes_its_secret_once_and_keeps_it_to_itself(self, tmp_path):
        settings = Settings(demonstration=True, data_folder=str(tmp_path / "made"))
        secret = settings.read_secret_key()
        assert len(secret) == 64
        assert settings.read_secret_key() == secret
        assert stat.S_IMODE(os.stat(tmp_path / "made" / "secret_key").st_mode) == 0o600

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql+psycopg://lcm@db.example.org/lcm",
            "postgresql+psycopg://lcm@db.example.org/lcm?sslmode=require",
            "postgresql+psycopg://lcm@/lcm?host=192.0.2.9",
            "postgresql+psycopg://lcm@localhost/lcm?hostaddr=203.0.113.9",
            "postgresql+psycopg:///lcm?service=far",
            "postgresql+psycopg://lcm@/lcm?host=localhost,db.example.org",
        ],
    )
    def test_a_database_on_another_machine_is_spoken_to_by_tls_that_knows_it(self, url):
        with pytest.raises(ValueError, match="verify-full"):
            Settings(database_url=url).read_database_url()
        assert Settings(database_url=url, database_tls=False).read_database_url() == url

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql+psycopg://lcm@db.example.org/lcm?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgresql+psycopg://lcm@127.0.0.1/lcm",
            "postgresql+psycopg://lcm@/lcm?host=/run/postgresql",
            "postgresql+psycopg:///lcm",
            "sqlite:///lcm.sqlite3",
        ],
    )
    def test_one_that_is_known_or_on_this_machine_is_taken(self, monkeypatch, url):
        for variable in ("PGHOST", "PGHOSTADDR", "PGSERVICE"):
            monkeypatch.delenv(variable, raising=False)
        assert Settings(database_url=url).read_database_url() == url

    @pytest.mark.parametrize(
        ("variable", "value"), [("PGHOST", "192.0.2.9"), ("PGHOSTADDR", "192.0.2.9"), ("PGSERVICE", "far")]
    )
    def test_what_the_environment_says_to_the_database_library_counts_too(self, monkeypatch, variable, value):
        monkeypatch.setenv(variable, value)
        with pytest.raises(ValueError, match="verify-full"):
            Settings(database_url="postgresql+psycopg:///lcm").read_database_url()

    def test_another_kind_of_database_is_refused(self):
        with pytest.raises(ValueError, match="PostgreSQL or SQLite"):
            Settings(database_url="mysql+pymysql://lcm@db.example.org/lcm").read_database_url()

    def test_a_database_address_that_cannot_be_read_is_named(self):
        with pytest.raises(ValueError, match="LCM_DATABASE_URL"):
            Settings(database_url="a database").read_database_url()

    def test_every_setting_is_read_from_its_variable(self):
        read = Settings.from_environment(
            {"LCM_SOLVER": "cbc", "LCM_SOLVE_SECONDS": "7", "LCM_EMBEDDED_WORKER": "no", "PATH": "/"}
        )
        assert (read.solver, read.solve_seconds, read.embedded_worker) == ("cbc", 7, False)

    @pytest.mark.parametrize(
        ("name", "text"), [("LCM_SOLVE_SECONDS", "soon"), ("LCM_DEMONSTRATION", "maybe")]
    )
    def test_a_variable_that_cannot_be_understood_is_named(self, name, text):
        with pytest.raises(ValueError, match=name):
            Settings.from_environment({name: text})

    def test_cookies_are_secure_unless_told_otherwise(self):
        app = create_app(Settings(database_url="sqlite://", secret_key=SECRET))
        assert app.config["SESSION_COOKIE_NAME"].startswith("__Host-")
        assert app.config["SESSION_COOKIE_SECURE"] is True
        assert app.config["SESSION_COOKIE_HTTPONLY"] is True
        assert app.config["SESSION_COOKIE_SAMESITE"] == "Lax"


class TestHeaders:
    @pytest.mark.parametrize("path", ["/sign-in", "/api/v1/needs/", "/nothing", "/static/lcm.css"])
    def test_every_answer_tells_the_browser_to_trust_nothing_else(self, client, path):
        answer = client.get(path)
        directives = dict(
            part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
        )
        assert directives == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"

    def test_pages_are_not_kept_and_files_are(self, client):
        assert client.get("/sign-in").headers["Cache-Control"] == "no-store"
        assert "no-store" not in client.get("/static/lcm.css").headers["Cache-Control"]

    def test_over_tls_browsers_are_told_to_stay_there(self, client):
        assert "Strict-Transport-Security" not in client.get("/sign-in").headers
        headers = client.get("/sign-in", base_url="https://localhost").headers
        assert headers["Strict-Transport-Security"].startswith("max-age=")


class TestRefusals:
    def test_every_error_of_the_domain_has_a_status(self):
        kinds = {
            one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.LcmError)
        }
        assert set(STATUS_OF_ERROR) == kinds - {errors.LcmError}

    def test_a_stranger_is_led_to_the_sign_in_page_and_back(self, client):
        answer = client.get("/rounds?page=2")
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/sign-in?next=/rounds?page%3D2"

    def test_a_form_of_another_site_changes_nothing(self, app: Flask, client):
        person = factories.make_person()
        factories.make_round("R")
        sign_in(client, person)
        answer = client.post("/rounds/R/needs/new", data={"title": "Forged"})
        assert answer.status_code == 400

    def test_another_states_need_looks_on_every_page_like_one_that_does_not_exist(self, app: Flask, client):
        need = factories.make_need()
        sign_in(client, factories.make_person())
        for page in ("", "/revise", "/withdraw", "/recognise", "/history"):
            there = client.get(f"/needs/{need.reference}{page}")
            missing = client.get(f"/needs/N-9999{page}")
            assert (there.status_code, missing.status_code) == (404, 404), page
            # The token of a form changes with the second.
            told, told_of_none = (
                re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text) for answer in (there, missing)
            )
            assert told.replace(need.reference, "N-9999") == told_of_none, page

    def test_texts_with_nul_are_refused_on_pages_too(self, client):
        assert client.get("/rounds/%00").status_code == 404
        assert client.post("/sign-in", data={"email": "a\0@example.org", "password": "x"}).status_code == 400

    @pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.7")])
    def test_only_ones_own_proxies_are_believed_about_where_a_request_comes_from(
        self, service_url, proxies, seen
    ):
        app = make_app(service_url, proxies=proxies)

        @app.get("/where")
        def where():
            return request.remote_addr or ""

        headers = {"X-Forwarded-For": "192.0.2.1, 198.51.100.7, 203.0.113.9"}
        assert app.test_client().get("/where", headers=headers).text == seen
        with app.app_context():
            let_go()

    def test_a_server_does_not_start_on_a_database_of_a_demonstration(self, service_url):
        app = make_app(service_url)
        require_no_demonstration_people(app)
        with app.app_context():
            factories.make_person(is_demonstration=True)
            let_go()
        with pytest.raises(RuntimeError, match="erase-demonstration-people"):
            require_no_demonstration_people(app)
        require_no_demonstration_people(make_app(service_url, demonstration=True))
        with app.app_context():
            assert accounts.erase_demonstration_people(SYSTEM) == 1
            let_go()
        require_no_demonstration_people(app)

    def test_a_fault_of_the_database_does_not_tell_the_values(self, service_url):
        app = make_app(service_url)
        with app.app_context():
            with pytest.raises(DBAPIError) as fault:
                db.session.execute(text("SELECT * FROM nowhere WHERE name = :name"), {"name": "kestrel"})
            assert "kestrel" not in str(fault.value)
            let_go()

    def test_a_server_starts_on_a_database_without_tables(self, database_url):
        require_no_demonstration_people(make_app(database_url))

    def test_a_cookie_that_was_copied_before_signing_out_opens_nothing_after(self, app: Flask, client):
        sign_in(client, factories.make_person())
        cookie = client.get_cookie("session")
        assert cookie is not None
        app.config["WTF_CSRF_ENABLED"] = False
        try:
            assert client.post("/sign-out").status_code == 303
        finally:
            app.config["WTF_CSRF_ENABLED"] = True
        thief = app.test_client()
        thief.set_cookie("session", cookie.value)
        assert thief.get("/rounds").location.startswith("/sign-in")

    def test_a_forged_or_ended_sign_in_opens_nothing(self, app: Flask, client):
        person = factories.make_person("coordinator")
        sign_in(client, person)
        assert client.get("/rounds").status_code == 200
        with client.session_transaction() as session:
            session["_user_id"] = "x" * 43
        assert client.get("/rounds").status_code == 303
        client.set_cookie("session", "eyJfdXNlcl9pZCI6IjEuMCJ9.forged.forged")
        assert client.get("/rounds").status_code == 303

    def test_a_fault_of_ours_is_a_plain_500_without_its_traceback(self, service_url):
        app = make_app(service_url)
        app.config["TESTING"] = False
        app.config["PROPAGATE_EXCEPTIONS"] = False

        @app.get("/api/v1/broken")
        def broken():
            raise ZeroDivisionError("a secret of ours")

        answer = app.test_client().get("/api/v1/broken")
        assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
        assert "secret of ours" not in answer.text
        with app.app_context():
            let_go()

    def test_pointers_into_a_body_are_escaped(self):
        faults = {"json": {"a/b": {0: {"~c": ["wrong"]}}, "_schema": ["no object"]}}
        assert list(pointed_faults(faults)) == [
            {"pointer": "/a~1b/0/~0c", "detail": "wrong"},
            {"pointer": "", "detail": "no object"},
        ]

    def test_too_many_attempts_to_sign_in_are_told_how_long_to_wait(self, client):
        client.application.config["WTF_CSRF_ENABLED"] = False
        try:
            answers = [
                client.post("/sign-in", data={"email": "nobody@example.org", "password": "x"})
                for _ in range(throttle.MOST_FAILURES + 1)
            ]
        finally:
            client.application.config["WTF_CSRF_ENABLED"] = True
        assert [answer.status_code for answer in answers] == [422] * throttle.MOST_FAILURES + [429]
        assert answers[-1].headers["Retry-After"] == "900"


class TestDoors:
    """Walks every address that the application has, so that a new one without a guard fails here."""

    OPEN_TO_ALL = frozenset(
        {
            "static",
            "start.index",
            "start.how_it_works",
            "start.set_language",
            "account.sign_in",
            "account.send_sign_in",
            "account.sign_out",
            "single_sign_on.begin",
            # Whoever holds the code of an invitation has no account yet.
            "people.invitation",
            "people.accept_invitation",
            "people.renewal",
            "people.renew_password",
            "api-docs.openapi_json",
            "figures.index",
            "figures.csv",
            "help_wanted.index",
            "api-figures.list_figures",
        }
    )

    def addresses(self, app: Flask):
        for rule in app.url_map.iter_rules():
            if rule.endpoint in self.OPEN_TO_ALL:
                continue
            arguments: dict[str, Any] = {
                name: 1 if isinstance(rule._converters[name], NumberConverter) else "X-1"
                for name in rule.arguments
            }
            with app.test_request_context():
                path = url_for(rule.endpoint, **arguments)
            for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
                yield rule.endpoint, method, path

    def test_nothing_but_the_front_of_the_house_is_open_to_strangers(self, app: Flask, client):
        app.config["WTF_CSRF_ENABLED"] = False
        try:
            walked = list(self.addresses(app))
            assert len(walked) > 80
            for endpoint, method, path in walked:
                answer = client.open(path, method=method)
                is_led_away = answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
                assert is_led_away or answer.status_code == 401, (endpoint, method, answer.status_code)
        finally:
            app.config["WTF_CSRF_ENABLED"] = True

    def test_every_form_of_a_page_is_guarded_against_other_sites(self, app: Flask, client):
        sign_in(client, factories.make_person("coordinator"))
        posts = [one for one in self.addresses(app) if one[1] == "POST" and not one[2].startswith("/api/")]
        assert posts
        for endpoint, method, path in posts:
            assert client.open(path, method=method).status_code == 400, endpoint


def test_every_setting_is_told_to_those_who_run_the_service():
    told = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    for field in fields(Settings):
        assert f"| `LCM_{field.name.upper()}` |" in told, field.name
