"""The guidance of each subject: kept by coordinators, read by all who are signed in."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service.domain.errors import NotAllowed, NotFound, NotValid, Stale
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuditEvent, Guidance, Person
from lcm_service.services.guidance import list_guidance, record_guidance, withdraw_guidance
from lcm_service.web.guidance import paragraphs_of
from tests import factories
from tests.fixtures import sign_in
from tests.web import world
from tests.web.html import main_form

MANUAL = {
    "area": "C-IED",
    "title": "A manual <on> devices",
    "number": "2027.01",
    "year": "2027",
    "where": "https://example.org/manual?a=1&b=2",
}


def coordinator_actor():
    return factories.make_actor("coordinator")


@pytest.fixture
def area(app):
    return factories.make_area("C-IED")


def test_the_newest_document_of_a_subject_stands_first_and_withdrawn_ones_in_no_list(area) -> None:
    actor = coordinator_actor()
    old = record_guidance(actor, {"area": "C-IED", "title": "Old", "year": 2015, "where": "The library"})
    undated = record_guidance(actor, {"area": "C-IED", "title": "Undated", "where": "The library"})
    new = record_guidance(actor, {"area": "C-IED", "title": "New", "year": 2027, "where": "The library"})
    factories.make_area("MED")
    other = record_guidance(actor, {"area": "MED", "title": "Other", "where": "The library"})
    assert [row.title for row in list_guidance()] == ["New", "Old", "Undated", "Other"]
    assert list(list_guidance("MED")) == [other]
    withdraw_guidance(actor, old.reference, old.version)
    assert list(list_guidance("C-IED")) == [new, undated]
    # Pressed twice it changes nothing, whatever the version.
    withdraw_guidance(actor, old.reference, 1)
    actions = [
        (row.action, row.record_reference)
        for row in db.session.query(AuditEvent).filter_by(record_kind="guidance").order_by(AuditEvent.id)
    ]
    assert actions[-1] == ("withdraw", old.reference)
    assert len(actions) == 5


def test_a_second_press_records_no_second_document(area) -> None:
    actor = coordinator_actor()
    data = {"area": "C-IED", "title": "A manual", "where": "The library"}
    first = record_guidance(actor, data)
    assert record_guidance(actor, data) == first
    assert record_guidance(actor, data | {"year": 2027}) != first
    assert len(list_guidance()) == 2
    withdraw_guidance(actor, first.reference, first.version)
    assert record_guidance(actor, data).reference not in {first.reference}
    assert len(list_guidance()) == 2


def test_an_old_page_withdraws_nothing(area) -> None:
    actor = coordinator_actor()
    row = record_guidance(actor, {"area": "C-IED", "title": "A manual", "where": "The library"})
    with pytest.raises(Stale):
        withdraw_guidance(actor, row.reference, row.version + 1)
    with pytest.raises(NotFound):
        withdraw_guidance(actor, "G-9999", 1)


def test_a_subject_that_is_not_listed_is_refused(area) -> None:
    factories.make_area("LCM", is_area=False)
    for code in ("NO-SUCH", "LCM"):
        with pytest.raises(NotValid):
            record_guidance(coordinator_actor(), {"area": code, "title": "A", "where": "B"})


@pytest.mark.parametrize("role", ["focal_point", "observer", "administrator"])
def test_only_coordinators_keep_it(area, role: str) -> None:
    row = record_guidance(coordinator_actor(), {"area": "C-IED", "title": "A manual", "where": "The library"})
    actor = factories.make_actor(role)
    with pytest.raises(NotAllowed):
        record_guidance(actor, {"area": "C-IED", "title": "A manual", "where": "The library"})
    with pytest.raises(NotAllowed):
        withdraw_guidance(actor, row.reference, row.version)


def test_a_coordinator_records_and_withdraws_and_a_participant_reads(
    at_work: Flask, coordinator: FlaskClient, browser_of: Callable[[Person], FlaskClient]
) -> None:
    empty = coordinator.get("/guidance").text
    assert "No document is recorded yet" in empty
    form = main_form(coordinator.get("/guidance/new?area=C-IED").text)
    assert form.data()["area"] == ["C-IED"]
    wrong = coordinator.post("/guidance/new", data=form.data(**(MANUAL | {"year": "1900"})))
    assert wrong.status_code == 422
    assert "A manual &lt;on&gt; devices" in wrong.text
    sent = coordinator.post("/guidance/new", data=form.data(**MANUAL))
    assert (sent.status_code, sent.headers["Location"]) == (303, "/guidance?area=C-IED")
    reader = browser_of(world.focal_point_of("XAA"))
    page = reader.get("/guidance?area=C-IED").text
    assert "A manual &lt;on&gt; devices" in page
    assert 'href="https://example.org/manual?a=1&amp;b=2" rel="noreferrer noopener"' in page
    assert f"/rounds/{world.EXERCISE}/catalogue?area=C-IED" in page
    assert "It is current no more" not in page
    assert "No document is recorded for this subject yet." in reader.get("/guidance?area=EOD").text
    row = db.session.query(Guidance).one()
    values = {"reference": row.reference, "version": str(row.version), "area": "C-IED"}
    token = form.data()["csrf_token"]
    assert coordinator.post("/guidance/withdraw", data=values | {"csrf_token": token}).status_code == 303
    assert "A manual" not in reader.get("/guidance").text


@pytest.mark.parametrize(
    ("said", "shown"),
    [(None, ""), ("preamble", ""), ("10 (and preamble)", "10"), ("preamble; 9; 13", "9, 13")],
)
def test_paragraphs_are_named_by_their_numbers(app: Flask, said: str | None, shown: str) -> None:
    with app.test_request_context("/guidance"):
        assert paragraphs_of(factories.make_area("C-IED", paragraphs=said)) == shown


def test_an_address_of_another_kind_is_no_link(area, app: Flask) -> None:
    """What is followed from a page is a page: no script, no file."""
    where = "javascript:alert(1)"
    record_guidance(coordinator_actor(), {"area": "C-IED", "title": "A manual", "where": where})
    client = app.test_client()
    sign_in(client, factories.make_person("observer"))
    page = client.get("/guidance").text
    assert f"<bdi>{where}</bdi>" in page
    assert 'href="javascript' not in page
