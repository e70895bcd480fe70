"""Tokens: they act as their person, have an end and a scope, and only a hash of them is kept."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import NotAllowed, NotFound, NotSignedIn, NotValid
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import ApiToken
from lcm_service.services import accounts, tokens
from tests import factories

pytestmark = pytest.mark.usefixtures("app")


def person_with(**columns):
    return factories.make_person(email="ana@example.org", **columns)


def token_of(person, days=30, scope="read"):
    return tokens.create_api_token(accounts.actor_of(person), person.email, "our system", days, scope)


def test_a_token_acts_as_its_person():
    person = person_with()
    assert tokens.actor_of_token(token_of(person)) == (accounts.actor_of(person), "read")


def test_only_a_hash_of_the_token_is_kept():
    token = token_of(person_with())
    row = db.session.scalars(select(ApiToken)).one()
    secret = token.split("_", 2)[2]
    assert token.startswith(f"lcm_{row.prefix}_")
    assert secret not in (row.secret_sha256, row.prefix, row.label)
    assert len(secret) == 43


def test_its_last_use_is_noted_to_the_hour():
    token = token_of(person_with())
    tokens.actor_of_token(token)
    row = db.session.scalars(select(ApiToken)).one()
    first = row.last_used_at
    tokens.actor_of_token(token)
    assert row.last_used_at == first
    row.last_used_at = utc_now() - timedelta(hours=2)
    db.session.commit()
    tokens.actor_of_token(token)
    assert utc_now() - row.last_used_at < timedelta(minutes=1)


def test_a_token_of_another_secret_an_expired_one_and_an_ended_persons_are_refused_alike():
    person = person_with()
    token = token_of(person)
    words = set()

    def refused(text):
        with pytest.raises(NotSignedIn) as refusal:
            tokens.actor_of_token(text)
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
    assert words == {tokens.TOKEN_REFUSED}


@pytest.mark.parametrize("days", [0, -1, 367])
def test_no_token_is_good_forever(days):
    with pytest.raises(NotValid):
        token_of(person_with(), days)


def test_nobody_makes_a_token_for_another():
    person = person_with()
    with pytest.raises(NotAllowed):
        tokens.create_api_token(factories.make_actor("coordinator"), person.email, "x", 1)


@pytest.mark.parametrize(("field", "values"), [("label", (" ", 9, "read")), ("scope", ("x", 9, "rule"))])
def test_what_is_wrong_with_a_token_is_said_at_its_field(field, values):
    with pytest.raises(NotValid) as refusal:
        tokens.create_own_token(accounts.actor_of(person_with()), *values)
    assert list(refusal.value.faults) == [field]


def test_one_lists_and_takes_back_ones_own_and_no_other():
    person, other = person_with(), factories.make_person()
    actor, token = accounts.actor_of(person), token_of(person)
    token_of(other)
    (own,) = tokens.list_tokens(actor)
    for stranger in (accounts.actor_of(other), factories.make_actor("administrator"), SYSTEM):
        with pytest.raises(NotFound):
            tokens.take_back_token(stranger, own.id)
    tokens.take_back_token(actor, own.id)
    tokens.take_back_token(actor, own.id)
    assert tokens.list_tokens(actor) == []
    with pytest.raises(NotSignedIn):
        tokens.actor_of_token(token)


def test_nobody_makes_a_token_without_being_somebody():
    with pytest.raises(NotSignedIn):
        tokens.create_own_token(SYSTEM, "x", 1)
