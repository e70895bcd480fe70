"""Accounts: who there is, as whom they act, and how they are made and ended."""

import re
import secrets
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import delete, inspect, select, update
from sqlalchemy.orm import Session

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import Actor, may_manage_people
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES, ROLES
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import (
    ApiToken,
    AuthenticationRequest,
    Invitation,
    LeadDelegation,
    MailDelivery,
    Participant,
    PasswordRenewal,
    Person,
    ProviderLink,
    Sheet,
    SignIn,
    SignInFailure,
)
from lcm_service.services import passwords, second_factor
from lcm_service.services.trail import enqueue_message, record_event

# An address as browsers take it (HTML, 4.10.5.1.5): no sign with which a mail could get a second receiver.
ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@(?=.{1,189}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
# Scripts of some languages need these two, which cannot be seen by themselves, inside a word.
JOINERS: Final = "\u200c\u200d"
# What stands in lists in place of a name that was erased; the address is one that can never receive mail.
ERASED_NAME: Final = "–"
# Of an address that was given up, so that the number of the person fits behind it.
LONGEST_PART_KEPT: Final = 240

NOT_AN_ADDRESS = sentence("This is not an e-mail address.")
NO_SUCH_PARTICIPANT = sentence("There is no such participant.")
FAULTY_ACCOUNT = sentence("The account cannot be made like this.")


def actor_of(person: Person) -> Actor:
    """As whom a person acts."""
    return Actor(
        person_id=person.id,
        role=person.role,
        participant_id=person.participant_id,
        participant_code=person.participant.code if person.participant else None,
        name=person.name,
        language=person.language,
        is_lead=person.is_lead or _stands_in(person),
    )


def may_act(person: Person, with_demonstration: bool) -> bool:
    """Nobody acts as someone inactive, and outside a demonstration nobody as someone made up for one."""
    return person.is_active and (with_demonstration or not person.is_demonstration)


def has_demonstration_people() -> bool:
    """Whether the database holds people made up for a demonstration: no real service starts on it."""
    if not inspect(db.engine).has_table(Person.__tablename__):
        return False
    return db.session.scalar(select(Person.id).where(Person.is_demonstration).limit(1)) is not None


def erase_demonstration_people(actor: Actor) -> int:
    """Erase everybody who was made up for a demonstration; gives how many there were.

    Raises NotAllowed for all but administrators and the system.
    """
    if not may_manage_people(actor):
        raise NotAllowed(sentence("Accounts are erased by administrators."))
    with transaction() as session:
        people = session.scalars(select(Person).where(Person.is_demonstration)).all()
        # Also whom they have invited, whether it has come or not.
        session.execute(delete(Invitation).where(Invitation.invited_by_id.in_([one.id for one in people])))
        for person in people:
            _erase(session, actor, person)
    return len(people)


def create_person(
    actor: Actor,
    *,
    email: str,
    name: str,
    role: str,
    participant_code: str | None = None,
    password: str | None = None,
    language: str = "en",
    is_lead: bool = False,
    is_demonstration: bool = False,
) -> Person:
    """Make an account. A focal point belongs to a participant; without a password nobody can sign in yet.

    Raises NotAllowed unless an administrator or the system asks, NotValid, and Conflict for a known address.
    """
    if not may_manage_people(actor):
        raise NotAllowed(sentence("Accounts are made by administrators."))
    faults = account_faults(email, name, role, participant_code, language)
    if password is not None and (wrong := passwords.password_faults(password, (email, name))):
        faults["password"] = [*wrong]
    if faults:
        raise NotValid(FAULTY_ACCOUNT, faults)
    with transaction() as session:
        person = Person(
            email=plain_address(email),
            name=name.strip(),
            role=role,
            participant=find_participant(session, participant_code),
            password_hash=None if password is None else passwords.hash_of(password),
            language=language,
            is_lead=is_lead,
            is_demonstration=is_demonstration,
        )
        add_person(session, actor, person)
        return person


def add_person(session: Session, actor: Actor, person: Person) -> None:
    """Add an account in the caller's transaction. Raises Conflict for the address of an active one; one whose
    access was ended gives its address up.
    """
    earlier = session.scalar(select(Person).where(Person.email == person.email).with_for_update(of=Person))
    if earlier is not None and earlier.is_active:
        raise Conflict(sentence("There is an account with this e-mail address already."))
    if earlier is not None:
        _give_up_address(session, actor, earlier)
    session.add(person)
    session.flush()
    facts = {"role": person.role, "is_lead": bool(person.is_lead)}
    record_event(session, actor, "create", "person", str(person.id), facts=facts)


def _give_up_address(session: Session, actor: Actor, person: Person) -> None:
    """Let somebody new have the address of a person whose access was ended. Name and number stay with what
    the person did; nothing by which it could sign in does.
    """
    second_factor.remove(session, person.id)
    person.password_hash = None
    person.email = f"{_beginning_of_given_up(person.email)}{person.id}"
    session.flush()
    record_event(session, actor, "give_up_address", "person", str(person.id), ["email"])


def _beginning_of_given_up(address: str) -> str:
    """What was an address and is none any more: nobody can have it; who is to be erased is still found."""
    return f"{address[:LONGEST_PART_KEPT]} #"


def set_password(actor: Actor, email: str, password: str, *, but_key_sha256: str = "") -> None:
    """Set one's own password, or as an administrator anybody's; every sign-in of the person but that of the
    key ends, its tokens are taken back, its link with an identity provider ends, and the person is told.

    Raises NotAllowed, NotFound and NotValid.
    """
    # Weighing and hashing take time: nobody else waits for them.
    about = person_to_manage(db.session(), actor, email)
    faults = passwords.password_faults(password, (about.email, about.name))
    if faults:
        raise NotValid(faults[0], {"password": faults})
    kept_hash = passwords.hash_of(password)
    with transaction() as session:
        person = person_to_manage(session, actor, email)
        person.password_hash = kept_hash
        end_sign_ins_of(session, person.id, but_key_sha256=but_key_sha256)
        end_renewals_of(session, person.id)
        take_back_tokens_of(session, person.id)
        end_link_of(session, actor, person.id)
        enqueue_message(session, "account.password", person_id=person.id)
        record_event(session, actor, "set_password", "person", str(person.id), ["password"])


def reset_second_factor(actor: Actor, email: str) -> None:
    """Take away the second factor of somebody who lost telephone and recovery codes: a new one is set up at
    the next sign-in by password. Every sign-in of the person ends, and its link with an identity provider,
    whose word alone would else stand for both steps; the person is told.

    Raises NotAllowed for all but administrators and the system, and NotFound.
    """
    if not may_manage_people(actor):
        raise NotAllowed(sentence("Second factors are taken away by administrators."))
    with transaction() as session:
        person = person_to_manage(session, actor, email)
        # A sign-in that is beginning now comes before, and ends, or finds the link gone.
        session.refresh(person, with_for_update={"of": Person})
        second_factor.remove(session, person.id)
        end_sign_ins_of(session, person.id)
        take_back_tokens_of(session, person.id)
        end_link_of(session, actor, person.id)
        enqueue_message(session, "account.second_factor", person_id=person.id)
        record_event(session, actor, "reset_factor", "person", str(person.id))


def end_access(session: Session, actor: Actor, person: Person) -> None:
    """Let a person act no more, in any browser or program; part of the caller's transaction."""
    person.is_active, person.is_lead = False, False
    end_sign_ins_of(session, person.id)
    end_renewals_of(session, person.id)
    take_back_tokens_of(session, person.id)
    end_link_of(session, actor, person.id)
    end_delegations_of(session, person.id)
    # Else whoever is ended could come back by an invitation to another address of its own.
    _withdraw_invitations_by(session, person)
    session.flush()
    record_event(session, actor, "end_access", "person", str(person.id))


def _withdraw_invitations_by(session: Session, person: Person) -> None:
    session.execute(
        update(Invitation)
        .where(
            Invitation.invited_by_id == person.id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=utc_now())
    )


def take_back_tokens_of(session: Session, person_id: int) -> None:
    """Make every token of a person worthless; part of the caller's transaction."""
    session.execute(
        update(ApiToken)
        .where(ApiToken.person_id == person_id, ApiToken.taken_back_at.is_(None))
        .values(taken_back_at=utc_now())
    )


def end_link_of(session: Session, actor: Actor, person_id: int) -> bool:
    """End the link of a person with an account of an identity provider, and say whether there was one; part
    of the caller's transaction.
    """
    # Also one that is being made: the browser may be at the provider now.
    session.execute(delete(AuthenticationRequest).where(AuthenticationRequest.person_id == person_id))
    ended = session.execute(delete(ProviderLink).where(ProviderLink.person_id == person_id))
    if not ended.rowcount:  # type: ignore[attr-defined]
        return False
    record_event(session, actor, "unlink_provider", "person", str(person_id))
    return True


def end_delegations_of(session: Session, *person_ids: int) -> bool:
    """End what was delegated to these people, and say whether anything was; part of the caller's
    transaction.
    """
    ended = session.execute(
        update(LeadDelegation)
        .where(LeadDelegation.person_id.in_(person_ids), LeadDelegation.ended_at.is_(None))
        .values(ended_at=utc_now())
    )
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def end_renewals_of(session: Session, person_id: int) -> None:
    """Make worthless every address by which a person could choose a new password; part of the caller's
    transaction.
    """
    now = utc_now()
    session.execute(
        update(PasswordRenewal)
        .where(PasswordRenewal.person_id == person_id, PasswordRenewal.expires_at > now)
        .values(expires_at=now)
    )


def end_sign_ins_of(session: Session, person_id: int, *, but_key_sha256: str = "") -> int:
    """End every sign-in of a person, half ones included; part of the caller's transaction."""
    ended = session.execute(
        update(SignIn)
        .where(
            SignIn.person_id == person_id,
            SignIn.ended_at.is_(None),
            SignIn.ends_at > utc_now(),
            SignIn.key_sha256 != but_key_sha256,
        )
        .values(ended_at=utc_now())
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]


def erase_person(actor: Actor, email: str) -> None:
    """Take out who a person is, also one who was only invited, and whoever had the address before: name,
    address, password, tokens. What the person did stays traced under a number, so the chain of events stays
    whole.

    Raises NotAllowed for all but administrators and the system, and NotFound.
    """
    if not may_manage_people(actor):
        raise NotAllowed(sentence("Accounts are erased by administrators."))
    address = plain_address(email)
    with transaction() as session:
        invited = session.execute(delete(Invitation).where(Invitation.email == address))
        before = Person.email.startswith(_beginning_of_given_up(address), autoescape=True)
        people = session.scalars(select(Person).where((Person.email == address) | before)).all()
        if not people and not invited.rowcount:  # type: ignore[attr-defined]
            raise NotFound(sentence("There is no account with this e-mail address."))
        if not people:
            record_event(session, actor, "erase", "invitation", "-")
        for person in people:
            _erase(session, actor, person)


def _erase(session: Session, actor: Actor, person: Person) -> None:
    # Whoever is making something of this person, as a link, comes before, and it goes; or finds nobody.
    session.refresh(person, with_for_update={"of": Person})
    end_delegations_of(session, person.id)
    _withdraw_invitations_by(session, person)
    for table in (ApiToken, SignIn, PasswordRenewal, AuthenticationRequest, ProviderLink, Sheet):
        session.execute(delete(table).where(table.person_id == person.id))
    second_factor.remove(session, person.id)
    # What a mail server said of a mail often repeats the address.
    session.execute(update(MailDelivery).where(MailDelivery.person_id == person.id).values(fault=None))
    # Failed sign-ins are kept under hashes of addresses, which one who knows an address can find again.
    session.execute(delete(SignInFailure))
    person.name, person.email = ERASED_NAME, f"{secrets.token_hex(8)}@erased.invalid"
    person.password_hash, person.is_active, person.is_lead = None, False, False
    person.is_demonstration = False
    record_event(session, actor, "erase", "person", str(person.id), ["name", "email"])


def account_faults(
    email: str, name: str, role: str, participant_code: str | None, language: str
) -> dict[str, list[str]]:
    """What is wrong with who somebody is said to be, by field."""
    faults: dict[str, list[str]] = {}
    if not ADDRESS.fullmatch(email):
        faults["email"] = [NOT_AN_ADDRESS]
    if not 1 <= len(name.strip()) <= 200:
        faults["name"] = [sentence("A name has between 1 and 200 characters.")]
    elif not is_plain_line(name):
        faults["name"] = [sentence("A name is one line of letters and signs that can be seen.")]
    if role not in ROLES:
        faults["role"] = [sentence("There is no such role.")]
    if (role == "focal_point") != (participant_code is not None):
        faults["participant_code"] = [
            sentence("A focal point belongs to a participant, and nobody else does.")
        ]
    if language not in LANGUAGES_OF_PAGES:
        faults["language"] = [sentence("The pages are not in this language.")]
    return faults


def find_participant(session: Session, code: str | None) -> Participant | None:
    """The participant with this code. Raises NotValid where there is none."""
    if code is None:
        return None
    participant = session.scalar(select(Participant).where(Participant.code == code))
    if participant is None:
        raise NotValid(NO_SUCH_PARTICIPANT, {"participant_code": [NO_SUCH_PARTICIPANT]})
    return participant


def person_to_manage(session: Session, actor: Actor, email: str) -> Person:
    """The person with this address: one's own account, or for administrators anybody's.

    Raises NotAllowed and NotFound.
    """
    person = session.scalar(select(Person).where(Person.email == plain_address(email)))
    is_own = person is not None and actor.person_id == person.id
    if not (is_own or may_manage_people(actor)):
        raise NotAllowed(sentence("You manage your own account alone."))
    if person is None:
        raise NotFound(sentence("There is no account with this e-mail address."))
    return person


def is_plain_line(text: str) -> bool:
    """Whether a text can be shown in a line beside others: no control, no line end, no turn of direction."""
    return all(character.isprintable() or character in JOINERS for character in text)


def plain_address(email: str) -> str:
    """The address as it is kept, however it is written."""
    return email.strip().lower()


def _stands_in(person: Person) -> bool:
    """Whether the lead focal point has delegated to this person for today."""
    if person.role != "focal_point":
        return False
    today = datetime.now(UTC).date()
    return (
        db.session.scalar(
            select(LeadDelegation.id)
            .where(
                LeadDelegation.person_id == person.id,
                LeadDelegation.ended_at.is_(None),
                LeadDelegation.first_day <= today,
                LeadDelegation.last_day >= today,
            )
            .limit(1)
        )
        is not None
    )
