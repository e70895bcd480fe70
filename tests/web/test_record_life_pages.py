"""The later life of records by page: renewed, flagged, circulated, kept as a draft."""

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Need, Participant, Person
from lcm_service.services import accounts, record_ends, submissions
from tests import factories
from tests.api.callers import Caller
from tests.web import world
from tests.web.html import main_form, read_page

Browsers = Callable[[Person], FlaskClient]


def need_of(code: str) -> Need:
    """A live need of a participant of the exercise."""
    query = db.session.query(Need).join(Participant, Need.participant_id == Participant.id)
    return query.filter(Participant.code == code, Need.state == "submitted").order_by(Need.id).first()


def test_what_expired_is_renewed_by_its_owner_where_the_list_and_its_page_say_so(
    at_work: Flask, browser_of: Browsers, coordinator: FlaskClient
) -> None:
    need = need_of("XAA")
    reference, address = need.reference, f"/needs/{need.reference}"
    need.expires_on = utc_now().date() - timedelta(days=1)
    db.session.commit()
    assert record_ends.expire_overdue(SYSTEM) == 1
    owner = browser_of(world.focal_point_of("XAA"))
    for page in (address, f"/rounds/{world.EXERCISE}/needs"):
        assert f'{address}/renew"' in owner.get(page).text
    refused = owner.post(f"{address}/renew", data=main_form(owner.get(f"{address}/renew").text).data())
    assert refused.status_code == 422
    assert "State the day until which it stands." in refused.text
    day = (utc_now().date() + timedelta(days=60)).isoformat()
    form = main_form(owner.get(f"{address}/renew").text)
    assert owner.post(f"{address}/renew", data=form.data(expires_on=day)).location == address
    assert "takes no part any more" not in owner.get(address).text
    assert "renewed it" in owner.get(f"{address}/history").text
    db.session.expire_all()
    found = submissions.find_need(world.coordinator_of(at_work), reference)
    assert (found.state, found.expires_on.isoformat()) == ("submitted", day)
    caller = Caller(at_work, world.focal_point_of("XAA"))
    again = caller.post(f"/needs/{reference}/renewal", {"expires_on": day}, version=found.version)
    assert (again.status_code, "only what has expired" in again.json["detail"]) == (409, True)


def test_an_ask_far_above_what_is_deployed_is_flagged_on_every_page_of_the_need(
    at_work: Flask, browser_of: Browsers, coordinator: FlaskClient
) -> None:
    canada, round = factories.make_participant("CAN"), need_of("XAA").round
    need = factories.make_need(canada, round, seats_asked=20)
    address, states = f"/needs/{need.reference}", f"/rounds/{world.EXERCISE}/needs"
    assert "deploys" not in coordinator.get(states).text + coordinator.get(address).text
    unknown = coordinator.get(f"/needs/{need_of('XAA').reference}/recognise").text
    assert "Uniformed personnel deployed" in unknown
    assert "Not known" in unknown
    need.seats_asked = 29
    db.session.commit()
    owner = browser_of(world.make_person("focal_point", need.participant))
    for browser, pages in ((coordinator, (address, f"{address}/recognise")), (owner, (address,))):
        for page in pages:
            text = browser.get(page).text
            assert "more than 50% of what it deploys (57 on 2021-09-30, according to Nhan Dan)" in text
    assert "Asks over 50% of what it deploys" in coordinator.get(states).text
    provider = browser_of(world.focal_point_of("XAC"))
    assert "deploys" not in provider.get(states).text


def test_a_need_is_circulated_on_a_page_and_by_a_call_once_its_state_agrees(
    at_work: Flask, browser_of: Browsers, coordinator: FlaskClient
) -> None:
    need = need_of("XAA")
    need.title, need.state, need.areas = "kestrel", "acknowledged", ["C-IED"]
    db.session.commit()
    address, page = f"/needs/{need.reference}", f"/rounds/{world.EXERCISE}/circulated-needs"
    assert "/circulate" not in coordinator.get(address).text
    need.visibility_consent = True
    db.session.commit()
    form = next(
        form for form in read_page(coordinator.get(address).text).forms if "/circulate" in form.action
    )
    assert coordinator.post(f"{address}/circulate", data=form.data()).location == address
    for person in (world.focal_point_of("XAC"), world.person_by_email("observer@example.org")):
        text = browser_of(person).get(page).text
        assert need.reference in text
        assert "kestrel" not in text
        call = Caller(at_work, person).get("/circulated-needs/", query_string={"round": world.EXERCISE})
        assert [row["reference"] for row in call.json] == [need.reference]
        assert not {"title", "seats_asked", "priority_asked", "basis"} & set(call.json[0])
    owner = browser_of(world.focal_point_of("XAA"))
    assert "Everyone who takes part reads" in owner.get(address).text
    edit = main_form(owner.get(f"{address}/revise").text)
    owner.post(f"{address}/revise", data=edit.data(visibility_consent="no"))
    assert "No need is circulated" in coordinator.get(page).text


def test_a_draft_is_saved_sent_and_discarded_by_form_and_by_program(
    at_work: Flask, browser_of: Browsers, coordinator: FlaskClient
) -> None:
    owner, other = (browser_of(world.focal_point_of(code)) for code in ("XAA", "XAC"))
    new, offers = f"/rounds/{world.EXERCISE}/offers/new", f"/rounds/{world.EXERCISE}/offers"
    assert "Save as a draft" not in coordinator.get(new).text
    form = main_form(owner.get(new).text)
    addresses = [owner.post(new, data=form.data(title="kestrel", state="draft")).location for _ in range(2)]
    for address in addresses:
        page = owner.get(address).text
        assert "nobody but your own side reads it" in page
        # It says what it lacks, and not that it takes part without it.
        assert "questions are still open" in page
        assert "takes part as it is" not in page
        assert {browser.get(address).status_code for browser in (other, coordinator)} == {404}
    for browser in (other, coordinator):
        assert "kestrel" not in browser.get(offers).text
    check = f"{addresses[0]}/check"
    assert f'href="{check}"' in owner.get(addresses[0]).text
    send = next(one for one in read_page(owner.get(check).text).forms if "/submit" in one.action)
    told = owner.post(send.action, data=send.data()).location
    assert "-draft-" not in told
    assert "is recorded as" in owner.get(told).text
    sent = told.removesuffix("/sent")
    assert "kestrel" in other.get(sent).text
    assert "takes part as it is" in owner.get(sent).text
    discard = next(one for one in read_page(owner.get(addresses[1]).text).forms if "/discard" in one.action)
    owner.post(discard.action, data=discard.data())
    assert owner.get(addresses[1]).status_code == 404
    caller = Caller(at_work, world.focal_point_of("XAA"))
    made = caller.post("/needs/", {"title": "kestrel", "round": world.EXERCISE, "state": "draft"})
    assert (made.status_code, made.json["state"]) == (201, "draft")
    path = made.headers["Location"].removeprefix("/api/v1")
    assert Caller(at_work, world.person_by_email(world.COORDINATOR)).get(path).status_code == 404
    done = caller.post(f"{path}/submission", version=1)
    assert (done.status_code, done.json["state"], done.headers["ETag"]) == (201, "submitted", '"1"')
    again = caller.post("/needs/", {"title": "kestrel", "round": world.EXERCISE, "state": "draft"})
    path = again.headers["Location"].removeprefix("/api/v1")
    assert caller.post(f"{path}/discarding", version=1).status_code == 204
    assert caller.get(path).status_code == 404


def test_the_start_page_puts_what_came_back_first_with_its_questions(
    at_work: Flask, browser_of: Browsers, coordinator: FlaskClient
) -> None:
    need = need_of("XAA")
    owner = browser_of(world.focal_point_of("XAA"))
    actor = accounts.actor_of(world.focal_point_of("XAA"))
    submissions.save_draft(actor, "offer", "XAA", world.EXERCISE, {"title": "kestrel"})
    place = f"/rounds/{world.EXERCISE}"
    assert "came back" not in owner.get("/").text
    assert "kestrel" in owner.get(place).text
    submissions.return_record(
        world.coordinator_of(at_work), "need", need.reference, questions="For whom?", version=need.version
    )
    for page in ("/", place):
        text = owner.get(page).text
        assert "1 of your records came back with questions" in text
        assert "For whom?" in text
        assert f"/needs/{need.reference}/revise" in text
    for browser in (coordinator, browser_of(world.focal_point_of("XAC"))):
        for page in ("/", place):
            assert not {"For whom?", "kestrel"} & set(
                re.findall(r"For whom\?|kestrel", browser.get(page).text)
            )
