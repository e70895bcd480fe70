"""Silence is never consent: a proposal that its two sides leave unanswered lapses at its deadline.

Its seats are free for the next plan, and the pair is not banned: either side that was asked may revive it
while the plan that placed it is still the published one, for then nobody else has been given its seats. The
side whose turn it is is waited for, and reminded; whoever was not asked learns nothing.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Participant, Round
from lcm_service.services.held_matches import (
    HeldMatch,
    agree_if_all_confirmed,
    give_days,
    hold_match,
    pass_turn,
    record_match_event,
    tell_others,
    trace,
)
from lcm_service.services.match_refusals import judge_for_answer, refuse_pair, refuse_provider
from lcm_service.services.match_turns import (
    SIDES_WAITED_FOR,
    fall_back_to_known,
    is_known_live,
    is_secret,
    side_awaited,
)
from lcm_service.services.match_views import MatchView, questions_of
from lcm_service.services.plan_questions import RECOGNITION, Asked
from lcm_service.services.session_turns import settle_sessions
from lcm_service.services.trail import enqueue_message

# So long before its deadline a proposal that still waits for a side is brought to its mind, once.
REMIND_BEFORE: Final = timedelta(days=3)
# What waits for a side by a deadline.
WAITING_STATES: Final = ("asked", "proposed")


def lapse_overdue(actor: Actor) -> int:
    """Let every proposal whose deadline has passed lapse; gives how many were touched.

    Where both sides have confirmed some of the seats, the rest alone lapses; where the recipient was asked
    for more than the provider knows of, what is more. A match that waits for a coordinator to recognise its
    need is put off: that silence is not the sides'. Raises NotAllowed for all but coordinators and the
    system.
    """
    _require_coordinator(actor)
    now, touched = utc_now(), 0
    for round_id in _rounds_with((Match.answer_by <= now) | (Match.known_answer_by <= now)):
        with transaction() as session:
            round_ = reads.lock_round(session, round_id)
            unrecognised, codes, standing = _needs_to_recognise(session, round_id), set[str](), set[str]()
            for match, recipient, provider in reads.list_match_sides(session, round_id=round_id):
                if match.known_answer_by is not None and match.known_answer_by <= now:
                    # It is not waited for while the recipient is asked for more, of which it knows nothing.
                    match.known_answer_by = now + REMIND_BEFORE
                if match.state not in WAITING_STATES or match.answer_by is None or match.answer_by > now:
                    continue
                if unrecognised.intersection(questions_of(match, match.plan)):
                    match.answer_by, match.reminded_at = now + REMIND_BEFORE, None
                    continue
                lapse_match(session, actor, match, round_, (recipient, provider))
                (standing if match.state == "proposed" else codes).add(match.session_code)
                touched += 1
            settle_sessions(session, actor, round_, codes)
            # What stands again as it was known waits for parties that may have been silent meanwhile.
            settle_sessions(session, actor, round_, standing, asks_anew=True)
    return touched


def remind_late(actor: Actor) -> int:
    """Bring proposals whose deadline is near to the mind of the side whose turn it is, once each;
    gives how many messages were left. Raises NotAllowed as `lapse_overdue`.
    """
    _require_coordinator(actor)
    now, left = utc_now(), 0
    is_near = (Match.answer_by > now) & (Match.answer_by <= now + REMIND_BEFORE) & Match.reminded_at.is_(None)
    for round_id in _rounds_with(is_near):
        with transaction() as session:
            reads.lock_round(session, round_id)
            for match, *sides in reads.list_match_sides(session, round_id=round_id):
                if match.answer_by is None or match.reminded_at is not None:
                    continue
                if not now < match.answer_by <= now + REMIND_BEFORE:
                    continue
                awaited = side_awaited(match)
                if awaited not in SIDES_WAITED_FOR:
                    continue
                match.reminded_at = now
                participant = sides[SIDES_WAITED_FOR.index(awaited)]
                facts = {"match": match.id, "answer_by": match.answer_by.isoformat()}
                enqueue_message(session, "match.remind", participant_id=participant.id, facts=facts)
                left += 1
    return left


def revive_match(
    actor: Actor, match_id: int, side: str, version: int, *, on_behalf: bool = False
) -> MatchView:
    """Put a proposal that lapsed to its sides again, with a new deadline; what was confirmed stands.

    Where the provider does not know of all of it, the recipient is asked again, and it alone. Pressed twice
    it changes nothing. Raises NotFound, NotAllowed, Stale, and Conflict where it did not lapse, where another
    plan was published since, which may have given its seats to others, or where the records now speak against
    it.
    """
    with transaction() as session:
        held = hold_match(session, actor, match_id, side, on_behalf)
        match = held.match
        if held.state in WAITING_STATES and match.lapsed_at is not None:
            return held.view(session)
        held.check_version(session, version)
        held.require_asked()
        held.require_open("revive")
        if held.is_as_known or not _is_of_published_plan(session, match):
            raise Conflict(
                sentence(
                    "Another plan was published since this match lapsed, and its seats may be others' now. "
                    "Ask the coordinators for a repair: the pair is not banned."
                )
            )
        is_known = not is_secret(match) and match.seats <= match.seats_put
        match.state = "proposed" if is_known else "asked"
        pass_turn(session, held)
        session.flush()
        _require_to_fit(session, held)
        trace(session, held, "revive", {"seats": match.seats}, secret=not is_known)
        settle_sessions(session, actor, held.round, [match.session_code], asks_anew=True)
        return held.view(session)


def _require_to_fit(session: Session, held: HeldMatch) -> None:
    """Raise Conflict where the records speak against a match that is to be revived.

    What has expired goes on under a match that stands, and is not taken up again by one that lapsed.
    """
    match, is_of_provider = held.match, held.actor.answers_for(held.provider.id)
    now = judge_for_answer(session, held.round, match, match.seats, is_of_provider=is_of_provider)
    if now is not None and not now.refusals and not _stands_on_what_expired(session, match):
        return
    if is_of_provider:
        raise refuse_provider(session, held.round, match, now, match.seats, is_asked=False)
    raise refuse_pair(session, match, match.plan, now, is_asked=False)


def _stands_on_what_expired(session: Session, match: Match) -> bool:
    need = reads.find_need(session, match.need_reference)
    offer = reads.find_offer(session, match.offer_reference)
    return any(record is None or record.state == "expired" for record in (need, offer))


def _is_of_published_plan(session: Session, match: Match) -> bool:
    published = reads.published_plan(session, match.round_id)
    return published is not None and published.id == match.plan_id


def _require_coordinator(actor: Actor) -> None:
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Deadlines are looked after by coordinators and the service itself."))


def _rounds_with(condition: object) -> Sequence[int]:
    session = db.session()
    session.rollback()
    statement = select(Match.round_id).where(Match.state.in_(WAITING_STATES), condition)  # type: ignore[arg-type]
    return session.scalars(statement.distinct().order_by(Match.round_id)).all()


def _needs_to_recognise(session: Session, round_id: int) -> set[Asked]:
    """The questions of the round that wait for a coordinator."""
    return {
        (row.record_kind, row.record_reference, row.field)
        for row in reads.list_questions(session, round_id)
        if row.state == "open" and row.field == RECOGNITION
    }


def lapse_match(
    session: Session, actor: Actor, match: Match, round_: Round, sides: Sequence[Participant]
) -> None:
    """What of a match was not answered in time is over; what both sides have confirmed stands."""
    confirmed = [
        one.seats for one in match.decisions if one.side in SIDES_WAITED_FOR and one.answer == "confirmed"
    ]
    was_secret = is_secret(match)
    if match.state == "asked" and is_known_live(match):
        # The provider never heard of what lapses, so not even the moment is written where it reads.
        lapsed, action = fall_back_to_known(match), "lapse_more"
    elif match.state == "proposed" and len(confirmed) == len(SIDES_WAITED_FOR):
        lapsed, action = match.seats - min(confirmed), "lapse_more"
        match.seats, match.lapsed_at = min(confirmed), utc_now()
        give_days(match, round_)
    else:
        lapsed, action = match.seats, "lapse"
        match.state, match.lapsed_at = "lapsed", utc_now()
        give_days(match, round_)
    session.flush()
    facts = {"seats": lapsed, "version": match.version}
    record_match_event(session, actor, match, action, ["state", "seats"], facts, secret=was_secret)
    tell_others(session, actor, match, sides, action, secret=was_secret)
    agree_if_all_confirmed(session, actor, match, sides)
