"""Other days for a session: what is proposed, what those say whose yes is needed, and where it was moved."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lcm_service.domain.vocabulary import DATE_ANSWERS, DATE_ENDS, DATE_PROPOSAL_STATES, DECISION_SIDES
from lcm_service.persistence.database import Table, UtcDateTime, one_of, utc_now
from lcm_service.persistence.tables.matching import Match, Round
from lcm_service.persistence.tables.participants import Participant


class SessionDays(Table):
    """The days to which a session of a round was moved, as all agreed whose yes was needed.

    They stand over what the offer states while a match holds the session or may be revived there. The
    session keeps its code, and the stored plans keep what they said.
    """

    __tablename__ = "session_days"
    __table_args__ = (UniqueConstraint("round_id", "session_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    session_code: Mapped[str] = mapped_column(String(80))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class DateProposal(Table):
    """Other days that one side of a match proposes for its session: no consent, and nothing of the match's.

    ``starts_before`` and ``ends_before`` are the days that it would move. A recipient's is put to the
    provider; once that accepts, or where it proposes itself, to all others whose yes is needed (``put_at``).
    ``end_reason`` says why it ended without a press of who proposed or is asked.
    """

    __tablename__ = "date_proposal"
    __table_args__ = (
        one_of("state", DATE_PROPOSAL_STATES),
        one_of("side", DECISION_SIDES),
        one_of("end_reason", DATE_ENDS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    session_code: Mapped[str] = mapped_column(String(80))
    match_id: Mapped[int] = mapped_column(ForeignKey("match.id"), index=True)
    side: Mapped[str] = mapped_column(String(40))
    author_id: Mapped[int] = mapped_column(ForeignKey("participant.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("participant.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    starts_before: Mapped[date]
    ends_before: Mapped[date]
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(40), default="proposed")
    end_reason: Mapped[str | None] = mapped_column(String(40))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    put_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_by: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(nullable=False, default=1)
    __mapper_args__ = {"version_id_col": version}

    answers: Mapped[list["DateAnswer"]] = relationship(
        back_populates="proposal", cascade="all, delete-orphan", order_by="DateAnswer.id", lazy="selectin"
    )
    match: Mapped[Match] = relationship()
    round: Mapped[Round] = relationship()
    author: Mapped[Participant] = relationship(foreign_keys=[author_id])
    provider: Mapped[Participant] = relationship(foreign_keys=[provider_id])


class DateAnswer(Table):
    """What one participant says of the proposed days; empty while it is asked. One answer stands for all its
    matches and parts in the session; ``left_at``: since when it has none there any more, noted while the
    proposal is open.
    """

    __tablename__ = "date_answer"
    __table_args__ = (UniqueConstraint("proposal_id", "participant_id"), one_of("answer", DATE_ANSWERS))

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("date_proposal.id"), index=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"))
    answer: Mapped[str | None] = mapped_column(String(40))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    proposal: Mapped[DateProposal] = relationship(back_populates="answers")
    participant: Mapped[Participant] = relationship()
