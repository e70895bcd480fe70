"""What comes after a match is agreed: the course as it was held, what the sides say of it, and its record."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lcm_service.domain.vocabulary import (
    ASSESSING_SIDES,
    ASSESSMENT_ANSWERS,
    DELIVERY_STATES,
    NON_DELIVERY_REASONS,
    ROUND_STANDINGS,
)
from lcm_service.persistence.database import Table, UtcDateTime, one_of, utc_now
from lcm_service.persistence.tables.matching import Match


class Delivery(Table):
    """What became of an agreed match: the days and the place as they will be, then what was reported.

    It belongs to its match and is read and changed in the match's version. ``reason`` and ``note`` are those
    of a course that did not take place, by the side that reported it (``reported_side``).
    """

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("state", DELIVERY_STATES),
        one_of("reason", NON_DELIVERY_REASONS),
        one_of("reported_side", ASSESSING_SIDES),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    match_id: Mapped[int] = mapped_column(ForeignKey("match.id"), unique=True)
    state: Mapped[str] = mapped_column(String(40))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    place_code: Mapped[str | None] = mapped_column(ForeignKey("place.code"))
    venue: Mapped[str | None] = mapped_column(String(300))
    held_from: Mapped[date | None]
    held_to: Mapped[date | None]
    seats_used: Mapped[int | None]
    women_used: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Text)
    reported_side: Mapped[str | None] = mapped_column(String(40))
    reported_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    match: Mapped[Match] = relationship(back_populates="delivery")
    assessments: Mapped[list["Assessment"]] = relationship(
        back_populates="delivery", cascade="all, delete-orphan", order_by="Assessment.id"
    )


class Assessment(Table):
    """What one side says of a delivered course: the recipient, whether the gap that its need names was
    closed; the provider, whether the trainees met the course's conditions.

    ``counted_at``: since when the course's record holds the recipient's answer.
    """

    __tablename__ = "assessment"
    __table_args__ = (
        UniqueConstraint("delivery_id", "side"),
        one_of("side", ASSESSING_SIDES),
        one_of("answer", ASSESSMENT_ANSWERS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), index=True)
    side: Mapped[str] = mapped_column(String(40))
    answer: Mapped[str] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Text)
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    delivery: Mapped[Delivery] = relationship(back_populates="assessments")


class CourseRecord(Table):
    """The share of gaps that a course has closed, and its provider's reply.

    A course is what one provider offers under one title, in rounds of one standing; so what is learnt in one
    round is known in the next.
    """

    __tablename__ = "course_record"
    __table_args__ = (
        UniqueConstraint("provider_id", "title", "standing"),
        one_of("standing", ROUND_STANDINGS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("participant.id"))
    title: Mapped[str] = mapped_column(String(300))
    standing: Mapped[str] = mapped_column(String(40))
    percent: Mapped[int]
    assessments: Mapped[int]
    recipients: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reply: Mapped[str | None] = mapped_column(Text)
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replied_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int] = mapped_column(nullable=False, default=1)
    __mapper_args__ = {"version_id_col": version}
