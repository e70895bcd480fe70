"""What is traced: audit events, messages waiting to leave, and the counters that number records."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lcm_service.persistence.database import Document, Table, UtcDateTime, utc_now


class AuditEvent(Table):
    """Who did what to which record, and which fields changed. Only ever added to."""

    __tablename__ = "audit_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    actor_role: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(80))
    record_kind: Mapped[str] = mapped_column(String(20), index=True)
    record_reference: Mapped[str] = mapped_column(String(80), index=True)
    fields: Mapped[list[str]] = mapped_column(Document, default=list)
    facts: Mapped[dict[str, Any] | None] = mapped_column(Document)


class OutboxMessage(Table):
    """A message written in the transaction that causes it; a job sends it later, once or more, never less."""

    __tablename__ = "outbox_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    kind: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    participant_id: Mapped[int | None] = mapped_column(ForeignKey("participant.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)


class ReferenceCounter(Table):
    """The last number given to a kind of record, e.g. ``N`` for needs."""

    __tablename__ = "reference_counter"

    prefix: Mapped[str] = mapped_column(String(20), primary_key=True)
    last_number: Mapped[int] = mapped_column(default=0)
