"""A forgotten password: an address that is good once, and opens nothing where a second step is set up."""

from datetime import timedelta

import pytest

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotSignedIn, NotValid
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, OutboxMessage, PasswordRenewal
from lcm_service.services import accounts, renewals, sign_ins, tokens
from tests import factories
from tests.fixtures import key_of_new_sign_in
from tests.service.sign_in_people import set_up_by

pytestmark = pytest.mark.usefixtures("app")

NEW = "mule fathom cedar plinth"


@pytest.fixture
def person(app):
    return factories.make_person(email="ana@example.org")


def test_it_sets_a_new_password_and_ends_every_way_in_that_was_open(person):
    key = key_of_new_sign_in(person)
    token = tokens.create_api_token(accounts.actor_of(person), person.email, "x", 9)
    code = renewals.begin_renewal(factories.make_actor("administrator"), " Ana@example.org")
    assert sign_ins.person_of_key(key) == person, "Nothing changes before it is used."
    renewals.renew_password(code, NEW)
    assert sign_ins.person_of_key(key) is None
    with pytest.raises(NotSignedIn):
        tokens.actor_of_token(token)
    with pytest.raises(NotValid):
        sign_ins.sign_in(person.email, factories.PASSWORD)
    assert sign_ins.sign_in(person.email, NEW).waits_for == "set_up"
    assert [one.kind for one in db.session.query(OutboxMessage).order_by(OutboxMessage.id)] == [
        "account.token",
        "account.renewal",
        "account.password",
    ]
    told = [one.action for one in db.session.query(AuditEvent).order_by(AuditEvent.id)]
    assert told == ["create_token", "begin_renewal", "renew_password"]


def test_the_second_step_is_asked_for_as_before(person):
    begun = sign_ins.sign_in(person.email, factories.PASSWORD)
    set_up_by(begun.key)
    renewals.renew_password(renewals.begin_renewal(SYSTEM, person.email), NEW)
    assert sign_ins.sign_in(person.email, NEW).waits_for == "code"


def test_a_password_that_is_set_another_way_makes_the_address_worthless(person):
    code = renewals.begin_renewal(SYSTEM, person.email)
    accounts.set_password(SYSTEM, person.email, NEW)
    with pytest.raises(NotFound):
        renewals.renew_password(code, NEW)


def test_a_used_an_expired_a_replaced_and_an_unknown_address_are_refused_alike(person):
    codes = ["", "x" * 43]
    used = renewals.begin_renewal(SYSTEM, person.email)
    renewals.renew_password(used, NEW)
    replaced = renewals.begin_renewal(SYSTEM, person.email)
    expired = renewals.begin_renewal(SYSTEM, person.email)
    row = db.session.query(PasswordRenewal).order_by(PasswordRenewal.id.desc()).first()
    assert row.expires_at - row.created_at == pytest.approx(timedelta(days=1), abs=timedelta(seconds=5))
    row.expires_at = utc_now()
    db.session.commit()
    words = set()
    for code in (*codes, used, replaced, expired):
        for act in (renewals.find_renewal, lambda code: renewals.renew_password(code, NEW)):
            with pytest.raises(NotFound) as refusal:
                act(code)
            words.add(refusal.value.message)
    assert words == {renewals.NO_SUCH_RENEWAL}


def test_an_easy_password_leaves_the_address_as_it_was(person):
    code = renewals.begin_renewal(SYSTEM, person.email)
    with pytest.raises(NotValid) as refusal:
        renewals.renew_password(code, "password1234")
    assert list(refusal.value.faults) == ["password"]
    renewals.renew_password(code, NEW)


def test_only_a_hash_of_the_code_is_kept(person):
    code = renewals.begin_renewal(SYSTEM, person.email)
    kept = db.session.query(PasswordRenewal).one()
    assert code not in repr([getattr(kept, column.key) for column in PasswordRenewal.__table__.columns])


@pytest.mark.parametrize("role", ["focal_point", "coordinator", "observer"])
def test_only_administrators_begin_one(person, role):
    with pytest.raises(NotAllowed):
        renewals.begin_renewal(factories.make_actor(role), person.email)


def test_who_has_no_access_gets_none_by_it(person):
    code = renewals.begin_renewal(SYSTEM, person.email)
    person.is_active = False
    db.session.commit()
    with pytest.raises(NotFound):
        renewals.renew_password(code, NEW)
    with pytest.raises(Conflict):
        renewals.begin_renewal(SYSTEM, person.email)
    with pytest.raises(NotFound):
        renewals.begin_renewal(SYSTEM, "nobody@example.org")
