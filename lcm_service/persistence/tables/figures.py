"""What is published of a round to everybody: figures, worked out once and kept as they were."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lcm_service.domain.vocabulary import FIGURE_KINDS
from lcm_service.persistence.database import Document, Table, UtcDateTime, one_of, utc_now
from lcm_service.persistence.tables.matching import Round


class Figures(Table):
    """The figures of a round, of one kind. Only ever added to: the database itself refuses to change or
    delete them, for what others do later could be read by comparing two days.
    """

    __tablename__ = "figures"
    __table_args__ = (UniqueConstraint("round_id", "kind"), one_of("kind", FIGURE_KINDS))

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    document: Mapped[dict[str, Any]] = mapped_column(Document)  # lcm-figures/1
    frozen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    frozen_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    round: Mapped[Round] = relationship()
