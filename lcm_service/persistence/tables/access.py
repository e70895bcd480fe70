"""How people get in: invitations, sign-ins, second factors, tokens. No secret is kept as it was given.

What only has to be recognised again is kept as a hash; the secret of a second factor, from which codes are
worked out, is kept encrypted under a key that the database does not hold.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lcm_service.domain.vocabulary import ROLES, TOKEN_SCOPES
from lcm_service.persistence.database import Table, UtcDateTime, one_of, utc_now
from lcm_service.persistence.tables.participants import Participant, Person


class Invitation(Table):
    """Someone is asked to make an account with this role, by an address that is good once and for a while."""

    __tablename__ = "invitation"
    __table_args__ = (
        one_of("role", ROLES),
        # An address has one invitation that waits, also where two people invite it at the same moment.
        Index(
            "uq_invitation_open",
            "email",
            unique=True,
            sqlite_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(40))
    participant_id: Mapped[int | None] = mapped_column(ForeignKey("participant.id"), index=True)
    is_lead: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(10), default="en")
    code_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    participant: Mapped[Participant | None] = relationship()


class PasswordRenewal(Table):
    """A person may choose a new password, by an address that is good once and for a day."""

    __tablename__ = "password_renewal"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()


class LeadDelegation(Table):
    """A lead focal point lets a colleague act as lead from one day to another, both included."""

    __tablename__ = "lead_delegation"
    __table_args__ = (CheckConstraint("first_day <= last_day", name="days_in_order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()


class SignIn(Table):
    """One sign-in in one browser, from its first step to its end.

    ``completed_at`` is empty while the second factor is still to be shown: until then nobody is signed in.
    ``device`` is what the browser says of itself, for its owner to recognise; where it came from is not kept.
    """

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str] = mapped_column(String(200), default="")
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Its first step was taken at the identity provider, and not by the password.
    is_by_provider: Mapped[bool] = mapped_column(default=False, server_default=false())

    person: Mapped[Person] = relationship()


class AuthenticationRequest(Table):
    """A browser that was sent to the identity provider and has not come back yet.

    ``person_id``: whose account is to be linked; nobody's where it is about signing in. What is secret of it
    is worked out from the key, which the browser alone holds.
    """

    __tablename__ = "authentication_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ProviderLink(Table):
    """By which account of an identity provider a person may sign in. Who that is there is kept as a hash, for
    it only has to be recognised.
    """

    __tablename__ = "provider_link"
    __table_args__ = (UniqueConstraint("issuer", "subject_sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    issuer: Mapped[str] = mapped_column(String(500))
    subject_sha256: Mapped[str] = mapped_column(String(64))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    person: Mapped[Person] = relationship()


class SignInFailure(Table):
    """A failed sign-in, under a hash of what was typed and of where it came from. Kept for minutes."""

    __tablename__ = "sign_in_failure"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_sha256: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)


class SecondFactor(Table):
    """The secret that a person shares with an application on a telephone (RFC 6238), encrypted.

    ``last_step`` is the half minute of the last code that was taken, for no code is taken twice.
    """

    __tablename__ = "second_factor"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    sealed_secret: Mapped[str] = mapped_column(String(300))
    set_up_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    last_step: Mapped[int]


class RecoveryCode(Table):
    """A code that stands in for the second factor once."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiToken(Table):
    """A token with which a person's own system calls the API. Only its SHA-256 is stored."""

    __tablename__ = "api_token"
    __table_args__ = (one_of("scope", TOKEN_SCOPES),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    label: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(16), unique=True)
    secret_sha256: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(20), default="read")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    taken_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()
