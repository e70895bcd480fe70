"""Accounts by invitation, and the lead focal point who looks after its colleagues and no others."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotSignedIn, NotValid
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import (
    AuditEvent,
    Invitation,
    MailDelivery,
    OutboxMessage,
    Person,
    SecondFactor,
)
from lcm_service.services import accounts, invitations, sign_ins, tokens
from tests import factories
from tests.fixtures import key_of_new_sign_in

pytestmark = pytest.mark.usefixtures("app")

PASSWORD = "mule fathom cedar plinth"
TODAY = utc_now().date()


@pytest.fixture
def lead():
    return factories.make_person(email="lead@example.org", is_lead=True)


@pytest.fixture
def colleague(lead):
    return factories.make_person("focal_point", lead.participant, email="colleague@example.org")


def act(person):
    db.session.expire_all()
    return accounts.actor_of(person)


def invite(actor, **more):
    values = {"email": "new@example.org", "name": "New", "participant_code": actor.participant_code}
    return invitations.invite(actor, **(values | more))


def action_names():
    return [one.action for one in db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))]


class TestInviting:
    def test_a_lead_invites_and_whoever_accepts_answers_for_the_same_participant(self, lead):
        _, code = invite(act(lead))
        person = invitations.accept_invitation(code, " Ana ", PASSWORD)
        assert (person.name, person.role, person.participant_id) == (
            "Ana",
            "focal_point",
            lead.participant_id,
        )
        assert not person.is_lead
        assert sign_ins.sign_in("new@example.org", PASSWORD).person == person
        assert action_names() == ["invite", "create", "accept"]
        told = db.session.scalars(select(OutboxMessage)).one()
        assert (told.kind, told.person_id) == ("invitation.accepted", lead.id)

    def test_an_invitation_is_good_once(self, lead):
        _, code = invite(act(lead))
        invitations.accept_invitation(code, "Ana", PASSWORD)
        with pytest.raises(NotFound):
            invitations.accept_invitation(code, "Ana", PASSWORD)

    def test_only_a_hash_of_its_code_is_kept(self, lead):
        _, code = invite(act(lead))
        kept = db.session.query(Invitation).one()
        assert code not in repr([getattr(kept, column.key) for column in Invitation.__table__.columns])

    def test_a_withdrawn_an_expired_a_replaced_and_an_unknown_one_are_refused_alike(self, lead):
        codes = ["", "x" * 43]
        withdrawn, code = invite(act(lead), email="a@example.org")
        invitations.withdraw_invitation(act(lead), withdrawn.id)
        invitations.withdraw_invitation(act(lead), withdrawn.id)
        codes.append(code)
        expired, code = invite(act(lead), email="b@example.org")
        expired.expires_at = utc_now()
        db.session.commit()
        codes.append(code)
        _, code = invite(act(lead), email="c@example.org")
        codes.append(code)
        _, last = invite(act(lead), email="C@example.org ")
        words = set()
        for code in codes:
            with pytest.raises(NotFound) as refusal:
                invitations.find_invitation(code)
            words.add(refusal.value.message)
        assert words == {invitations.NO_SUCH_INVITATION}
        assert invitations.find_invitation(last).email == "c@example.org"

    def test_an_easy_password_or_no_name_leaves_the_invitation_as_it_was(self, lead):
        _, code = invite(act(lead))
        for name, password, field in (("Ana", "password1234", "password"), (" ", PASSWORD, "name")):
            with pytest.raises(NotValid) as refusal:
                invitations.accept_invitation(code, name, password)
            assert list(refusal.value.faults) == [field]
        assert invitations.accept_invitation(code, "Ana", PASSWORD)

    def test_nobody_but_a_lead_for_its_own_and_an_administrator_invites(self, lead, colleague):
        other = factories.make_participant().code
        for role in ("coordinator", "observer"):
            with pytest.raises(NotAllowed):
                invite(factories.make_actor(role), participant_code=other)
        for actor, more in (
            (act(colleague), {}),
            (act(lead), {"participant_code": other}),
            (act(lead), {"role": "coordinator", "participant_code": None}),
            (act(lead), {"role": "administrator", "participant_code": None}),
            (act(lead), {"is_lead": True}),
        ):
            with pytest.raises(NotAllowed):
                invite(actor, **more)
        assert db.session.query(Invitation).count() == 0
        invite(factories.make_actor("administrator"), participant_code=other, is_lead=True)
        invite(SYSTEM, email="c@example.org", role="coordinator")

    def test_an_address_that_has_an_account_is_not_invited(self, lead, colleague):
        with pytest.raises(Conflict):
            invite(act(lead), email="Colleague@example.org")

    def test_a_lead_that_came_in_between_is_not_pushed_aside(self):
        code = factories.make_participant().code
        _, first = invite(SYSTEM, participant_code=code, is_lead=True)
        _, second = invite(SYSTEM, email="b@example.org", participant_code=code, is_lead=True)
        invitations.accept_invitation(first, "A", PASSWORD)
        with pytest.raises(Conflict):
            invitations.accept_invitation(second, "B", PASSWORD)

    def test_what_a_lead_sees_of_invitations_is_its_own_participants(self, lead):
        invite(SYSTEM, email="x@example.org", participant_code=factories.make_participant().code)
        own, _ = invite(act(lead))
        assert [one.id for one in invitations.list_invitations(act(lead))] == [own.id]
        assert len(invitations.list_invitations(SYSTEM)) == 2
        other = db.session.query(Invitation).filter_by(email="x@example.org").one()
        with pytest.raises(NotFound):
            invitations.withdraw_invitation(act(lead), other.id)

    def test_an_expired_invitation_of_others_stands_in_nobodys_way(self, lead):
        other, _ = invite(SYSTEM, role="coordinator", participant_code=None)
        other.expires_at = utc_now()
        db.session.commit()
        invite(act(lead))
        assert [one.role for one in invitations.list_invitations(SYSTEM)] == ["focal_point"]

    def test_who_was_ended_is_invited_again_as_somebody_new(self, lead, colleague):
        before = colleague.id
        factories.save(SecondFactor(person_id=before, sealed_secret="sealed", last_step=0))
        token = tokens.create_api_token(act(colleague), colleague.email, "x", 9)
        key = key_of_new_sign_in(colleague)
        invitations.end_access_of(act(lead), before)
        _, code = invite(act(lead), email="Colleague@example.org")
        again = invitations.accept_invitation(code, "Ana", PASSWORD)
        assert again.id != before
        assert sign_ins.sign_in("colleague@example.org", PASSWORD).waits_for == "set_up"
        with pytest.raises(NotValid):
            sign_ins.sign_in("colleague@example.org", factories.PASSWORD)
        with pytest.raises(NotSignedIn):
            tokens.actor_of_token(token)
        assert sign_ins.person_of_key(key) is None
        db.session.expire_all()
        former = db.session.get(Person, before)
        assert (former.name, former.password_hash, former.is_active) == ("A person", None, False)
        assert not accounts.ADDRESS.fullmatch(former.email)
        assert db.session.query(SecondFactor).count() == 0
        # Whoever is erased by the address is erased as both.
        accounts.erase_person(SYSTEM, "colleague@example.org")
        db.session.expire_all()
        assert {db.session.get(Person, one).name for one in (before, again.id)} == {accounts.ERASED_NAME}

    def test_an_address_that_is_given_up_does_not_carry_others_of_like_beginning(self, lead, colleague):
        like = factories.make_person(email="colleague@example.org.example")
        invitations.end_access_of(act(lead), colleague.id)
        invitations.accept_invitation(invite(act(lead), email=colleague.email)[1], "Ana", PASSWORD)
        accounts.erase_person(SYSTEM, "colleague@example.org")
        db.session.expire_all()
        assert db.session.get(Person, like.id).name == "A person"


class TestLookingAfterPeople:
    def test_many_people_are_looked_up_by_no_more_questions_than_few(self, lead):
        actor, asked = act(lead), []

        def count(*_about):
            asked.append(1)

        def questions():
            db.session.expire_all()
            asked.clear()
            seen = invitations.list_colleagues(actor)
            assert len(seen) == db.session.query(Person).count()
            return len(asked)

        event.listen(db.engine, "before_cursor_execute", count)
        try:
            few = questions()
            for _ in range(20):
                factories.make_person("focal_point", lead.participant)
            many = questions()
        finally:
            event.remove(db.engine, "before_cursor_execute", count)
        assert few == many <= 5

    def test_of_each_colleague_the_last_fault_and_the_latest_days_are_shown(self, lead, colleague):
        message = factories.save(OutboxMessage(kind="account.lead", person_id=colleague.id, facts={}))
        later = factories.save(OutboxMessage(kind="account.lead", person_id=colleague.id, facts={}))
        for one, fault, person in (
            (message, "first", colleague),
            (later, "last", colleague),
            (later, "", lead),
        ):
            values = {"message_id": one.id, "person_id": person.id, "due_at": utc_now(), "attempts": 1}
            sent_at = None if fault else utc_now()
            factories.save(MailDelivery(**values, fault=fault or "before", sent_at=sent_at))
        invitations.delegate(act(lead), colleague.id, TODAY, TODAY)
        invitations.delegate(act(lead), colleague.id, TODAY, TODAY + timedelta(days=1))
        seen = {one.person.id: one for one in invitations.list_colleagues(act(lead))}
        assert (seen[colleague.id].mail_fault, seen[lead.id].mail_fault) == ("last", None)
        assert seen[colleague.id].delegation.last_day == TODAY + timedelta(days=1)
        assert seen[lead.id].delegation is None

    def test_a_lead_sees_its_colleagues_and_no_others(self, lead, colleague):
        factories.make_person()
        factories.make_person("focal_point", lead.participant, is_active=False)
        seen = invitations.list_colleagues(act(lead))
        assert {(one.person.id, one.is_self) for one in seen} == {(lead.id, True), (colleague.id, False)}
        with pytest.raises(NotAllowed):
            invitations.list_colleagues(act(colleague))

    def test_ending_access_ends_every_way_in_and_keeps_what_was_done(self, lead, colleague):
        key = key_of_new_sign_in(colleague)
        token = tokens.create_api_token(act(colleague), colleague.email, "x", 9)
        invitations.end_access_of(act(lead), colleague.id)
        invitations.end_access_of(act(lead), colleague.id)
        assert sign_ins.person_of_key(key) is None
        with pytest.raises(NotSignedIn):
            tokens.actor_of_token(token)
        with pytest.raises(NotValid):
            sign_ins.sign_in(colleague.email, factories.PASSWORD)
        assert db.session.get(Person, colleague.id).name == "A person"
        assert action_names() == ["create_token", "end_access"]

    def test_nobody_ends_its_own_access_or_that_of_another_participant(self, lead):
        with pytest.raises(Conflict):
            invitations.end_access_of(act(lead), lead.id)
        with pytest.raises(NotFound):
            invitations.end_access_of(act(lead), factories.make_person().id)
        with pytest.raises(NotFound):
            invitations.end_access_of(act(lead), 10**6)

    def test_a_lead_hands_over_and_is_lead_no_longer(self, lead, colleague):
        invitations.hand_over(act(lead), colleague.id)
        assert (act(lead).is_lead, act(colleague).is_lead) == (False, True)
        with pytest.raises(NotAllowed):
            invitations.hand_over(act(lead), lead.id)
        with pytest.raises(NotAllowed):
            invite(act(lead))

    def test_the_database_itself_keeps_a_second_lead_out(self, lead, colleague):
        colleague.is_lead = True
        with pytest.raises(IntegrityError):
            db.session.commit()
        db.session.rollback()

    def test_an_administrator_names_a_lead_where_there_is_none(self):
        person = factories.make_person()
        invitations.hand_over(factories.make_actor("administrator"), person.id)
        assert act(person).is_lead
        with pytest.raises(Conflict):
            invitations.hand_over(factories.make_actor("administrator"), factories.make_person("observer").id)

    def test_who_is_ended_does_not_come_back_by_an_invitation_of_its_own(self, lead, colleague):
        invitations.delegate(act(lead), colleague.id, TODAY, TODAY)
        _, code = invite(act(colleague), email="second@example.org")
        invitations.end_access_of(act(lead), colleague.id)
        with pytest.raises(NotFound):
            invitations.accept_invitation(code, "Again", PASSWORD)

    def test_an_invitation_of_others_is_not_pushed_aside(self, lead):
        other, code = invite(SYSTEM, email="c@example.org", role="coordinator")
        next_lead, _ = invite(
            SYSTEM, email="l@example.org", participant_code=lead.participant.code, is_lead=True
        )
        for email in ("c@example.org", "l@example.org"):
            with pytest.raises(Conflict):
                invite(act(lead), email=email)
        with pytest.raises(NotAllowed):
            invitations.withdraw_invitation(act(lead), next_lead.id)
        assert invitations.find_invitation(code).id == other.id

    def test_who_was_only_invited_can_be_erased(self, lead):
        invite(act(lead))
        accounts.erase_person(SYSTEM, "new@example.org")
        assert db.session.query(Invitation).count() == 0


class TestDelegating:
    def test_who_stands_in_acts_as_lead_on_those_days_and_no_others(self, lead, colleague):
        day = timedelta(days=1)
        for first, last, acts in (
            (TODAY, TODAY, True),
            (TODAY - day, TODAY + day, True),
            (TODAY + day, TODAY + 2 * day, False),
        ):
            invitations.delegate(act(lead), colleague.id, first, last)
            assert act(colleague).is_lead is acts
            (seen,) = [one for one in invitations.list_colleagues(act(lead)) if not one.is_self]
            assert (seen.delegation.first_day, seen.delegation.last_day) == (first, last)

    @pytest.mark.parametrize(
        ("first", "last"),
        [
            (TODAY, TODAY - timedelta(days=1)),
            (TODAY - timedelta(days=5), TODAY - timedelta(days=1)),
            (TODAY, TODAY + timedelta(days=184)),
            (date(2020, 1, 1), date(9999, 12, 31)),
        ],
    )
    def test_days_that_cannot_be_are_refused(self, lead, colleague, first, last):
        with pytest.raises(NotValid):
            invitations.delegate(act(lead), colleague.id, first, last)

    def test_who_stands_in_invites_but_neither_hands_over_nor_delegates_nor_ends_the_lead(
        self, lead, colleague
    ):
        third = factories.make_person("focal_point", lead.participant)
        invitations.delegate(act(lead), colleague.id, TODAY, TODAY)
        invite(act(colleague))
        for forbidden in (
            lambda: invitations.hand_over(act(colleague), colleague.id),
            lambda: invitations.delegate(act(colleague), third.id, TODAY, TODAY),
            lambda: invitations.end_delegation(act(colleague), third.id),
        ):
            with pytest.raises(NotAllowed):
                forbidden()
        with pytest.raises(Conflict):
            invitations.end_access_of(act(colleague), lead.id)
        invitations.end_access_of(act(colleague), third.id)

    def test_what_was_delegated_ends_with_a_hand_over_and_with_the_access(self, lead, colleague):
        third = factories.make_person("focal_point", lead.participant)
        invitations.delegate(act(lead), colleague.id, TODAY, TODAY)
        invitations.hand_over(act(lead), third.id)
        assert not act(colleague).is_lead
        invitations.delegate(act(third), colleague.id, TODAY, TODAY)
        assert act(colleague).is_lead
        invitations.end_access_of(act(third), colleague.id)
        assert not act(colleague).is_lead

    def test_a_delegation_ends_when_it_is_ended(self, lead, colleague):
        invitations.delegate(act(lead), colleague.id, TODAY, TODAY)
        invitations.end_delegation(act(lead), colleague.id)
        invitations.end_delegation(act(lead), colleague.id)
        assert not act(colleague).is_lead
        assert action_names() == ["delegate", "end_delegation"]

    def test_nobody_stands_in_for_another_participant(self, lead):
        with pytest.raises(NotFound):
            invitations.delegate(act(lead), factories.make_person().id, TODAY, TODAY)
