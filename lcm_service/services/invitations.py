"""Accounts are made by invitation: a lead focal point invites the colleagues of its participant, an
administrator everybody else. The lead hands over, and delegates for a period.

An invitation is an address that is good once and for a while. Whoever opens it chooses a password; nobody
else ever knows one.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import SYSTEM, Actor, may_look_after_people_of, may_manage_people
from lcm_service.domain.sentences import sentence
from lcm_service.domain.sign_in_terms import (
    INVITATION_LIFE,
    LONGEST_DELEGATION,
)
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import Invitation, LeadDelegation, Participant, Person
from lcm_service.services import passwords
from lcm_service.services.accounts import (
    FAULTY_ACCOUNT,
    account_faults,
    add_person,
    end_access,
    end_delegations_of,
    find_participant,
    plain_address,
)
from lcm_service.services.mailing import find_faults
from lcm_service.services.throttle import sha256_of
from lcm_service.services.trail import enqueue_message, record_event

NOT_YOURS_TO_INVITE = sentence(
    "You invite focal points of your own participant, and only as its lead focal point."
)
CANNOT_BE_INVITED = sentence(
    "This address cannot be invited: it may have an account or another invitation. Ask the administrators."
)
NO_SUCH_INVITATION = sentence(
    "This invitation is not known, was used, was withdrawn or has expired. Ask for a new one."
)
DAYS_OF_DELEGATION = sentence("The last day is today or later, not before the first, and within half a year.")


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person as those see it who look after the people of its participant."""

    person: Person
    delegation: LeadDelegation | None
    is_self: bool
    mail_fault: str | None


# -- Inviting --------------------------------------------------------------------------------------------


def invite(
    actor: Actor,
    *,
    email: str,
    name: str,
    role: str = "focal_point",
    participant_code: str | None = None,
    is_lead: bool = False,
    language: str = "en",
) -> tuple[Invitation, str]:
    """Invite somebody; gives the invitation and the code in its address, which is shown this once.

    A lead focal point invites focal points of its own participant; who is to be lead is for administrators
    and for `hand_over`. Inviting the same address again makes the earlier invitation worthless. Raises
    NotAllowed, NotValid, and Conflict where the address has an account.
    """
    address = plain_address(email)
    faults = account_faults(address, name, role, participant_code, language)
    if is_lead and role != "focal_point":
        faults["is_lead"] = [sentence("Only a focal point can be the lead of a participant.")]
    if faults and may_manage_people(actor):
        raise NotValid(FAULTY_ACCOUNT, faults)
    with transaction() as session:
        _require_may_invite(actor, role, participant_code, is_lead)
        if faults:
            raise NotValid(FAULTY_ACCOUNT, faults)
        participant = find_participant(session, participant_code)
        # Whose access was ended may come back, as somebody new.
        if session.scalar(select(Person.id).where(Person.email == address, Person.is_active)) is not None:
            raise Conflict(CANNOT_BE_INVITED)
        _withdraw_those_of(session, actor, address)
        code = secrets.token_urlsafe(32)
        invitation = Invitation(
            email=address,
            name=name.strip(),
            role=role,
            participant=participant,
            is_lead=is_lead,
            language=language,
            code_sha256=sha256_of(code),
            invited_by_id=actor.person_id,
            expires_at=utc_now() + INVITATION_LIFE,
        )
        session.add(invitation)
        session.flush()
        facts = {"role": role, "is_lead": is_lead, "participant": participant_code}
        record_event(session, actor, "invite", "invitation", str(invitation.id), facts=facts)
        return invitation, code


def list_invitations(actor: Actor) -> Sequence[Invitation]:
    """Invitations that wait for an answer: of the lead's own participant, or all for administrators.

    Raises NotAllowed for others.
    """
    _require_looks_after_people(actor)
    query = select(Invitation).where(_is_open()).order_by(Invitation.id.desc())
    if not may_manage_people(actor):
        query = query.where(Invitation.participant_id == actor.participant_id)
    return db.session.scalars(query).all()


def withdraw_invitation(actor: Actor, invitation_id: int) -> None:
    """Make an invitation worthless. Pressed twice it changes nothing. Raises NotFound for one that the actor
    may not know of, and Conflict where it was accepted.
    """
    _require_looks_after_people(actor)
    with transaction() as session:
        invitation = session.get(Invitation, invitation_id, with_for_update=True)
        if invitation is None or not may_look_after_people_of(actor, invitation.participant_id):
            raise NotFound(sentence("There is no such invitation."))
        if not _may_withdraw(actor, invitation):
            raise NotAllowed(sentence("Only administrators withdraw the invitation of a lead focal point."))
        if invitation.accepted_at is not None:
            raise Conflict(sentence("This invitation was accepted. End the person's access instead."))
        if invitation.withdrawn_at is None:
            invitation.withdrawn_at = utc_now()
            record_event(session, actor, "withdraw_invitation", "invitation", str(invitation.id))


# -- Accepting -------------------------------------------------------------------------------------------


def find_invitation(code: str) -> Invitation:
    """The invitation of this code. Raises NotFound, in the same words whatever is wrong with it."""
    return _open_invitation(db.session(), code, is_to_use=False)


def accept_invitation(code: str, name: str, password: str) -> Person:
    """Make the account that somebody was invited to. Raises NotFound and NotValid, and Conflict where the
    address has got an account in between, or where the participant has got a lead in between.
    """
    about = find_invitation(code)
    faults = account_faults(
        about.email,
        name.strip(),
        about.role,
        about.participant.code if about.participant else None,
        about.language,
    )
    if wrong := passwords.password_faults(password, (about.email, name)):
        faults["password"] = [*wrong]
    if faults:
        raise NotValid(FAULTY_ACCOUNT, faults)
    # Weighing and hashing take time: nobody else waits for them.
    kept_hash = passwords.hash_of(password)
    with transaction() as session:
        invitation = _open_invitation(session, code, is_to_use=True)
        if invitation.is_lead:
            _require_no_lead(session, invitation.participant_id)
        invitation.accepted_at = utc_now()
        person = Person(
            email=invitation.email,
            name=name.strip(),
            role=invitation.role,
            participant=invitation.participant,
            is_lead=invitation.is_lead,
            password_hash=kept_hash,
            language=invitation.language,
            # Whom somebody made up has invited is no more real, and goes when the demonstration goes.
            is_demonstration=_is_of_demonstration(session, invitation),
        )
        add_person(session, SYSTEM, person)
        record_event(session, SYSTEM, "accept", "invitation", str(invitation.id), facts={"person": person.id})
        if invitation.invited_by_id is not None:
            enqueue_message(session, "invitation.accepted", person_id=invitation.invited_by_id)
        return person


# -- Looking after people --------------------------------------------------------------------------------


def list_colleagues(actor: Actor) -> list[Colleague]:
    """The active people of the lead's own participant, or all for administrators, by name.

    Raises NotAllowed for others.
    """
    _require_looks_after_people(actor)
    query = select(Person).where(Person.is_active).order_by(Person.name, Person.id)
    if not may_manage_people(actor):
        query = query.where(Person.participant_id == actor.participant_id)
    people = db.session.scalars(query).all()
    ids = [person.id for person in people]
    delegations, faults = _delegations_of(db.session(), ids), find_faults(db.session(), ids)
    return [
        Colleague(person, delegations.get(person.id), person.id == actor.person_id, faults.get(person.id))
        for person in people
    ]


def leads_itself(actor: Actor) -> bool:
    """Whether the actor is the lead focal point, and does not only stand in for it."""
    own = None if actor.person_id is None else db.session.get(Person, actor.person_id)
    if own is not None:
        db.session.refresh(own)
    return own is not None and own.is_lead


def end_access_of(actor: Actor, person_id: int) -> None:
    """Let a colleague act no more. What it submitted stays. Pressed twice it changes nothing.

    Raises NotFound for a person whom the actor does not look after, and Conflict for oneself: whoever leads
    hands over first.
    """
    with transaction() as session:
        person = _person_looked_after(session, actor, person_id)
        if person.id == actor.person_id:
            raise Conflict(
                sentence("You cannot end your own access. Hand over first, then ask your successor.")
            )
        if person.is_lead and not may_manage_people(actor):
            raise Conflict(sentence("Whoever stands in for the lead focal point cannot end its access."))
        if person.is_active:
            end_access(session, actor, person)


def hand_over(actor: Actor, person_id: int) -> None:
    """Make an active focal point the lead of its participant; whoever was it before is it no longer.

    Raises NotFound for a person whom the actor does not look after, NotAllowed for one who only stands in for
    the lead, and Conflict for a person who is no active focal point.
    """
    with transaction() as session:
        person = _person_looked_after(session, actor, person_id)
        if person.participant_id is not None:
            # Hand-overs of one participant follow each other: who has handed over leads no more.
            session.get(Participant, person.participant_id, with_for_update=True)
        if not may_manage_people(actor) and not leads_itself(actor):
            raise NotAllowed(sentence("Only the lead focal point itself hands over, or an administrator."))
        if not person.is_active or person.role != "focal_point":
            raise Conflict(sentence("Only an active focal point can be the lead of its participant."))
        if person.is_lead:
            return
        session.execute(
            update(Person).where(Person.participant_id == person.participant_id).values(is_lead=False)
        )
        session.refresh(person)
        person.is_lead = True
        # What the former lead has delegated ends with it.
        ids = session.scalars(select(Person.id).where(Person.participant_id == person.participant_id)).all()
        end_delegations_of(session, *ids)
        enqueue_message(session, "account.lead", person_id=person.id)
        record_event(session, actor, "hand_over", "person", str(person.id), ["is_lead"])


def delegate(actor: Actor, person_id: int, first_day: date, last_day: date) -> None:
    """Let a colleague stand in for the lead from one day to another, both included, in place of any days that
    were agreed with it before.

    Raises NotFound, NotAllowed for one who only stands in itself, NotValid for days that cannot be.
    """
    today = utc_now().date()
    if not (first_day <= last_day and today <= last_day <= today + LONGEST_DELEGATION):
        raise NotValid(DAYS_OF_DELEGATION, {"last_day": [DAYS_OF_DELEGATION]})
    with transaction() as session:
        person = _person_to_delegate_to(session, actor, person_id)
        end_delegations_of(session, person.id)
        session.add(LeadDelegation(person_id=person.id, first_day=first_day, last_day=last_day))
        enqueue_message(session, "account.delegation", person_id=person.id)
        facts = {"first_day": first_day.isoformat(), "last_day": last_day.isoformat()}
        record_event(session, actor, "delegate", "person", str(person.id), facts=facts)


def end_delegation(actor: Actor, person_id: int) -> None:
    """End what was delegated to a colleague. Pressed twice it changes nothing. Raises as `delegate` does."""
    with transaction() as session:
        person = _person_to_delegate_to(session, actor, person_id)
        if end_delegations_of(session, person.id):
            record_event(session, actor, "end_delegation", "person", str(person.id))


# -- Inside ----------------------------------------------------------------------------------------------


def _require_looks_after_people(actor: Actor) -> None:
    if not may_look_after_people_of(actor, actor.participant_id):
        raise NotAllowed(sentence("Only lead focal points and administrators look after accounts."))


def _require_may_invite(actor: Actor, role: str, participant_code: str | None, is_lead: bool) -> None:
    if may_manage_people(actor):
        return
    is_own = participant_code is not None and participant_code == actor.participant_code
    if not (actor.leads(actor.participant_id) and is_own and role == "focal_point" and not is_lead):
        raise NotAllowed(NOT_YOURS_TO_INVITE)


def _may_withdraw(actor: Actor, invitation: Invitation) -> bool:
    """A lead withdraws the invitations of its colleagues; that of another lead is the administrators'."""
    is_own = may_look_after_people_of(actor, invitation.participant_id) and not invitation.is_lead
    return is_own or may_manage_people(actor)


def _is_open() -> ColumnElement[bool]:
    return (
        Invitation.accepted_at.is_(None)
        & Invitation.withdrawn_at.is_(None)
        & (Invitation.expires_at > utc_now())
    )


def _open_invitation(session: Session, code: str, *, is_to_use: bool) -> Invitation:
    query = select(Invitation).where(Invitation.code_sha256 == sha256_of(code), _is_open())
    invitation = session.scalar(query.with_for_update() if is_to_use else query)
    if invitation is None:
        raise NotFound(NO_SUCH_INVITATION)
    return invitation


def _withdraw_those_of(session: Session, actor: Actor, address: str) -> None:
    """Leave one open invitation an address at most.

    Raises Conflict where somebody else has invited the address, whom the actor cannot overrule.
    """
    now = utc_now()
    query = select(Invitation).where(
        Invitation.email == address, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None)
    )
    for earlier in session.scalars(query.with_for_update()):
        # One that has expired stands in nobody's way.
        if earlier.expires_at > now and not _may_withdraw(actor, earlier):
            raise Conflict(CANNOT_BE_INVITED)
        earlier.withdrawn_at = now
        record_event(session, actor, "withdraw_invitation", "invitation", str(earlier.id))


def _is_of_demonstration(session: Session, invitation: Invitation) -> bool:
    inviter = None if invitation.invited_by_id is None else session.get(Person, invitation.invited_by_id)
    return inviter is not None and inviter.is_demonstration


def _require_no_lead(session: Session, participant_id: int | None) -> None:
    lead = select(Person.id).where(Person.participant_id == participant_id, Person.is_lead)
    if session.scalar(lead) is not None:
        raise Conflict(sentence("This participant has a lead focal point by now. Ask for a new invitation."))


def _person_looked_after(session: Session, actor: Actor, person_id: int) -> Person:
    _require_looks_after_people(actor)
    person = session.get(Person, person_id)
    if person is None or not may_look_after_people_of(actor, person.participant_id):
        raise NotFound(sentence("There is no such person."))
    return person


def _person_to_delegate_to(session: Session, actor: Actor, person_id: int) -> Person:
    person = _person_looked_after(session, actor, person_id)
    if not leads_itself(actor):
        raise NotAllowed(sentence("Only the lead focal point itself delegates."))
    if not person.is_active or person.role != "focal_point" or person.is_lead:
        raise Conflict(sentence("Only another active focal point can stand in for the lead."))
    return person


def _delegations_of(session: Session, person_ids: list[int]) -> dict[int, LeadDelegation]:
    """What is delegated to each of these people, now or in days to come; the latest where there are two."""
    rows = session.scalars(
        select(LeadDelegation)
        .where(
            LeadDelegation.person_id.in_(person_ids),
            LeadDelegation.ended_at.is_(None),
            LeadDelegation.last_day >= utc_now().date(),
        )
        .order_by(LeadDelegation.id)
    )
    return {row.person_id: row for row in rows}
