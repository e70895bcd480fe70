"""The second step: one factor a person, each code once, guesses that stop, and nothing passed at once."""

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from lcm_service.domain.errors import (
    Conflict,
    LcmError,
    NotAllowed,
    NotSignedIn,
    NotValid,
    TooMany,
)
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import SecondFactor, SignIn, SignInFailure
from lcm_service.services import accounts, own_account, passwords, second_factor, sign_ins, throttle
from lcm_service.services.sealing import Sealer
from tests import factories
from tests.fixtures import key_of_new_sign_in
from tests.service.sign_in_people import (
    ELSEWHERE,
    HERE,
    SEALER,
    begin,
    events,
    forget_used_codes,
    messages,
    person_with,
    set_up_by,
    with_factor,
)
from tests.service.test_two_at_once import at_once

pytestmark = pytest.mark.usefixtures("app")


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
        shown = own_account.find_enrolment(actor, key, SEALER)
        code = pyotp.TOTP(shown.secret).now()
        own_account.set_up_second_factor(actor, factories.PASSWORD, code, shown.sealed, HERE, key, SEALER)
        assert begin().waits_for == "code"

    def test_setting_one_up_completes_the_sign_in_under_a_new_key(self):
        person = person_with()
        begun = begin()
        _, whole, codes = set_up_by(begun.key)
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
        set_up_by(begun.key)
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
            sign_ins.prove_by_set_up(key, "123456", "", SEALER)

    def test_who_copies_the_cookie_is_shown_another_secret_than_the_owner_who_confirms_its_own(self):
        person_with()
        key = begin().key
        owners, thiefs = (sign_ins.find_enrolment(key, SEALER) for _ in range(2))
        assert owners.secret != thiefs.secret
        assert "ana%40example.org" in owners.address
        # Where the first code is wrong, the page shows what the telephone has taken already.
        assert sign_ins.find_enrolment(key, SEALER, owners.sealed) == owners
        with pytest.raises(NotValid):
            sign_ins.prove_by_set_up(key, pyotp.TOTP(thiefs.secret).now(), owners.sealed, SEALER)
        sign_ins.prove_by_set_up(key, pyotp.TOTP(owners.secret).now(), owners.sealed, SEALER)
        kept = SEALER.open(db.session.query(SecondFactor).one().sealed_secret)
        assert kept == owners.secret

    def test_a_secret_that_was_shown_is_good_for_its_own_sign_in_and_its_time_alone(self, monkeypatch):
        person = person_with()
        key, other = begin().key, begin().key
        shown = sign_ins.find_enrolment(key, SEALER)
        code = pyotp.TOTP(shown.secret).now()
        for wrong in ("", "x", "é", SEALER.seal(shown.secret), shown.sealed[:-4]):
            with pytest.raises(NotValid):
                sign_ins.prove_by_set_up(key, code, wrong, SEALER)
        with pytest.raises(NotValid):
            sign_ins.prove_by_set_up(other, code, shown.sealed, SEALER)
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(second_factor, "TIME_TO_SET_UP", timedelta(seconds=-1))
            with pytest.raises(NotValid):
                sign_ins.prove_by_set_up(key, code, shown.sealed, SEALER)
        sign_ins.prove_by_set_up(key, code, shown.sealed, SEALER)
        # Nor is it taken again in place of what was set up by it.
        actor = accounts.actor_of(person)
        with pytest.raises(NotValid):
            own_account.set_up_second_factor(actor, factories.PASSWORD, code, shown.sealed, HERE, key, SEALER)

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
            sign_ins.prove_by_set_up(begun.key, "123456", "", SEALER)

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
        acts = [
            lambda number=number: sign_ins.prove_with_code(key, "000000", f"192.0.2.{number}", SEALER)
            for number in range(20)
        ]
        answers = [type(one) for one in at_once(app, acts, LcmError)]
        assert answers.count(NotValid) <= throttle.MOST_FAILURES
        assert answers.count(TooMany) > 0

    @pytest.mark.parametrize(
        ("address", "source"),
        [
            ("198.51.100.7", "198.51.100.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("", ""),
            ("unix:", "unix:"),
        ],
    )
    def test_one_place_has_many_addresses_of_ipv6(self, address, source):
        assert throttle.source_of(address) == source


class TestAtOnce:
    """On PostgreSQL two requests do run at once; SQLite takes them in turn."""

    def test_one_code_lets_one_in(self, app):
        _, application, _ = with_factor()
        keys, code = [begin().key for _ in range(6)], application.now()
        answers = at_once(
            app, [lambda key=key: sign_ins.prove_with_code(key, code, HERE, SEALER) for key in keys], LcmError
        )
        assert sum(isinstance(one, sign_ins.Begun) for one in answers) == 1

    def test_of_several_half_sign_ins_one_sets_a_factor_up(self, app):
        person_with()
        keys = [begin().key for _ in range(5)]
        shown = [sign_ins.find_enrolment(key, SEALER) for key in keys]
        answers = at_once(
            app,
            [
                lambda key=key, one=one: sign_ins.prove_by_set_up(
                    key, pyotp.TOTP(one.secret).now(), one.sealed, SEALER
                )
                for key, one in zip(keys, shown, strict=True)
            ],
        )
        assert sum(isinstance(one, tuple) for one in answers) == 1
        assert sum(isinstance(one, Conflict) for one in answers) == 4

    def test_recovery_codes_renewed_at_once_are_ten(self, app):
        person, _, _ = with_factor()
        actor = accounts.actor_of(person)
        at_once(app, [lambda: own_account.renew_recovery_codes(actor, factories.PASSWORD, HERE)] * 5)
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
