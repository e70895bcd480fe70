"""Questions on which seats hang: who is asked what, and when an answer has come.

They are written when a plan is stored; here they are read, and closed by the revision that answers them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lcm_service.domain.completeness import is_stated
from lcm_service.domain.errors import NotAllowed, NotFound
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Need, Offer, Participant, Question, Round, Support

_TABLES: dict[str, type[Need] | type[Offer] | type[Support]] = {
    "need": Need,
    "offer": Offer,
    "support": Support,
}


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question with its record's owner and title; ``seats`` of the present plan hang on it."""

    record_kind: str
    record_reference: str
    field: str
    seats: int
    state: str
    asked_at: datetime
    participant_code: str
    title: str


def list_questions(actor: Actor, round_code: str, *, state: str | None = "open") -> list[AskedQuestion]:
    """The questions of a round, most seats first: all of them for a coordinator, else those on own records.

    ``state`` None gives answered and closed ones too. Raises NotFound, and NotAllowed for who owns no
    records.
    """
    round = db.session.scalar(select(Round).where(Round.code == round_code))
    if round is None:
        raise NotFound(f"There is no round {round_code}.")
    if not may_coordinate(actor) and actor.role != "focal_point":
        raise NotAllowed("Questions are read by those who can answer them and by coordinators.")
    query = select(Question).where(Question.round_id == round.id)
    if state is not None:
        query = query.where(Question.state == state)
    ordered = query.order_by(Question.seats.desc(), Question.record_reference, Question.field)
    asked = list(db.session.scalars(ordered))
    owners = _owners_of(db.session(), asked)
    return [
        AskedQuestion(
            question.record_kind,
            question.record_reference,
            question.field,
            question.seats,
            question.state,
            question.asked_at,
            owner.code,
            title,
        )
        for question in asked
        for owner, title in [owners[question.record_kind, question.record_reference]]
        if may_coordinate(actor) or actor.answers_for(owner.id)
    ]


def close_answered(session: Session, record: Any) -> list[str]:
    """Mark the open questions that the record now answers, and give their fields."""
    answered = []
    for question in _open_questions_of(session, record):
        if is_stated(question.record_kind, record, question.field):
            question.state = "answered"
            question.answered_at = utc_now()
            answered.append(question.field)
    return answered


def close_questions_of(session: Session, record: Any) -> None:
    """Nobody is asked about a record that was withdrawn."""
    for question in _open_questions_of(session, record):
        question.state = "closed"


def _open_questions_of(session: Session, record: Any) -> list[Question]:
    return list(
        session.scalars(
            select(Question).where(
                Question.round_id == record.round_id,
                Question.record_reference == record.reference,
                Question.state == "open",
            )
        )
    )


def _owners_of(session: Session, questions: list[Question]) -> dict[tuple[str, str], tuple[Participant, str]]:
    """The owner and the title of each record that is asked about; a participant is its own."""
    owners: dict[tuple[str, str], tuple[Participant, str]] = {}
    for kind, table in _TABLES.items():
        references = {row.record_reference for row in questions if row.record_kind == kind}
        rows = session.execute(
            select(table.reference, table.title, Participant)
            .join(Participant, table.participant_id == Participant.id)
            .where(table.reference.in_(references))
        )
        owners |= {(kind, reference): (owner, title) for reference, title, owner in rows}
    codes = {row.record_reference for row in questions if row.record_kind == "participant"}
    for participant in session.scalars(select(Participant).where(Participant.code.in_(codes))):
        owners["participant", participant.code] = (participant, participant.names.get("en", participant.code))
    return owners
