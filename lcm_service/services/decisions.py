"""Each side of a match answers for itself: confirm, decline; a coordinator records letters and releases.

An answer is kept for the seats that it was given for. A decline moves nobody else: it frees seats, bans the
pair from the next plans and leaves the round in need of attention. All decisions of a round follow each
other, and every one leaves an event, so none is lost.
"""

from collections.abc import Sequence
from typing import Final

from lcm_service.domain.errors import NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import DECLINE_REASONS, LIVE_MATCH_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Participant
from lcm_service.services.delivery_states import call_off, is_delivered, require_not_delivered
from lcm_service.services.held_matches import (
    HeldMatch,
    agree_if_all_confirmed,
    answer,
    checked_note,
    give_known_days,
    hold_match,
    pass_turn,
    record_match_event,
    tell_others,
    trace,
)
from lcm_service.services.match_refusals import judge_for_answer, refuse_pair, refuse_provider
from lcm_service.services.match_turns import (
    agreed_seats,
    answer_by,
    covers,
    end_known,
    fall_back_to_known,
    forget_known,
    is_known_live,
    is_put,
    is_secret,
)
from lcm_service.services.match_views import MatchView, view_matches
from lcm_service.services.pairs_now import judge_pair_now
from lcm_service.services.plan_questions import renew_questions
from lcm_service.services.require import require_round
from lcm_service.services.session_turns import settle_sessions
from lcm_service.services.snapshot_records import pair_of

NOTHING_STANDS: Final = sentence("Nothing of this match was confirmed for fewer seats. Decline all of it.")


def list_matches(actor: Actor, round_code: str, *, need_reference: str | None = None) -> list[MatchView]:
    """The matches of a round, or of one need of it, that the actor may see: its own for a focal point, all
    for a coordinator.

    Raises NotFound for a round that is not there.
    """
    session = db.session()
    round_ = require_round(session, round_code)
    rows = reads.list_match_sides(session, round_id=round_.id, need_reference=need_reference)
    return view_matches(session, actor, rows)


def find_match(actor: Actor, match_id: int) -> MatchView:
    """One match. Raises NotFound where there is none or the actor may not know of it."""
    session = db.session()
    views = view_matches(session, actor, reads.list_match_sides(session, match_id=match_id))
    if not views:
        raise NotFound(sentence("There is no match %(match)s.", match=str(match_id)))
    return views[0]


def consent_to_match(
    actor: Actor, match_id: int, version: int, *, note: str | None = None, on_behalf: bool = False
) -> MatchView:
    """The recipient agrees to be put to the provider, for the seats it is asked about: now the provider sees
    the match, and of the need what it must know to answer.

    Pressed twice it changes nothing. Raises NotFound, NotAllowed for all but the recipient and a coordinator
    who has its letter (``on_behalf``), Stale, and Conflict where the recipient is not asked or where the
    records now speak against the match (``details["rules"]``). Questions may be open: they are answered
    before anyone confirms. Issue 4, Build 5: the recipient agrees to be put to this provider.
    """
    with transaction() as session:
        held = hold_match(session, actor, match_id, "recipient", on_behalf)
        match = held.match
        is_answered = match.state in ("proposed", "agreed") and is_put(match)
        if is_answered and not held.is_about_other_seats(session, version):
            return held.view(session)
        held.check_version(session, version)
        held.require_open("consent")
        require_not_delivered(held.match)
        require_not_refused(session, held)
        put_to_provider(session, held, None, note)
        return held.view(session)


def confirm_match(
    actor: Actor, match_id: int, side: str, version: int, *, note: str | None = None, on_behalf: bool = False
) -> MatchView:
    """Confirm a match for one side, for the seats proposed now; confirmed by all three, it is agreed.

    The provider confirms first, then the recipient, then the secretariat. Pressed twice it changes nothing.
    Raises NotFound, NotAllowed, Stale, and Conflict where the match is not proposed, where it is another
    side's turn (``details["waiting_for"]``), where questions about it are open (``details["questions"]``
    lists them) or where the records now speak against it: ``details["rules"]`` holds the codes of pair rules
    and of limits (C1..C5, C12), and a repair is to be asked for.
    """
    with transaction() as session:
        held = hold_match(session, actor, match_id, side, on_behalf)
        own = held.decision
        is_answered = held.state in ("proposed", "agreed") and covers(own, held.seats)
        if is_answered and not held.is_about_other_seats(session, version):
            return held.view(session)
        held.check_version(session, version)
        held.require_open("confirm")
        require_answered(session, held)
        held.require_turn()
        answer(held, "confirmed", note=note)
        if held.match.state == "proposed":
            pass_turn(session, held)
        else:
            give_known_days(held.match, held.round)
        session.flush()
        trace(session, held, "confirm", {"seats": held.seats})
        agree_if_all_confirmed(session, actor, held.match, (held.recipient, held.provider))
        settle_sessions(session, actor, held.round, [held.match.session_code])
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
    only_more: bool = False,
) -> MatchView:
    """Decline a match for one side: its seats are free and the pair is not proposed again.

    A side that confirmed fewer seats than are proposed now declines the additional ones alone: what it
    confirmed stands, and no repair asks it for more; so does a recipient that is asked for more than it
    agreed to be put for, and one whose match all have agreed for fewer. By a letter all of it is declined,
    also what stands so, unless ``only_more`` says that the side declines the additional seats alone. A
    provider that was not asked has nothing to decline. One that lapsed can be declined, so that it is not
    proposed again. Pressed twice it changes nothing. Raises NotFound, NotAllowed, NotValid for a reason that
    is not listed or where nothing stands beside what is more, Stale, and Conflict where the match has ended.
    """
    if reason not in DECLINE_REASONS:
        raise NotValid(
            sentence("Say why, by one of the listed reasons."),
            faults={"reason": [sentence("Choose a reason.")]},
        )
    with transaction() as session:
        held = hold_match(session, actor, match_id, side, on_behalf)
        own = held.decision
        if held.match.state == "declined" and own is not None and own.answer == "declined":
            return held.view(session)
        held.check_version(session, version)
        held.require_asked()
        held.require_open("decline", *(("decline_agreed",) if may_coordinate(actor) else ()))
        is_beyond_known = held.match.state == "asked" and side == "recipient" and is_known_live(held.match)
        stands = is_beyond_known or (own is not None and held.state == "proposed" and _seats_that_stand(held))
        if only_more and not stands:
            raise NotValid(NOTHING_STANDS, faults={"only_more": [NOTHING_STANDS]})
        if not stands or (held.is_on_behalf and not only_more):
            _decline_whole(session, held, reason, note)
        elif is_beyond_known:
            _decline_beyond_known(session, held, reason, note)
        else:
            _decline_more(session, held, reason, note)
        # What stands again as it was waits for its parties again, for whom nobody was asked meanwhile.
        codes = [held.match.session_code]
        asks_anew = is_beyond_known and held.match.state != "declined"
        settle_sessions(session, actor, held.round, codes, asks_anew=asks_anew)
        return held.view(session)


def release_match(
    actor: Actor, match_id: int, reason: str, version: int, note: str | None = None
) -> MatchView:
    """A coordinator ends a match that was asked about, proposed or agreed; the pair may be proposed again.

    Raises NotFound, NotAllowed, NotValid for a reason that is not listed, Stale, Conflict where it has ended.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators release matches. Decline it for your side instead."))
    if reason not in DECLINE_REASONS:
        raise NotValid(
            sentence("Say why, by one of the listed reasons."),
            faults={"reason": [sentence("Choose a reason.")]},
        )
    with transaction() as session:
        held = hold_match(session, actor, match_id, "secretariat", False)
        if held.match.state == "released":
            return held.view(session)
        held.check_version(session, version)
        held.require_open("release")
        require_not_delivered(held.match)
        answer(held, "declined", reason=reason, note=note)
        _release(session, actor, held.match, (held.recipient, held.provider), reason)
        settle_sessions(session, actor, held.round, [held.match.session_code])
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
    round_ = reads.lock_round(session, round_id)
    released = []
    for match, recipient, provider in reads.list_match_sides(session, round_id=round_id):
        concerns = (
            match.need_reference == need_reference
            or match.offer_reference == offer_reference
            or match.session_code == session_code
        )
        # What was delivered was used; that its record is withdrawn later takes nothing back.
        if concerns and match.state in LIVE_MATCH_STATES and not is_delivered(match):
            _release(session, actor, match, (recipient, provider), "withdrawn")
            released.append(match)
    settle_sessions(session, actor, round_, {match.session_code for match in released})
    return released


def put_to_provider(session: Session, held: HeldMatch, reason: str | None, note: str | None) -> None:
    """The provider sees the match now, for its seats; ``reason``: why the recipient wants no more of them."""
    actor, match = held.actor, held.match
    match.state, match.lapsed_at = "proposed", None
    forget_known(match)
    match.put_to_provider_at, match.seats_put = utc_now(), match.seats
    match.known_plan, match.known_notice = match.plan, None
    match.put_by_id, match.put_reason, match.put_note = actor.person_id, reason, checked_note(note)
    match.answer_by, match.reminded_at = answer_by(held.round), None
    session.flush()
    facts = {"side": held.side, "on_behalf": held.is_on_behalf, "version": match.version}
    fields, facts = ["decision"], {**facts, "seats": match.seats}
    record_match_event(session, actor, match, "consent", fields, facts, secret=False)
    tell_others(session, actor, match, (held.recipient, held.provider), "propose")
    renew_questions(session, match.round_id)
    settle_sessions(session, actor, held.round, [match.session_code], asks_anew=True)


def require_answered(session: Session, held: HeldMatch) -> None:
    """A conditional match can be asked about, not confirmed, until its questions are answered with yes; and
    none is confirmed for seats that its need or its session no longer has. A provider is told of what it
    reads itself, and of all else that it cannot confirm now.
    """
    match, is_of_provider = held.match, held.actor.answers_for(held.provider.id)
    now = judge_for_answer(session, held.round, match, held.seats, is_of_provider=is_of_provider)
    if now is None or now.refusals or now.questions:
        if is_of_provider:
            raise refuse_provider(session, held.round, match, now, held.seats)
        raise refuse_pair(session, match, match.plan, now)
    match.is_firm = True
    if match.known_is_firm is not None:
        match.known_is_firm = True


def require_not_refused(session: Session, held: HeldMatch) -> None:
    """Raise Conflict where a rule or a limit speaks against the match, as the records are now."""
    now = judge_pair_now(session, held.round, pair_of(held.match), seats=held.seats)
    if now is None or now.refusals:
        raise refuse_pair(session, held.match, held.match.plan, now)


def _decline_whole(session: Session, held: HeldMatch, reason: str, note: str | None) -> None:
    """The match ends. Whoever declines knows that it did, and so does who knew of its seats: a provider that
    reads fewer learns of no more by that.
    """
    require_not_delivered(held.match)
    if held.side != "provider" and held.match.known_state is not None and is_known_live(held.match):
        fall_back_to_known(held.match)
    call_off(held.match)
    # As they are answered for: once the match has ended, nothing tells any more what its provider knew.
    seats = held.seats
    answer(held, "declined", reason=reason, note=note)
    held.match.state = "declined"
    end_known(held.match, is_told=held.side == "provider")
    session.flush()
    trace(session, held, "decline", {"reason": reason, "seats": seats})


def _seats_that_stand(held: HeldMatch) -> int:
    """How many seats stand beside what is more: those that the side had confirmed when it was asked for more;
    else those that all have agreed.
    """
    own = held.decision
    if own is not None and own.answer == "confirmed" and own.seats < held.seats:
        return own.seats
    return agreed_seats(held.match)


def _decline_more(session: Session, held: HeldMatch, reason: str, note: str | None) -> None:
    """The rest is over, and with it what the recipient may be asked beyond it in the meantime."""
    own, stands, seats = held.decision, _seats_that_stand(held), held.seats
    assert own is not None
    if held.is_as_known:
        fall_back_to_known(held.match)
    declined, held.match.seats = seats - stands, stands
    own.seats, own.reason, own.note = stands, reason, checked_note(note)
    own.decided_by_id, own.decided_at = held.actor.person_id, utc_now()
    pass_turn(session, held)
    session.flush()
    trace(session, held, "decline_more", {"reason": reason, "seats": declined})
    agree_if_all_confirmed(session, held.actor, held.match, (held.recipient, held.provider))


def _decline_beyond_known(session: Session, held: HeldMatch, reason: str, note: str | None) -> None:
    """The recipient declines what it is asked for beyond the seats that the provider knows of, which never
    learns that there was more. No repair asks it for more.
    """
    declined = fall_back_to_known(held.match)
    held.match.put_reason, held.match.put_note = reason, checked_note(note)
    session.flush()
    trace(session, held, "decline_more", {"reason": reason, "seats": declined}, secret=True)
    agree_if_all_confirmed(session, held.actor, held.match, (held.recipient, held.provider))


def _release(session: Session, actor: Actor, match: Match, sides: Sequence[Participant], reason: str) -> None:
    match.state = "released"
    end_known(match)
    call_off(match)
    session.flush()
    facts = {"reason": reason, "seats": match.seats, "version": match.version}
    record_match_event(session, actor, match, "release", ["state"], facts, secret=is_secret(match))
    tell_others(session, actor, match, sides, "release", secret=is_secret(match))


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
