"""What is traced: the chain of audit events and its seals, messages waiting to leave, counters of records."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lcm_service.persistence.database import Document, Table, UtcDateTime, utc_now


class AuditEvent(Table):
    """Who did what to which record, and which fields changed. Only ever added to: the database itself refuses
    to change or delete one.

    ``id`` is the place in the chain, without a gap; ``sha256`` is over the event and ``previous_sha256``, and
    both are unique, so that the chain cannot fork (`persistence/audit_chain.py`).
    """

    __tablename__ = "audit_event"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    actor_role: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(80))
    record_kind: Mapped[str] = mapped_column(String(20), index=True)
    record_reference: Mapped[str] = mapped_column(String(80), index=True)
    fields: Mapped[list[str]] = mapped_column(Document, default=list)
    facts: Mapped[dict[str, Any] | None] = mapped_column(Document)
    previous_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)


class AuditHead(Table):
    """The last event of the chain, in one row that whoever adds the next one holds."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))


class AuditSeal(Table):
    """A signature over the chain up to one event, with a key that the database does not hold. Only ever added
    to; each is also written to a file outside the database.
    """

    __tablename__ = "audit_seal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    public_key: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(128))


class OutboxMessage(Table):
    """A message written in the transaction that causes it; a worker hands it on later, never not at all."""

    __tablename__ = "outbox_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    kind: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    participant_id: Mapped[int | None] = mapped_column(ForeignKey("participant.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    handed_on_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MailDelivery(Table):
    """A message on its way to one person, by mail: once or more, never less. ``fault`` is what the server
    said when it was last refused.
    """

    __tablename__ = "mail_delivery"
    __table_args__ = (
        UniqueConstraint("message_id", "person_id"),
        Index("ix_mail_delivery_due", "person_id", "sent_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    given_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str | None] = mapped_column(String(300))

    message: Mapped[OutboxMessage] = relationship()


class ReferenceCounter(Table):
    """The last number given to a kind of record, e.g. ``N`` for needs."""

    __tablename__ = "reference_counter"

    prefix: Mapped[str] = mapped_column(String(20), primary_key=True)
    last_number: Mapped[int] = mapped_column(default=0)
