"""Questions on which seats hang: who is asked what, and when an answer has come.

They are written when a plan is stored and published (`plan_questions`); here they are read, and closed by the
revision or recognition that answers them. An owner is asked once the plan is published, and is told of no
seats but those of its own needs and sessions.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Need, Offer, Participant, Question, Support
from lcm_service.services.plan_questions import RECOGNITION, hand_over_to_coordinators, has_answer
from lcm_service.services.require import require_round

_TABLES: dict[str, type[Need] | type[Offer] | type[Support]] = {
    "need": Need,
    "offer": Offer,
    "support": Support,
}


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question with its record's owner and title.

    ``asked_of``: ``owner``, or ``coordinator`` where a need waits for its recognition (field
    ``seats_recognised``). ``seats`` hang on it: for coordinators in the newest draft or else the published
    plan; for an owner in the published plan, and None where these are not its own needs' or sessions' seats.
    ``is_published`` is False while only a draft asks, which its owner does not see.
    """

    record_kind: str
    record_reference: str
    field: str
    seats: int | None
    state: str
    asked_at: datetime
    participant_code: str
    title: str
    asked_of: str
    is_published: bool


def list_questions(actor: Actor, round_code: str, *, state: str | None = "open") -> list[AskedQuestion]:
    """The questions of a round, most seats first.

    All of them for a coordinator, those of drafts included; for a focal point those that the published plan
    asks about its own records. ``state`` None gives answered and closed ones too. Raises NotFound, and
    NotAllowed for who owns no records.
    """
    round = require_round(db.session(), round_code)
    if not may_coordinate(actor) and actor.role != "focal_point":
        raise NotAllowed(sentence("Questions are read by those who can answer them and by coordinators."))
    seats = Question.seats if may_coordinate(actor) else Question.seats_published
    query = select(Question).where(Question.round_id == round.id)
    if state is not None:
        query = query.where(Question.state == state)
    if not may_coordinate(actor):
        query = query.where(Question.seats_published.is_not(None), Question.field != RECOGNITION)
    ordered = query.order_by(seats.desc(), Question.record_reference, Question.field)
    asked = list(db.session.scalars(ordered))
    owners = _owners_of(db.session(), asked)
    return [
        _shown(actor, question, owner, title)
        for question in asked
        for owner, title in [owners[question.record_kind, question.record_reference]]
        if may_coordinate(actor) or actor.answers_for(owner.id)
    ]


def _shown(actor: Actor, question: Question, owner: Participant, title: str) -> AskedQuestion:
    # A support serves other participants' matches: how many seats hang on it is not its owner's to know.
    seats_of_owner = None if question.record_kind == "support" else question.seats_published
    return AskedQuestion(
        question.record_kind,
        question.record_reference,
        question.field,
        question.seats if may_coordinate(actor) else seats_of_owner,
        question.state,
        question.asked_at,
        owner.code,
        title,
        asked_of="coordinator" if question.field == RECOGNITION else "owner",
        is_published=question.seats_published is not None,
    )


def close_answered(session: Session, record: Any) -> list[str]:
    """Mark the open questions that the record now answers, and give their fields.

    A need whose owner has said how many seats it asks for goes on waiting where a coordinator has yet to say
    how many count.
    """
    answered = []
    for question in _open_questions_of(session, record):
        if has_answer(question.record_kind, record, question.field):
            question.state = "answered"
            question.answered_at = utc_now()
            answered.append(question.field)
            is_about_seats = (question.record_kind, question.field) == ("need", "seats")
            if is_about_seats and not has_answer("need", record, RECOGNITION):
                hand_over_to_coordinators(session, question)
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
