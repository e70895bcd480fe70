"""What is matched: rounds, runs of the optimizer, plans as documents, matches, decisions, questions."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lcm_service.domain.vocabulary import (
    DECISION_ANSWERS,
    DECISION_SIDES,
    MATCH_STATES,
    PLAN_STATES,
    QUESTION_STATES,
    ROUND_STANDINGS,
    ROUND_STATES,
    RUN_PURPOSES,
    RUN_STATES,
)
from lcm_service.persistence.database import Document, Table, UtcDateTime, one_of, utc_now
from lcm_service.persistence.tables.participants import Person

if TYPE_CHECKING:
    from lcm_service.persistence.tables.dates import SessionDays
    from lcm_service.persistence.tables.deliveries import Delivery
    from lcm_service.persistence.tables.records import Offer

# Where a plan keeps its rows by pair, beside its columns.
ROWS_KEPT: Final = "_rows_by_pair"


class Round(Table):
    """One matching cycle. ``policy`` is the optimizer's; ``standing`` says where its records come from."""

    __tablename__ = "round"
    __table_args__ = (one_of("state", ROUND_STATES), one_of("standing", ROUND_STANDINGS))

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(40), default="open")
    standing: Mapped[str] = mapped_column(String(40), default="submitted")
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    # How many days the two sides have to answer what is proposed to them.
    answer_days: Mapped[int] = mapped_column(default=14, server_default="14")
    # How many minutes an approved plan is held, in which it can be taken back, before anybody is told of it.
    hold_minutes: Mapped[int] = mapped_column(default=30, server_default="30")
    policy: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    version: Mapped[int] = mapped_column(nullable=False, default=1)
    __mapper_args__ = {"version_id_col": version}


class Run(Table):
    """One request to solve a round. The row is the truth; the job engine is only a wake-up.

    A worker that claims a run raises ``fence`` and holds a lease; a late result that carries an old fence is
    refused. ``problem`` is the canonical problem text that was asked; ``story`` holds dated lines of what
    happened, ``progress`` the last line that the solver reported. ``result`` keeps an answer of which no plan
    is made: a comparison of scenarios, what would help the needs of a plan, or the clash of the pins.
    ``base_plan_id`` names the plan that a run begins from: the published one, or the one to be explained.
    Each follow-up run of a clash says in ``choice`` what the coordinator would give up:
    ``{"release": [[need, session], ...]}`` or ``{"hold": [session, ...]}``; an explanation of one need alone
    names it there: ``{"need": reference}``.
    """

    __tablename__ = "run"
    __table_args__ = (
        one_of("state", RUN_STATES),
        one_of("purpose", RUN_PURPOSES),
        Index("ix_run_queue", "state", "lease_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(40), default="match")
    state: Mapped[str] = mapped_column(String(40), default="queued")
    idempotency_key: Mapped[str] = mapped_column(String(80), unique=True)
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    time_limit_seconds: Mapped[int] = mapped_column(default=120)
    base_plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id", use_alter=True))
    base_run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    choice: Mapped[dict[str, Any] | None] = mapped_column(Document)
    problem: Mapped[str] = mapped_column(Text)
    problem_sha256: Mapped[str] = mapped_column(String(64))
    labels: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    progress: Mapped[dict[str, Any] | None] = mapped_column(Document)
    story: Mapped[list[dict[str, Any]]] = mapped_column(Document, default=list)
    outcome: Mapped[str | None] = mapped_column(String(40))
    result: Mapped[dict[str, Any] | None] = mapped_column(Document)

    round: Mapped[Round] = relationship()


class Plan(Table):
    """A plan is a document: it keeps the problem it answered, the certificate and every reason shown.

    Nothing on screen is recomputed later. ``number`` counts within the round. ``labels`` put names and
    languages back to the codes that crossed the optimizer's wall. One coordinator puts a plan forward,
    another approves it; it is held until ``leaves_at``. ``published_by_id`` is who approved it, or, of a plan
    that was published before plans were approved, who published it.
    """

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("round_id", "number"), one_of("state", PLAN_STATES))

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), unique=True)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(40), default="draft")
    outcome: Mapped[str] = mapped_column(String(40))
    problem: Mapped[str] = mapped_column(Text)
    problem_sha256: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]] = mapped_column(Document)  # lcm-plan/1
    explanation: Mapped[dict[str, Any]] = mapped_column(Document)  # lcm-explanation/1
    labels: Mapped[dict[str, Any]] = mapped_column(Document)
    difference: Mapped[dict[str, Any] | None] = mapped_column(Document)  # to the plan published before it
    base_plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    put_forward_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    put_forward_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    leaves_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    version: Mapped[int] = mapped_column(nullable=False, default=1)
    __mapper_args__ = {"version_id_col": version}

    round: Mapped[Round] = relationship()
    run: Mapped[Run] = relationship(foreign_keys=[run_id])
    put_forward_by: Mapped[Person | None] = relationship(foreign_keys=[put_forward_by_id])
    approved_by: Mapped[Person | None] = relationship(foreign_keys=[approved_by_id])

    @property
    def rows_by_pair(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """The plan's assignments by need and session. Kept with the document that they were read from: a page
        of hundreds of matches asks for each of them.
        """
        kept: tuple[Any, Mapping[tuple[str, str], Mapping[str, Any]]] | None = self.__dict__.get(ROWS_KEPT)
        if kept is None or kept[0] is not self.document:
            rows = {(row["need"], row["session"]): row for row in self.document["assignments"]}
            kept = self.__dict__[ROWS_KEPT] = (self.document, rows)
        return kept[1]


class Match(Table):
    """A pair of a published plan: a need placed in a session, through all its decisions.

    It belongs to the round and lives on through repairs: one row per (need, session) and round. ``seats`` are
    those of the plan that published it last; a decision keeps the seats it was made for. Until ``answer_by``
    the side whose turn it is is waited for; it is empty where no side is.

    ``put_to_provider_at`` is when the recipient's agreement put it to the provider, ``seats_put`` for how
    many seats; ``put_by_id`` who gave it, empty where it was published before there was such an agreement;
    ``put_reason`` why no more seats than these. ``known_plan_id`` is the plan by which the provider reads it:
    the one that was put, or a later one that kept the pair as the provider knows it. While the recipient is
    asked for more, or anew, than the provider knows of, ``known_state`` is the state in which the provider
    goes on to see it, with ``known_answer_by``, ``known_lapsed_at`` and ``known_is_firm`` as they were; the
    last also while it reads by an earlier plan, as the need was revised.
    ``correction_notice`` is what the recipient reads where a correcting plan withdrew it, ``known_notice``
    what the provider reads, where it knew of the seats.
    ``awaits_parties``: it is proposed, and what its session draws on is not all confirmed for its seats.
    ``met_at``: since when it and the other matches of its session, all agreed, are shown to each other.
    """

    __tablename__ = "match"
    __table_args__ = (
        UniqueConstraint("round_id", "need_reference", "session_code"),
        one_of("state", MATCH_STATES),
        one_of("known_state", MATCH_STATES),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    known_plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    need_reference: Mapped[str] = mapped_column(ForeignKey("need.reference"), index=True)
    offer_reference: Mapped[str] = mapped_column(ForeignKey("offer.reference"), index=True)
    session_code: Mapped[str] = mapped_column(String(80))
    seats: Mapped[int]
    is_firm: Mapped[bool]
    state: Mapped[str] = mapped_column(String(40), default="asked")
    put_to_provider_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seats_put: Mapped[int] = mapped_column(default=0, server_default="0")
    put_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    put_reason: Mapped[str | None] = mapped_column(String(40))
    put_note: Mapped[str | None] = mapped_column(Text)
    known_state: Mapped[str | None] = mapped_column(String(40))
    known_answer_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    known_lapsed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    known_is_firm: Mapped[bool | None]
    correction_notice: Mapped[str | None] = mapped_column(Text)
    known_notice: Mapped[str | None] = mapped_column(Text)
    awaits_parties: Mapped[bool] = mapped_column(default=False, server_default=false())
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_by: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lapsed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    version: Mapped[int] = mapped_column(nullable=False, default=1)
    __mapper_args__ = {"version_id_col": version}

    decisions: Mapped[list["Decision"]] = relationship(back_populates="match", cascade="all, delete-orphan")
    plan: Mapped[Plan] = relationship(foreign_keys=[plan_id])
    known_plan: Mapped[Plan | None] = relationship(foreign_keys=[known_plan_id])
    offer: Mapped["Offer"] = relationship(viewonly=True)
    # What became of it once it was agreed; it is read with every match.
    delivery: Mapped["Delivery | None"] = relationship(back_populates="match", lazy="selectin")
    # The days to which its session was moved; it is read with every match.
    moved_days: Mapped["SessionDays | None"] = relationship(
        primaryjoin="and_(foreign(Match.round_id) == SessionDays.round_id, "
        "foreign(Match.session_code) == SessionDays.session_code)",
        viewonly=True,
        lazy="selectin",
    )


class Decision(Table):
    """The present answer of one side of a match. Earlier answers stay in the audit events."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("match_id", "side"),
        one_of("side", DECISION_SIDES),
        one_of("answer", DECISION_ANSWERS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    match_id: Mapped[int] = mapped_column(ForeignKey("match.id"), index=True)
    side: Mapped[str] = mapped_column(String(40))
    answer: Mapped[str] = mapped_column(String(40))
    seats: Mapped[int]
    reason: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Text)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    match: Mapped[Match] = relationship(back_populates="decisions")


class Question(Table):
    """A field that nobody has stated and on which seats hang.

    ``seats`` hang on it in the plan that coordinators look at, the newest draft included.
    ``seats_published`` hang on it in the published plan; where it is empty, the owner is not asked yet.
    """

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("round_id", "record_reference", "field"),
        one_of("state", QUESTION_STATES),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    record_kind: Mapped[str] = mapped_column(String(20))  # need | offer | support | participant
    record_reference: Mapped[str] = mapped_column(String(40), index=True)
    field: Mapped[str] = mapped_column(String(40))
    seats: Mapped[int] = mapped_column(default=0)
    seats_published: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(40), default="open")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
