"""The intake of a round, by its page: four tables, and many records acknowledged by one press."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Need, Person, Round
from lcm_service.services import accounts, submissions
from lcm_service.web import portions
from tests import factories
from tests.web import world
from tests.web.html import Form, read_page

CODE = "R2027"
SECTIONS = ("waiting", "incomplete", "ending", "doubles")


@pytest.fixture
def round_(at_work: Flask) -> Round:
    """A round of its own, in which nothing came in yet."""
    return factories.make_round(CODE)


@pytest.fixture
def address(round_: Round) -> str:
    return f"/rounds/{round_.code}/intake"


def parts_of(page: str) -> dict[str, str]:
    """The page below each of its four headings."""
    rest, found = page, {}
    for name in reversed(SECTIONS):
        rest, _, found[name] = rest.partition(f'<h2 id="{name}">')
    return found


def form_of(page: str) -> Form:
    return next(one for one in read_page(page).forms if one.action.endswith("/intake"))


def boxes_of(page: str) -> list[str]:
    return re.findall(r'<input type="checkbox" name="chosen" value="([^"]+)"', page)


def press(browser: FlaskClient, address: str, **changes: object) -> Any:
    """Send the form of the page; a box that nobody ticks is not sent."""
    form = form_of(browser.get(address).text)
    return browser.post(form.action, data=form.data(**changes))


def states() -> list[str]:
    db.session.rollback()
    db.session.expire_all()
    needs = db.session.query(Need).join(Need.round).filter_by(code=CODE).order_by(Need.id)
    return [one.state for one in needs]


def test_a_round_in_which_nothing_waits_says_so_in_each_part(
    coordinator: FlaskClient, address: str, round_: Round
) -> None:
    assert f'href="{address}"' in coordinator.get(f"/rounds/{round_.code}").text
    parts = parts_of(coordinator.get(address).text)
    for name, words in {
        "waiting": "Every record is acknowledged.",
        "incomplete": "No record has an open question.",
        "ending": "No record ends within 14 days.",
        "doubles": "No two records look alike.",
    }.items():
        assert words in parts[name], name
        assert "<table" not in parts[name], name
    assert "<form" not in parts["waiting"]


def test_each_row_of_the_four_tables_leads_to_its_record(
    coordinator: FlaskClient, address: str, round_: Round
) -> None:
    owner, today = factories.make_participant("XZZ"), utc_now().date()
    need = factories.make_need(owner, round_, level=None, expires_on=today + timedelta(days=3))
    twin = factories.make_need(owner, round_, state="acknowledged")
    offer = factories.make_offer(owner, round_, state="acknowledged", languages=None)
    support = factories.make_support(owner, round_, created_at=utc_now() - timedelta(days=12))
    parts = parts_of(coordinator.get(address).text)
    links = {
        name: re.findall(r'<a href="/(?:needs|offers|supports)/([A-Z]-\d+)">', part)
        for name, part in parts.items()
    }
    assert links == {
        "waiting": [support.reference, need.reference],
        "incomplete": [need.reference, offer.reference],
        "ending": [need.reference],
        "doubles": [need.reference, twin.reference],
    }
    assert '<td class="number">12</td>' in parts["waiting"]
    assert f'aria-label="Choose {support.reference}"' in parts["waiting"]
    assert f'href="/needs/{need.reference}/return"' in parts["incomplete"]
    assert f'href="/rounds/{round_.code}/questions"' in parts["incomplete"]
    assert '<td class="number">3</td>' in parts["ending"]
    for page in {f"/needs/{need.reference}", f"/needs/{need.reference}/return"}:
        assert coordinator.get(page).status_code == 200


def test_the_chosen_records_are_acknowledged_and_the_others_wait_on(
    coordinator: FlaskClient, address: str, round_: Round
) -> None:
    for _ in range(3):
        factories.make_need(factories.make_participant("XZZ"), round_)
    first, second, third = boxes_of(coordinator.get(address).text)
    answer = press(coordinator, address, chosen=[first, third])
    assert (answer.status_code, answer.location) == (303, address)
    page = coordinator.get(address).text
    assert "2 records are acknowledged." in page
    assert boxes_of(page) == [second]
    assert states() == ["acknowledged", "submitted", "acknowledged"]


def test_all_of_a_page_are_acknowledged_and_those_of_the_next_wait_on(
    coordinator: FlaskClient, address: str, round_: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "ROWS_IN_A_PORTION", 2)
    for _ in range(5):
        factories.make_need(factories.make_participant("XZZ"), round_)
    boxes = boxes_of(coordinator.get(address).text)
    assert len(boxes) == 2
    later = boxes_of(coordinator.get(f"{address}?waiting=2").text)
    assert (
        "2 records are acknowledged." in coordinator.get(press(coordinator, address, all="yes").location).text
    )
    assert boxes_of(coordinator.get(address).text) == later
    assert states() == ["acknowledged"] * 2 + ["submitted"] * 3


def test_what_changed_meanwhile_is_named_with_the_reason_and_waits_on(
    at_work: Flask, coordinator: FlaskClient, address: str, round_: Round
) -> None:
    owner = world.make_person("focal_point", factories.make_participant("XZZ"), name="Kestrel")
    one, other = (factories.make_need(owner.participant, round_) for _ in range(2))
    form = form_of(coordinator.get(address).text)
    actor = accounts.actor_of(owner)
    submissions.revise_need(actor, other.reference, {"title": "Another title"}, other.version)
    answer = coordinator.post(form.action, data=form.data(all="yes"))
    assert answer.status_code == 200
    assert "1 record is acknowledged." in answer.text
    assert "1 record was not acknowledged" in answer.text
    assert "since you read it, last by <bdi>Kestrel</bdi> at" in answer.text
    assert [box.split()[1] for box in boxes_of(answer.text)] == [other.reference]
    # Sent once more, as it was: nothing is done, and it is said of each why.
    again = coordinator.post(form.action, data=form.data(all="yes"))
    assert again.status_code == 409
    assert f"<bdi>{one.reference}</bdi> is acknowledged already." in again.text
    assert "2 records were not acknowledged" in again.text
    assert states() == ["acknowledged", "submitted"]


@pytest.mark.parametrize(
    "sent", [{}, {"chosen": ""}, {"chosen": "need"}, {"chosen": ["need N-1 x", "need N-1 -1", "a b c d"]}]
)
def test_where_nothing_is_chosen_it_is_asked_for(
    coordinator: FlaskClient, address: str, round_: Round, sent: dict[str, Any]
) -> None:
    factories.make_need(factories.make_participant("XZZ"), round_)
    answer = press(coordinator, address, **sent)
    assert answer.status_code == 303
    assert "Choose at least one record." in coordinator.get(answer.location).text
    assert states() == ["submitted"]


def test_more_than_a_page_holds_and_a_stranger_to_the_round_are_refused(
    coordinator: FlaskClient, address: str, round_: Round
) -> None:
    factories.make_need(factories.make_participant("XZZ"), round_)
    chosen = [f"need N-{number} 1" for number in range(101)]
    answer = press(coordinator, address, chosen=chosen)
    assert answer.status_code == 422
    assert "Choose at most 100 records at once." in answer.text
    sourced = db.session.query(Need).join(Need.round).filter_by(code=world.SOURCED).first()
    answer = press(coordinator, address, chosen=f"need {sourced.reference} {sourced.version}")
    assert answer.status_code == 409
    assert f"There is no need <bdi>{sourced.reference}</bdi>." in answer.text
    assert coordinator.get("/rounds/NONE/intake").status_code == 404


@pytest.mark.parametrize("role", ["focal_point", "observer", "administrator"])
def test_nobody_but_coordinators_reads_it_or_presses(
    at_work: Flask, browser_of: Callable[[Person], FlaskClient], address: str, round_: Round, role: str
) -> None:
    owner = world.make_person("focal_point", factories.make_participant("XZZ"))
    need = factories.make_need(owner.participant, round_)
    person = owner if role == "focal_point" else world.person_by_email(f"{role}@example.org")
    browser = browser_of(person)
    token = read_page(browser.get("/").text).forms[0].data()["csrf_token"]
    assert browser.get(address).status_code == 403
    sent = {"csrf_token": token, "chosen": f"need {need.reference} {need.version}"}
    assert browser.post(address, data=sent).status_code == 403
    assert states() == ["submitted"]
    assert address not in browser.get(f"/rounds/{round_.code}").text
