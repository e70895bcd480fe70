"""What holds for every page: it answers, has a name, says what its records are worth, changes nothing."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from http import HTTPStatus

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import select

from lcm_service.domain.standing import notice_of
from lcm_service.http_errors import error_page
from lcm_service.persistence.database import Table, db
from lcm_service.persistence.tables import Person
from lcm_service.services import decisions
from lcm_service.web import errors
from tests.web import world
from tests.web.addresses import addresses
from tests.web.html import main_form, read_page

# A sheet holds no record, so it says of none what it is worth; test_sheets.py reads it.
SHEETS = {"needs.empty_sheet", "offers.empty_sheet", "supports.empty_sheet", "sheets.faults"}
FILES = {"exports.plan_json", "exports.plan_csv", "exports.problem_json", "figures.csv"} | SHEETS
# What everybody may read, strangers too.
OPEN = {
    "start.index",
    "start.how_it_works",
    "account.sign_in",
    "figures.index",
    "figures.csv",
    "help_wanted.index",
}
# Pages outside of any round.
OUTSIDE = {
    "start.index",
    "start.how_it_works",
    "account.sign_in",
    "figures.index",
    "figures.csv",
    "help_wanted.index",
    "rounds.index",
    "rounds.new",
    "activities.index",
    "activities.new",
    "wordings.index",
    "wordings.ask",
    "guidance.index",
    "guidance.new",
    "own_account.show",
    "own_account.ask_password",
    "own_account.ask_second_factor",
    "own_account.ask_recovery_codes",
    "own_account.ask_token",
    "own_account.ask_link",
    "own_account.ask_unlink",
}


def fingerprint() -> str:
    """A hash over every row of the database."""
    digest = hashlib.sha256()
    for name, table in sorted(Table.metadata.tables.items()):
        rows = db.session.execute(select(table)).all()
        digest.update(repr((name, sorted(map(repr, rows)))).encode())
    db.session.rollback()
    return digest.hexdigest()


def test_every_page_answers_a_coordinator_under_a_name_of_its_own_and_changes_nothing(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    world.propose_other_dates(at_work, world.publish_draft(world.EXERCISE))
    world.leave_sheet(at_work)
    before = fingerprint()
    titles: dict[str, str] = {}
    # Files are read by other tests: taking one out leaves an event.
    pages = {name: path for name, path in addresses(at_work, world.EXERCISE).items() if name not in FILES}
    assert len(pages) >= 35
    for endpoint, address in pages.items():
        response = coordinator.get(address)
        assert response.status_code == 200, (endpoint, address)
        title = read_page(response.text).title
        assert title not in titles, (endpoint, titles.get(title), title)
        titles[title] = endpoint
    assert fingerprint() == before


@pytest.mark.parametrize(
    ("round_code", "standing", "words"),
    [
        (world.EXERCISE, "exercise", "All participants, needs and offers of this round are invented."),
        (
            world.SOURCED,
            "public_sources",
            "They were not submitted to the mechanism and are not confirmed by the State named.",
        ),
    ],
)
def test_every_page_and_file_of_a_round_says_what_its_records_are_worth(
    at_work: Flask, coordinator: FlaskClient, round_code: str, standing: str, words: str
) -> None:
    world.publish_draft(round_code)
    notice = notice_of(standing)
    assert notice
    for endpoint, address in addresses(at_work, round_code).items():
        if endpoint in SHEETS:
            continue
        body = coordinator.get(address).text
        if endpoint == "exports.plan_csv":
            rows = list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))
            assert rows
            assert {row["notice"] for row in rows} == {notice}
        elif endpoint in FILES - OUTSIDE:
            assert (json.loads(body)["notice"], json.loads(body)["standing"]) == (notice, standing), address
        elif endpoint not in OUTSIDE:
            assert words in body, address


@pytest.mark.parametrize("number", [2**31, 99999999999999999999])
def test_a_number_that_no_record_can_have_is_no_page(
    at_work: Flask, coordinator: FlaskClient, number: int
) -> None:
    asked = 0
    for rule in at_work.url_map.iter_rules():
        if (
            rule.endpoint.partition(".")[0] in {"matches", "deliveries", "parts", "plans", "runs", "exports"}
            and "<row:" in rule.rule
        ):
            address = re.sub(r"<row:\w+>", str(number), rule.rule)
            method = "GET" if "GET" in (rule.methods or ()) else "POST"
            assert coordinator.open(address, method=method).status_code == 404, rule.rule
            asked += 1
    assert asked >= 12


@pytest.mark.parametrize("role", ["focal_point", "observer", "administrator"])
def test_no_page_breaks_for_people_who_may_not_see_it(
    at_work: Flask, browser_of: Callable[[Person], FlaskClient], role: str
) -> None:
    world.propose_other_dates(at_work, world.publish_draft(world.EXERCISE))
    world.leave_sheet(at_work)
    person = (
        world.focal_point_of("XAB") if role == "focal_point" else world.person_by_email(f"{role}@example.org")
    )
    browser = browser_of(person)
    for endpoint, address in addresses(at_work, world.EXERCISE).items():
        assert browser.get(address).status_code in {200, 403, 404}, (endpoint, address)


def test_every_page_but_the_open_ones_asks_a_stranger_to_sign_in(at_work: Flask) -> None:
    stranger = at_work.test_client()
    for endpoint, address in addresses(at_work, world.EXERCISE).items():
        response = stranger.get(address)
        if endpoint in OPEN:
            assert response.status_code == 200
        else:
            assert response.status_code == 303, endpoint
            assert response.location.startswith("/sign-in"), endpoint


def test_a_post_without_its_token_is_refused(at_work: Flask, coordinator: FlaskClient) -> None:
    for rule in at_work.url_map.iter_rules():
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api"):
            address = rule.rule.replace("<row:", "<").replace("<code>", world.EXERCISE)
            address = re.sub(r"<\w+_id>", "1", address)
            address = address.replace("<reference>", "N-0001").replace("<key>", "S1")
            address = re.sub(r"<\w+_code>", "x" * 43, address)
            assert coordinator.post(address).status_code == 400, rule.rule


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 412, 413, 422, 429, 500, 502])
def test_every_refusal_has_a_page_that_says_what_to_do(at_work: Flask, status: int) -> None:
    with at_work.test_request_context():
        page, answered = error_page(HTTPStatus(status), "What was refused.")
        assert answered == status
        assert str(escape(str(errors.HEADINGS[status]))) in page
        assert str(escape(str(errors.ADVICE[status]))) in page


def test_the_page_of_a_stale_decision_says_who_changed_what(
    at_work: Flask, coordinator: FlaskClient, browser_of: Callable[[Person], FlaskClient]
) -> None:
    match = world.firm_matches(world.publish_draft(world.EXERCISE))[0]
    address, version = f"/matches/{match.id}", match.version
    decisions.confirm_match(world.coordinator_of(at_work), match.id, "provider", version, on_behalf=True)
    recipient = browser_of(world.focal_point_of(match.need.recipient))
    (form,) = [one for one in read_page(recipient.get(address).text).forms if one.action.endswith("/confirm")]
    token = main_form(coordinator.get(address).text).data()["csrf_token"]
    letter = form.data(side="provider", reason="dates", csrf_token=token)
    assert coordinator.post(f"{address}/decline", data=letter).status_code == 303
    response = recipient.post(form.action, data=form.data())
    assert response.status_code == 409
    assert "Coordinator" in response.text
    assert "declined it" in response.text


def test_a_round_is_closed_from_its_page_and_then_takes_no_more(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    address = f"/rounds/{world.EXERCISE}"
    (form,) = [one for one in read_page(coordinator.get(address).text).forms if one.action.endswith("/close")]
    assert coordinator.post(form.action, data=form.data()).status_code == 303
    assert "/close" not in coordinator.get(address).text
    new = main_form(coordinator.get(f"{address}/needs/new").text)
    answers = new.data(title="Too late", participant="XAA")
    assert coordinator.post(f"{address}/needs/new", data=answers).status_code == 409
