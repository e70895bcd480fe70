"""Signing in, passwords and tokens: nothing is told to a stranger, and everything can be ended."""

import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, profiles
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotSignedIn, NotValid, TooMany
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import ApiToken, AuditEvent, Person, SignInFailure
from lcm_service.services import accounts, audit
from tests import factories

pytestmark = pytest.mark.usefixtures("app")


def person_with(**columns):
    return factories.make_person(email="ana@example.org", **columns)


class TestSigningIn:
    def test_the_right_password_signs_in_however_the_address_is_written(self):
        person = person_with()
        assert accounts.sign_in("  Ana@Example.ORG ", factories.PASSWORD).id == person.id

    def test_the_same_password_typed_on_two_keyboards_is_the_same(self):
        person_with(password="é" * 12)
        assert accounts.sign_in("ana@example.org", "e\u0301" * 12).name == "A person"

    @pytest.mark.parametrize(
        "make",
        [
            lambda: person_with(password="another password"),
            lambda: person_with(is_active=False),
            lambda: factories.make_person(email="bob@example.org"),
            lambda: accounts.create_person(SYSTEM, email="ana@example.org", name="Ana", role="observer"),
        ],
        ids=["wrong password", "inactive", "unknown address", "no password yet"],
    )
    def test_every_failure_says_the_same(self, make):
        make()
        with pytest.raises(NotValid) as refusal:
            accounts.sign_in("ana@example.org", factories.PASSWORD)
        assert (refusal.value.message, refusal.value.faults) == (accounts.WRONG_SIGN_IN, {})

    def test_an_unknown_address_costs_the_same_work_as_a_wrong_password(self, monkeypatch):
        # Work is counted, not timed: the machine may be busy, and the hash is what takes the time.
        class CountingHasher(PasswordHasher):
            verified = 0

            def verify(self, *arguments, **options):
                CountingHasher.verified += 1
                return super().verify(*arguments, **options)

        monkeypatch.setattr(accounts, "HASHER", CountingHasher.from_parameters(profiles.CHEAPEST))
        person_with()
        work = {}
        for address in ("ana@example.org", "nobody@example.org"):
            CountingHasher.verified = 0
            with pytest.raises(NotValid):
                accounts.sign_in(address, "wrong")
            work[address] = CountingHasher.verified
        assert work["nobody@example.org"] == work["ana@example.org"] == 1

    def test_a_hash_of_older_strength_is_renewed_at_the_next_sign_in(self, monkeypatch):
        person = person_with()
        before = person.password_hash
        monkeypatch.setattr(accounts, "HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
        accounts.sign_in("ana@example.org", factories.PASSWORD)
        assert person.password_hash != before
        assert accounts.sign_in("ana@example.org", factories.PASSWORD).id == person.id

    def test_passwords_are_kept_as_argon2id(self):
        assert str(person_with().password_hash).startswith("$argon2id$")

    def test_a_very_long_password_is_refused_and_not_hashed_whole(self):
        person_with()
        begin = time.perf_counter()
        with pytest.raises(NotValid):
            accounts.sign_in("ana@example.org", "x" * 1_000_000)
        assert time.perf_counter() - begin < 1


class TestThrottling:
    def fail(self, source="198.51.100.7", address="ana@example.org"):
        with pytest.raises(NotValid):
            accounts.sign_in(address, "wrong", source)

    @pytest.mark.parametrize("address", ["ana@example.org", "nobody@example.org"])
    def test_after_too_many_failures_even_the_right_password_waits(self, address):
        person_with()
        for _ in range(accounts.MOST_FAILURES):
            self.fail(address=address)
        with pytest.raises(TooMany):
            accounts.sign_in(address.upper(), factories.PASSWORD, "198.51.100.7")

    def test_nobody_is_locked_out_by_failures_elsewhere(self):
        person = person_with()
        for _ in range(accounts.MOST_FAILURES):
            self.fail()
        assert accounts.sign_in("ana@example.org", factories.PASSWORD, "203.0.113.9").id == person.id

    def test_a_sign_in_wipes_the_failures_before_it(self):
        person_with()
        for _ in range(2):
            for _ in range(accounts.MOST_FAILURES - 1):
                self.fail()
            accounts.sign_in("ana@example.org", factories.PASSWORD, "198.51.100.7")

    def test_failures_count_for_a_while_and_are_then_forgotten(self):
        person_with()
        for _ in range(accounts.MOST_FAILURES):
            self.fail()
        for row in db.session.scalars(select(SignInFailure)):
            row.at = utc_now() - accounts.FAILURES_COUNT_FOR
        db.session.commit()
        self.fail()
        assert len(db.session.scalars(select(SignInFailure)).all()) == 1

    def test_neither_address_nor_source_is_kept_in_the_clear(self):
        self.fail()
        (row,) = db.session.scalars(select(SignInFailure))
        assert len(row.key_sha256) == 64


class TestKeys:
    def test_a_key_names_its_person_until_all_sign_ins_are_ended(self):
        person = person_with()
        key = person.get_id()
        assert accounts.person_of_key(key) == person
        accounts.set_password(accounts.actor_of(person), person.email, "a new password, longer")
        assert accounts.person_of_key(key) is None
        assert accounts.person_of_key(person.get_id()) == person

    @pytest.mark.parametrize(
        "key", ["", "1", "1.", "1.9", "x.0", "-1.0", "99999999999999.0", "²1.0", "1.0.0"]
    )
    def test_a_key_that_was_never_given_names_nobody(self, key):
        person_with()
        assert accounts.person_of_key(key) is None

    def test_signing_out_ends_every_sign_in_so_that_a_copied_key_is_worthless(self):
        person = person_with()
        key = person.get_id()
        accounts.end_sign_ins(accounts.actor_of(person))
        assert accounts.person_of_key(key) is None
        with pytest.raises(NotSignedIn):
            accounts.end_sign_ins(SYSTEM)

    def test_made_up_people_act_in_a_demonstration_alone(self):
        person = person_with(is_demonstration=True)
        assert accounts.sign_in(person.email, factories.PASSWORD, with_demonstration=True).id == person.id
        assert accounts.person_of_key(person.get_id(), with_demonstration=True) == person
        token = accounts.create_api_token(accounts.actor_of(person), person.email, "a program", 1)
        assert accounts.actor_of_token(token, with_demonstration=True).person_id == person.id
        with pytest.raises(NotValid):
            accounts.sign_in(person.email, factories.PASSWORD)
        assert accounts.person_of_key(person.get_id()) is None
        with pytest.raises(NotSignedIn):
            accounts.actor_of_token(token)

    def test_an_inactive_person_is_signed_out(self):
        person = person_with(is_active=False)
        assert accounts.person_of_key(person.get_id()) is None


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
        assert accounts.sign_in("new@example.org", "long enough, surely").role == "observer"

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
        assert accounts.sign_in(person.email, "long enough, surely").id == person.id

    def test_no_event_holds_a_password_or_an_address(self):
        person = self.make()
        accounts.set_password(SYSTEM, person.email, "long enough, surely")
        accounts.create_api_token(accounts.actor_of(person), person.email, "x", 1)
        for event in db.session.scalars(select(AuditEvent)):
            assert "example.org" not in f"{event.facts} {event.fields} {event.record_reference}"
            assert "surely" not in f"{event.facts}"


class TestTokens:
    def token_of(self, person, days=30):
        return accounts.create_api_token(accounts.actor_of(person), person.email, "our system", days)

    def test_a_token_acts_as_its_person(self):
        person = person_with()
        assert accounts.actor_of_token(self.token_of(person)) == accounts.actor_of(person)

    def test_only_a_hash_of_the_token_is_kept(self):
        token = self.token_of(person_with())
        row = db.session.scalars(select(ApiToken)).one()
        secret = token.split("_", 2)[2]
        assert token.startswith(f"lcm_{row.prefix}_")
        assert secret not in (row.secret_sha256, row.prefix, row.label)
        assert len(secret) == 43

    def test_its_last_use_is_noted_to_the_hour(self):
        token = self.token_of(person_with())
        accounts.actor_of_token(token)
        row = db.session.scalars(select(ApiToken)).one()
        first = row.last_used_at
        accounts.actor_of_token(token)
        assert row.last_used_at == first
        row.last_used_at = utc_now() - timedelta(hours=2)
        db.session.commit()
        accounts.actor_of_token(token)
        assert utc_now() - row.last_used_at < timedelta(minutes=1)

    def test_a_token_of_another_secret_an_expired_one_and_an_ended_persons_are_refused_alike(self):
        person = person_with()
        token = self.token_of(person)
        words = set()

        def refused(text):
            with pytest.raises(NotSignedIn) as refusal:
                accounts.actor_of_token(text)
            words.add(refusal.value.message)

        refused("")
        refused("lcm_")
        refused(token[:-1] + ("A" if token[-1] != "A" else "B"))
        refused(token + "\n")
        person.is_active = False
        db.session.commit()
        refused(token)
        person.is_active = True
        db.session.scalars(select(ApiToken)).one().expires_at = utc_now()
        db.session.commit()
        refused(token)
        assert words == {accounts.TOKEN_REFUSED}

    @pytest.mark.parametrize("days", [0, -1, 367])
    def test_no_token_is_good_forever(self, days):
        with pytest.raises(NotValid):
            self.token_of(person_with(), days)

    def test_nobody_makes_a_token_for_another(self):
        person = person_with()
        with pytest.raises(NotAllowed):
            accounts.create_api_token(factories.make_actor("coordinator"), person.email, "x", 1)


class TestErasing:
    def test_who_a_person_is_is_gone_and_what_was_done_stays_traced(self):
        person = person_with()
        accounts.sign_in("ana@example.org", factories.PASSWORD)
        token = accounts.create_api_token(SYSTEM, "ana@example.org", "A system", 9)
        accounts.erase_person(factories.make_actor("administrator"), "ana@example.org")
        db.session.expire_all()
        kept = db.session.get(Person, person.id)
        assert kept is not None
        assert "ana" not in repr([getattr(kept, column.key) for column in Person.__table__.columns]).lower()
        assert (kept.is_active, kept.password_hash) == (False, None)
        with pytest.raises(NotValid):
            accounts.sign_in("ana@example.org", factories.PASSWORD)
        with pytest.raises(NotSignedIn):
            accounts.actor_of_token(token)
        events = db.session.scalars(select(AuditEvent).where(AuditEvent.record_kind == "person")).all()
        assert [event.action for event in events] == ["sign_in", "create_token", "erase"]
        assert "ana" not in repr([(event.fields, event.facts) for event in events]).lower()
        assert audit.verify_audit(SYSTEM, []).faults == []

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
