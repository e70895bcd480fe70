"""What leaves by mail: each message of the outbox once or more for each person it concerns, never less.

A message is handed on in three short transactions, so that a worker may die between any two of them: it
becomes a delivery for each person; the deliveries of one person are claimed together for a while; once the
mail server has taken the mail, they are marked as sent. What dies between taking and marking is sent again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import transaction, utc_now
from lcm_service.persistence.tables import MailDelivery, OutboxMessage, Person

# A worker that claims the deliveries of a person has so long before another may.
CLAIM: Final = timedelta(minutes=5)
# After the first, the second ... failed attempt; after the last of these, nothing is tried any more.
WAITS: Final = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(hours=24),
    timedelta(hours=48),
)
# One mail for all that has gathered, and no more than one in this time; what is about the safety of an
# account does not wait.
AT_MOST_ONE_MAIL_IN: Final = timedelta(hours=1)
URGENT: Final = ("sign_in.", "account.")
MOST_MESSAGES_AT_ONCE: Final = 500
OLDEST_MESSAGE: Final = timedelta(days=7)
LONGEST_FAULT: Final = 300


@dataclass(frozen=True, slots=True)
class Claimed:
    """The deliveries that go into one mail to one person: (kind, facts) of each message."""

    delivery_ids: tuple[int, ...]
    email: str
    language: str
    messages: tuple[tuple[str, dict[str, Any]], ...]


def hand_on_messages(actor: Actor) -> int:
    """Make a delivery of each new message for each person it concerns; gives how many messages there were.

    What concerns a participant goes to all its focal points. What is older than a week, because no mail was
    sent before, is passed over: it would be news no more. People who are inactive, erased or made up for a
    demonstration get no mail.
    """
    _require_system(actor)
    with transaction() as session:
        messages = session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.handed_on_at.is_(None))
            .order_by(OutboxMessage.id)
            .limit(MOST_MESSAGES_AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        oldest = utc_now() - OLDEST_MESSAGE
        for message in messages:
            if message.created_at < oldest:
                message.handed_on_at = utc_now()
                continue
            for person_id in _people_of(session, message):
                session.add(
                    MailDelivery(message_id=message.id, person_id=person_id, due_at=message.created_at)
                )
            message.handed_on_at = utc_now()
        return len(messages)


def claim_next(actor: Actor) -> Claimed | None:
    """The deliveries of the person who has waited longest, claimed for a while; nothing where none is due."""
    _require_system(actor)
    with transaction() as session:
        now = utc_now()
        for person_id in _people_in_turn(session, now):
            rows = session.scalars(
                select(MailDelivery)
                .where(
                    MailDelivery.person_id == person_id,
                    MailDelivery.sent_at.is_(None),
                    MailDelivery.given_up_at.is_(None),
                    MailDelivery.due_at <= now,
                )
                .order_by(MailDelivery.id)
                .limit(MOST_MESSAGES_AT_ONCE)
                .with_for_update()
            ).all()
            # Another worker that was quicker leaves nothing of this person's.
            if rows:
                return _claim(session, person_id, rows, now)
        return None


def _claim(session: Session, person_id: int, rows: Sequence[MailDelivery], now: datetime) -> Claimed:
    for row in rows:
        row.due_at = now + CLAIM
    person = session.get_one(Person, person_id)
    return Claimed(
        tuple(row.id for row in rows),
        person.email,
        person.language,
        tuple((row.message.kind, dict(row.message.facts)) for row in rows),
    )


def mark_sent(actor: Actor, claimed: Claimed) -> None:
    """The mail server has taken the mail."""
    _require_system(actor)
    with transaction() as session:
        session.execute(
            update(MailDelivery)
            .where(MailDelivery.id.in_(claimed.delivery_ids))
            .values(sent_at=utc_now(), fault=None, attempts=MailDelivery.attempts + 1)
        )


def mark_failed(actor: Actor, claimed: Claimed, fault: str | None, *, is_final: bool) -> None:
    """The mail was not taken: it is tried again later, or given up where it never will be.

    What the server said of the address is kept, so that whoever looks after the person sees it.
    """
    _require_system(actor)
    with transaction() as session:
        now = utc_now()
        rows = session.scalars(
            select(MailDelivery).where(MailDelivery.id.in_(claimed.delivery_ids)).with_for_update()
        ).all()
        for row in rows:
            row.attempts += 1
            row.fault = None if fault is None else fault[:LONGEST_FAULT]
            if is_final or row.attempts > len(WAITS):
                row.given_up_at = now
            else:
                row.due_at = now + WAITS[row.attempts - 1]


def find_faults(session: Session, person_ids: Iterable[int]) -> dict[int, str]:
    """Why the last mail to each of these people was not taken; nobody to whom it was, or none was sent."""
    last = (
        select(func.max(MailDelivery.id))
        .where(MailDelivery.person_id.in_(list(person_ids)), MailDelivery.attempts > 0)
        .group_by(MailDelivery.person_id)
    )
    rows = session.scalars(
        select(MailDelivery).where(MailDelivery.id.in_(last), MailDelivery.sent_at.is_(None))
    )
    return {row.person_id: row.fault for row in rows if row.fault is not None}


def _people_in_turn(session: Session, now: datetime) -> list[int]:
    """Whose deliveries are due, who waits longest first: those who had no mail for a while, and those with
    something urgent among them.
    """
    due = (
        select(MailDelivery.person_id, OutboxMessage.kind)
        .join(OutboxMessage, MailDelivery.message_id == OutboxMessage.id)
        .join(Person, MailDelivery.person_id == Person.id)
        .where(
            Person.is_active,
            MailDelivery.sent_at.is_(None),
            MailDelivery.given_up_at.is_(None),
            MailDelivery.due_at <= now,
        )
        .order_by(MailDelivery.due_at, MailDelivery.id)
    )
    since = now - AT_MOST_ONE_MAIL_IN
    lately = set(session.scalars(select(MailDelivery.person_id).where(MailDelivery.sent_at > since)))
    return list(
        dict.fromkeys(
            person_id
            for person_id, kind in session.execute(due)
            if person_id not in lately or kind.startswith(URGENT)
        )
    )


def _people_of(session: Session, message: OutboxMessage) -> Sequence[int]:
    query = select(Person.id).where(Person.is_active, ~Person.is_demonstration)
    if message.person_id is not None:
        return session.scalars(query.where(Person.id == message.person_id)).all()
    return session.scalars(
        query.where(Person.participant_id == message.participant_id, Person.role == "focal_point")
    ).all()


def _require_system(actor: Actor) -> None:
    if not actor.is_system:
        raise NotAllowed(sentence("Mail is sent by the service itself."))
