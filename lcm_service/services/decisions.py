"""Each side of a match answers for itself: confirm, decline; a coordinator records letters and releases.

An answer is kept for the seats that it was given for. A decline moves nobody else: it frees seats, bans the
pair from the next plans and leaves the round in need of attention. All decisions of a round follow each
other, and every one leaves an event, so none is lost.
"""

from collections.abc import Sequence

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.vocabulary import DECLINE_REASONS
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Decision, Match, Participant
from lcm_service.services.held_matches import (
    HeldMatch,
    agree_if_all_confirmed,
    answer,
    checked_note,
    covers,
    hold_match,
    trace,
)
from lcm_service.services.match_views import MatchView, view_matches
from lcm_service.services.pairs_now import judge_pair_now
from lcm_service.services.plan_questions import RECOGNITION, asked_now, asked_of
from lcm_service.services.require import require_round
from lcm_service.services.snapshot_records import LIVE_MATCH_STATES, pair_of
from lcm_service.services.trail import enqueue_message, record_event


def list_matches(actor: Actor, round_code: str) -> list[MatchView]:
    """The matches of a round that the actor may see: its own for a focal point, all for a coordinator.

    Raises NotFound for a round that is not there.
    """
    session = db.session()
    round_ = require_round(session, round_code)
    return view_matches(session, actor, reads.list_match_sides(session, round_id=round_.id))


def find_match(actor: Actor, match_id: int) -> MatchView:
    """One match. Raises NotFound where there is none or the actor may not know of it."""
    session = db.session()
    views = view_matches(session, actor, reads.list_match_sides(session, match_id=match_id))
    if not views:
        raise NotFound(f"There is no match {match_id}.")
    return views[0]


def confirm_match(
    actor: Actor, match_id: int, side: str, version: int, *, note: str | None = None, on_behalf: bool = False
) -> MatchView:
    """Confirm a match for one side, for the seats proposed now; confirmed by all three, it is agreed.

    Pressed twice it changes nothing. Raises NotFound, NotAllowed, Stale, and Conflict where the match is no
    longer proposed, where questions about it are open (``details["questions"]`` lists them) or where the
    records now speak against it: ``details["rules"]`` holds the codes of pair rules and of limits (C1..C5,
    C12), and a repair is to be asked for.
    """
    with transaction() as session:
        held = hold_match(session, actor, match_id, side, on_behalf)
        own = held.decision
        if held.match.state in LIVE_MATCH_STATES and own is not None and covers(own, held.match):
            return held.view(session)
        held.check_version(session, version)
        held.require_open("confirm")
        _require_answered(session, held)
        answer(session, held, "confirmed", note=note)
        trace(session, held, "confirm", {"seats": held.match.seats})
        agree_if_all_confirmed(session, held.actor, held.match, (held.recipient, held.provider))
        return held.view(session)


def decline_match(
    actor: Actor,
    match_id: int,
    side: str,
    reason: str,
    version: int,
    note: str | None = None,
    *,
    on_behalf: bool = False,
) -> MatchView:
    """Decline a match for one side: its seats are free and the pair is not proposed again.

    A side that confirmed fewer seats than are proposed now declines the additional ones alone: what it
    confirmed stands, and no repair asks it for more. A match that all have agreed is declined by a
    coordinator, on behalf of the side that wrote. One that lapsed can be declined, so that it is not proposed
    again. Pressed twice it changes nothing. Raises NotFound,
    NotAllowed, NotValid for a reason that is not listed, Stale, and Conflict where the match has ended.
    """
    if reason not in DECLINE_REASONS:
        raise NotValid("Say why, by one of the listed reasons.", faults={"reason": ["Choose a reason."]})
    with transaction() as session:
        held = hold_match(session, actor, match_id, side, on_behalf)
        own = held.decision
        if held.match.state == "declined" and own is not None and own.answer == "declined":
            return held.view(session)
        held.check_version(session, version)
        held.require_open("decline", *(("decline_agreed",) if may_coordinate(actor) else ()))
        declines_more = own is not None and own.answer == "confirmed" and own.seats < held.match.seats
        if own is not None and declines_more and held.match.state != "lapsed":
            _decline_more(session, held, own, reason, note)
        else:
            held.match.state = "declined"
            answer(session, held, "declined", reason=reason, note=note)
            trace(session, held, "decline", {"reason": reason, "seats": held.match.seats})
        return held.view(session)


def release_match(
    actor: Actor, match_id: int, reason: str, version: int, note: str | None = None
) -> MatchView:
    """A coordinator ends a match that was proposed or agreed; the pair may be proposed again.

    Raises NotFound, NotAllowed, NotValid for a reason that is not listed, Stale, Conflict where it has ended.
    """
    if not may_coordinate(actor):
        raise NotAllowed("Only coordinators release matches. Decline it for your side instead.")
    if reason not in DECLINE_REASONS:
        raise NotValid("Say why, by one of the listed reasons.", faults={"reason": ["Choose a reason."]})
    with transaction() as session:
        held = hold_match(session, actor, match_id, "secretariat", False)
        if held.match.state == "released":
            return held.view(session)
        held.check_version(session, version)
        held.require_open("release")
        answer(session, held, "declined", reason=reason, note=note)
        _release(session, actor, held.match, (held.recipient, held.provider), reason)
        return held.view(session)


def release_matches_of(
    session: Session,
    actor: Actor,
    *,
    need_reference: str | None = None,
    offer_reference: str | None = None,
    session_code: str | None = None,
    round_id: int | None = None,
) -> list[Match]:
    """End the live matches of a need, an offer or a session that is being withdrawn, and tell the other
    sides.

    Part of the caller's transaction; the round is held, so that no plan is published over the withdrawal.
    Nobody else moves. Exactly one of the first three is given; ``round_id`` spares a look-up where the
    caller knows it.
    """
    if sum(one is not None for one in (need_reference, offer_reference, session_code)) != 1:
        raise ValueError("Name a need, an offer or a session.")
    if round_id is None:
        round_id = _round_of_record(session, need_reference, offer_reference, session_code)
    reads.lock_round(session, round_id)
    released = []
    for match, recipient, provider in reads.list_match_sides(session, round_id=round_id):
        concerns = (
            match.need_reference == need_reference
            or match.offer_reference == offer_reference
            or match.session_code == session_code
        )
        if concerns and match.state in LIVE_MATCH_STATES:
            _release(session, actor, match, (recipient, provider), "withdrawn")
            released.append(match)
    return released


def _require_answered(session: Session, held: HeldMatch) -> None:
    """A conditional match can be asked about, not confirmed, until its questions are answered with yes; and
    none is confirmed for seats that its need or its session no longer has.
    """
    match = held.match
    now = judge_pair_now(session, held.round, pair_of(match))
    if now is None or now.refusals:
        rules = () if now is None else now.refusals
        raise Conflict(
            "What the records say now speaks against this match. Ask for a repair.", rules=list(rules)
        )
    if now.questions:
        raise _refuse_unanswered(session, match, now.questions)
    match.is_firm = True


def _refuse_unanswered(session: Session, match: Match, open_now: Sequence[tuple[str, str]]) -> Conflict:
    need = reads.find_need(session, match.need_reference)
    seats_asked = None if need is None else need.seats_asked
    asked = [asked_now(asked_of(match.plan.labels, record, field), seats_asked) for record, field in open_now]
    questions = [
        {"record_kind": kind, "record_reference": reference, "field": field}
        for kind, reference, field in dict.fromkeys(asked)
    ]
    if all(one["field"] == RECOGNITION for one in questions):
        return Conflict(
            f"This match waits for recognition: a coordinator says how many seats of {match.need_reference} "
            "count.",
            questions=questions,
        )
    listed = ", ".join(f"{one['record_reference']} {one['field']}" for one in questions)
    return Conflict(
        f"This match depends on questions that are still open: {listed}. Answer them first.",
        questions=questions,
    )


def _decline_more(session: Session, held: HeldMatch, own: Decision, reason: str, note: str | None) -> None:
    declined = held.match.seats - own.seats
    held.match.seats = own.seats
    own.reason, own.note = reason, checked_note(note)
    own.decided_by_id, own.decided_at = held.actor.person_id, utc_now()
    session.flush()
    trace(session, held, "decline_more", {"reason": reason, "seats": declined})
    agree_if_all_confirmed(session, held.actor, held.match, (held.recipient, held.provider))


def _release(session: Session, actor: Actor, match: Match, sides: Sequence[Participant], reason: str) -> None:
    match.state = "released"
    session.flush()
    facts = {"reason": reason, "seats": match.seats, "version": match.version}
    record_event(session, actor, "release", "match", str(match.id), ["state"], facts)
    for participant in sides:
        if not actor.answers_for(participant.id):
            enqueue_message(
                session, "match.release", participant_id=participant.id, facts={"match": match.id}
            )


def _round_of_record(
    session: Session, need_reference: str | None, offer_reference: str | None, session_code: str | None
) -> int:
    if need_reference is not None:
        need = reads.find_need(session, need_reference)
        if need is not None:
            return need.round_id
    if session_code is not None:
        offer_reference = session_code.rpartition("-")[0]
    if offer_reference is not None:
        offer = reads.find_offer(session, offer_reference)
        if offer is not None:
            return offer.round_id
    raise ValueError("There is no such record whose matches could be released.")
