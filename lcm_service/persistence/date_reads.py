"""Named reads of proposals of other days, and of the days to which sessions were moved."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from lcm_service.domain.vocabulary import OPEN_DATE_PROPOSAL_STATES
from lcm_service.persistence.tables import DateAnswer, DateProposal, Match, Plan, SessionDays


def moved_sessions(session: Session, round_id: int) -> dict[str, SessionDays]:
    """The sessions of a round that were moved to other days, by their codes."""
    rows = session.scalars(select(SessionDays).where(SessionDays.round_id == round_id))
    return {row.session_code: row for row in rows}


def sessions_with_dates(session: Session, round_id: int) -> set[str]:
    """The codes of sessions that were moved, or for which other days wait for answers."""
    waiting = select(DateProposal.session_code).where(
        DateProposal.round_id == round_id, DateProposal.state.in_(OPEN_DATE_PROPOSAL_STATES)
    )
    return {*moved_sessions(session, round_id), *session.scalars(waiting)}


def sessions_ever_moved(session: Session, round_id: int) -> set[str]:
    """The codes of sessions that were moved at some time, whether those days still stand or not."""
    statement = select(DateProposal.session_code).where(
        DateProposal.round_id == round_id, DateProposal.state == "moved"
    )
    return set(session.scalars(statement))


def find_date_proposal(session: Session, proposal_id: int) -> DateProposal | None:
    return session.scalars(select(DateProposal).where(DateProposal.id == proposal_id)).one_or_none()


def list_date_proposals(
    session: Session,
    round_id: int,
    *,
    session_code: str | None = None,
    participant_id: int | None = None,
    only_open: bool = False,
) -> Sequence[DateProposal]:
    """The proposals of a round, of one session, of those who know of them, the oldest first."""
    statement = select(DateProposal).where(DateProposal.round_id == round_id)
    if session_code is not None:
        statement = statement.where(DateProposal.session_code == session_code)
    if participant_id is not None:
        statement = statement.where(DateProposal.answers.any(DateAnswer.participant_id == participant_id))
    if only_open:
        statement = statement.where(DateProposal.state.in_(OPEN_DATE_PROPOSAL_STATES))
    return session.scalars(
        statement.options(
            selectinload(DateProposal.answers).joinedload(DateAnswer.participant),
            joinedload(DateProposal.match).joinedload(Match.plan).joinedload(Plan.round),
        ).order_by(DateProposal.id)
    ).all()


def rounds_with_late_proposals(session: Session, now: datetime) -> Sequence[int]:
    """The rounds in which other days are proposed that not all have answered in time, or that have come, as
    may have those of the session.
    """
    today = now.date()
    has_come = (DateProposal.starts_on <= today) | (DateProposal.starts_before <= today)
    return _rounds_with_open(session, (DateProposal.answer_by <= now) | has_come)


def rounds_with_dates_to_remind_of(session: Session, now: datetime, until: datetime) -> Sequence[int]:
    """The rounds in which the time to answer other days ends between these, with nobody reminded."""
    is_near = (DateProposal.answer_by > now) & (DateProposal.answer_by <= until)
    return _rounds_with_open(session, is_near & DateProposal.reminded_at.is_(None))


def note_reminder(session: Session, proposal_id: int, now: datetime) -> None:
    """Keep that this proposal was brought to mind; its version stays, for nobody reads otherwise."""
    noted = update(DateProposal).where(DateProposal.id == proposal_id).values(reminded_at=now)
    session.execute(noted)


def _rounds_with_open(session: Session, condition: ColumnElement[bool]) -> Sequence[int]:
    statement = select(DateProposal.round_id).where(
        DateProposal.state.in_(OPEN_DATE_PROPOSAL_STATES), condition
    )
    return session.scalars(statement.distinct().order_by(DateProposal.round_id)).all()
