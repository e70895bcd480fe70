"""Texts of the pages that a coordinator has put right."""

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lcm_service.persistence.database import Table, UtcDateTime, utc_now


class Wording(Table):
    """What stands for an English text in a language, instead of the text of its catalogue.

    ``form`` is that of a plural, in the order of the language's own rule; 0 where the text has one form.
    ``text`` is empty where the correction was taken back.
    """

    __tablename__ = "wording"
    __table_args__ = (UniqueConstraint("language", "message", "form"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(String(10))
    message: Mapped[str] = mapped_column(String(2000))
    form: Mapped[int]
    text: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, onupdate=utc_now)
    version: Mapped[int] = mapped_column(nullable=False, default=1)
    __mapper_args__ = {"version_id_col": version}

    @property
    def reference(self) -> str:
        """By what its events name it."""
        return str(self.id)
