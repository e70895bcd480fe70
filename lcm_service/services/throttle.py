"""Failures are counted for a while, so that nobody can go on guessing; and never so that one person's
failures lock another person out.
"""

import hashlib
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import TooMany
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import SignInFailure

MOST_FAILURES: Final = 10
# From one place over all addresses: one who tries a list of stolen passwords. Many people may share a place.
MOST_FAILURES_OF_A_SOURCE: Final = 100
FAILURES_COUNT_FOR: Final = timedelta(minutes=15)
TOO_MANY_FAILURES = sentence("Too many attempts. Wait a quarter of an hour and try again.")


def key_of(*parts: str) -> str:
    """Under which failures are counted: neither an address nor a source is kept in the clear."""
    return sha256_of("\n".join(parts))


def sha256_of(secret: str) -> str:
    """What is kept of a secret that is long enough not to be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def has_too_many(key: str, most: int = MOST_FAILURES) -> bool:
    """Whether so many failed lately that the next must wait."""
    since = utc_now() - FAILURES_COUNT_FOR
    failures = select(func.count()).where(SignInFailure.key_sha256 == key, SignInFailure.at > since)
    return (db.session.scalar(failures) or 0) >= most


def require_few_failures(*keys: str, most: int = MOST_FAILURES) -> None:
    """Raises TooMany where under one of the keys too many failed lately."""
    if any(has_too_many(key, most) for key in keys):
        raise TooMany(TOO_MANY_FAILURES, retry_after_seconds=int(FAILURES_COUNT_FOR.total_seconds()))


def note_failure(*keys: str) -> None:
    """Count a failure, and forget those that no longer count."""
    with transaction() as session:
        session.execute(delete(SignInFailure).where(SignInFailure.at <= utc_now() - FAILURES_COUNT_FOR))
        session.add_all(SignInFailure(key_sha256=key) for key in keys)


def forget_failures(session: Session, *keys: str) -> None:
    """Take back what was counted: somebody has shown to be who they are."""
    session.execute(delete(SignInFailure).where(SignInFailure.key_sha256.in_(keys)))
