"""A forgotten password: an administrator who is sure of the person makes an address that is good once.

Whoever opens it chooses a new password. Where a second step is set up, it is asked for as before, so that the
address alone opens nothing; where none is, the address must be guarded like a password.
"""

import secrets
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import Actor, may_manage_people
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import PasswordRenewal, Person
from lcm_service.services import passwords
from lcm_service.services.accounts import (
    FAULTY_ACCOUNT,
    actor_of,
    end_link_of,
    end_renewals_of,
    end_sign_ins_of,
    plain_address,
    take_back_tokens_of,
)
from lcm_service.services.throttle import sha256_of
from lcm_service.services.trail import enqueue_message, record_event

RENEWAL_LIFE: Final = timedelta(days=1)
NO_SUCH_RENEWAL: Final = sentence("This address is not known, was used or has expired. Ask for a new one.")


def begin_renewal(actor: Actor, email: str) -> str:
    """Let a person choose a new password; gives the code of the address, which is shown this once.

    Until it is used, the present password stays as it is; an earlier address is worthless. Raises NotAllowed
    for all but administrators and the system, NotFound, and Conflict for a person without access.
    """
    if not may_manage_people(actor):
        raise NotAllowed(sentence("Passwords are renewed by administrators."))
    code = secrets.token_urlsafe(32)
    with transaction() as session:
        person = session.scalar(select(Person).where(Person.email == plain_address(email)))
        if person is None:
            raise NotFound(sentence("There is no account with this e-mail address."))
        if not person.is_active:
            raise Conflict(sentence("This person has no access any more. Invite it anew."))
        end_renewals_of(session, person.id)
        now = utc_now()
        session.add(
            PasswordRenewal(person_id=person.id, code_sha256=sha256_of(code), expires_at=now + RENEWAL_LIFE)
        )
        enqueue_message(session, "account.renewal", person_id=person.id)
        record_event(session, actor, "begin_renewal", "person", str(person.id))
    return code


def find_renewal(code: str) -> Person:
    """Whose password is renewed. Raises NotFound, in the same words whatever is wrong with the code."""
    return _open_renewal(db.session(), code, is_to_use=False).person


def renew_password(code: str, password: str) -> None:
    """Set the new password. Every sign-in of the person ends, its tokens are taken back, and its link with an
    identity provider ends: it may be that somebody else knew the old one.

    Raises NotFound, and NotValid for a password that is too easy.
    """
    about = find_renewal(code)
    faults = passwords.password_faults(password, (about.email, about.name))
    if faults:
        raise NotValid(FAULTY_ACCOUNT, {"password": faults})
    # Weighing and hashing take time: nobody else waits for them.
    kept_hash = passwords.hash_of(password)
    with transaction() as session:
        renewal = _open_renewal(session, code, is_to_use=True)
        person = renewal.person
        renewal.used_at = utc_now()
        person.password_hash = kept_hash
        end_sign_ins_of(session, person.id)
        take_back_tokens_of(session, person.id)
        end_link_of(session, actor_of(person), person.id)
        enqueue_message(session, "account.password", person_id=person.id)
        record_event(session, actor_of(person), "renew_password", "person", str(person.id), ["password"])


def _open_renewal(session: Session, code: str, *, is_to_use: bool) -> PasswordRenewal:
    query = select(PasswordRenewal).where(
        PasswordRenewal.code_sha256 == sha256_of(code),
        PasswordRenewal.used_at.is_(None),
        PasswordRenewal.expires_at > utc_now(),
    )
    renewal = session.scalar(query.with_for_update() if is_to_use else query)
    if renewal is None or not renewal.person.is_active:
        raise NotFound(NO_SUCH_RENEWAL)
    return renewal
