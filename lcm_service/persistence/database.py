"""The database handle, the engine settings that every connection gets, and `transaction`.

Only `services/` opens a transaction; everything a use case writes, its audit event and its outbox rows
included, is committed together or not at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from sqlite3 import Connection as SQLiteConnection
from sqlite3 import Error as SQLiteError
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, CheckConstraint, DateTime, Dialect, MetaData, TypeDecorator, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm.exc import StaleDataError

from lcm_service.domain.errors import Conflict, Stale
from lcm_service.domain.sentences import sentence

# Named constraints, so that migrations can alter them on both engines.
NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


# Under this key a session keeps the audit events of its transaction until it commits.
UNCHAINED_EVENTS = "unchained_events"

# PostgreSQL's serialization_failure, deadlock_detected and lock_not_available; and unique_violation, which is
# what a use case meets that looked for a row just before somebody else added it.
LOST_TO_OTHERS = frozenset(("40001", "40P01", "55P03", "23505"))


class Table(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


db = SQLAlchemy(model_class=Table, session_options={"expire_on_commit": False})


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment. SQLite keeps no time zone, so both engines store the naive moment in UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment must say its time zone.")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Document(TypeDecorator[Any]):
    """A JSON value. Python ``None`` is stored as SQL NULL: unknown, never the JSON text ``null``."""

    impl = JSON(none_as_null=True)
    cache_ok = True


def one_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    """A check that ``column`` holds one of the vocabulary's words, or nothing where it may be empty."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_word")


def utc_now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)


@event.listens_for(Engine, "connect")
def set_sqlite_pragmas(connection: Any, _record: Any) -> None:
    """Give each SQLite connection what PostgreSQL does by itself: foreign keys, waiting for a lock, a log."""
    if not isinstance(connection, SQLiteConnection):
        return
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "busy_timeout=5000", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@contextmanager
def transaction() -> Iterator[Session]:
    """One use case, one commit: yields the session, commits at the end, rolls back on any error.

    What was read before is read again inside, so that rules are checked against what will be written over.
    What is traced is added to the chain of audit events at the very end (`audit_chain.py`): nobody waits for
    its last link longer than a commit takes. SQLite takes its one write lock at the start: two use cases at
    once follow each other instead of failing half way. Raises Stale where the database finds that a record
    changed in between, Conflict where it ended this use case because others wrote at the same moment (a
    deadlock, for one), and RuntimeError inside another transaction: an inner commit would leave the outer use
    case half done.
    """
    session = db.session()
    if session.info.get("in_transaction"):
        raise RuntimeError("A use case has one transaction; pass its session on instead of opening another.")
    session.rollback()
    session.expire_all()
    session.info["in_transaction"] = True
    session.info.pop(UNCHAINED_EVENTS, None)
    try:
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("BEGIN IMMEDIATE"))
        yield session
        session.commit()
    except StaleDataError as error:
        session.rollback()
        raise Stale(
            sentence("Someone else changed this record at the same moment. Read it again and repeat.")
        ) from error
    except DBAPIError as error:
        session.rollback()
        if not _lost_to_others(error):
            raise
        raise Conflict(
            sentence("Others were writing at the same moment, and nothing of this was saved. Try again.")
        ) from error
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["in_transaction"] = False
        session.info.pop(UNCHAINED_EVENTS, None)


@contextmanager
def fresh_session() -> Iterator[None]:
    """Within this, `db.session` has read nothing yet: rows that a caller has read before, which the database
    may have changed since, stay the caller's. Raises RuntimeError inside a transaction.
    """
    registry = db.session.registry
    before = registry() if registry.has() else None
    if before is not None and before.info.get("in_transaction"):
        raise RuntimeError("A use case reads in its own transaction; its session holds what it has written.")
    # Closed at the very end, when the caller's session is back, whatever becomes of this one.
    with db.session.session_factory() as fresh:
        registry.set(fresh)
        try:
            yield
        finally:
            if before is None:
                registry.clear()
            else:
                registry.set(before)


def _lost_to_others(error: DBAPIError) -> bool:
    """Whether the database ended a transaction in favour of another one; the same again may well succeed."""
    if isinstance(error.orig, SQLiteError):
        return getattr(error.orig, "sqlite_errorname", "").startswith(
            ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CONSTRAINT_UNIQUE")
        )
    return getattr(error.orig, "sqlstate", None) in LOST_TO_OTHERS
