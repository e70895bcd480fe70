"""How many requests a minute: one who floods the service waits, and nobody else does."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest
from flask import Flask

from lcm_service.config import Settings
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import SignIn
from lcm_service.request_limits import CALLERS_OF_A_PLACE, TOO_MANY_REQUESTS
from tests import factories
from tests.fixtures import SECRET, make_app, sign_in

MOST = 20
HERE, ELSEWHERE = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "198.51.100.7"}


@pytest.fixture
def limited(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """A service that takes twenty requests a minute of one caller."""
    copyfile(sqlite_template, tmp_path / "lcm.sqlite3")
    app = make_app(f"sqlite:///{tmp_path / 'lcm.sqlite3'}", requests_a_minute=MOST)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def statuses(client, times, path="/how-matching-works", **options):
    return [client.get(path, environ_base=HERE, **options).status_code for _ in range(times)]


def test_a_stranger_may_ask_so_often_and_then_waits_while_others_go_on(limited, caplog):
    assert statuses(limited.test_client(), MOST) == [200] * MOST
    refused = limited.test_client().get("/how-matching-works", environ_base=HERE)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert TOO_MANY_REQUESTS in refused.text
    assert "too_many" in caplog.text
    assert limited.test_client().get("/how-matching-works", environ_base=ELSEWHERE).status_code == 200
    signed_in = limited.test_client()
    sign_in(signed_in, factories.make_person("coordinator"))
    assert statuses(signed_in, MOST, "/rounds") == [200] * MOST
    assert statuses(signed_in, 1, "/rounds") == [429]


def test_who_is_signed_in_is_kept_out_by_nobody_at_the_same_place(limited):
    for number in range(MOST * CALLERS_OF_A_PLACE):
        headers = {"Authorization": f"Bearer lcm_{number}"}
        limited.test_client().get("/api/v1/rounds/", environ_base=HERE, headers=headers)
    assert statuses(limited.test_client(), 1) == [429]
    signed_in = limited.test_client()
    sign_in(signed_in, factories.make_person("coordinator"))
    assert statuses(signed_in, MOST, "/rounds") == [200] * MOST


def test_a_header_that_pages_do_not_read_begins_nothing_anew(limited):
    for number in range(MOST):
        headers = {"Authorization": f"Bearer lcm_{number}"}
        assert statuses(limited.test_client(), 1, headers=headers) == [200]
    assert statuses(limited.test_client(), 1, headers={"Authorization": "Bearer lcm_new"}) == [429]


def test_files_of_the_pages_count_for_nothing(limited):
    assert statuses(limited.test_client(), 2 * MOST, "/static/lcm.css") == [200] * 2 * MOST
    assert statuses(limited.test_client(), 1) == [200]


def test_a_program_is_told_how_long_to_wait_and_an_invented_key_does_not_begin_anew(limited):
    client = limited.test_client()
    for number in range(MOST * CALLERS_OF_A_PLACE):
        answer = client.get(
            "/api/v1/rounds/", environ_base=HERE, headers={"Authorization": f"Bearer lcm_{number}"}
        )
        assert answer.status_code == 401
    refused = client.get("/api/v1/rounds/", environ_base=HERE, headers={"Authorization": "Bearer lcm_new"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert refused.json["code"] == "too_many"
    assert refused.json["details"] == {"retry_after_seconds": 60}


def test_a_person_is_counted_once_in_all_browsers_at_a_place(limited):
    person = factories.make_person("observer")
    browsers = [limited.test_client() for _ in range(3)]
    for browser in browsers:
        sign_in(browser, person)
    served = [status for browser in browsers for status in statuses(browser, MOST // 2, "/rounds")]
    assert served == [200] * MOST + [429] * (MOST // 2)


def test_a_cookie_that_was_taken_uses_up_nothing_of_its_owner(limited):
    """Not even by a page that writes the cookie anew, and not after its sign-in was ended."""
    person = factories.make_person("coordinator")
    taken, owner = limited.test_client(), limited.test_client()
    sign_in(taken, person)
    db.session.query(SignIn).update({"ended_at": utc_now()})
    db.session.commit()
    sign_in(owner, person)
    for _ in range(MOST):
        taken.get("/rounds", environ_base=ELSEWHERE)
    assert taken.get("/rounds", environ_base=ELSEWHERE).status_code == 429
    assert statuses(owner, MOST, "/rounds") == [200] * MOST


def test_what_is_refused_to_one_uses_up_nothing_of_its_place(limited):
    statuses(limited.test_client(), MOST * CALLERS_OF_A_PLACE)
    headers = {"Authorization": "Bearer lcm_another"}
    answer = limited.test_client().get("/api/v1/rounds/", environ_base=HERE, headers=headers)
    assert answer.status_code == 401


def test_who_reads_much_keeps_nobody_at_the_same_place_from_signing_in(limited):
    assert statuses(limited.test_client(), MOST + 1)[-1] == 429
    assert statuses(limited.test_client(), MOST + 1, "/sign-in") == [200] * MOST + [429]


def test_nothing_is_read_of_a_request_that_is_refused(limited):
    statuses(limited.test_client(), MOST, "/sign-in")
    answer = limited.test_client().post("/sign-in", data={"email": "x"}, environ_base=HERE)
    assert answer.status_code == 429


def test_a_number_below_nothing_is_no_limit_that_anybody_meant():
    with pytest.raises(ValueError, match="LCM_REQUESTS_A_MINUTE"):
        Settings(database_url="sqlite://", secret_key=SECRET, requests_a_minute=-1).flask_config()
