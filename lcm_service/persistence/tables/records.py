"""What participants submit: needs, offers with their sessions, supports, and activities outside a round.

Every field that describes a course may be unknown (NULL). Unknown is never a default: it is asked back.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.ext.orderinglist import ordering_list
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from lcm_service.domain.vocabulary import (
    ACTIVITY_STATES,
    BASES,
    LEVELS,
    MODES,
    PHASES,
    PRIORITIES,
    RECORD_STATES,
    SUBJECTS,
)
from lcm_service.persistence.database import Document, Table, UtcDateTime, one_of, utc_now
from lcm_service.persistence.tables.matching import Round
from lcm_service.persistence.tables.participants import Mission, Participant


class SubmittedRecord:
    """What needs, offers and supports share: an owner, a round, a state, a version and where it comes from.

    ``source`` is absent for what was submitted; for a record taken from a public source it holds
    ``{"publisher", "kind", "date", "record", "url", "as_stated"}``.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    detail: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(40), default="training")
    state: Mapped[str] = mapped_column(String(40), default="submitted")
    expires_on: Mapped[date | None]
    visibility_consent: Mapped[bool | None]
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note_reference: Mapped[str | None] = mapped_column(String(300))  # of the note verbale that vouches for it
    note_date: Mapped[date | None]
    # While the note vouches for the record as it stands; an older one stays on record and vouches no more.
    authenticated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    circulated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The last day of which its owner was reminded: a new one is a new reminder.
    reminded_of: Mapped[date | None]
    return_questions: Mapped[str | None] = mapped_column(Text)
    # Of a draft that is written in steps: those that its writer has kept, also where all is left open in one.
    # None where the whole of it was written at once.
    kept_steps: Mapped[list[str] | None] = mapped_column(Document)
    source: Mapped[dict[str, Any] | None] = mapped_column(Document)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    version: Mapped[int] = mapped_column(nullable=False, default=1)

    @declared_attr
    def participant_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("participant.id"), index=True)

    @declared_attr
    def round_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("round.id"), index=True)

    @declared_attr
    def participant(cls) -> Mapped[Participant]:
        return relationship(Participant)

    @declared_attr
    def round(cls) -> Mapped[Round]:
        return relationship(Round)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]


class Need(SubmittedRecord, Table):
    """A training need of a participant. Restricted: a need reveals a unit's weakness.

    Seats and priority are kept as *asked* and as *recognised* by a coordinator; a round uses the recognised
    ones.
    """

    __tablename__ = "need"
    __table_args__ = (
        one_of("subject", SUBJECTS),
        one_of("state", RECORD_STATES),
        one_of("level", (*LEVELS, "any")),
        one_of("phase", PHASES),
        one_of("basis", BASES),
        one_of("priority_asked", PRIORITIES),
        one_of("priority_recognised", PRIORITIES),
    )

    areas: Mapped[list[str] | None] = mapped_column(Document)
    level: Mapped[str | None] = mapped_column(String(40))
    personnel: Mapped[list[str] | None] = mapped_column(Document)
    audience: Mapped[str | None] = mapped_column(String(300))  # unit type or function, and ranks
    phase: Mapped[str | None] = mapped_column(String(40))
    mission_code: Mapped[str | None] = mapped_column(ForeignKey("mission.code"))
    deploys_on: Mapped[date | None]
    trainees_place: Mapped[str | None] = mapped_column(ForeignKey("place.code"))
    seats_asked: Mapped[int | None]
    seats_recognised: Mapped[int | None]
    women: Mapped[int | None]
    min_group: Mapped[int | None]
    max_groups: Mapped[int | None]
    whole: Mapped[bool] = mapped_column(default=False)
    earliest: Mapped[date | None]
    latest: Mapped[date | None]
    languages: Mapped[list[str] | None] = mapped_column(Document)
    modes: Mapped[list[str] | None] = mapped_column(Document)
    priority_asked: Mapped[str | None] = mapped_column(String(40))
    priority_recognised: Mapped[str | None] = mapped_column(String(40))
    recognition_reason: Mapped[str | None] = mapped_column(Text)
    basis: Mapped[str | None] = mapped_column(String(40))
    basis_reference: Mapped[str | None] = mapped_column(String(300))
    contribution: Mapped[str | None] = mapped_column(
        Text
    )  # what the State can bring: venue, board, interpreters
    prior_support: Mapped[str | None] = mapped_column(Text)

    mission: Mapped[Mission | None] = relationship(Mission)


class Offer(SubmittedRecord, Table):
    """A course or programme that a provider offers, open to participants.

    Its dates are its `sessions` (stated days), or a window (``not_before``..``not_after`` with
    ``duration_days``) that becomes at most 12 candidate sessions. ``requires`` holds ``{"kind", "quantity",
    "per_seat"}`` rows; an empty list means that it needs nothing, NULL that nobody has said.
    """

    __tablename__ = "offer"
    __table_args__ = (
        one_of("subject", SUBJECTS),
        one_of("state", RECORD_STATES),
        one_of("level", (*LEVELS, "any")),
        one_of("mode", (*MODES, "any")),
    )

    partners: Mapped[list[str]] = mapped_column(Document, default=list)
    implementer: Mapped[str | None] = mapped_column(String(300))
    areas: Mapped[list[str] | None] = mapped_column(Document)
    level: Mapped[str | None] = mapped_column(String(40))
    personnel: Mapped[list[str] | None] = mapped_column(Document)
    women_only: Mapped[bool] = mapped_column(default=False)
    seats: Mapped[int | None]
    min_seats: Mapped[int | None]
    max_recipients: Mapped[int | None]
    max_per_recipient: Mapped[int | None]
    max_sessions: Mapped[int | None]
    languages: Mapped[list[str] | None] = mapped_column(Document)
    mode: Mapped[str | None] = mapped_column(String(40))
    place_code: Mapped[str | None] = mapped_column(ForeignKey("place.code"))
    venue: Mapped[str | None] = mapped_column(String(300))
    only: Mapped[list[str] | None] = mapped_column(Document)
    except_: Mapped[list[str]] = mapped_column("except_codes", Document, default=list)
    occupies_team: Mapped[bool] = mapped_column(default=False)
    requires: Mapped[list[dict[str, Any]] | None] = mapped_column(Document)
    not_before: Mapped[date | None]
    not_after: Mapped[date | None]
    duration_days: Mapped[int | None]
    un_standard: Mapped[str | None] = mapped_column(String(300))
    recognised_until: Mapped[date | None]
    costs: Mapped[dict[str, str] | None] = mapped_column(Document)  # cost item -> who bears it
    cost_terms: Mapped[str | None] = mapped_column(Text)
    preconditions: Mapped[str | None] = mapped_column(Text)

    sessions: Mapped[list["OfferSession"]] = relationship(
        back_populates="offer",
        cascade="all, delete-orphan",
        order_by="OfferSession.position",
        collection_class=ordering_list("position"),
    )


class OfferSession(Table):
    """A dated session of an offer. Its ``key`` is part of its id in every problem and never changes.

    Seats and place override the offer's where a session differs. A withdrawn session keeps its row.
    """

    __tablename__ = "offer_session"
    __table_args__ = (UniqueConstraint("offer_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    key: Mapped[str] = mapped_column(String(40))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    seats: Mapped[int | None]
    place_code: Mapped[str | None] = mapped_column(ForeignKey("place.code"))
    is_withdrawn: Mapped[bool] = mapped_column(default=False)

    offer: Mapped[Offer] = relationship(back_populates="sessions")


class Support(SubmittedRecord, Table):
    """Part of a course: funds in US dollars, a venue, equipment, interpretation, or another named kind.

    An amount stated in another currency stays unknown in dollars and is kept as stated in
    ``amount_as_stated``.
    """

    __tablename__ = "support"
    __table_args__ = (one_of("subject", SUBJECTS), one_of("state", RECORD_STATES))

    kind: Mapped[str] = mapped_column(String(40))
    quantity: Mapped[int | None]
    per_session: Mapped[int | None]
    amount_as_stated: Mapped[str | None] = mapped_column(String(200))
    usable_from: Mapped[date | None]
    usable_to: Mapped[date | None]
    only: Mapped[list[str] | None] = mapped_column(Document)
    areas: Mapped[list[str] | None] = mapped_column(Document)
    places: Mapped[list[str] | None] = mapped_column(Document)
    languages: Mapped[list[str] | None] = mapped_column(Document)


class Activity(Table):
    """Support delivered, running or planned outside a round. Past training is no request, so never a need."""

    __tablename__ = "activity"
    __table_args__ = (one_of("state", ACTIVITY_STATES),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(300))
    provider_code: Mapped[str | None] = mapped_column(ForeignKey("participant.code"))
    provider_as_stated: Mapped[str | None] = mapped_column(String(300))
    recipient_code: Mapped[str | None] = mapped_column(ForeignKey("participant.code"))
    recipient_as_stated: Mapped[str | None] = mapped_column(String(300))
    areas: Mapped[list[str] | None] = mapped_column(Document)
    first_month: Mapped[date | None]
    last_month: Mapped[date | None]
    seats: Mapped[int | None]
    source: Mapped[dict[str, Any] | None] = mapped_column(Document)
