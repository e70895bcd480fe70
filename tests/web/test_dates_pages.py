"""Other dates by the pages alone: proposed, put to all who take part, accepted, and shown where days are."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lcm_service.mail.texts import write_text
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import DateProposal, OutboxMessage, Person
from lcm_service.services import deliveries, exports, publication
from tests import factories
from tests.fixtures import sign_in
from tests.service.test_dates_hold import agree, begin, state_days
from tests.service.test_other_dates import AFTER, BEFORE, MovingCourse
from tests.web.html import main_form, read_page

NEW_DAYS = {"starts_on": str(AFTER[0]), "ends_on": ""}


@pytest.fixture
def course(app: Any) -> MovingCourse:
    course = MovingCourse()
    course.consent(0, 1)
    return course


class Browsers:
    """A browser for everybody who takes part."""

    def __init__(self, app: Any, course: MovingCourse) -> None:
        self.match = f"/matches/{course.match().id}"
        actors = {
            "recipient": course.recipients[0],
            "other": course.recipients[1],
            "provider": course.provider,
            "funder": course.funder,
            "coordinator": course.coordinator,
        }
        self.clients = {name: app.test_client() for name in actors}
        for name, actor in actors.items():
            person = db.session.get(Person, actor.person_id)
            assert person is not None
            sign_in(self.clients[name], person)

    def read(self, who: str, address: str) -> str:
        answer = self.clients[who].get(address)
        assert answer.status_code == 200, (who, address)
        return str(answer.text)

    def propose(self, who: str, side: str, **said: object) -> Any:
        filled = main_form(self.read(who, f"{self.match}/dates?side={side}"))
        return self.clients[who].post(filled.action, data=filled.data(**said), follow_redirects=True)

    def press(self, who: str, address: str, press: str, **said: object) -> Any:
        forms = [
            one for one in read_page(self.read(who, address)).forms if one.action == f"{address}/{press}"
        ]
        filled = next(one for one in forms if all(one.data()[key] == [said[key]] for key in said))
        return self.clients[who].post(filled.action, data=filled.data(), follow_redirects=True)


def test_a_session_is_moved_by_its_pages_alone_and_nobody_is_found_out(app, course):
    at = Browsers(app, course)
    assert "Propose other dates" in at.read("recipient", at.match)
    proposed = at.propose("recipient", "recipient", **NEW_DAYS, note="Rotation < May")
    assert proposed.status_code == 200
    address = proposed.request.path
    assert "Take the proposal back" in proposed.text
    assert at.clients["other"].get(address).status_code == 404
    assert "1 course asks whether other dates suit you." in at.read(
        "provider", f"/rounds/{course.round.code}"
    )
    shown = at.read("provider", address)
    assert "Rotation &lt; May" in shown
    assert course.needs[0].participant.names["en"] in shown
    at.press("provider", address, "accept")
    other = at.read("other", address)
    for word in ("Rotation", course.needs[0].participant.names["en"], course.needs[0].reference):
        assert word not in other
    assert at.match not in other
    done = at.press("other", address, "accept")
    assert "the session is moved to these dates" in done.text
    for who in ("recipient", "provider", "coordinator"):
        page = at.read(who, at.match)
        assert "Moved by all who take part." in page
        assert "10 May 2027" in page
    plan = publication.published_plan(course.coordinator, course.round.code)
    assert "Sessions that were moved since" in at.read("coordinator", f"/plans/{plan.id}")
    assert "All who take part in this session have agreed on other days." in at.read(
        "coordinator", f"/rounds/{course.round.code}"
    )


def test_what_is_wrong_is_said_beside_what_was_typed(app, course):
    at = Browsers(app, course)
    late = at.propose("recipient", "recipient", starts_on="2020-01-01", ends_on="")
    assert late.status_code == 422
    assert "The course has to begin after today." in late.text
    course.needs[1].latest = BEFORE[1]
    db.session.merge(course.needs[1])
    db.session.commit()
    letter = at.propose("coordinator", "provider", **NEW_DAYS)
    assert letter.status_code == 422
    assert course.needs[1].reference in letter.text
    own = at.propose("provider", "provider", **NEW_DAYS)
    assert own.status_code == 200
    assert course.needs[1].reference not in own.text


def test_a_coordinator_records_letters_on_the_page_and_reads_all_answers(app, course):
    at = Browsers(app, course)
    address = at.propose("provider", "provider", **NEW_DAYS).request.path
    codes = [need.participant.code for need in course.needs]
    at.press("coordinator", address, "accept", participant=codes[0])
    page = at.read("coordinator", address)
    assert "recorded by a coordinator" in page
    assert "accepted the proposed days" in page
    refused = at.press("coordinator", address, "refuse", participant=codes[1])
    assert "All stays as it is." in refused.text
    assert course.days() == BEFORE


def test_exports_have_the_days_of_now_and_say_that_they_were_moved(app, course):
    proposal = course.propose(course.provider, "provider")
    plan = publication.published_plan(course.coordinator, course.round.code)
    before = exports.export_plan(course.coordinator, plan.id)
    assert "moved_from" not in before["labels"]["sessions"][course.code]
    for recipient in course.recipients:
        course.accept(recipient, proposal)
    days = [day.isoformat() for day in AFTER]
    for reader in (course.coordinator, course.provider, course.recipients[0]):
        taken = exports.export_plan(reader, plan.id)
        label = taken["labels"]["sessions"][course.code]
        assert ([label["start"], label["end"]], label["moved_from"]["start"]) == (days, BEFORE[0].isoformat())
        (row, *_) = exports.export_plan_rows(reader, plan.id)
        assert ([row["start"], row["end"]], row["moved_from"]) == (days, "2027-04-05/2027-04-16")
    assert taken["plan"]["assignments"][0]["session"] == course.code


def test_pages_show_what_the_offer_states_now_beside_what_the_plan_has(app: Any) -> None:
    course = MovingCourse()
    place = factories.make_place("XQA", regions=["X01"], names={"en": "Elsewhere"})
    at = Browsers(app, course)
    assert "The plan has" not in at.read("recipient", at.match)
    state_days(course, *AFTER, place_code=place.code)
    page = at.read("recipient", at.match)
    for said in ("10 May 2027", "The offer states these days now.", "Elsewhere"):
        assert said in page
    assert "The offer states this country now." in page
    assert "Moved by all who take part." not in page
    assert "The offer states other days or another country for this session." in at.read(
        "coordinator", f"/rounds/{course.round.code}"
    )
    course.consent(0, 1)
    page = at.read("funder", f"/parts/{course.part.id}")
    assert "The offer states these days now." in page
    assert "10 May 2027" in page


def test_other_dates_can_be_proposed_once_the_course_was_reported_as_not_held(app: Any) -> None:
    course = MovingCourse()
    agree(course)
    begin(course)
    at, ask = Browsers(app, course), "/dates?side="
    assert f"{at.match}{ask}" not in at.read("provider", at.match)
    match = course.match()
    deliveries.report_not_delivered(course.provider, match.id, "provider", "security", match.version)
    assert f"{at.match}{ask}provider" in at.read("provider", at.match)
    assert f"{at.match}{ask}recipient" in at.read("recipient", at.match)


def test_a_mail_tells_how_much_waits_and_nothing_else(app, course):
    at = Browsers(app, course)
    at.propose("recipient", "recipient", **NEW_DAYS)
    rows = db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.participant_id == course.provider.participant_id)
    )
    mail = write_text([(row.kind, row.facts) for row in rows], "en", "https://lcm.test")
    assert "1 course asks whether other dates suit you." in mail.body
    assert course.code not in mail.body
    assert write_text([("dates.over", {"dates": 3})], "en", "https://lcm.test").body.count("settled") == 1


def test_what_is_agreed_is_moved_by_its_page_and_a_late_yes_says_that_nothing_moved(app, course):
    course.confirm("provider", 0, 1)
    course.answer()
    course.confirm("recipient", 0, 1)
    course.confirm("secretariat", 0, 1)
    at = Browsers(app, course)
    for who in ("recipient", "provider"):
        assert "Propose other dates" in at.read(who, at.match)
    assert "what is agreed stands on the days that it has" in at.read("recipient", f"{at.match}/dates")
    address = at.propose("provider", "provider", **NEW_DAYS, note="").request.path
    row = db.session.scalars(select(DateProposal)).one()
    row.starts_on = row.starts_before = date(2026, 1, 5)
    db.session.commit()
    answered = at.press("recipient", address, "accept")
    assert "nothing was moved" in answered.text
    assert "the course has begun, or these days have come" in answered.text
    assert course.days() == BEFORE


def test_an_offer_page_says_how_days_change_on_which_others_stand(app, course):
    at = Browsers(app, course)
    place = f"/offers/{course.offer.reference}/revise"
    filled = main_form(at.read("provider", place))
    named = {key: str(AFTER[0]) for key in filled.data() if key.endswith("starts_on")}
    named |= {key: str(AFTER[1]) for key in filled.data() if key.endswith("ends_on")}
    more = {"title": "A title typed with them"}
    answered = at.clients["provider"].post(filled.action, data=filled.data(**named, **more))
    assert answered.status_code == 422
    # Said at the sessions, and nothing that was typed is lost.
    summary = answered.text.partition('id="faults"')[2].partition("</ul>")[0]
    assert '<a href="#sessions">Sessions</a>: A match stands in one of these sessions' in summary
    typed = main_form(answered.text).data()
    assert typed["title"] == ["A title typed with them"]
    assert [typed[key] for key in named] == [[day] for day in named.values()]
    assert course.days() == BEFORE
