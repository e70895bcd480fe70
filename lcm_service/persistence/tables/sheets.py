"""Sheets that were read and not kept yet."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lcm_service.persistence.database import Document, Table, UtcDateTime, one_of, utc_now
from lcm_service.persistence.tables.matching import Round
from lcm_service.persistence.tables.participants import Participant

SHEET_KINDS = ("need", "offer", "support")


class Sheet(Table):
    """The rows of a sheet that a person has sent, until they are kept or its time is over.

    ``content`` holds what was read, row by row; once the good rows are kept it holds those alone that were
    not. ``kept`` says which row became which record.
    """

    __tablename__ = "sheet"
    __table_args__ = (one_of("kind", SHEET_KINDS), Index("ix_sheet_expires_at", "expires_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    # By chance, so that no number tells how many sheets others send.
    key: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"))
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    kind: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict[str, Any]] = mapped_column(Document)
    kept: Mapped[list[dict[str, Any]] | None] = mapped_column(Document)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    participant: Mapped[Participant] = relationship()
    round: Mapped[Round] = relationship()
