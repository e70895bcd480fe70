"""Signing in: nothing is told to a stranger, guesses are counted, and every sign-in can be seen and ended."""

import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, profiles
from sqlalchemy import select

from lcm_service.domain.errors import (
    NotFound,
    NotSignedIn,
    NotValid,
    TooMany,
)
from lcm_service.domain.permissions import SYSTEM
from lcm_service.domain.sign_in_terms import LONGEST_REST, LONGEST_SIGN_IN, TIME_FOR_SECOND_FACTOR
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import SignIn, SignInFailure
from lcm_service.services import accounts, passwords, sign_ins, throttle, tokens
from lcm_service.services.forgetting import forget_what_is_over
from tests import factories
from tests.fixtures import key_of_new_sign_in
from tests.service.sign_in_people import ELSEWHERE, HERE, SEALER, begin, events, person_with, with_factor

pytestmark = pytest.mark.usefixtures("app")


class TestSigningIn:
    def test_the_right_password_signs_in_however_the_address_is_written(self):
        person = person_with()
        assert sign_ins.sign_in("  Ana@Example.ORG ", factories.PASSWORD).person == person

    def test_the_same_password_typed_on_two_keyboards_is_the_same(self):
        person_with(password="é" * 12)
        assert sign_ins.sign_in("ana@example.org", "e\u0301" * 12).person.name == "A person"

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
            sign_ins.sign_in("ana@example.org", factories.PASSWORD)
        assert (refusal.value.message, refusal.value.faults) == (sign_ins.WRONG_SIGN_IN, {})

    def test_an_unknown_address_costs_the_same_work_as_a_wrong_password(self, monkeypatch):
        # Work is counted, not timed: the machine may be busy, and the hash is what takes the time.
        class CountingHasher(PasswordHasher):
            verified = 0

            def verify(self, *arguments, **options):
                CountingHasher.verified += 1
                return super().verify(*arguments, **options)

        monkeypatch.setattr(passwords, "HASHER", CountingHasher.from_parameters(profiles.CHEAPEST))
        person_with()
        work = {}
        for address in ("ana@example.org", "nobody@example.org"):
            CountingHasher.verified = 0
            with pytest.raises(NotValid):
                sign_ins.sign_in(address, "wrong")
            work[address] = CountingHasher.verified
        assert work["nobody@example.org"] == work["ana@example.org"] == 1

    def test_a_hash_of_older_strength_is_renewed_at_the_next_sign_in(self, monkeypatch):
        person = person_with()
        before = person.password_hash
        monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
        sign_ins.sign_in("ana@example.org", factories.PASSWORD)
        assert person.password_hash != before
        assert sign_ins.sign_in("ana@example.org", factories.PASSWORD).person == person

    def test_passwords_are_kept_as_argon2id(self):
        assert str(person_with().password_hash).startswith("$argon2id$")

    def test_a_very_long_password_is_refused_and_not_hashed_whole(self):
        person_with()
        begin = time.process_time()
        with pytest.raises(NotValid):
            sign_ins.sign_in("ana@example.org", "x" * 1_000_000)
        assert time.process_time() - begin < 1


class TestThrottling:
    def fail(self, source="198.51.100.7", address="ana@example.org"):
        with pytest.raises(NotValid):
            sign_ins.sign_in(address, "wrong", source)

    @pytest.mark.parametrize("address", ["ana@example.org", "nobody@example.org"])
    def test_after_too_many_failures_even_the_right_password_waits(self, address):
        person_with()
        for _ in range(throttle.MOST_FAILURES):
            self.fail(address=address)
        with pytest.raises(TooMany):
            sign_ins.sign_in(address.upper(), factories.PASSWORD, "198.51.100.7")

    def test_nobody_is_locked_out_by_failures_elsewhere(self):
        person = person_with()
        for _ in range(throttle.MOST_FAILURES):
            self.fail()
        assert sign_ins.sign_in("ana@example.org", factories.PASSWORD, "203.0.113.9").person == person

    def test_a_sign_in_wipes_the_failures_before_it(self):
        person_with()
        for _ in range(2):
            for _ in range(throttle.MOST_FAILURES - 1):
                self.fail()
            sign_ins.sign_in("ana@example.org", factories.PASSWORD, "198.51.100.7")

    def test_one_who_tries_many_addresses_from_one_place_is_stopped_and_others_are_not(self, monkeypatch):
        monkeypatch.setattr(throttle, "MOST_FAILURES_OF_A_SOURCE", 15)
        person = person_with(role="observer")
        for number in range(15):
            self.fail(address=f"nobody{number}@example.org")
        with pytest.raises(TooMany):
            begin()
        assert begin(ELSEWHERE).person == person

    def test_a_refusal_is_logged_without_the_address(self, caplog):
        person_with()
        self.fail()
        assert "198.51.100.7" in caplog.text
        assert "ana" not in caplog.text

    def test_failures_count_for_a_while_and_are_then_forgotten(self):
        person_with()
        for _ in range(throttle.MOST_FAILURES):
            self.fail()
        for row in db.session.scalars(select(SignInFailure)):
            row.at = utc_now() - throttle.LONGEST_COUNT
        db.session.commit()
        self.fail()
        forget_what_is_over(SYSTEM)
        assert len(db.session.scalars(select(SignInFailure)).all()) == 2  # of the address, and of the place

    def test_neither_address_nor_source_is_kept_in_the_clear(self):
        self.fail()
        for row in db.session.scalars(select(SignInFailure)):
            assert len(row.key_sha256) == 64


class TestKeys:
    def test_a_new_password_ends_every_sign_in_half_ones_too(self):
        person = person_with()
        key, half = key_of_new_sign_in(person), begin().key
        assert sign_ins.person_of_key(key) == person
        accounts.set_password(accounts.actor_of(person), person.email, "a new password, longer")
        assert sign_ins.person_of_key(key) is None
        with pytest.raises(NotSignedIn):
            sign_ins.half_sign_in(half)

    @pytest.mark.parametrize("key", ["", "1", "1.0", "x" * 43, "\ud800".encode("utf-8", "replace").decode()])
    def test_a_key_that_was_never_given_names_nobody(self, key):
        key_of_new_sign_in(person_with())
        assert sign_ins.person_of_key(key) is None

    def test_the_database_does_not_hold_the_key(self):
        key = key_of_new_sign_in(person_with())
        kept = db.session.query(SignIn).one()
        assert key not in repr([getattr(kept, column.key) for column in SignIn.__table__.columns])

    def test_signing_out_ends_this_sign_in_alone(self):
        person = person_with()
        here, there = key_of_new_sign_in(person), key_of_new_sign_in(person)
        sign_ins.sign_out(here)
        assert sign_ins.person_of_key(here) is None
        assert sign_ins.person_of_key(there) == person
        sign_ins.sign_out(here)
        assert events() == ["sign_out"]

    @pytest.mark.parametrize(
        "columns",
        [
            {"ends_at": utc_now() - timedelta(seconds=1)},
            {"last_seen_at": utc_now() - LONGEST_REST},
            {"ended_at": utc_now()},
            {"completed_at": None},
        ],
        ids=["too long", "too long at rest", "ended", "half"],
    )
    def test_a_sign_in_that_is_over_opens_nothing(self, columns):
        assert sign_ins.person_of_key(key_of_new_sign_in(person_with(), **columns)) is None

    def test_a_sign_in_lasts_a_working_day_and_a_half_one_minutes(self):
        _, application, _ = with_factor()
        half = begin()
        row = db.session.scalars(select(SignIn).order_by(SignIn.id.desc())).first()
        assert row.ends_at - row.begun_at == pytest.approx(TIME_FOR_SECOND_FACTOR, abs=timedelta(seconds=9))
        sign_ins.prove_with_code(half.key, application.now(), HERE, SEALER)
        assert row.ends_at - row.completed_at == LONGEST_SIGN_IN

    def test_when_one_was_last_here_is_noted_now_and_then(self):
        before = utc_now() - timedelta(minutes=20)
        key = key_of_new_sign_in(person_with(), last_seen_at=before)
        sign_ins.person_of_key(key)
        noted = db.session.query(SignIn).one().last_seen_at
        assert noted > before
        sign_ins.person_of_key(key)
        assert db.session.query(SignIn).one().last_seen_at == noted

    def test_made_up_people_act_in_a_demonstration_alone_and_need_no_second_step(self):
        person = person_with(is_demonstration=True)
        begun = sign_ins.sign_in(person.email, factories.PASSWORD, with_demonstration=True)
        assert begun.waits_for == ""
        assert sign_ins.person_of_key(begun.key, with_demonstration=True) == person
        token = tokens.create_api_token(accounts.actor_of(person), person.email, "a program", 1)
        assert tokens.actor_of_token(token, with_demonstration=True)[0].person_id == person.id
        with pytest.raises(NotValid):
            sign_ins.sign_in(person.email, factories.PASSWORD)
        assert sign_ins.person_of_key(begun.key) is None
        with pytest.raises(NotSignedIn):
            tokens.actor_of_token(token)

    def test_an_inactive_person_is_signed_out(self):
        assert sign_ins.person_of_key(key_of_new_sign_in(person_with(is_active=False))) is None


class TestLookingAtThem:
    def test_one_sees_ones_own_that_go_on_and_which_is_this(self):
        person, other = person_with(), factories.make_person()
        here, _ = key_of_new_sign_in(person, device="Firefox"), key_of_new_sign_in(other)
        key_of_new_sign_in(person, ended_at=utc_now())
        key_of_new_sign_in(person, completed_at=None)
        there = key_of_new_sign_in(person, device="Edge")
        seen = sign_ins.list_sign_ins(accounts.actor_of(person), here)
        assert [(one.device, one.is_this) for one in seen] == [("Edge", False), ("Firefox", True)]
        sign_ins.end_sign_in(accounts.actor_of(person), seen[0].id)
        sign_ins.end_sign_in(accounts.actor_of(person), seen[0].id)
        assert sign_ins.person_of_key(there) is None
        assert events() == ["end_sign_in"]

    def test_nobody_ends_another_persons(self):
        key = key_of_new_sign_in(person_with())
        number = db.session.query(SignIn).one().id
        for actor in (factories.make_actor(), factories.make_actor("administrator"), SYSTEM):
            with pytest.raises(NotFound):
                sign_ins.end_sign_in(actor, number)
        assert sign_ins.person_of_key(key) is not None

    def test_all_others_are_ended_at_once(self):
        person = person_with()
        keys = [key_of_new_sign_in(person) for _ in range(3)]
        assert sign_ins.end_other_sign_ins(accounts.actor_of(person), keys[1]) == 2
        assert [sign_ins.person_of_key(key) == person for key in keys] == [False, True, False]

    def test_what_a_browser_says_of_itself_is_cut_and_cleaned(self):
        person_with(role="observer")
        sign_ins.sign_in("ana@example.org", factories.PASSWORD, HERE, "a\nb\x1b[31m" + "x" * 900)
        device = db.session.query(SignIn).one().device
        assert device.startswith("ab[31m")
        assert len(device) == 200
