"""From an agreement to the course's record by its pages alone: scheduled, held, assessed, replied to."""

from datetime import timedelta
from typing import Any

import pytest

from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import CourseRecord, Person
from lcm_service.services import rounds
from tests.fixtures import sign_in
from tests.service import matching_rounds
from tests.service.held_courses import FIRST, LAST, PLANNED, Scene
from tests.web.html import main_form


@pytest.fixture
def scene(app):
    return Scene()


class Browsers:
    """A browser for each side and for the coordinator, and the pages of the match."""

    def __init__(self, app: Any, scene: Scene) -> None:
        self.match = f"/matches/{scene.match.id}"
        actors = {"recipient": scene.recipient, "provider": scene.provider, "coordinator": scene.coordinator}
        self.clients = {name: app.test_client() for name in actors}
        for name, actor in actors.items():
            person = db.session.get(Person, actor.person_id)
            assert person is not None
            sign_in(self.clients[name], person)

    def read(self, who: str, address: str = "") -> str:
        answer = self.clients[who].get(address or self.match)
        assert answer.status_code == 200, (who, address)
        return str(answer.text)

    def send(self, who: str, form: str, **said: object) -> Any:
        """Fill the form in as the page gives it, with these answers, and follow where it leads."""
        filled = main_form(self.read(who, f"{self.match}/{form}"))
        return self.clients[who].post(filled.action, data=filled.data(**said), follow_redirects=True)


def test_a_course_goes_its_way_by_its_pages_and_each_side_is_shown_what_waits_for_it(app, scene):
    at = Browsers(app, scene)
    # The round is long closed when its courses are over; they are shown on the start page all the same.
    rounds.close_round(scene.coordinator, scene.round.code)
    assert "The days of 1 course are over." in at.read("recipient", "/")
    assert "Over and not reported" in at.read("coordinator", f"/rounds/{scene.round.code}")
    assert "Say when and where it will be" not in at.read("recipient")
    assert at.clients["recipient"].get(f"{at.match}/schedule").status_code == 403

    late = at.send("provider", "schedule", ends_on=str(LAST + timedelta(1)))
    assert late.status_code == 422
    assert "The session is not on this day." in late.text
    planned = at.send("provider", "schedule", venue="Hall 2 < Annex")
    assert "Hall 2 &lt; Annex" in planned.text
    assert "Hall 2 &lt; Annex" in at.read("recipient")

    many = at.send("recipient", "delivered", seats_used="21", women_used="3")
    assert (many.status_code, "No more seats can have been used" in many.text) == (422, True)
    told = at.send("recipient", "delivered", seats_used="15", women_used="3")
    assert "The report is kept." in told.text
    assert "1 course was held. Say what you think of it." in at.read("provider", "/")

    assert at.send("recipient", "assess", answer="no", note="kestrel-note").status_code == 200
    assert at.send("provider", "assess", answer="in_part", note="heron-note").status_code == 200
    assert ("kestrel-note" in at.read("recipient"), "heron-note" in at.read("recipient")) == (True, False)
    for address in (
        "",
        f"{at.match}/assess",
        "/",
        f"/rounds/{scene.round.code}",
        f"/offers/{scene.offer.reference}",
    ):
        assert "kestrel-note" not in at.read("provider", address)
    assert all(note in at.read("coordinator") for note in ("kestrel-note", "heron-note"))
    # Nothing waits any more, so the closed round is no longer on the start page.
    assert "No round is open" in at.read("recipient", "/")
    assert "Release this match" not in at.read("coordinator")


def test_the_record_of_a_course_is_on_its_page_for_its_provider_who_replies(app, scene):
    at, address = Browsers(app, scene), f"/offers/{scene.offer.reference}"
    assert "There is no record yet" in at.read("provider", address)
    assert at.clients["provider"].post(f"{address}/reply", data={"reply": "x"}).status_code in {400, 409}
    row = CourseRecord(
        provider_id=scene.offer.participant_id,
        title=scene.offer.title,
        standing=scene.round.standing,
        percent=73,
        assessments=5,
        recipients=3,
        counted_at=utc_now(),
    )
    db.session.add(row)
    db.session.commit()
    for who in ("provider", "coordinator"):
        assert "73 %" in at.read(who, address)
    assert "73 %" not in at.read("recipient", address)
    form = main_form(at.read("provider", f"{address}/reply"))
    sent = at.clients["provider"].post(
        form.action, data=form.data(reply="New manual."), follow_redirects=True
    )
    assert "New manual." in sent.text
    assert "New manual." in at.read("coordinator", address)
    assert "New manual." not in at.read("recipient", address)
    assert at.clients["recipient"].get(f"{address}/reply").status_code == 403
    stale = at.clients["provider"].post(form.action, data=form.data(reply="Another."))
    assert (stale.status_code, "Another." in stale.text) == (409, True)


def test_a_coordinator_records_letters_of_both_sides(app, scene):
    at = Browsers(app, scene)
    form = main_form(at.read("coordinator", f"{at.match}/schedule"))
    planned = {"starts_on": str(FIRST), "ends_on": str(LAST), "venue": PLANNED["venue"]}
    assert at.clients["coordinator"].post(form.action, data=form.data(**planned)).status_code == 303
    matching_rounds.fresh()
    assert scene.match.delivery.state == "scheduled"
    form = main_form(at.read("coordinator", f"{at.match}/not-delivered?side=recipient"))
    assert form.data()["side"] == ["recipient"]
    sent = at.clients["coordinator"].post(
        form.action, data=form.data(reason="travel_or_visa"), follow_redirects=True
    )
    assert "Travel or visas failed" in sent.text
    assert "Travel or visas failed" not in at.read("provider")
    # The days of the session are over, so no schedule says that it was held after all.
    assert "Say when and where it will be" not in at.read("coordinator")
    sent = at.clients["coordinator"].post(f"{at.match}/schedule", data=form.data(**planned))
    assert sent.status_code in {409, 422}
