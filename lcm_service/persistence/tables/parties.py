"""Who else takes part in a session: the owners of the supports that a published plan sets aside for it."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lcm_service.domain.vocabulary import PART_STATES
from lcm_service.persistence.database import Table, UtcDateTime, one_of, utc_now
from lcm_service.persistence.tables.dates import SessionDays
from lcm_service.persistence.tables.matching import Plan
from lcm_service.persistence.tables.records import Support


class Part(Table):
    """What one support gives to one session of the published plan, through the answers of its owner.

    There is one row per support and session of a round; it lives on through repairs. What the provider of the
    session gives itself is no part: its confirmation of the matches stands for that.

    ``quantity`` is what the plan of ``plan_id`` sets aside for ``seats`` seats, of which each takes
    ``per_seat`` of the kind. ``quantity_asked`` is what the owner is asked for now, for the ``seats_asked``
    seats that recipients have agreed to be put for; ``quantity_confirmed`` what it has confirmed. Before
    ``put_at`` the owner knows nothing of it. ``refuses_more``: asked for more than it had confirmed, it
    declined or kept silent; it is asked for no more until another plan is published. ``known_state`` is the
    state in which its owner goes on to read a part that is planned anew, until it is asked.
    """

    __tablename__ = "part"
    __table_args__ = (
        UniqueConstraint("round_id", "session_code", "support_reference"),
        one_of("state", PART_STATES),
        one_of("known_state", PART_STATES),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    session_code: Mapped[str] = mapped_column(String(80))
    support_reference: Mapped[str] = mapped_column(ForeignKey("support.reference"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    quantity: Mapped[int]
    seats: Mapped[int]
    per_seat: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(40), default="planned")
    known_state: Mapped[str | None] = mapped_column(String(40))
    put_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    quantity_asked: Mapped[int] = mapped_column(default=0)
    seats_asked: Mapped[int] = mapped_column(default=0)
    quantity_confirmed: Mapped[int] = mapped_column(default=0)
    refuses_more: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Text)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_by: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    version: Mapped[int] = mapped_column(nullable=False, default=1)
    __mapper_args__ = {"version_id_col": version}

    plan: Mapped[Plan] = relationship()
    support: Mapped[Support] = relationship()
    moved_days: Mapped[SessionDays | None] = relationship(
        primaryjoin="and_(foreign(Part.round_id) == SessionDays.round_id, "
        "foreign(Part.session_code) == SessionDays.session_code)",
        viewonly=True,
        lazy="selectin",
    )
