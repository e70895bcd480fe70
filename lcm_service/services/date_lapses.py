"""Silence is no yes: other days that not all have answered in time are over, and all goes on as before."""

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.persistence import date_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.services.date_turns import end_if_over
from lcm_service.services.lapses import REMIND_BEFORE
from lcm_service.services.trail import enqueue_message


def lapse_dates(actor: Actor) -> int:
    """Let every proposal lapse whose time to answer has passed, and end those that come too late, as the
    course has begun or their days have come; gives how many. Silence is no yes.

    Raises NotAllowed for all but coordinators and the system.
    """
    _require_coordinator(actor)
    now, lapsed = utc_now(), 0
    db.session.rollback()
    for round_id in date_reads.rounds_with_late_proposals(db.session(), now):
        with transaction() as session:
            reads.lock_round(session, round_id)
            for proposal in date_reads.list_date_proposals(session, round_id, only_open=True):
                rows = reads.list_match_sides(session, round_id=round_id, session_code=proposal.session_code)
                lapsed += end_if_over(session, actor, proposal, rows)
    return lapsed


def remind_of_dates(actor: Actor) -> int:
    """Bring other days whose time to answer is nearly over to the minds of those who are silent, once each;
    gives how many messages were left.

    Raises NotAllowed as `lapse_dates`.
    """
    _require_coordinator(actor)
    now, left = utc_now(), 0
    until = now + REMIND_BEFORE
    db.session.rollback()
    for round_id in date_reads.rounds_with_dates_to_remind_of(db.session(), now, until):
        with transaction() as session:
            reads.lock_round(session, round_id)
            for proposal in date_reads.list_date_proposals(session, round_id, only_open=True):
                if proposal.answer_by is None or proposal.reminded_at is not None:
                    continue
                if not now < proposal.answer_by <= until:
                    continue
                date_reads.note_reminder(session, proposal.id, now)
                facts = {"dates": proposal.id, "answer_by": proposal.answer_by.isoformat()}
                for silent in proposal.answers:
                    if silent.answer is None and silent.left_at is None:
                        enqueue_message(
                            session, "dates.remind", participant_id=silent.participant_id, facts=facts
                        )
                        left += 1
    return left


def _require_coordinator(actor: Actor) -> None:
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Deadlines are looked after by coordinators and the service itself."))
