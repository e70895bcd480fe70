"""Silence of another party is no consent either: its part lapses at the deadline, and what waits for it."""

from collections.abc import Sequence

from sqlalchemy import select

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence import part_reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Part, Round
from lcm_service.services.lapses import REMIND_BEFORE, lapse_match
from lcm_service.services.match_turns import covers
from lcm_service.services.part_turns import trace_part
from lcm_service.services.session_turns import settle_sessions
from lcm_service.services.trail import enqueue_message


def lapse_parts(actor: Actor) -> int:
    """Let every part whose deadline has passed lapse, and the matches that waited for it; gives how many
    parts.

    What the owner had confirmed stands, and only what is more lapses. A match lapses where its recipient
    could not confirm for want of the support. Raises NotAllowed for all but coordinators and the system.
    """
    _require_coordinator(actor)
    now, lapsed = utc_now(), 0
    for round_id in _rounds_with(Part.answer_by <= now):
        with transaction() as session:
            round_ = reads.lock_round(session, round_id)
            late = [
                part
                for part in part_reads.list_parts(session, round_id)
                if part.state == "asked" and part.answer_by is not None and part.answer_by <= now
            ]
            for part in late:
                _lapse(session, actor, part)
            for code in sorted({part.session_code for part in late}):
                _lapse_those_that_wait(session, actor, round_, code)
            lapsed += len(late)
    return lapsed


def remind_parties(actor: Actor) -> int:
    """Bring parts whose deadline is near to their owners' minds, once each; gives how many messages were
    left.

    Raises NotAllowed as `lapse_parts`.
    """
    _require_coordinator(actor)
    now, left = utc_now(), 0
    is_near = (Part.answer_by > now) & (Part.answer_by <= now + REMIND_BEFORE) & Part.reminded_at.is_(None)
    for round_id in _rounds_with(is_near):
        with transaction() as session:
            reads.lock_round(session, round_id)
            for part in part_reads.list_parts(session, round_id):
                if part.state != "asked" or part.answer_by is None or part.reminded_at is not None:
                    continue
                if not now < part.answer_by <= now + REMIND_BEFORE:
                    continue
                part.reminded_at = now
                facts = {"part": part.id, "answer_by": part.answer_by.isoformat()}
                enqueue_message(
                    session, "part.remind", participant_id=part.support.participant_id, facts=facts
                )
                left += 1
    return left


def _lapse(session: Session, actor: Actor, part: Part) -> None:
    quantity = part.quantity_asked - part.quantity_confirmed
    # Silence has no reason; what an earlier answer gave is not one for it.
    part.answer_by, part.refuses_more, part.reason, part.note = None, True, None, None
    if part.quantity_confirmed:
        action, part.state = "lapse_rest", "confirmed"
        part.quantity_asked = part.quantity_confirmed
    else:
        action, part.state = "lapse", "lapsed"
    trace_part(session, actor, part, action, {"quantity": quantity})


def _lapse_those_that_wait(session: Session, actor: Actor, round_: Round, code: str) -> None:
    settle_sessions(session, actor, round_, [code])
    for match, *sides in reads.list_match_sides(session, round_id=round_.id, session_code=code):
        own = next((one for one in match.decisions if one.side == "recipient"), None)
        if match.state == "proposed" and match.awaits_parties and not covers(own, match.seats):
            lapse_match(session, actor, match, round_, sides)
    settle_sessions(session, actor, round_, [code])


def _require_coordinator(actor: Actor) -> None:
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Deadlines are looked after by coordinators and the service itself."))


def _rounds_with(condition: object) -> Sequence[int]:
    session = db.session()
    session.rollback()
    statement = select(Part.round_id).where(Part.state == "asked", condition)  # type: ignore[arg-type]
    return session.scalars(statement.distinct().order_by(Part.round_id)).all()
