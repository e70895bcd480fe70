"""Failures are counted for a while, so that nobody can go on guessing; for each source, so that few can be
locked out by others.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, ip_address, ip_network
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
# Of a telephone's codes, over all sources: a million are soon tried by one who has the whole day for it.
MOST_CODES_A_DAY: Final = 30
LONGEST_COUNT: Final = timedelta(days=1)
LONGEST_WAIT_TOLD_SECONDS: Final = 3600
TOO_MANY_FAILURES = sentence("Too many attempts. Wait a quarter of an hour and try again.")


def key_of(*parts: str) -> str:
    """Under which failures are counted: neither an address nor a source is kept in the clear."""
    return sha256_of("\n".join(parts))


def sha256_of(secret: str) -> str:
    """What is kept of a secret that is long enough not to be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many failures under one key within a time."""

    key: str
    most: int = MOST_FAILURES
    within: timedelta = FAILURES_COUNT_FOR


def source_of(address: str) -> str:
    """Where an attempt comes from: an IPv4 address, or the network of 64 bits that one place has of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return address
    # As a proxy writes those that speak IPv4 to it: all of them are in one network of IPv6.
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((found, 64), strict=False))


def has_too_many(limit: Limit) -> bool:
    """Whether so many failed lately that the next must wait."""
    return _count(limit) >= limit.most


def count_attempt(*limits: Limit) -> None:
    """Count an attempt as failed before it is looked at, so that many at once cannot pass together; whoever
    succeeds takes it back by `forget_failures`.

    Raises TooMany where under one of the keys too many failed before; this one is not counted then.
    """
    with transaction() as session:
        rows = [SignInFailure(key_sha256=key) for key in dict.fromkeys(limit.key for limit in limits)]
        session.add_all(rows)
        session.flush()
        ids = [row.id for row in rows]
    reached = [limit for limit in limits if _count(limit) > limit.most]
    if reached:
        with transaction() as session:
            session.execute(delete(SignInFailure).where(SignInFailure.id.in_(ids)))
        seconds = max(int(limit.within.total_seconds()) for limit in reached)
        raise TooMany(TOO_MANY_FAILURES, retry_after_seconds=min(seconds, LONGEST_WAIT_TOLD_SECONDS))


def _count(limit: Limit) -> int:
    since = utc_now() - limit.within
    failures = select(func.count()).where(SignInFailure.key_sha256 == limit.key, SignInFailure.at > since)
    return db.session.scalar(failures) or 0


def forget_failures(session: Session, *keys: str) -> None:
    """Take back what was counted: somebody has shown to be who they are."""
    session.execute(delete(SignInFailure).where(SignInFailure.key_sha256.in_(keys)))


def forget_one(session: Session, key: str) -> None:
    """Take back the latest count under a key: the attempt that has succeeded."""
    latest = select(func.max(SignInFailure.id)).where(SignInFailure.key_sha256 == key).scalar_subquery()
    session.execute(delete(SignInFailure).where(SignInFailure.id == latest))
