"""Tokens with which a person's own system calls the API: with a scope, an end, and their last use noted."""

import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotFound, NotSignedIn, NotValid
from lcm_service.domain.permissions import Actor
from lcm_service.domain.sentences import sentence
from lcm_service.domain.sign_in_terms import LONGEST_TOKEN_LIFE_DAYS
from lcm_service.domain.vocabulary import TOKEN_SCOPES
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import ApiToken, Person
from lcm_service.services.accounts import actor_of, is_plain_line, may_act, person_to_manage
from lcm_service.services.throttle import sha256_of
from lcm_service.services.trail import enqueue_message, record_event

LONGEST_LABEL: Final = 100
# The time of a token's last use is for its owner to notice a stranger; to the hour is near enough.
TOKEN_USE_IS_NOTED_EVERY = timedelta(hours=1)

TOKEN_REFUSED = sentence("The token is not known, has expired or was taken back.")
TOKEN_LIFE = sentence("A token is good for 1 to 366 days.")
TOKEN_LABEL = sentence("Say in 1 to 100 characters what the token is for.")
TOKEN_SCOPE = sentence("Choose what the token may do.")
FAULTY_TOKEN = sentence("The token cannot be made like this.")


def create_api_token(actor: Actor, person_email: str, label: str, days: int, scope: str = "read") -> str:
    """Make a token with which a person's system acts as that person, and give it: it is shown this once.

    ``scope`` is ``read``, or ``act`` for all that the person may. Raises NotAllowed unless it is one's own or
    an administrator asks, NotFound and NotValid.
    """
    with transaction() as session:
        return _add_token(session, actor, person_to_manage(session, actor, person_email), label, days, scope)


def create_own_token(actor: Actor, label: str, days: int, scope: str = "read") -> str:
    """The same for the actor itself. Raises NotSignedIn and NotValid."""
    with transaction() as session:
        person = None if actor.person_id is None else session.get(Person, actor.person_id)
        if person is None:
            raise NotSignedIn(sentence("Nobody is signed in."))
        return _add_token(session, actor, person, label, days, scope)


def _add_token(session: Session, actor: Actor, person: Person, label: str, days: int, scope: str) -> str:
    faults: dict[str, list[str]] = {}
    if not 1 <= days <= LONGEST_TOKEN_LIFE_DAYS:
        faults["days"] = [TOKEN_LIFE]
    if not 1 <= len(label.strip()) <= LONGEST_LABEL or not is_plain_line(label):
        faults["label"] = [TOKEN_LABEL]
    if scope not in TOKEN_SCOPES:
        faults["scope"] = [TOKEN_SCOPE]
    if faults:
        raise NotValid(FAULTY_TOKEN, faults)
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            person=person,
            label=label.strip(),
            prefix=prefix,
            secret_sha256=sha256_of(secret),
            scope=scope,
            expires_at=utc_now() + timedelta(days=days),
        )
    )
    facts = {"prefix": prefix, "scope": scope}
    record_event(session, actor, "create_token", "person", str(person.id), facts=facts)
    enqueue_message(session, "account.token", person_id=person.id)
    return f"lcm_{prefix}_{secret}"


def list_tokens(actor: Actor) -> Sequence[ApiToken]:
    """The actor's own tokens that are still good, the latest first."""
    return db.session.scalars(
        select(ApiToken)
        .where(
            ApiToken.person_id == actor.person_id,
            ApiToken.taken_back_at.is_(None),
            ApiToken.expires_at > utc_now(),
        )
        .order_by(ApiToken.id.desc())
    ).all()


def take_back_token(actor: Actor, token_id: int) -> None:
    """Make one of one's own tokens worthless. Pressed twice it changes nothing.

    Raises NotFound for one that is not the actor's.
    """
    with transaction() as session:
        token = session.get(ApiToken, token_id)
        if token is None or token.person_id != actor.person_id:
            raise NotFound(sentence("There is no such token."))
        if token.taken_back_at is None:
            token.taken_back_at = utc_now()
            facts = {"prefix": token.prefix}
            record_event(session, actor, "take_back_token", "person", str(token.person_id), facts=facts)


def actor_of_token(token: str, *, with_demonstration: bool = False) -> tuple[Actor, str]:
    """As whom a token acts, and its scope. Raises NotSignedIn, in the same words whatever is wrong."""
    match = re.fullmatch(r"lcm_([0-9a-f]{8})_([A-Za-z0-9_-]{43})", token)
    if match is None:
        raise NotSignedIn(TOKEN_REFUSED)
    row = db.session.scalar(select(ApiToken).where(ApiToken.prefix == match[1]))
    is_right = hmac.compare_digest(row.secret_sha256 if row else sha256_of(""), sha256_of(match[2]))
    if row is None or not is_right or row.expires_at <= utc_now() or row.taken_back_at is not None:
        raise NotSignedIn(TOKEN_REFUSED)
    if not may_act(row.person, with_demonstration):
        raise NotSignedIn(TOKEN_REFUSED)
    actor, scope = actor_of(row.person), row.scope
    if row.last_used_at is None or utc_now() - row.last_used_at > TOKEN_USE_IS_NOTED_EVERY:
        with transaction() as session:
            session.refresh(row)
            row.last_used_at = utc_now()
    return actor, scope
