"""Accounts: who makes them, what is wrong with them, and that a person can be erased."""

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotSignedIn, NotValid
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import (
    ApiToken,
    AuditEvent,
    Invitation,
    PasswordRenewal,
    Person,
    SecondFactor,
    SignIn,
    SignInFailure,
)
from lcm_service.services import accounts, audit, invitations, renewals, sign_ins, tokens
from tests import factories
from tests.fixtures import key_of_new_sign_in

pytestmark = pytest.mark.usefixtures("app")


def person_with(**columns):
    return factories.make_person(email="ana@example.org", **columns)


class TestAccounts:
    def make(self, actor=SYSTEM, **more):
        values = {
            "email": "new@example.org",
            "name": "New",
            "role": "observer",
            "password": "long enough, surely",
        }
        return accounts.create_person(actor, **(values | more))

    def test_administrators_and_the_system_make_accounts(self):
        administrator = factories.make_actor("administrator")
        self.make(administrator)
        assert sign_ins.sign_in("new@example.org", "long enough, surely").person.role == "observer"

    @pytest.mark.parametrize("role", ["focal_point", "coordinator", "observer"])
    def test_nobody_else_does(self, role):
        with pytest.raises(NotAllowed):
            self.make(factories.make_actor(role))

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("email", "no address"),
            ("email", "two@at@signs"),
            ("email", "line\n@example.org"),
            ("email", "x" * 65 + "@example.org"),
            ("email", "root,ana@example.org"),
            ("email", "ana@example.org,root"),
            ("email", "<ana@example.org>"),
            ("email", "ana\u202e@example.org"),
            ("name", "   "),
            ("name", "Ana\u202e"),
            ("name", "Ana\nBcc: x"),
            ("name", ""),
            ("name", "x" * 201),
            ("role", "emperor"),
            ("language", "tlh"),
            ("password", "too short"),
            ("password", "x" * 201),
            ("participant_code", "NOWHERE"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, field, value):
        with pytest.raises(NotValid) as refusal:
            self.make(**{field: value})
        assert list(refusal.value.faults) == [field]

    def test_a_focal_point_belongs_to_a_participant_and_nobody_else_does(self):
        with pytest.raises(NotValid):
            self.make(role="focal_point")
        code = factories.make_participant().code
        assert self.make(role="focal_point", participant_code=code).participant.code == code

    def test_an_address_has_one_account(self):
        self.make()
        with pytest.raises(Conflict):
            self.make(email="NEW@example.org")
        assert len(db.session.scalars(select(Person)).all()) == 1

    def test_a_password_is_set_by_its_owner_or_an_administrator(self):
        person, other = person_with(), factories.make_actor("coordinator")
        with pytest.raises(NotAllowed):
            accounts.set_password(other, person.email, "taken over by another")
        with pytest.raises(NotAllowed):
            accounts.set_password(other, "nobody@example.org", "taken over by another")
        with pytest.raises(NotFound):
            accounts.set_password(SYSTEM, "nobody@example.org", "long enough, surely")
        accounts.set_password(SYSTEM, person.email, "long enough, surely")
        assert sign_ins.sign_in(person.email, "long enough, surely").person == person

    def test_no_event_holds_a_password_or_an_address(self):
        person = self.make()
        accounts.set_password(SYSTEM, person.email, "long enough, surely")
        tokens.create_api_token(accounts.actor_of(person), person.email, "x", 1)
        for event in db.session.scalars(select(AuditEvent)):
            assert "example.org" not in f"{event.facts} {event.fields} {event.record_reference}"
            assert "surely" not in f"{event.facts}"


class TestDemonstration:
    def test_whom_made_up_people_invite_is_made_up_too_and_goes_with_them(self):
        made_up = factories.make_person(is_lead=True, is_demonstration=True)
        real = factories.make_person(is_lead=True)
        codes = {}
        for name, inviter in (("came", made_up), ("waits", made_up), ("real", real)):
            _, codes[name] = invitations.invite(
                accounts.actor_of(inviter),
                email=f"{name}@example.org",
                name=name,
                participant_code=inviter.participant.code,
            )
        came = invitations.accept_invitation(codes["came"], "Came", "mule fathom cedar plinth")
        assert came.is_demonstration
        assert accounts.erase_demonstration_people(SYSTEM) == 2
        assert not accounts.has_demonstration_people()
        # Nor does one come later whom they have invited.
        with pytest.raises(NotFound):
            invitations.accept_invitation(codes["waits"], "Late", "mule fathom cedar plinth")
        assert [one.email for one in db.session.query(Invitation)] == ["real@example.org"]
        person = invitations.accept_invitation(codes["real"], "Real", "mule fathom cedar plinth")
        assert not person.is_demonstration

    def test_who_comes_by_the_invitation_of_one_who_was_invited_is_made_up_as_well(self):
        first = factories.make_person("administrator", is_demonstration=True)
        for number in range(2):
            _, code = invitations.invite(
                accounts.actor_of(first), email=f"n{number}@example.org", name="N", role="administrator"
            )
            first = invitations.accept_invitation(code, "N", "mule fathom cedar plinth")
            assert first.is_demonstration

    @pytest.mark.parametrize("role", ["coordinator", "focal_point"])
    def test_only_administrators_erase_them(self, role):
        factories.make_person(is_demonstration=True)
        with pytest.raises(NotAllowed):
            accounts.erase_demonstration_people(factories.make_actor(role))
        assert accounts.has_demonstration_people()


class TestErasing:
    def test_who_a_person_is_is_gone_and_what_was_done_stays_traced(self):
        person = person_with()
        sign_ins.sign_in("ana@example.org", factories.PASSWORD)
        token = tokens.create_api_token(SYSTEM, "ana@example.org", "A system", 9)
        accounts.erase_person(factories.make_actor("administrator"), "ana@example.org")
        db.session.expire_all()
        kept = db.session.get(Person, person.id)
        assert kept is not None
        assert "ana" not in repr([getattr(kept, column.key) for column in Person.__table__.columns]).lower()
        assert (kept.is_active, kept.password_hash) == (False, None)
        with pytest.raises(NotValid):
            sign_ins.sign_in("ana@example.org", factories.PASSWORD)
        with pytest.raises(NotSignedIn):
            tokens.actor_of_token(token)
        query = select(AuditEvent).where(AuditEvent.record_kind == "person").order_by(AuditEvent.id)
        events = db.session.scalars(query).all()
        assert [event.action for event in events] == ["create_token", "erase"]
        assert "ana" not in repr([(event.fields, event.facts) for event in events]).lower()
        assert audit.verify_audit(SYSTEM, []).faults == []

    def test_nothing_by_which_the_person_came_in_is_left(self):
        person = person_with(is_lead=True)
        key_of_new_sign_in(person)
        renewals.begin_renewal(SYSTEM, person.email)
        factories.save(SecondFactor(person_id=person.id, sealed_secret="sealed", last_step=0))
        with pytest.raises(NotValid):
            sign_ins.sign_in(person.email, "wrong", "198.51.100.7")
        _, code = invitations.invite(
            accounts.actor_of(person),
            email="new@example.org",
            name="New",
            participant_code=person.participant.code,
        )
        accounts.erase_person(SYSTEM, person.email)
        for table in (SignIn, PasswordRenewal, SecondFactor, SignInFailure, ApiToken):
            assert db.session.query(table).count() == 0, table
        with pytest.raises(NotFound):
            invitations.accept_invitation(code, "New", "mule fathom cedar plinth")

    def test_the_address_can_be_used_again(self):
        person_with()
        accounts.erase_person(SYSTEM, "ana@example.org")
        assert person_with().email == "ana@example.org"

    @pytest.mark.parametrize("role", ["focal_point", "observer", "coordinator"])
    def test_only_administrators_erase(self, role):
        person_with()
        with pytest.raises(NotAllowed):
            accounts.erase_person(factories.make_actor(role), "ana@example.org")

    def test_who_is_not_there_cannot_be_erased(self):
        with pytest.raises(NotFound):
            accounts.erase_person(SYSTEM, "nobody@example.org")
