"""The run table as a queue: claims under a lease and a fence, on either engine.

Every change of a run's state is one UPDATE that names the state and the fence it expects, so of two workers
that try, the database lets one. The clock is the database's own: workers on several machines need not agree
on theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session

from lcm_service.domain.vocabulary import PLANNING_PURPOSES
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.tables import Run


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that one worker holds; the fence tells its word from that of a worker that held it before."""

    run_id: int
    fence: int


def read_clock(session: Session) -> datetime:
    """The database's present moment. SQLite has no server: its clock is this machine's."""
    if session.get_bind().dialect.name == "sqlite":
        return utc_now()
    moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return moment.astimezone(UTC)


def has_queued(session: Session) -> bool:
    return session.scalar(select(func.min(Run.id)).where(Run.state == "queued")) is not None


def claim_next(session: Session, lease_seconds: float) -> Claim | None:
    """Take the oldest queued run that makes a plan, else the oldest of the others, else nothing. Where
    another worker is quicker, the next one is tried.

    A comparison or an explanation takes minutes and nobody's answer hangs on it, so a match that is asked for
    after it comes first.
    """
    queued = select(Run.id).where(Run.state == "queued")
    queued = queued.order_by(Run.purpose.not_in(PLANNING_PURPOSES), Run.id).limit(1)
    while (run_id := session.scalar(queued)) is not None:
        now = read_clock(session)
        fence = session.execute(
            update(Run)
            .where(Run.id == run_id, Run.state == "queued")
            .values(
                state="running",
                fence=Run.fence + 1,
                attempts=Run.attempts + 1,
                started_at=func.coalesce(Run.started_at, now),
                lease_until=now + timedelta(seconds=lease_seconds),
                progress=None,
            )
            .returning(Run.fence)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if fence is not None:
            return Claim(run_id, fence)
    return None


def renew_lease(
    session: Session, claim: Claim, lease_seconds: float, progress: Mapping[str, Any] | None
) -> bool:
    """Hold the run for longer and write its progress; False where it is no longer this claim's."""
    values: dict[str, Any] = {"lease_until": read_clock(session) + timedelta(seconds=lease_seconds)}
    if progress is not None:
        values["progress"] = dict(progress)
    return _update_claimed(session, claim, values)


def end_claimed(session: Session, claim: Claim, state: str) -> Run | None:
    """End a run that this claim still holds, and give it; None where it no longer does."""
    if not _update_claimed(session, claim, _ending(session, state)):
        return None
    return _read_again(session, claim.run_id)


def cancel(session: Session, run_id: int) -> Run | None:
    """End a run that waits or runs. Its fence is raised, so that a late result is refused; None where it
    ended.
    """
    return _end_unclaimed(session, run_id, ("queued", "running"), cancel_requested=True, state="cancelled")


def list_expired(session: Session) -> list[Claim]:
    """Runs whose worker has given no sign of life for as long as its lease."""
    expired = select(Run.id, Run.fence).where(Run.state == "running", Run.lease_until < read_clock(session))
    return [Claim(run_id, fence) for run_id, fence in session.execute(expired.order_by(Run.id)).all()]


def queue_again(session: Session, claim: Claim) -> Run | None:
    """Give a run back to the queue under a new fence; None where its worker came back meanwhile."""
    values = {"state": "queued", "lease_until": None, "fence": Run.fence + 1}
    if not _update_claimed(session, claim, values, only_expired=True):
        return None
    return _read_again(session, claim.run_id)


def give_back(session: Session, claim: Claim) -> Run | None:
    """Give a run that this claim still holds back to the queue, as an attempt that does not count."""
    values = {"state": "queued", "lease_until": None, "fence": Run.fence + 1, "attempts": Run.attempts - 1}
    return _read_again(session, claim.run_id) if _update_claimed(session, claim, values) else None


def give_up(session: Session, claim: Claim) -> Run | None:
    """Let a run fail whose lease has expired; None where its worker came back meanwhile."""
    values = _ending(session, "failed") | {"fence": Run.fence + 1}
    if not _update_claimed(session, claim, values, only_expired=True):
        return None
    return _read_again(session, claim.run_id)


def _ending(session: Session, state: str) -> dict[str, Any]:
    return {"state": state, "ended_at": read_clock(session), "lease_until": None}


def _end_unclaimed(session: Session, run_id: int, states: tuple[str, ...], **values: Any) -> Run | None:
    statement = update(Run).where(Run.id == run_id, Run.state.in_(states))
    ending = _ending(session, values.pop("state")) | values | {"fence": Run.fence + 1}
    return _read_again(session, run_id) if _changes_one(session, statement.values(**ending)) else None


def _update_claimed(
    session: Session, claim: Claim, values: Mapping[str, Any], *, only_expired: bool = False
) -> bool:
    statement = update(Run).where(Run.id == claim.run_id, Run.fence == claim.fence, Run.state == "running")
    if only_expired:
        statement = statement.where(Run.lease_until < read_clock(session))
    return _changes_one(session, statement.values(**values))


def _changes_one(session: Session, statement: Any) -> bool:
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return bool(result.rowcount == 1)


def _read_again(session: Session, run_id: int) -> Run:
    """The run as it is now; the row is locked by the UPDATE before, so it stays so."""
    statement = select(Run).where(Run.id == run_id).execution_options(populate_existing=True)
    return session.scalars(statement).one()
