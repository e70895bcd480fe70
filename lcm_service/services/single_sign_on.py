"""Single sign-on: people sign in by their organisation's identity provider, once they have linked the two.

A sign-in never makes an account, and never finds one by an e-mail address: whoever runs a provider could
write anybody's into it. The person alone links, while signed in here by password and second step, and knows
the password. The provider is asked outside of transactions, so that nothing waits for it.
"""

import logging
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lcm_service.domain.errors import Conflict, NotReached, NotSignedIn, NotValid
from lcm_service.domain.permissions import Actor
from lcm_service.domain.sentences import sentence
from lcm_service.domain.sign_in_terms import TIME_AT_IDENTITY_PROVIDER
from lcm_service.identity_provider.asking import ProviderFault, TooManyAsk
from lcm_service.identity_provider.provider import Identity, IdentityProvider, RequestSecrets
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import AuthenticationRequest, Person, ProviderLink, SignIn
from lcm_service.services import own_account, sign_ins, throttle
from lcm_service.services.accounts import end_link_of, may_act
from lcm_service.services.sealing import Sealer
from lcm_service.services.sign_ins import Begun
from lcm_service.services.throttle import Limit, key_of, sha256_of
from lcm_service.services.trail import enqueue_message, record_event

log = logging.getLogger(__name__)

# Of what the log says of an answer: whoever writes it may be anybody.
LONGEST_LOGGED = 300

NOT_REACHED = sentence("The identity provider does not answer. Try again later, or use your password.")
NOT_BELIEVED = sentence(
    "What the identity provider answered cannot be relied on, so nothing was done. If this happens again, "
    "write to the administrators of the service."
)
BROKEN_OFF = sentence(
    "Nothing was done: the sign-in at the identity provider was broken off or refused there."
)
NOT_BEGUN_HERE = sentence(
    "This was not begun in this browser, was done already, or took too long. Begin again."
)
NOT_LINKED = sentence(
    "Your account there is not linked with an account that may sign in here. Sign in with your password; on "
    "the page My account you can link the two."
)
LINKED_BEFORE = sentence("Your account is linked already. End that link first.")
LINKED_WITH_NONE = sentence("Your account is linked with no other.")
LINKED_ELSEWHERE = sentence("That account of the identity provider is linked with another account here.")
SIGN_IN_BY_PASSWORD = sentence(
    "To link an account, sign in with your password and your second step, and not by the identity provider."
)


@dataclass(frozen=True, slots=True)
class Departure:
    """Where a browser is sent, and the key that it keeps until it comes back."""

    address: str
    key: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser brings back from the provider; anybody may have written it."""

    state: str
    code: str
    error: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who the provider says came back. ``person_id``: whose account is to be linked; nobody's: to sign in."""

    identity: Identity
    person_id: int | None


def begin_sign_in(provider: IdentityProvider, answer_address: str, source: str, sealer: Sealer) -> Departure:
    """Send a browser to the provider to sign in; ``answer_address`` is where it is sent back to.

    It counts as a failed attempt of its source until it has succeeded. Raises TooMany after a hundred within
    a quarter of an hour, and NotReached where the provider does not answer.
    """
    throttle.count_attempt(_limit_of(source))
    return _depart(provider, answer_address, sealer, None)


def begin_link(
    actor: Actor,
    present: str,
    source: str,
    sign_in_key: str,
    provider: IdentityProvider,
    answer_address: str,
    sealer: Sealer,
) -> Departure:
    """Send a browser to the provider to show which account there is to be linked with the actor's own.

    Raises NotValid for a wrong present password, Conflict where the actor has signed in by a provider or is
    linked with this one already, TooMany, and NotReached.
    """
    person = own_account.require_password(actor, present, source)
    if not sign_ins.is_by_password(sign_in_key):
        raise Conflict(SIGN_IN_BY_PASSWORD)
    if find_link(actor, provider) is not None:
        raise Conflict(LINKED_BEFORE)
    return _depart(provider, answer_address, sealer, person.id)


def take_answer(
    provider: IdentityProvider, answer_address: str, key: str, answer: Answer, sealer: Sealer
) -> Arrival:
    """Who came back from the provider. A request is answered once, in the browser in which it was begun.

    Raises NotSignedIn for an answer to no request of this browser, NotValid where the provider or the person
    broke off, and NotReached where the provider does not answer or cannot be believed.
    """
    request = _secrets_of(key, sealer)
    if not key or not compare_digest(answer.state.encode(), request.state.encode()):
        raise NotSignedIn(NOT_BEGUN_HERE)
    with transaction() as session:
        # Of two answers at once, one finds the row.
        taken = session.execute(
            delete(AuthenticationRequest)
            .where(
                AuthenticationRequest.key_sha256 == sha256_of(key), AuthenticationRequest.ends_at > utc_now()
            )
            .returning(AuthenticationRequest.person_id)
        ).one_or_none()
    if taken is None:
        raise NotSignedIn(NOT_BEGUN_HERE)
    if answer.error or not answer.code:
        log.warning("The identity provider sent somebody back: %r.", answer.error[:LONGEST_LOGGED])
        raise NotValid(BROKEN_OFF)
    try:
        identity = provider.redeem(
            answer.code,
            answer.issuer,
            answer_address,
            request,
            was_asked_anew=taken.person_id is not None,
        )
    except TooManyAsk as fault:
        log.warning("The identity provider cannot be asked: %r.", str(fault)[:LONGEST_LOGGED])
        raise NotReached(NOT_REACHED) from fault
    except ProviderFault as fault:
        log.warning("The identity provider is not believed: %r.", str(fault)[:LONGEST_LOGGED])
        raise NotReached(NOT_BELIEVED) from fault
    return Arrival(identity, taken.person_id)


def sign_in(
    arrival: Arrival, source: str = "", device: str = "", *, with_demonstration: bool = False
) -> Begun:
    """Begin the sign-in of the active person who has linked this identity; goes on as after a password.

    Raises NotValid, in the same words, where nobody has and where that person may not sign in any more; in
    others where the person has a first second factor to set up; and NotSignedIn where the browser was sent to
    link an account.
    """
    if arrival.person_id is not None:
        raise NotSignedIn(NOT_BEGUN_HERE)
    identity = arrival.identity
    with transaction() as session:
        person = _lock_linked(session, identity)
        if person is None or not may_act(person, with_demonstration):
            log.warning("A sign-in by the identity provider from %s was refused.", source or "nowhere")
            raise NotValid(NOT_LINKED)
        throttle.forget_one(session, _limit_of(source).key)
        return sign_ins.begin_by_provider(
            session, person, device, has_second_factor=identity.has_second_factor
        )


def link(actor: Actor, arrival: Arrival, sign_in_key: str) -> None:
    """Link the actor's own account with who came back from the provider; the person is told.

    Raises NotSignedIn where it was begun by somebody else, or the sign-in has ended meanwhile, as by a new
    password; and Conflict where either is linked already.
    """
    identity = arrival.identity
    if actor.person_id is None or arrival.person_id != actor.person_id:
        raise NotSignedIn(NOT_BEGUN_HERE)
    with transaction() as session:
        person = session.get_one(Person, actor.person_id, with_for_update={"of": Person})
        if not person.is_active or not sign_ins.is_by_password(sign_in_key):
            raise NotSignedIn(NOT_BEGUN_HERE)
        present = session.scalar(select(ProviderLink).where(ProviderLink.person_id == person.id))
        if present is not None and present.issuer == identity.issuer:
            raise Conflict(LINKED_BEFORE)
        if _link_of(session, identity) is not None:
            raise Conflict(LINKED_ELSEWHERE)
        # A link with a provider of earlier settings gives way.
        end_link_of(session, actor, person.id)
        session.add(
            ProviderLink(person_id=person.id, issuer=identity.issuer, subject_sha256=_subject_hash(identity))
        )
        enqueue_message(session, "account.provider", person_id=person.id)
        record_event(session, actor, "link_provider", "person", str(person.id))


def unlink(actor: Actor, present: str, source: str, sign_in_key: str) -> None:
    """End the link of one's own account; the other sign-ins by the provider end with it, and the person is
    told.

    Raises NotValid for a wrong present password, Conflict where nothing is linked, and TooMany.
    """
    person = own_account.require_password(actor, present, source)
    with transaction() as session:
        # A sign-in by the link that is beginning now comes before, and ends, or finds the link gone.
        session.refresh(person, with_for_update={"of": Person})
        if not end_link_of(session, actor, person.id):
            raise Conflict(LINKED_WITH_NONE)
        session.execute(
            update(SignIn)
            .where(
                SignIn.person_id == person.id,
                SignIn.is_by_provider,
                SignIn.ended_at.is_(None),
                SignIn.key_sha256 != sha256_of(sign_in_key),
            )
            .values(ended_at=utc_now())
        )
        enqueue_message(session, "account.provider", person_id=person.id)


def find_link(actor: Actor, provider: IdentityProvider) -> datetime | None:
    """Since when the actor's own account is linked with one of this provider; ``None`` where it is not."""
    return db.session.scalar(
        select(ProviderLink.linked_at).where(
            ProviderLink.person_id == actor.person_id, ProviderLink.issuer == provider.issuer
        )
    )


# -- Inside ----------------------------------------------------------------------------------------------


def _depart(
    provider: IdentityProvider, answer_address: str, sealer: Sealer, person_id: int | None
) -> Departure:
    """Whoever links signs in anew at the provider: somebody else's visit may be open in this browser."""
    key = secrets.token_urlsafe(32)
    request = _secrets_of(key, sealer)
    try:
        address = provider.request_address(answer_address, request, asks_anew=person_id is not None)
    except ProviderFault as fault:
        log.warning("The identity provider cannot be asked: %r.", str(fault)[:LONGEST_LOGGED])
        raise NotReached(NOT_REACHED) from fault
    now = utc_now()
    with transaction() as session:
        session.execute(delete(AuthenticationRequest).where(AuthenticationRequest.ends_at <= now))
        session.add(
            AuthenticationRequest(
                key_sha256=sha256_of(key), person_id=person_id, ends_at=now + TIME_AT_IDENTITY_PROVIDER
            )
        )
    return Departure(address, key)


def _secrets_of(key: str, sealer: Sealer) -> RequestSecrets:
    """Worked out anew from the key, so that neither the database nor the browser's cookie holds them."""
    state, nonce, verifier = (
        urlsafe_b64encode(sealer.derive(key, purpose=f"single sign-on {name}", length=33)).decode("ascii")
        for name in ("state", "nonce", "verifier")
    )
    return RequestSecrets(state, nonce, verifier)


def _limit_of(source: str) -> Limit:
    """What is begun at the provider is counted for itself: one that is down takes nobody's password away."""
    return Limit(key_of("provider", throttle.source_of(source)), throttle.MOST_FAILURES_OF_A_SOURCE)


def _lock_linked(session: Session, identity: Identity) -> Person | None:
    """The person who has linked this identity, locked: first the person, then the link, as wherever links are
    made and ended. Nobody where the link was ended while the person was waited for.
    """
    found = _link_of(session, identity)
    if found is None:
        return None
    person = session.get_one(Person, found.person_id, with_for_update={"of": Person})
    link = _link_of(session, identity)
    return person if link is not None and link.person_id == person.id else None


def _link_of(session: Session, identity: Identity) -> ProviderLink | None:
    return session.scalar(
        select(ProviderLink)
        .where(ProviderLink.issuer == identity.issuer, ProviderLink.subject_sha256 == _subject_hash(identity))
        .execution_options(populate_existing=True)
    )


def _subject_hash(identity: Identity) -> str:
    return key_of(identity.issuer, identity.subject)
