"""Single sign-on: who is linked signs in, nobody else; a person links alone; each way back is used once."""

from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, LcmError, NotReached, NotSignedIn, NotValid, TooMany
from lcm_service.domain.permissions import SYSTEM
from lcm_service.domain.sign_in_terms import TIME_AT_IDENTITY_PROVIDER
from lcm_service.identity_provider import asking
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import (
    AuditEvent,
    AuthenticationRequest,
    Person,
    ProviderLink,
    SignIn,
    SignInFailure,
)
from lcm_service.services import (
    accounts,
    audit,
    own_account,
    renewals,
    second_factor,
    sign_ins,
    single_sign_on,
    throttle,
)
from lcm_service.services.single_sign_on import Answer, Arrival
from tests import factories
from tests.fixtures import key_of_new_sign_in
from tests.identity_provider.local_provider import (
    ANSWER_ADDRESS,
    part_of_token,
    says,
    sign_in_there,
)
from tests.service.sign_in_people import (
    ELSEWHERE,
    HERE,
    SEALER,
    begin,
    events,
    messages,
    person_with,
    with_factor,
)
from tests.service.test_two_at_once import at_once

pytestmark = pytest.mark.usefixtures("app")

WORDS = frozenset({"mfa"})


def depart(local, source=HERE, **changes):
    return single_sign_on.begin_sign_in(local.provider(**changes), ANSWER_ADDRESS, source, SEALER)


def depart_to_link(local, person, present=factories.PASSWORD, key="", **changes):
    key = key or key_of_new_sign_in(person)
    provider = local.provider(**changes)
    return single_sign_on.begin_link(
        accounts.actor_of(person), present, HERE, key, provider, ANSWER_ADDRESS, SEALER
    )


def answer_of(departure, says="yes", **changes):
    """What the browser brings back from the provider."""
    back = sign_in_there(departure.address, says) | changes
    return Answer(*(back.get(name, "") for name in ("state", "code", "error", "iss")))


def come_back(local, departure, answer=None, **changes):
    answer = answer or answer_of(departure)
    provider = local.provider(**changes)
    return single_sign_on.take_answer(provider, ANSWER_ADDRESS, departure.key, answer, SEALER)


def linked(local, **columns):
    """A person who has linked its account, as a person does."""
    person = person_with(**columns)
    link(local, person)
    return person


def linked_with_factor(local):
    """The same, of one that has a second factor."""
    person, _, _ = with_factor()
    link(local, person)
    return person


def meanwhile(app, monkeypatch, target, name, act):
    """Have the act done by somebody else when the named function has come to its end for the first time; give
    what came of it.
    """
    answers, real = [], getattr(target, name)

    def run():
        with app.app_context():
            try:
                answers.append(act())
            except LcmError as refusal:
                answers.append(refusal)
            finally:
                db.session.remove()

    acting = Thread(target=run)

    def with_somebody_else(*about, **more):
        found = real(*about, **more)
        if acting.ident is None:
            acting.start()
            # Where it waits for the transaction under way to end, it is not waited for long.
            acting.join(timeout=2)
        return found

    monkeypatch.setattr(target, name, with_somebody_else)
    return acting, answers


def link(local, person, **changes):
    key = key_of_new_sign_in(person)
    arrival = come_back(local, depart_to_link(local, person, key=key, **changes), **changes)
    single_sign_on.link(accounts.actor_of(person), arrival, key)


def sign_in(local, *, with_demonstration=False, **changes):
    arrival = come_back(local, depart(local, **changes), **changes)
    return single_sign_on.sign_in(arrival, HERE, "Firefox", with_demonstration=with_demonstration)


class TestSigningIn:
    def test_who_has_linked_the_account_goes_on_to_the_second_step(self, local):
        person = linked_with_factor(local)
        begun = sign_in(local)
        assert (begun.person, begun.waits_for) == (person, "code")
        assert sign_ins.person_of_key(begun.key) is None

    def test_the_provider_alone_sets_no_first_second_factor_up(self, local):
        linked(local)
        before = db.session.query(SignIn).count()
        with pytest.raises(NotValid) as refusal:
            sign_in(local)
        assert refusal.value.message == sign_ins.SET_UP_FIRST
        assert db.session.query(SignIn).count() == before

    def test_who_has_a_second_factor_is_asked_for_its_code_and_gets_a_new_key(self, local):
        person, application, _ = with_factor()
        link(local, person)
        begun = sign_in(local)
        assert begun.waits_for == "code"
        whole = sign_ins.prove_with_code(begun.key, application.now(), HERE, SEALER)
        assert sign_ins.person_of_key(whole.key) == person
        assert sign_ins.person_of_key(begun.key) is None
        (done,) = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "sign_in").offset(1))
        assert done.facts == {"first": "provider", "second": "totp"}

    def test_an_observer_without_a_factor_needs_none(self, local):
        person = linked(local, role="observer")
        begun = sign_in(local)
        assert begun.waits_for == ""
        assert sign_ins.person_of_key(begun.key) == person

    @pytest.mark.parametrize("claims", [{"amr": ["pwd", "mfa"]}, {"acr": "mfa"}])
    def test_the_providers_word_is_taken_for_the_second_step_where_the_settings_say_so(self, local, claims):
        person, _, _ = with_factor()
        link(local, person)
        local.claims |= claims
        begun = sign_in(local, second_factor_words=WORDS)
        assert begun.waits_for == ""
        assert sign_ins.person_of_key(begun.key) == person
        assert db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first().facts == {
            "first": "provider",
            "second": "provider",
        }

    @pytest.mark.parametrize(
        ("claims", "words"),
        [({"amr": ["pwd", "mfa"]}, frozenset()), ({"amr": ["pwd"]}, WORDS), ({}, WORDS)],
        ids=["not in the settings", "no second factor", "nothing said"],
    )
    def test_else_the_second_step_is_asked_for_here(self, local, claims, words):
        person, _, _ = with_factor()
        link(local, person)
        local.claims |= claims
        assert sign_in(local, second_factor_words=words).waits_for == "code"

    def test_nobody_is_found_by_an_e_mail_address_and_no_account_is_made(self, local):
        person = person_with()
        people = db.session.query(Person).count()
        local.claims |= {"email": person.email, "email_verified": True, "preferred_username": person.email}
        local.subject = person.email
        with pytest.raises(NotValid, match="not linked"):
            sign_in(local)
        assert db.session.query(Person).count() == people
        assert db.session.query(SignIn).count() == 0
        assert events() == []

    def test_another_subject_of_the_same_provider_is_somebody_else(self, local):
        linked(local)
        local.subject += "0"
        with pytest.raises(NotValid, match="not linked"):
            sign_in(local)

    def test_the_same_subject_of_another_provider_is_somebody_else(self, local):
        linked(local)
        db.session.query(ProviderLink).one().issuer = "https://former.example.org"
        db.session.commit()
        with pytest.raises(NotValid, match="not linked"):
            sign_in(local)

    @pytest.mark.parametrize("column", ["is_active", "is_demonstration"])
    def test_who_may_not_act_is_refused_like_a_stranger(self, local, column):
        person = linked(local)
        setattr(person, column, column == "is_demonstration")
        db.session.commit()
        with pytest.raises(NotValid) as refusal:
            sign_in(local)
        assert refusal.value.message == single_sign_on.NOT_LINKED

    def test_made_up_people_sign_in_where_the_settings_say_so(self, local):
        linked(local, is_demonstration=True)
        assert sign_in(local, with_demonstration=True).waits_for == ""

    def test_a_refusal_is_logged_without_who_it_was(self, local, caplog):
        with pytest.raises(NotValid):
            sign_in(local)
        assert HERE in caplog.text
        assert local.subject not in caplog.text


class TestTheWayBack:
    def test_an_answer_to_another_request_is_refused_and_the_own_request_goes_on(self, local):
        linked(local)
        mine, others = depart(local), depart(local)
        with pytest.raises(NotSignedIn):
            come_back(local, mine, answer_of(others))
        assert come_back(local, mine)

    @pytest.mark.parametrize("state", ["", "x", "é", "x" * 44])
    def test_an_answer_without_the_right_state_is_refused_before_the_provider_is_asked(self, local, state):
        departure = depart(local)
        answer = answer_of(departure, state=state)
        local.asked.clear()
        with pytest.raises(NotSignedIn):
            come_back(local, departure, answer)
        assert local.asked == []

    def test_a_browser_that_began_nothing_is_refused(self, local):
        answer = answer_of(depart(local))
        for key in ("", "another key"):
            with pytest.raises(NotSignedIn):
                single_sign_on.take_answer(local.provider(), ANSWER_ADDRESS, key, answer, SEALER)

    def test_an_answer_is_taken_once(self, local):
        departure = depart(local)
        answer = answer_of(departure)
        come_back(local, departure, answer)
        local.asked.clear()
        with pytest.raises(NotSignedIn):
            come_back(local, departure, answer)
        assert local.asked == []

    def test_of_two_answers_at_once_one_is_taken(self, app, local):
        departure = depart(local)
        answer = answer_of(departure)
        results = at_once(app, [lambda: come_back(local, departure, answer)] * 2, NotSignedIn)
        assert sorted(isinstance(one, Arrival) for one in results) == [False, True]
        assert local.asked.count("POST /token") == 1

    def test_an_answer_that_comes_too_late_is_refused(self, local):
        departure = depart(local)
        db.session.query(AuthenticationRequest).one().ends_at -= TIME_AT_IDENTITY_PROVIDER
        db.session.commit()
        with pytest.raises(NotSignedIn):
            come_back(local, departure)

    def test_what_nobody_came_back_from_is_forgotten(self, local):
        depart(local)
        db.session.query(AuthenticationRequest).one().ends_at -= TIME_AT_IDENTITY_PROVIDER + timedelta(days=1)
        db.session.commit()
        depart(local)
        assert db.session.query(AuthenticationRequest).count() == 1

    def test_neither_the_database_nor_the_key_tells_state_nonce_or_verifier(self, local):
        departure = depart(local)
        (row,) = db.session.query(AuthenticationRequest)
        kept = f"{row.key_sha256} {departure.key}"
        secrets = single_sign_on._secrets_of(departure.key, SEALER)
        assert len({secrets.state, secrets.nonce, secrets.verifier, departure.key}) == 4
        for secret in (secrets.state, secrets.nonce, secrets.verifier):
            assert len(secret) == 44
            assert secret not in kept

    def test_whoever_cancels_there_is_not_signed_in_and_may_begin_again(self, local):
        linked(local, role="observer")
        departure = depart(local)
        answer = answer_of(departure, "no")
        assert answer.error == "access_denied"
        local.asked.clear()
        with pytest.raises(NotValid, match="broken off"):
            come_back(local, departure, answer)
        assert local.asked == []
        assert sign_in(local)

    @pytest.mark.parametrize("change", [{"code": ""}, {"error": "server_error\r\nFalse line: "}])
    def test_an_answer_with_an_error_or_without_a_code_is_broken_off(self, local, change, caplog):
        departure = depart(local)
        with pytest.raises(NotValid, match="broken off"):
            come_back(local, departure, answer_of(departure, **change))
        assert "\nFalse line" not in caplog.text

    def test_what_cannot_be_believed_does_nothing_and_is_logged(self, local, caplog):
        linked(local, role="observer")
        local.claims["nonce"] = "another"
        before = (db.session.query(SignIn).count(), events())
        with pytest.raises(NotReached) as refusal:
            sign_in(local)
        assert refusal.value.message == single_sign_on.NOT_BELIEVED
        assert "nonce" in caplog.text
        assert (db.session.query(SignIn).count(), events()) == before
        local.claims.clear()
        assert sign_in(local)

    def test_what_the_log_says_of_an_answer_is_one_short_line(self, local, caplog):
        local.header = {"alg": "RS256", "kid": "first", "crit": ["x\nfalse line"], "x\nfalse line": 1}
        local.sign = lambda _claims: ".".join((part_of_token(local.header), "e30", "AAAA"))
        with pytest.raises(NotReached):
            sign_in(local)
        (line,) = caplog.messages
        assert "false line" in line
        assert "\n" not in line

    def test_where_too_many_ask_the_provider_it_is_told_and_logged(self, local, caplog):
        departure = depart(local)
        answer = answer_of(departure)
        with asking.turn(), asking.turn():
            for act in (lambda: depart(local), lambda: come_back(local, departure, answer)):
                with pytest.raises(NotReached) as refusal:
                    act()
                assert refusal.value.message == single_sign_on.NOT_REACHED
                assert "are asking it already" in caplog.messages[-1]

    def test_a_provider_that_is_down_leaves_nothing_behind(self, local):
        local.answers["/.well-known/openid-configuration"] = says("", 503)
        with pytest.raises(NotReached) as refusal:
            depart(local)
        assert refusal.value.message == single_sign_on.NOT_REACHED
        assert db.session.query(AuthenticationRequest).count() == 0


class TestLinking:
    def test_the_person_links_and_is_told_and_the_event_names_nobody(self, local):
        person = person_with()
        link(local, person)
        assert single_sign_on.find_link(accounts.actor_of(person), local.provider()) is not None
        assert messages() == ["account.provider"]
        (event,) = db.session.scalars(select(AuditEvent))
        assert (event.action, event.record_reference, event.facts) == ("link_provider", str(person.id), None)
        assert audit.verify_audit(SYSTEM, []).faults == []
        assert local.subject not in db.session.query(ProviderLink).one().subject_sha256

    def test_the_present_password_is_asked_for(self, local):
        person = person_with()
        with pytest.raises(NotValid) as refusal:
            depart_to_link(local, person, present="wrong")
        assert list(refusal.value.faults) == ["present_password"]
        assert db.session.query(AuthenticationRequest).count() == 0

    def test_guessing_that_password_stops(self, local):
        person = person_with()
        for _ in range(throttle.MOST_FAILURES):
            with pytest.raises(NotValid):
                depart_to_link(local, person, present="wrong")
        with pytest.raises(TooMany):
            depart_to_link(local, person)

    def test_one_who_signed_in_by_the_provider_cannot_link(self, local):
        person = person_with()
        for key in (key_of_new_sign_in(person, is_by_provider=True), "no sign-in"):
            with pytest.raises(Conflict) as refusal:
                depart_to_link(local, person, key=key)
            assert refusal.value.message == single_sign_on.SIGN_IN_BY_PASSWORD

    def test_an_old_visit_at_the_provider_links_nothing(self, local):
        """Of somebody else, whose visit is open there in the same browser."""
        person = person_with()
        local.claims["auth_time"] = lambda now: now - 3600
        with pytest.raises(NotReached) as refusal:
            link(local, person)
        assert refusal.value.message == single_sign_on.NOT_BELIEVED
        assert db.session.query(ProviderLink).count() == 0

    def test_a_way_back_that_others_began_links_nothing(self, local):
        ana, bob = person_with(), factories.make_person(email="bob@example.org")
        arrival = come_back(local, depart_to_link(local, bob))
        with pytest.raises(NotSignedIn):
            single_sign_on.link(accounts.actor_of(ana), arrival, key_of_new_sign_in(ana))
        with pytest.raises(NotSignedIn):
            single_sign_on.link(
                accounts.actor_of(ana), come_back(local, depart(local)), key_of_new_sign_in(ana)
            )
        assert db.session.query(ProviderLink).count() == 0

    def test_a_way_back_from_linking_signs_nobody_in(self, local):
        person = linked(local, role="observer")
        arrival = Arrival(come_back(local, depart(local)).identity, person.id)
        with pytest.raises(NotSignedIn):
            single_sign_on.sign_in(arrival)

    def test_one_account_there_is_linked_with_one_here(self, local):
        linked(local)
        bob = factories.make_person(email="bob@example.org")
        with pytest.raises(Conflict) as refusal:
            link(local, bob)
        assert refusal.value.message == single_sign_on.LINKED_ELSEWHERE

    def test_a_second_link_is_refused_until_the_first_is_ended(self, local):
        person = linked(local)
        with pytest.raises(Conflict) as refusal:
            depart_to_link(local, person)
        assert refusal.value.message == single_sign_on.LINKED_BEFORE

    def test_two_ways_that_were_begun_before_link_once(self, local):
        person = person_with()
        key, actor = key_of_new_sign_in(person), accounts.actor_of(person)
        arrivals = []
        for subject in ("first", "second"):
            local.subject = subject
            arrivals.append(come_back(local, depart_to_link(local, person, key=key)))
        single_sign_on.link(actor, arrivals[0], key)
        with pytest.raises(Conflict) as refusal:
            single_sign_on.link(actor, arrivals[1], key)
        assert refusal.value.message == single_sign_on.LINKED_BEFORE
        assert db.session.query(ProviderLink).count() == 1

    def test_a_link_with_a_provider_of_earlier_settings_gives_way(self, local):
        person = linked(local)
        db.session.query(ProviderLink).one().issuer = "https://former.example.org"
        db.session.commit()
        assert single_sign_on.find_link(accounts.actor_of(person), local.provider()) is None
        link(local, person)
        assert db.session.query(ProviderLink).one().issuer == local.issuer
        assert events() == ["link_provider", "unlink_provider", "link_provider"]

    def test_an_account_that_ended_meanwhile_is_not_linked(self, local):
        person = person_with()
        key, actor = key_of_new_sign_in(person), accounts.actor_of(person)
        arrival = come_back(local, depart_to_link(local, person, key=key))
        person.is_active = False
        db.session.commit()
        with pytest.raises(NotSignedIn):
            single_sign_on.link(actor, arrival, key)

    def test_a_new_password_meanwhile_lets_nobody_link_who_knew_the_old_one(self, local):
        person = person_with()
        key, actor = key_of_new_sign_in(person), accounts.actor_of(person)
        arrival = come_back(local, depart_to_link(local, person, key=key))
        own_account.change_password(actor, factories.PASSWORD, "four unrelated words here", HERE, "")
        with pytest.raises(NotSignedIn):
            single_sign_on.link(actor, arrival, key)
        assert db.session.query(ProviderLink).count() == 0


class TestUnlinking:
    def test_nobody_signs_in_by_an_ended_link_and_sign_ins_by_it_end(self, local):
        person = linked(local, role="observer")
        by_provider, by_password = sign_in(local).key, key_of_new_sign_in(person)
        actor = accounts.actor_of(person)
        single_sign_on.unlink(actor, factories.PASSWORD, HERE, by_password)
        assert sign_ins.person_of_key(by_provider) is None
        assert sign_ins.person_of_key(by_password) == person
        with pytest.raises(NotValid, match="not linked"):
            sign_in(local)
        assert messages() == ["account.provider", "account.provider"]
        assert events()[-1] == "unlink_provider"

    def test_the_sign_in_by_which_it_is_ended_goes_on(self, local):
        person = linked(local, role="observer")
        key = sign_in(local).key
        single_sign_on.unlink(accounts.actor_of(person), factories.PASSWORD, HERE, key)
        assert sign_ins.person_of_key(key) == person

    def test_the_present_password_is_asked_for(self, local):
        person = linked(local)
        with pytest.raises(NotValid):
            single_sign_on.unlink(accounts.actor_of(person), "wrong", HERE, "")
        assert db.session.query(ProviderLink).count() == 1

    def test_where_nothing_is_linked_there_is_nothing_to_end(self, local):
        with pytest.raises(Conflict):
            single_sign_on.unlink(accounts.actor_of(person_with()), factories.PASSWORD, HERE, "")

    @pytest.mark.parametrize(
        "end",
        [
            lambda person: own_account.change_password(
                accounts.actor_of(person), factories.PASSWORD, "four unrelated words here", HERE, ""
            ),
            lambda person: renewals.renew_password(
                renewals.begin_renewal(SYSTEM, person.email), "four unrelated words here"
            ),
            lambda person: _end_access(person),
            lambda person: accounts.erase_person(SYSTEM, person.email),
            lambda person: accounts.reset_second_factor(SYSTEM, person.email),
        ],
        ids=["password changed", "password renewed", "access ended", "erased", "second factor reset"],
    )
    def test_a_new_password_and_an_ended_access_end_the_link_and_what_is_under_way(self, local, end):
        person = person_with()
        under_way = depart_to_link(local, person)
        link(local, person)
        end(person)
        assert db.session.query(ProviderLink).count() == 0
        assert db.session.query(AuthenticationRequest).count() == 0
        with pytest.raises(NotSignedIn):
            come_back(local, under_way)

    @pytest.mark.parametrize("end", ["password", "unlink", "reset", "access"])
    def test_a_sign_in_under_way_does_not_outlive_the_link(self, app, local, monkeypatch, end):
        person = linked(local, role="observer")
        actor, email, here = accounts.actor_of(person), person.email, key_of_new_sign_in(person)
        ends = {
            "password": lambda: accounts.set_password(SYSTEM, email, "four unrelated words here"),
            "unlink": lambda: single_sign_on.unlink(actor, factories.PASSWORD, HERE, here),
            "reset": lambda: accounts.reset_second_factor(SYSTEM, email),
            "access": lambda: _end_access(db.session.get(Person, actor.person_id)),
        }
        arrival = come_back(local, depart(local))
        acting, answers = meanwhile(app, monkeypatch, single_sign_on, "_link_of", ends[end])
        # On PostgreSQL the link is gone before the person is locked; on SQLite its end waits for the sign-in.
        refusals = []
        try:
            begun = single_sign_on.sign_in(arrival, HERE)
        except NotValid as refusal:
            refusals.append(refusal.message)
        acting.join()
        db.session.rollback()
        db.session.expire_all()
        assert answers == [None]
        if db.engine.dialect.name == "postgresql":
            assert refusals == [single_sign_on.NOT_LINKED]
        else:
            assert refusals == []
            assert sign_ins.person_of_key(begun.key) is None
        assert db.session.query(ProviderLink).count() == 0

    def test_a_sign_in_that_came_before_the_end_of_the_link_ends_with_it(self, app, local, monkeypatch):
        person = linked(local, role="observer")
        actor, here = accounts.actor_of(person), key_of_new_sign_in(person)
        arrival = come_back(local, depart(local))
        acting, answers = meanwhile(
            app,
            monkeypatch,
            single_sign_on,
            "may_act",
            lambda: single_sign_on.unlink(actor, factories.PASSWORD, HERE, here),
        )
        key = single_sign_on.sign_in(arrival, HERE).key
        acting.join()
        db.session.rollback()
        db.session.expire_all()
        assert answers == [None]
        assert sign_ins.person_of_key(key) is None

    def test_a_link_that_is_made_meanwhile_does_not_outlive_who_is_erased(self, app, local, monkeypatch):
        person = person_with()
        key, actor = key_of_new_sign_in(person), accounts.actor_of(person)
        arrival = come_back(local, depart_to_link(local, person, key=key))
        acting, answers = meanwhile(
            app,
            monkeypatch,
            second_factor,
            "remove",
            lambda: single_sign_on.link(actor, arrival, key),
        )
        accounts.erase_person(SYSTEM, person.email)
        acting.join()
        db.session.rollback()
        assert [type(one) for one in answers] == [NotSignedIn]
        assert db.session.query(ProviderLink).count() == 0


def _end_access(person):
    with transaction() as session:
        accounts.end_access(session, SYSTEM, session.merge(person))


class TestThrottling:
    def test_what_is_begun_and_not_ended_counts_and_others_are_not_kept_out(self, local, monkeypatch):
        monkeypatch.setattr(throttle, "MOST_FAILURES_OF_A_SOURCE", 3)
        linked(local)
        for _ in range(3):
            depart(local)
        local.asked.clear()
        with pytest.raises(TooMany):
            depart(local)
        assert local.asked == []
        assert depart(local, ELSEWHERE)

    def test_a_provider_that_is_down_takes_nobodys_password_away(self, local, monkeypatch):
        monkeypatch.setattr(throttle, "MOST_FAILURES_OF_A_SOURCE", 3)
        person_with()
        local.answers["/.well-known/openid-configuration"] = says("", 503)
        for _ in range(3):
            with pytest.raises(NotReached):
                depart(local)
        with pytest.raises(TooMany):
            depart(local)
        assert begin()

    def test_whoever_signs_in_is_not_counted(self, local, monkeypatch):
        monkeypatch.setattr(throttle, "MOST_FAILURES_OF_A_SOURCE", 3)
        linked(local, role="observer")
        for _ in range(5):
            sign_in(local)
        assert db.session.query(SignInFailure).count() == 0
