"""The pages of the publish gate and of a correcting plan, pressed as a person does."""

from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Match, Plan, Round, Run
from lcm_service.services import decisions
from tests.publishing import end_hold
from tests.service import matching_rounds as rounds
from tests.web import world
from tests.web.html import main_form
from tests.web.test_matching_pages import form_to, press

ROUND = f"/rounds/{world.EXERCISE}"


def hold_for_half_an_hour() -> None:
    db.session.query(Round).update({"hold_minutes": 30})
    db.session.commit()


def test_put_forward_approved_held_and_taken_back(
    at_work: Flask, coordinator: FlaskClient, approver: FlaskClient
) -> None:
    hold_for_half_an_hour()
    plan = world.draft_of(world.EXERCISE)
    address = f"/plans/{plan.id}"
    assert "Put this plan forward?" in coordinator.get(address).text
    assert press(coordinator, address, "/put-forward").status_code == 303
    assert "another coordinator approves it" in coordinator.get(address).text
    assert "Another coordinator approves it" in coordinator.get(ROUND).text
    assert "Read it, then approve it" in approver.get(ROUND).text
    assert "can be taken back for 30 minutes" in approver.get(address).text
    assert press(approver, address, "/approve").status_code == 303
    for one in (coordinator, approver):
        assert "It leaves on" in one.get(address).text
        assert "It leaves on" in one.get(ROUND).text
    assert db.session.query(Match).count() == 0
    assert press(coordinator, address, "/take-back").status_code == 303
    page = approver.get(address).text
    assert "Put this plan forward?" in page
    steps = ("put it forward for approval", "approved it", "took it back before it left")
    assert [page.index(step) for step in steps] == sorted(page.index(step) for step in steps)


def test_the_worker_lets_an_approved_plan_leave(
    at_work: Flask, coordinator: FlaskClient, approver: FlaskClient
) -> None:
    hold_for_half_an_hour()
    plan_id = world.draft_of(world.EXERCISE).id
    press(coordinator, f"/plans/{plan_id}", "/put-forward")
    press(approver, f"/plans/{plan_id}", "/approve")
    world.keep_house(at_work)
    assert db.session.get_one(Plan, plan_id).state == "approved"
    end_hold(plan_id)
    world.keep_house(at_work)
    db.session.expire_all()
    assert db.session.get_one(Plan, plan_id).state == "published"
    assert "Put forward by" in coordinator.get(f"/plans/{plan_id}").text
    assert db.session.query(Match).count() > 0


def test_a_correction_is_asked_for_and_typed_text_is_kept(at_work: Flask, coordinator: FlaskClient) -> None:
    matches = world.publish_draft(world.EXERCISE, put=False)
    address = f"{ROUND}/correction"
    assert address in coordinator.get(ROUND).text
    form = main_form(coordinator.get(address).text)
    chosen = str(matches[0].id)
    # Without a notice nothing is asked for, and what was chosen is still chosen.
    again = coordinator.post(address, data=form.data(together=chosen))
    assert again.status_code == 422
    assert ("together", chosen) in main_form(again.text).values
    assert db.session.query(Run).filter_by(purpose="repair").count() == 0
    # What somebody answers meanwhile is not passed over in silence.
    other = matches[1]
    form = form_to(coordinator, address, "/correction")
    decisions.consent_to_match(world.coordinator_of(at_work), other.id, other.version, on_behalf=True)
    late = coordinator.post(
        address, data=form.data(together=[chosen, str(other.id)], notice="Counted wrongly")
    )
    assert (late.status_code, "was answered or has ended since" in late.text) == (422, True)
    form = form_to(coordinator, address, "/correction")
    response = coordinator.post(address, data=form.data(together=chosen, notice="Counted wrongly"))
    assert response.status_code == 303
    world.let_worker_run(at_work)
    assert "Counted wrongly" in coordinator.get(response.location).text
    draft = world.draft_of(world.EXERCISE)
    page = coordinator.get(f"/plans/{draft.id}").text
    assert "Counted wrongly" in page
    assert "nobody had answered" in page
    assert "give them seats again" not in page
    assert (matches[0].need_reference, matches[0].session_code) not in rounds.seats_in(draft)
    # Said to be free to come back, it is planned again, and the page says what that means.
    ticked = form_to(coordinator, address, "/correction")
    sent = ticked.data(together=chosen, notice="Counted wrongly", may_return="yes")
    assert coordinator.post(address, data=sent).status_code == 303
    world.let_worker_run(at_work)
    draft = world.draft_of(world.EXERCISE)
    assert "give them seats again" in coordinator.get(f"/plans/{draft.id}").text
    assert (matches[0].need_reference, matches[0].session_code) in rounds.seats_in(draft)
    assert coordinator.get("/rounds/no-such-round/correction").status_code == 404
