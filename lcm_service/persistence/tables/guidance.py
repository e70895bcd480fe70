"""The guidance of the United Nations on a training area, kept by coordinators."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lcm_service.persistence.database import Table, UtcDateTime, utc_now
from lcm_service.persistence.tables.participants import TrainingArea


class Guidance(Table):
    """A document that guides training in an area: its title, its number, its year and where to find it.

    One that is current no more is withdrawn and stays for the record.
    """

    __tablename__ = "guidance"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    area_code: Mapped[str] = mapped_column(ForeignKey("training_area.code"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    number: Mapped[str | None] = mapped_column(String(100))
    year: Mapped[int | None]
    where: Mapped[str] = mapped_column("where_to_find", String(500))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(nullable=False, default=1)
    __mapper_args__ = {"version_id_col": version}

    area: Mapped[TrainingArea] = relationship()
