"""Needs, offers and supports by form: partial records, unknown and any, two people at once, who sees what."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Need, Offer, Person, Support
from tests.web import world
from tests.web.html import main_form, read_page

NEW_NEED = f"/rounds/{world.EXERCISE}/needs/new"
NEW_OFFER = f"/rounds/{world.EXERCISE}/offers/new"

Browsers = Callable[[Person], FlaskClient]


@pytest.fixture
def focal_point(at_work: Flask, browser_of: Browsers) -> FlaskClient:
    """A browser of the focal point of Exercise State Alpha."""
    return browser_of(world.focal_point_of("XAA"))


def newest(table: type) -> Any:
    db.session.expire_all()
    return db.session.query(table).order_by(table.id.desc()).first()  # type: ignore[attr-defined]


def send(browser: FlaskClient, address: str, **changes: object) -> Any:
    """Open a form, answer some of it, send it."""
    return browser.post(address, data=main_form(browser.get(address).text).data(**changes))


def test_a_title_alone_is_a_need_and_the_page_lists_what_is_still_to_be_asked(
    focal_point: FlaskClient,
) -> None:
    response = send(focal_point, NEW_NEED, title="Convoy drivers")
    assert response.status_code == 303
    page = focal_point.get(response.location).text
    need = newest(Need)
    assert (need.title, need.areas, need.seats_asked, need.languages) == ("Convoy drivers", None, None, None)
    for question in ("Who is to be trained?", "How many seats are needed?", "At what level?"):
        assert question in page


def test_any_and_unknown_are_two_different_answers(focal_point: FlaskClient) -> None:
    send(
        focal_point,
        NEW_NEED,
        title="Any level",
        level="any",
        personnel=["any"],
        unknown=["areas", "seats_asked"],
    )
    need = newest(Need)
    assert (need.level, need.personnel, need.areas, need.seats_asked) == ("any", ["any"], None, None)


def test_languages_are_kept_in_the_order_of_preference(focal_point: FlaskClient) -> None:
    send(focal_point, NEW_NEED, title="Francophone unit", languages=["fr", "", "en", ""])
    assert newest(Need).languages == ["fr", "en"]


def test_faults_are_named_beside_their_fields_and_nothing_typed_is_lost(focal_point: FlaskClient) -> None:
    response = send(
        focal_point, NEW_NEED, title="", seats_asked="many", earliest="2027-05-01", latest="2027-04-01"
    )
    assert response.status_code == 422
    assert 'id="faults"' in response.text
    assert 'href="#title"' in response.text
    assert "This must be a whole number." in response.text
    assert dict(main_form(response.text).values)["seats_asked"] == "many"


def test_an_answer_beside_a_freshly_ticked_unknown_is_a_fault(focal_point: FlaskClient) -> None:
    response = send(focal_point, NEW_NEED, title="Both", seats_asked="12", unknown="seats_asked")
    assert response.status_code == 422
    assert "Choose one: an answer, or “I don’t know yet”." in response.text


def test_an_answer_beside_a_box_that_the_page_had_ticked_itself_counts(focal_point: FlaskClient) -> None:
    send(focal_point, NEW_NEED, title="Seats later")
    need = newest(Need)
    response = send(focal_point, f"/needs/{need.reference}/revise", seats_asked="12")
    assert response.status_code == 303
    assert newest(Need).seats_asked == 12


def test_any_beside_other_answers_is_a_fault(focal_point: FlaskClient) -> None:
    response = send(focal_point, NEW_NEED, title="Both", personnel=["any", "troops"])
    assert response.status_code == 422


def test_saving_a_form_as_it_stands_changes_nothing(at_work: Flask, coordinator: FlaskClient) -> None:
    labels = world.draft_of(world.EXERCISE).labels
    for table, kind, references in (
        (Need, "needs", labels["needs"]),
        (Offer, "offers", labels["offers"]),
        (Support, "supports", labels["supports"]),
    ):
        for reference in sorted(references)[:15]:
            row = db.session.query(table).filter_by(reference=reference).one()
            columns = [one.key for one in table.__mapper__.column_attrs if one.key != "changed_at"]
            before = {name: getattr(row, name) for name in columns}
            response = send(coordinator, f"/{kind}/{reference}/revise")
            assert response.status_code == 303, (reference, response.text)
            db.session.expire_all()
            assert {name: getattr(row, name) for name in columns} == before, reference


def test_a_change_by_someone_quicker_gives_409_says_who_and_keeps_what_was_typed(
    at_work: Flask, focal_point: FlaskClient, coordinator: FlaskClient
) -> None:
    send(focal_point, NEW_NEED, title="Two at once", seats_asked="10")
    address = f"/needs/{newest(Need).reference}/revise"
    opened = main_form(focal_point.get(address).text)
    send(coordinator, address, seats_asked="8")
    response = focal_point.post(address, data=opened.data(seats_asked="14", audience="Engineers"))
    assert response.status_code == 409
    assert "This record was changed while you were writing" in response.text
    assert "How many seats are needed?" in response.text
    typed = main_form(response.text)
    assert dict(typed.values)["seats_asked"] == "14"
    assert newest(Need).seats_asked == 8
    # The form carries the present version now: sent once more, it counts.
    assert focal_point.post(address, data=typed.data()).status_code == 303
    assert (newest(Need).seats_asked, newest(Need).audience) == (14, "Engineers")


def test_a_need_of_another_state_is_as_if_it_did_not_exist(
    focal_point: FlaskClient, browser_of: Browsers
) -> None:
    send(focal_point, NEW_NEED, title="Weakness of a unit")
    reference = newest(Need).reference
    other = browser_of(world.focal_point_of("XAB"))
    for page in ("", "/revise", "/withdraw", "/history"):
        assert other.get(f"/needs/{reference}{page}").status_code == 404
    assert other.get("/needs/N-9999").status_code == 404
    assert "Weakness of a unit" not in other.get(f"/rounds/{world.EXERCISE}/needs").text


def test_an_offer_is_open_to_all_but_changed_by_its_owner_alone(
    focal_point: FlaskClient, browser_of: Browsers
) -> None:
    send(focal_point, NEW_OFFER, title="Open to all")
    reference = newest(Offer).reference
    other = browser_of(world.focal_point_of("XAB"))
    assert other.get(f"/offers/{reference}").status_code == 200
    assert "Open to all" in other.get(f"/rounds/{world.EXERCISE}/offers").text
    assert f"/offers/{reference}/revise" not in other.get(f"/offers/{reference}").text
    for page in ("revise", "first-questions", "withdraw"):
        assert other.get(f"/offers/{reference}/{page}").status_code == 403
    token = main_form(other.get(NEW_OFFER).text).data()["csrf_token"]
    withdrawal = {"csrf_token": token, "version": "1", "reason": ""}
    assert other.post(f"/offers/{reference}/withdraw", data=withdrawal).status_code == 403
    assert focal_point.get(f"/offers/{reference}/withdraw").status_code == 200


def test_the_first_questions_are_answered_in_one_form_with_one_click_each(focal_point: FlaskClient) -> None:
    send(focal_point, NEW_OFFER, title="A pledge of one sentence")
    reference = newest(Offer).reference
    response = send(
        focal_point,
        f"/offers/{reference}/first-questions",
        personnel=["any"],
        only=["any"],
        requires="nothing",
        seats="20",
        mode="any",
        **{"session-0-starts_on": "2027-04-05", "session-0-ends_on": "2027-04-09"},
    )
    assert response.status_code == 303, response.text
    offer = newest(Offer)
    assert (offer.personnel, offer.only, offer.requires, offer.seats, offer.mode) == (
        ["any"],
        ["any"],
        [],
        20,
        "any",
    )
    assert [session.key for session in offer.sessions] == ["S1"]
    assert "It needs nothing from others." in focal_point.get(f"/offers/{reference}").text


def test_an_offer_by_form_carries_sessions_requirements_costs_and_names_instead_of_codes(
    focal_point: FlaskClient,
) -> None:
    response = send(
        focal_point,
        NEW_OFFER,
        title="Complete",
        only=["exercise state beta", "XAC"],
        requires="listed",
        **{
            "requirement-0-kind": "funds",
            "requirement-0-quantity": "20000",
            "requirement-0-per_seat": "900",
            "cost-travel": "sponsor",
            "session-0-starts_on": "2027-04-05",
            "session-0-ends_on": "2027-04-09",
            "session-1-seats": "15",
        },
    )
    assert response.status_code == 303, response.text
    offer = newest(Offer)
    assert offer.only == ["XAB", "XAC"]
    assert offer.requires == [{"kind": "funds", "quantity": 20000, "per_seat": 900}]
    assert offer.costs == {"travel": "sponsor"}
    assert [(session.key, session.seats) for session in offer.sessions] == [("S1", None), ("S2", 15)]


def test_it_needs_nothing_beside_a_list_of_needs_is_a_fault(focal_point: FlaskClient) -> None:
    answers = {"requirement-0-kind": "venue", "requirement-0-quantity": "1"}
    response = send(focal_point, NEW_OFFER, title="Both", requires="nothing", **answers)
    assert response.status_code == 422
    assert "Choose one" in response.text


def test_a_session_and_an_offer_are_withdrawn_from_their_page(focal_point: FlaskClient) -> None:
    days = {"session-0-starts_on": "2027-04-05", "session-0-ends_on": "2027-04-09"}
    send(focal_point, NEW_OFFER, title="To be withdrawn", **days)
    address = f"/offers/{newest(Offer).reference}"
    forms = read_page(focal_point.get(address).text).forms
    (form,) = [one for one in forms if one.action.endswith("/sessions/S1/withdraw")]
    assert focal_point.post(form.action, data=form.data()).status_code == 303
    assert newest(Offer).sessions[0].is_withdrawn
    assert send(focal_point, f"{address}/withdraw", reason="No trainers").status_code == 303
    assert newest(Offer).state == "withdrawn"
    assert "withdrew it" in focal_point.get(f"{address}/history").text


def test_a_coordinator_records_for_a_participant_and_recognises_one_and_many(
    coordinator: FlaskClient,
) -> None:
    send(coordinator, NEW_NEED, title="By letter", participant="Exercise State Alpha", seats_asked="30")
    need = newest(Need)
    assert need.participant.code == "XAA"
    address = f"/needs/{need.reference}/recognise"
    answers = {"seats": "20", "priority": "high", "reason": "As assessed"}
    assert send(coordinator, address, **answers).status_code == 303
    assert (newest(Need).seats_recognised, newest(Need).priority_recognised) == (20, "high")
    send(
        coordinator, NEW_NEED, title="As asked", participant="XAB", seats_asked="7", priority_asked="critical"
    )
    second = newest(Need).reference
    address = f"/rounds/{world.EXERCISE}/needs"
    form = main_form(coordinator.get(address).text)
    alone = coordinator.post(f"{address}/recognise", data=form.data(reference=[second]))
    assert alone.status_code == 422
    assert f"<bdi>{second}</bdi> cannot be recognised as asked." in alone.text
    assert "Only the participant itself says so" in alone.text
    send(coordinator, f"/needs/{second}/revise", basis="assessment_visit")
    response = coordinator.post(f"{address}/recognise", data=form.data(reference=[second]))
    assert response.status_code == 303
    assert (newest(Need).seats_recognised, newest(Need).priority_recognised) == (7, "critical")


def test_a_support_and_an_activity_are_recorded(coordinator: FlaskClient) -> None:
    address = f"/rounds/{world.EXERCISE}/supports/new"
    answers = {"title": "Travel fund", "kind": "funds", "quantity": "50000", "participant": "XAA"}
    assert send(coordinator, address, **answers).status_code == 303
    assert (newest(Support).kind, newest(Support).quantity) == ("funds", 50000)
    answers = {"title": "Mentoring", "state": "delivered", "provider_code": "XAA", "recipient_code": "XAB"}
    assert send(coordinator, "/activities/new", **answers).status_code == 303
    assert "Mentoring" in coordinator.get("/activities").text


def test_a_record_is_acknowledged_vouched_for_and_given_back_by_its_page(
    coordinator: FlaskClient, focal_point: FlaskClient
) -> None:
    send(focal_point, NEW_NEED, title="A first need", seats_asked="12")
    address = f"/needs/{newest(Need).reference}"
    assert "Not acknowledged yet" in focal_point.get(address).text
    form = next(
        form for form in read_page(coordinator.get(address).text).forms if "/acknowledge" in form.action
    )
    assert coordinator.post(form.action, data=form.data()).status_code == 303
    assert "Acknowledged on" in focal_point.get(address).text
    assert coordinator.post(form.action, data=form.data()).status_code == 409
    empty = send(coordinator, f"{address}/authenticate")
    assert empty.status_code == 422
    assert "Say which note it is" in empty.text
    answers = {"note_reference": "NV/12", "note_date": "2026-10-01"}
    assert send(coordinator, f"{address}/authenticate", **answers).status_code == 303
    assert "NV/12" in focal_point.get(address).text
    assert send(coordinator, f"{address}/return", questions="For which unit?").status_code == 303
    assert "For which unit?" in focal_point.get(address).text
    assert newest(Need).state == "returned"
    assert send(focal_point, f"{address}/revise", detail="For the first company").status_code == 303
    assert newest(Need).state == "submitted"
    assert "For which unit?" not in focal_point.get(address).text
    for step in ("authenticate", "return"):
        assert focal_point.get(f"{address}/{step}").status_code == 403


def test_what_the_secretariat_asks_of_an_offer_is_for_its_owner_alone(
    coordinator: FlaskClient, focal_point: FlaskClient, browser_of: Browsers
) -> None:
    send(focal_point, f"/rounds/{world.EXERCISE}/offers/new", title="A first offer")
    address = f"/offers/{newest(Offer).reference}"
    answers = {"note_reference": "NV/13", "note_date": "2026-10-01"}
    assert send(coordinator, f"{address}/authenticate", **answers).status_code == 303
    assert send(coordinator, f"{address}/return", questions="Who pays the travel?").status_code == 303
    stranger = browser_of(world.focal_point_of("XAB"))
    for words in ("Who pays the travel?", "NV/13"):
        assert words in focal_point.get(address).text
        assert words not in stranger.get(address).text
