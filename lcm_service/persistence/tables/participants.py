"""Who takes part, where they are, and the lists that a round refers to."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lcm_service.domain.vocabulary import PARTICIPANT_KINDS, ROLES
from lcm_service.persistence.database import Document, Table, UtcDateTime, one_of, utc_now


class Region(Table):
    """A UN M49 region (or, in an exercise, a fictional one), with its names by language."""

    __tablename__ = "region"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    names: Mapped[dict[str, str]] = mapped_column(Document)


class Place(Table):
    """A country or area by ISO 3166-1 alpha-3 code, with its M49 regions from wide to narrow."""

    __tablename__ = "place"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    m49: Mapped[str | None] = mapped_column(String(3))
    regions: Mapped[list[str]] = mapped_column(Document)
    names: Mapped[dict[str, str]] = mapped_column(Document)
    is_fictional: Mapped[bool] = mapped_column(default=False)


class Participant(Table):
    """A Member State, regional organisation, training institution or UN entity. Each may receive and provide.

    ``code`` names it in every problem and plan: alpha-3 for a State. ``teams`` and ``seats`` are limits over
    all its sessions of a round; absent is no limit.
    """

    __tablename__ = "participant"
    __table_args__ = (one_of("kind", PARTICIPANT_KINDS),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    names: Mapped[dict[str, str]] = mapped_column(Document)
    place_code: Mapped[str | None] = mapped_column(ForeignKey("place.code"))
    groups: Mapped[list[str]] = mapped_column(Document, default=list)
    teams: Mapped[int | None]
    seats: Mapped[int | None]
    is_fictional: Mapped[bool] = mapped_column(default=False)

    place: Mapped[Place | None] = relationship()


class Person(Table):
    """Someone who signs in. Passwords are kept as argon2id hashes."""

    __tablename__ = "person"
    __table_args__ = (
        one_of("role", ROLES),
        Index(
            "uq_person_lead",
            "participant_id",
            unique=True,
            sqlite_where=text("is_lead"),
            postgresql_where=text("is_lead"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(40))
    participant_id: Mapped[int | None] = mapped_column(ForeignKey("participant.id"))
    password_hash: Mapped[str | None] = mapped_column(String(400))
    language: Mapped[str] = mapped_column(String(10), default="en")
    is_active: Mapped[bool] = mapped_column(default=True)
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    # The lead focal point of a participant invites the others; a participant has at most one.
    is_lead: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    participant: Mapped[Participant | None] = relationship(lazy="joined")

    # What the sign-in machinery asks of whoever is signed in. The key is that of the sign-in by which this
    # request came; it is kept in the browser alone.
    is_authenticated = True
    is_anonymous = False
    sign_in_key = ""

    def get_id(self) -> str:
        """The key that the sign-in cookie holds."""
        return self.sign_in_key


class TrainingArea(Table):
    """A training area with the paragraphs of resolution 2518 (2020) that name it.

    ``is_area`` is false for entries of the source list that name a phase, a delivery mode, a register or an
    agreement: they can be shown, but a course is never matched by them.
    """

    __tablename__ = "training_area"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    group: Mapped[str] = mapped_column("area_group", String(40))
    names: Mapped[dict[str, str]] = mapped_column(Document)
    paragraphs: Mapped[str | None] = mapped_column(String(80))
    is_area: Mapped[bool] = mapped_column(default=True)
    source: Mapped[str | None] = mapped_column(String(600))


class AreaSubstitute(Table):
    """A session area that may serve a need area, less well: ``fit`` is 1..99."""

    __tablename__ = "area_substitute"

    need_area: Mapped[str] = mapped_column(ForeignKey("training_area.code"), primary_key=True)
    session_area: Mapped[str] = mapped_column(ForeignKey("training_area.code"), primary_key=True)
    fit: Mapped[int]
    reason: Mapped[str] = mapped_column(String(300))


class Mission(Table):
    """A peace operation. Missions end, so start and end are data and never a list in code.

    Of the start the sources give the year alone.
    """

    __tablename__ = "mission"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    place_codes: Mapped[list[str]] = mapped_column(Document, default=list)
    start_year: Mapped[int | None]
    ends_on: Mapped[date | None]
    source: Mapped[str | None] = mapped_column(String(600))
