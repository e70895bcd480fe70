"""One's own account asks for the present password; passwords that others would guess are refused."""

import unicodedata

import pyotp
import pytest

from lcm_service.domain.errors import (
    Conflict,
    NotValid,
    TooMany,
)
from lcm_service.services import accounts, own_account, passwords, sign_ins, throttle
from tests import factories
from tests.fixtures import key_of_new_sign_in
from tests.service.sign_in_people import (
    HERE,
    SEALER,
    begin,
    forget_used_codes,
    messages,
    person_with,
    with_factor,
)

pytestmark = pytest.mark.usefixtures("app")


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
        shown = own_account.find_enrolment(actor, key, SEALER)
        second = pyotp.TOTP(shown.secret)
        assert second.secret != first.secret
        new = own_account.set_up_second_factor(
            actor, factories.PASSWORD, second.now(), shown.sealed, HERE, key, SEALER
        )
        forget_used_codes()
        for old in (first.now(), codes[0]):
            with pytest.raises(NotValid):
                sign_ins.prove_with_code(begin().key, old, HERE, SEALER)
        assert sign_ins.prove_with_code(begin().key, new[0], HERE, SEALER)

    def test_a_wrong_code_leaves_the_first_as_it_was(self):
        person, first, _ = with_factor()
        key, actor = key_of_new_sign_in(person), accounts.actor_of(person)
        with pytest.raises(NotValid):
            own_account.set_up_second_factor(actor, factories.PASSWORD, "000000", "", HERE, key, SEALER)
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
        "password",
        [
            "йцукенгшщзхъ",
            "Йцукенгшщзхъ",
            "фывапролджэ1",
            "ячсмитьбюячс",
            "йцукен123456",
            "ضصثقفغعهخحجد",
            "شسيبلاتنمكطش",
            "ضصثقفغ١٢٣٤٥٦",
        ],
    )
    def test_a_walk_along_the_keys_is_refused_on_a_keyboard_of_another_script(self, password):
        assert passwords.password_faults(password) == [passwords.EASY_TO_GUESS]

    @pytest.mark.parametrize("password", ["мул сажень кедр плинтус", "кедр7окно3сажень"])
    def test_words_of_another_script_are_taken(self, password):
        assert passwords.password_faults(password) == []

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
