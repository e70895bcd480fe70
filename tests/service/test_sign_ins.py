"""Signing in: nothing is told to a stranger, a second step follows the first, and everything can be ended."""

import threading
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
from argon2 import PasswordHasher, profiles
from sqlalchemy import select

from lcm_service.domain.errors import (
    Conflict,
    LcmError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    NotValid,
    TooMany,
)
from lcm_service.domain.permissions import SYSTEM
from lcm_service.domain.sign_in_terms import LONGEST_REST, LONGEST_SIGN_IN, TIME_FOR_SECOND_FACTOR
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, OutboxMessage, SecondFactor, SignIn, SignInFailure
from lcm_service.services import accounts, own_account, passwords, sign_ins, throttle, tokens
from lcm_service.services.sealing import Sealer
from tests import factories
from tests.fixtures import key_of_new_sign_in

pytestmark = pytest.mark.usefixtures("app")

SEALER = Sealer(["a secret that is only ever used in tests"])
HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"


def person_with(**columns):
    return factories.make_person(email="ana@example.org", **columns)


def begin(source=HERE):
    return sign_ins.sign_in("ana@example.org", factories.PASSWORD, source, "Mozilla/5.0 Firefox/140.0")


def with_factor(**columns):
    """A person with a second factor; gives it, its application and its recovery codes."""
    person = person_with(**columns)
    begun = begin()
    secret = sign_ins.find_enrolment(begun.key, SEALER).secret
    application = pyotp.TOTP(secret)
    _, codes = sign_ins.prove_by_set_up(begun.key, application.now(), SEALER)
    forget_used_codes()
    return person, application, codes


def forget_used_codes():
    """As if the last code had been used long ago: tests do not wait for the next half minute."""
    db.session.query(SecondFactor).one().last_step = 0
    db.session.commit()


def events():
    return [one.action for one in db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))]


def messages():
    return [one.kind for one in db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))]


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
        begin = time.perf_counter()
        with pytest.raises(NotValid):
            sign_ins.sign_in("ana@example.org", "x" * 1_000_000)
        assert time.perf_counter() - begin < 1


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
        assert len(db.session.scalars(select(SignInFailure)).all()) == 2  # of the address, and of the place

    def test_neither_address_nor_source_is_kept_in_the_clear(self):
        self.fail()
        for row in db.session.scalars(select(SignInFailure)):
            assert len(row.key_sha256) == 64


class TestSecondStep:
    def test_a_password_alone_signs_nobody_in(self):
        person_with()
        begun = begin()
        assert begun.waits_for == "set_up"
        assert sign_ins.person_of_key(begun.key) is None
        assert "sign_in" not in events()

    @pytest.mark.parametrize(
        ("role", "waits_for"),
        [("focal_point", "set_up"), ("coordinator", "set_up"), ("administrator", "set_up"), ("observer", "")],
    )
    def test_all_but_observers_need_one(self, role, waits_for):
        person_with(role=role)
        assert begin().waits_for == waits_for

    def test_an_observer_who_has_one_is_asked_for_it(self):
        person = person_with(role="observer")
        key, actor = begin().key, accounts.actor_of(person)
        application = pyotp.TOTP(own_account.find_enrolment(actor, key, SEALER).secret)
        own_account.set_up_second_factor(actor, factories.PASSWORD, application.now(), HERE, key, SEALER)
        assert begin().waits_for == "code"

    def test_setting_one_up_completes_the_sign_in_under_a_new_key(self):
        person = person_with()
        begun = begin()
        application = pyotp.TOTP(sign_ins.find_enrolment(begun.key, SEALER).secret)
        whole, codes = sign_ins.prove_by_set_up(begun.key, application.now(), SEALER)
        assert whole.key != begun.key
        assert sign_ins.person_of_key(whole.key) == person
        assert sign_ins.person_of_key(begun.key) is None
        assert (len(codes), len(set(codes))) == (10, 10)
        assert events() == ["set_up_factor", "sign_in"]

    def test_a_code_completes_the_sign_in_under_a_new_key(self):
        person, application, _ = with_factor()
        begun = begin()
        assert begun.waits_for == "code"
        whole = sign_ins.prove_with_code(begun.key, application.now(), HERE, SEALER)
        assert sign_ins.person_of_key(whole.key) == person
        assert sign_ins.person_of_key(begun.key) is None
        with pytest.raises(NotSignedIn):
            sign_ins.prove_with_code(begun.key, application.now(), HERE, SEALER)

    def test_a_code_is_taken_once(self):
        _, application, _ = with_factor()
        code = application.now()
        sign_ins.prove_with_code(begin().key, code, HERE, SEALER)
        with pytest.raises(NotValid):
            sign_ins.prove_with_code(begin().key, code, HERE, SEALER)

    @pytest.mark.parametrize(
        ("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
    )
    def test_a_clock_may_be_half_a_minute_wrong_and_no_more(self, steps, is_taken, monkeypatch):
        _, application, _ = with_factor()
        now = utc_now()
        monkeypatch.setattr("lcm_service.services.second_factor.utc_now", lambda: now)
        code, key = application.at(now, steps), begin().key
        if is_taken:
            assert sign_ins.prove_with_code(key, code, HERE, SEALER)
        else:
            with pytest.raises(NotValid):
                sign_ins.prove_with_code(key, code, HERE, SEALER)

    def test_digits_of_any_script_and_spaces_are_read(self):
        _, application, _ = with_factor()
        typed = application.now().translate({ord("0") + digit: 0x660 + digit for digit in range(10)})
        assert sign_ins.prove_with_code(begin().key, f" {typed[:3]} {typed[3:]} ", HERE, SEALER)

    def test_a_recovery_code_opens_once_and_the_owner_is_told(self):
        person, _, codes = with_factor()
        whole = sign_ins.prove_with_code(begin().key, codes[0].upper(), HERE, SEALER)
        assert sign_ins.person_of_key(whole.key) == person
        assert messages() == ["account.second_factor", "sign_in.recovery_code"]
        with pytest.raises(NotValid):
            sign_ins.prove_with_code(begin().key, codes[0], HERE, SEALER)
        assert own_account.find_safety(accounts.actor_of(person)).recovery_codes == 9

    @pytest.mark.parametrize(
        "code", ["", "0", "12345", "1234567", "x" * 5000, "aaaa-aaaa-aaaa-aaaa", "²²²²²²"]
    )
    def test_what_is_no_code_is_refused(self, code):
        with_factor()
        with pytest.raises(NotValid) as refusal:
            sign_ins.prove_with_code(begin().key, code, HERE, SEALER)
        assert refusal.value.faults == {"code": [sign_ins.WRONG_CODE]}

    def test_another_persons_code_is_refused(self):
        _, _, codes = with_factor()
        other = factories.make_person(email="bob@example.org")
        begun = sign_ins.sign_in("bob@example.org", factories.PASSWORD)
        application = pyotp.TOTP(sign_ins.find_enrolment(begun.key, SEALER).secret)
        sign_ins.prove_by_set_up(begun.key, application.now(), SEALER)
        key = sign_ins.sign_in("bob@example.org", factories.PASSWORD).key
        with pytest.raises(NotValid):
            sign_ins.prove_with_code(key, codes[0], HERE, SEALER)
        assert sign_ins.half_sign_in(key).person == other

    def test_who_knows_the_password_alone_cannot_replace_the_second_factor(self):
        with_factor()
        key = begin().key
        with pytest.raises(Conflict):
            sign_ins.find_enrolment(key, SEALER)
        with pytest.raises(Conflict):
            sign_ins.prove_by_set_up(key, "123456", SEALER)

    def test_each_sign_in_is_shown_a_secret_of_its_own_and_the_same_when_it_asks_again(self):
        person_with()
        first, second = begin().key, begin().key
        assert sign_ins.find_enrolment(first, SEALER) == sign_ins.find_enrolment(first, SEALER)
        assert sign_ins.find_enrolment(first, SEALER) != sign_ins.find_enrolment(second, SEALER)
        assert "ana%40example.org" in sign_ins.find_enrolment(first, SEALER).address

    def test_the_secret_is_kept_sealed_and_opens_with_a_former_key(self):
        _, application, _ = with_factor()
        kept = db.session.query(SecondFactor).one().sealed_secret
        assert application.secret not in kept
        renewed = Sealer(
            ["a new secret that is long enough for this", "a secret that is only ever used in tests"]
        )
        assert renewed.open(kept) == application.secret
        with pytest.raises(Conflict):
            Sealer(["another secret that is of no use at all here"]).open(kept)

    def test_the_second_step_has_its_time(self):
        person_with()
        begun = begin()
        db.session.query(SignIn).one().ends_at = utc_now()
        db.session.commit()
        with pytest.raises(NotSignedIn):
            sign_ins.half_sign_in(begun.key)
        with pytest.raises(NotSignedIn):
            sign_ins.prove_by_set_up(begun.key, "123456", SEALER)

    def test_an_account_that_was_ended_meanwhile_gets_no_further(self):
        person, application, _ = with_factor()
        begun = begin()
        person.is_active = False
        db.session.commit()
        with pytest.raises(NotSignedIn):
            sign_ins.prove_with_code(begun.key, application.now(), HERE, SEALER)

    def test_administrators_take_away_a_lost_factor_and_everything_ends(self):
        person, _application, _codes = with_factor()
        key = key_of_new_sign_in(person)
        accounts.reset_second_factor(SYSTEM, person.email)
        assert sign_ins.person_of_key(key) is None
        assert begin().waits_for == "set_up"
        assert "account.second_factor" in messages()
        for role in ("focal_point", "coordinator", "observer"):
            with pytest.raises(NotAllowed):
                accounts.reset_second_factor(factories.make_actor(role), person.email)


class TestGuessingCodes:
    def fail(self, times, source=HERE, code="000000"):
        key = begin(source).key
        for _ in range(times):
            with pytest.raises(NotValid):
                sign_ins.prove_with_code(key, code, source, SEALER)

    def test_after_ten_wrong_codes_even_the_right_one_waits_from_anywhere_and_the_owner_is_told(self):
        _person, application, _ = with_factor()
        self.fail(throttle.MOST_FAILURES)
        for source in (HERE, ELSEWHERE):
            with pytest.raises(TooMany):
                sign_ins.prove_with_code(begin(source).key, application.now(), source, SEALER)
        assert messages() == ["account.second_factor", "sign_in.wrong_codes"]
        assert "refuse_codes" in events()

    def test_the_owner_still_gets_in_with_a_recovery_code_from_elsewhere(self):
        person, _, codes = with_factor()
        self.fail(throttle.MOST_FAILURES)
        whole = sign_ins.prove_with_code(begin(ELSEWHERE).key, codes[3], ELSEWHERE, SEALER)
        assert sign_ins.person_of_key(whole.key) == person

    def test_long_codes_are_counted_where_they_come_from_alone(self):
        _, application, codes = with_factor()
        self.fail(throttle.MOST_FAILURES, code="aaaa-aaaa-aaaa-aaaa")
        with pytest.raises(TooMany):
            sign_ins.prove_with_code(begin().key, codes[0], HERE, SEALER)
        assert sign_ins.prove_with_code(begin(ELSEWHERE).key, application.now(), ELSEWHERE, SEALER)

    def test_a_right_code_wipes_the_wrong_ones_from_the_same_place_and_no_others(self):
        _, application, codes = with_factor()
        self.fail(throttle.MOST_FAILURES - 1, code="aaaa-aaaa-aaaa-aaaa")
        sign_ins.prove_with_code(begin().key, application.now(), HERE, SEALER)
        self.fail(throttle.MOST_FAILURES - 1, code="aaaa-aaaa-aaaa-aaaa")
        self.fail(throttle.MOST_FAILURES, source=ELSEWHERE)
        third = "192.0.2.1"
        sign_ins.prove_with_code(begin(third).key, codes[0], third, SEALER)
        forget_used_codes()
        with pytest.raises(TooMany):
            sign_ins.prove_with_code(begin(third).key, application.now(), third, SEALER)

    def test_a_day_has_an_end_of_guesses_too(self, monkeypatch):
        _, application, _ = with_factor()
        monkeypatch.setattr(throttle, "MOST_CODES_A_DAY", 12)
        for _ in range(2):
            for row in db.session.scalars(select(SignInFailure)):
                row.at -= timedelta(minutes=16)
            db.session.commit()
            self.fail(6)
        for row in db.session.scalars(select(SignInFailure)):
            row.at -= timedelta(minutes=16)
        db.session.commit()
        with pytest.raises(TooMany):
            sign_ins.prove_with_code(begin().key, application.now(), HERE, SEALER)

    def test_many_at_once_do_not_pass_together(self, app):
        with_factor()
        key = begin().key
        barrier = threading.Barrier(20)

        def guess(number):
            with app.app_context():
                barrier.wait()
                try:
                    sign_ins.prove_with_code(key, "000000", f"192.0.2.{number}", SEALER)
                except (NotValid, TooMany, Conflict) as refusal:
                    return type(refusal)
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(guess, range(20)))
        assert answers.count(NotValid) <= throttle.MOST_FAILURES
        assert answers.count(TooMany) > 0

    @pytest.mark.parametrize(
        ("address", "source"),
        [
            ("198.51.100.7", "198.51.100.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
            ("", ""),
            ("unix:", "unix:"),
        ],
    )
    def test_one_place_has_many_addresses_of_ipv6(self, address, source):
        assert throttle.source_of(address) == source


class TestAtOnce:
    """On PostgreSQL two requests do run at once; SQLite takes them in turn."""

    def together(self, app, acts):
        barrier = threading.Barrier(len(acts))

        def run(act):
            with app.app_context():
                barrier.wait()
                try:
                    return act()
                except LcmError as refusal:
                    return refusal
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(len(acts)) as threads:
            return list(threads.map(run, acts))

    def test_one_code_lets_one_in(self, app):
        _, application, _ = with_factor()
        keys, code = [begin().key for _ in range(6)], application.now()
        answers = self.together(
            app, [lambda key=key: sign_ins.prove_with_code(key, code, HERE, SEALER) for key in keys]
        )
        assert sum(isinstance(one, sign_ins.Begun) for one in answers) == 1

    def test_of_several_half_sign_ins_one_sets_a_factor_up(self, app):
        person_with()
        keys = [begin().key for _ in range(5)]
        codes = [pyotp.TOTP(sign_ins.find_enrolment(key, SEALER).secret).now() for key in keys]
        answers = self.together(
            app,
            [
                lambda key=key, code=code: sign_ins.prove_by_set_up(key, code, SEALER)
                for key, code in zip(keys, codes, strict=True)
            ],
        )
        assert sum(isinstance(one, tuple) for one in answers) == 1
        assert sum(isinstance(one, Conflict) for one in answers) == 4

    def test_recovery_codes_renewed_at_once_are_ten(self, app):
        person, _, _ = with_factor()
        actor = accounts.actor_of(person)
        self.together(app, [lambda: own_account.renew_recovery_codes(actor, factories.PASSWORD, HERE)] * 5)
        assert own_account.find_safety(actor).recovery_codes == 10

    def test_a_password_that_is_changed_while_it_is_compared_opens_nothing(self, monkeypatch):
        person = person_with(role="observer")
        compare = passwords.is_password

        def change_meanwhile(kept_hash, password):
            is_right = compare(kept_hash, password)
            monkeypatch.setattr(passwords, "is_password", compare)
            accounts.set_password(SYSTEM, person.email, "mule fathom cedar plinth")
            return is_right

        monkeypatch.setattr(passwords, "is_password", change_meanwhile)
        with pytest.raises(NotValid):
            begin()
        assert sign_ins.sign_in(person.email, "mule fathom cedar plinth").person == person


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


class TestOwnAccount:
    def test_the_present_password_is_asked_for_and_other_sign_ins_end(self):
        person = person_with()
        actor, here, there = accounts.actor_of(person), key_of_new_sign_in(person), key_of_new_sign_in(person)
        with pytest.raises(NotValid) as refusal:
            own_account.change_password(actor, "wrong", "four unrelated words here", HERE, here)
        assert list(refusal.value.faults) == ["present_password"]
        own_account.change_password(actor, factories.PASSWORD, "four unrelated words here", HERE, here)
        assert sign_ins.person_of_key(here) == person
        assert sign_ins.person_of_key(there) is None
        assert messages() == ["account.password"]

    def test_guessing_the_present_password_stops(self):
        actor = accounts.actor_of(person_with())
        for _ in range(throttle.MOST_FAILURES):
            with pytest.raises(NotValid):
                own_account.renew_recovery_codes(actor, "wrong", HERE)
        with pytest.raises(TooMany):
            own_account.renew_recovery_codes(actor, factories.PASSWORD, HERE)

    def test_another_second_factor_takes_the_place_of_the_first_with_new_codes(self):
        person, first, codes = with_factor()
        key, actor = key_of_new_sign_in(person), accounts.actor_of(person)
        second = pyotp.TOTP(own_account.find_enrolment(actor, key, SEALER).secret)
        assert second.secret != first.secret
        new = own_account.set_up_second_factor(actor, factories.PASSWORD, second.now(), HERE, key, SEALER)
        forget_used_codes()
        for old in (first.now(), codes[0]):
            with pytest.raises(NotValid):
                sign_ins.prove_with_code(begin().key, old, HERE, SEALER)
        assert sign_ins.prove_with_code(begin().key, new[0], HERE, SEALER)

    def test_a_wrong_code_leaves_the_first_as_it_was(self):
        person, first, _ = with_factor()
        key, actor = key_of_new_sign_in(person), accounts.actor_of(person)
        with pytest.raises(NotValid):
            own_account.set_up_second_factor(actor, factories.PASSWORD, "000000", HERE, key, SEALER)
        assert sign_ins.prove_with_code(begin().key, first.now(), HERE, SEALER)

    def test_recovery_codes_are_renewed_and_the_old_ones_worthless(self):
        person, _, codes = with_factor()
        new = own_account.renew_recovery_codes(accounts.actor_of(person), factories.PASSWORD, HERE)
        with pytest.raises(NotValid):
            sign_ins.prove_with_code(begin().key, codes[0], HERE, SEALER)
        assert sign_ins.prove_with_code(begin().key, new[0], HERE, SEALER)

    def test_without_a_second_factor_there_are_no_recovery_codes(self):
        with pytest.raises(Conflict):
            own_account.renew_recovery_codes(accounts.actor_of(person_with()), factories.PASSWORD, HERE)


class TestPasswords:
    @pytest.mark.parametrize(
        "password",
        [
            "password1234",
            "qwertyuiop12",
            "aaaaaaaaaaaa",
            "123456789012",
            "Peacekeeping",
            "ana@example.org",
            "anaexample2027",
            "unitednations",
        ],
    )
    def test_what_others_would_guess_is_refused(self, password):
        assert passwords.password_faults(password, ("ana@example.org", "Ana Example")) == [
            passwords.EASY_TO_GUESS
        ]

    @pytest.mark.parametrize(
        "password", ["mule fathom cedar plinth", "Zr7#kv92!pQx", "شجرة نافذة قمر قطار بعيد"]
    )
    def test_what_others_would_not_guess_is_taken(self, password):
        assert passwords.password_faults(password, ("ana@example.org", "Ana Example")) == []

    @pytest.mark.parametrize(("length", "is_taken"), [(11, False), (12, True), (200, True), (201, False)])
    def test_the_length_just_passes_or_just_fails(self, length, is_taken):
        text = ("k7#Wz!p2Qv9xTr4m" * 13)[:length]
        assert (passwords.password_faults(text) == []) == is_taken

    def test_a_flood_of_signs_is_cut_before_it_is_put_in_order(self, monkeypatch):
        seen: list[int] = []
        normalize = unicodedata.normalize

        def note_length(form, text):
            seen.append(len(text))
            return normalize(form, text)

        monkeypatch.setattr(unicodedata, "normalize", note_length)
        flood = "a" + "\u0301\u0323" * 50_000
        assert passwords.password_faults(flood) == [passwords.PASSWORD_LENGTH]
        assert not passwords.is_password(None, flood)
        assert max(seen) <= 4 * passwords.LONGEST_PASSWORD

    def test_a_very_long_password_is_refused_without_being_weighed(self, monkeypatch):
        monkeypatch.setattr(passwords, "zxcvbn", None)
        assert passwords.password_faults("x" * 100_000) == [passwords.PASSWORD_LENGTH]
