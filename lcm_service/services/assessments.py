"""What each side says of a course that was delivered, apart from the other; and the record that comes of it.

The recipient says whether the gap that its need names was closed, the provider whether the trainees met the
course's conditions. One side's answer is read by that side and by coordinators. What recipients say becomes
the record of the course, in steps that hide each of them (`domain/course_records.py`).
"""

from typing import Final

from lcm_service.domain.course_records import is_a_step, share_closed
from lcm_service.domain.errors import Conflict, NotAllowed, NotValid, Stale
from lcm_service.domain.permissions import Actor, may_coordinate, may_see_course_record
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import ASSESSING_SIDES, ASSESSMENT_ANSWERS
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Assessment, CourseRecord, Offer
from lcm_service.services import records
from lcm_service.services.held_matches import HeldMatch, checked_note, hold_match, record_match_event
from lcm_service.services.match_views import MatchView
from lcm_service.services.trail import enqueue_message, record_event

# The kind of record under which events of a course's record are kept; coordinators read them.
KIND: Final = "course_record"
CHOOSE_ANSWER: Final = sentence("Choose an answer: yes, in part or no.")
CHOOSE_SIDE: Final = sentence("Say for which side: recipient or provider.")


def assess_delivery(
    actor: Actor,
    match_id: int,
    side: str,
    answer: str,
    version: int,
    note: str | None = None,
    *,
    on_behalf: bool = False,
) -> MatchView:
    """A side says what it thinks of a delivered course (yes, in_part or no); it may say otherwise later.

    The other side is not told. Sent twice it changes nothing. Raises NotFound, NotAllowed, NotValid, Stale,
    and Conflict where the course is not reported as delivered.
    """
    with transaction() as session:
        held = hold_match(session, actor, match_id, side, on_behalf)
        if side not in ASSESSING_SIDES:
            raise NotValid(
                sentence("The two sides say what they think of a course."), {"side": [CHOOSE_SIDE]}
            )
        if answer not in ASSESSMENT_ANSWERS:
            raise NotValid(sentence("Say what you think of the course."), {"answer": [CHOOSE_ANSWER]})
        note = checked_note(note)
        own = _assessment_of(held)
        if own is not None and (own.answer, own.note) == (answer, note):
            return held.view(session)
        held.check_version(session, version)
        _write(session, held, own, answer, note)
        if side == "recipient":
            _take_step(session, held)
        return held.view(session)


def find_course_record(actor: Actor, offer_reference: str) -> CourseRecord | None:
    """The record of the course that is offered: for its provider and for coordinators; nothing for others, in
    the same way as where there is none. Raises NotFound for an offer that the actor may not see.
    """
    offer = records.find_record(actor, Offer, offer_reference)
    if not may_see_course_record(actor, offer.participant_id):
        return None
    return _record_of(db.session(), offer)


def reply_to_record(actor: Actor, offer_reference: str, reply: str | None, version: int) -> CourseRecord:
    """The provider answers the record of its course; a coordinator writes down what came by letter. The reply
    stands beside the record for whoever reads that.

    Empty, it takes the reply back. Raises NotFound, NotAllowed for others, Conflict where there is no record
    yet, Stale where it is in another version, NotValid for a text that is too long.
    """
    with transaction() as session:
        offer = records.find_record(actor, Offer, offer_reference)
        if not may_see_course_record(actor, offer.participant_id):
            raise NotAllowed(sentence("The provider of a course replies to its record."))
        record = _record_of(session, offer)
        if record is None:
            raise Conflict(
                sentence(
                    "The course of %(offer)s has no record yet: too few recipients have assessed it.",
                    offer=offer_reference,
                )
            )
        reply = checked_note(reply)
        if record.reply == reply:
            return record
        if record.version != version:
            raise Stale(
                sentence("The record was changed since you read it. Read it again and repeat your reply."),
                your_version=version,
                present_version=record.version,
                changes=[],
            )
        record.reply, record.replied_at, record.replied_by_id = reply, utc_now(), actor.person_id
        session.flush()
        facts = {"on_behalf": may_coordinate(actor), "version": record.version}
        record_event(session, actor, "reply", KIND, str(record.id), ["reply"], facts)
        return record


def _assessment_of(held: HeldMatch) -> Assessment | None:
    """The side's present answer. Raises Conflict where the course is not reported as delivered."""
    match = held.match
    if held.state != "agreed" or match.delivery is None or match.delivery.state != "delivered":
        raise Conflict(
            sentence(
                "The course of %(need)s in %(session)s is not reported as delivered yet, so there is "
                "nothing to assess. Report it first.",
                need=match.need_reference,
                session=match.session_code,
            )
        )
    return next((one for one in match.delivery.assessments if one.side == held.side), None)


def _write(session: Session, held: HeldMatch, own: Assessment | None, answer: str, note: str | None) -> None:
    """Keep the answer. Neither it nor the note stands in the event, which stays for ever; that a recipient
    has answered is for it and coordinators.
    """
    match, delivery = held.match, held.match.delivery
    assert delivery is not None
    if own is None:
        own = Assessment(side=held.side)
        delivery.assessments.append(own)
    own.answer, own.note = answer, note
    own.given_by_id, own.given_at = held.actor.person_id, utc_now()
    reads.raise_version(match)
    session.flush()
    facts = {"side": held.side, "on_behalf": held.is_on_behalf, "version": match.version}
    record_match_event(
        session, held.actor, match, "assess", ["assessment"], facts, secret=held.side == "recipient"
    )


def _take_step(session: Session, held: HeldMatch) -> None:
    """Renew the record of the course once enough recipients have assessed it that no step took in before."""
    offer = reads.find_offer(session, held.match.offer_reference)
    assert offer is not None
    standing = held.round.standing
    said = reads.list_gap_answers(session, offer.participant_id, offer.title, standing)
    fresh = [recipient for assessment, recipient in said if assessment.counted_at is None]
    if not is_a_step(fresh):
        return
    record = reads.find_course_record(session, offer.participant_id, offer.title, standing)
    if record is None:
        record = CourseRecord(provider_id=offer.participant_id, title=offer.title, standing=standing)
        session.add(record)
    now = utc_now()
    record.percent = share_closed([assessment.answer for assessment, _ in said])
    record.assessments, record.recipients = len(said), len({recipient for _, recipient in said})
    record.counted_at = now
    for assessment, _ in said:
        assessment.counted_at = assessment.counted_at or now
    session.flush()
    facts = {"assessments": record.assessments, "version": record.version}
    record_event(session, held.actor, "count", KIND, str(record.id), ["percent"], facts)
    enqueue_message(
        session, "offer.record", participant_id=offer.participant_id, facts={"reference": offer.reference}
    )


def _record_of(session: Session, offer: Offer) -> CourseRecord | None:
    return reads.find_course_record(session, offer.participant_id, offer.title, offer.round.standing)
