"""Each side of a match answers for itself: confirm, decline; a coordinator records letters and releases.

An answer is kept for the seats that it was given for. A decline moves nobody else: it frees seats, bans the
pair from the next plans and leaves the round in need of attention. All decisions of a round follow each
other, and every one leaves an event, so none is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import Actor, may_coordinate, may_decide_as, may_see_match
from lcm_service.domain.vocabulary import DECISION_SIDES, DECLINE_REASONS
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Decision, Match, Participant, Round
from lcm_service.services.match_views import MatchView, view_matches
from lcm_service.services.pairs_now import judge_pair_now
from lcm_service.services.plan_questions import RECOGNITION, asked_now, asked_of
from lcm_service.services.require import require_round
from lcm_service.services.snapshot_records import LIVE_MATCH_STATES, pair_of
from lcm_service.services.trail import check_version, enqueue_message, record_event

LONGEST_NOTE: Final = 4000


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
        held = _hold(session, actor, match_id, side, on_behalf)
        own = held.decision
        if held.match.state in LIVE_MATCH_STATES and own is not None and _covers(own, held.match):
            return held.view(session)
        held.check_version(session, version)
        held.require_state("proposed")
        _require_answered(session, held)
        _answer(session, held, "confirmed", note=note)
        _trace(session, held, "confirm", {"seats": held.match.seats})
        _agree_if_all_confirmed(session, held)
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
    coordinator, on behalf of the side that wrote. Pressed twice it changes nothing. Raises NotFound,
    NotAllowed, NotValid for a reason that is not listed, Stale, and Conflict where the match has ended.
    """
    if reason not in DECLINE_REASONS:
        raise NotValid("Say why, by one of the listed reasons.", faults={"reason": ["Choose a reason."]})
    with transaction() as session:
        held = _hold(session, actor, match_id, side, on_behalf)
        own = held.decision
        if held.match.state == "declined" and own is not None and own.answer == "declined":
            return held.view(session)
        held.check_version(session, version)
        held.require_state(*(LIVE_MATCH_STATES if may_coordinate(actor) else ("proposed",)))
        if own is not None and own.answer == "confirmed" and own.seats < held.match.seats:
            _decline_more(session, held, own, reason, note)
        else:
            held.match.state = "declined"
            _answer(session, held, "declined", reason=reason, note=note)
            _trace(session, held, "decline", {"reason": reason, "seats": held.match.seats})
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
        held = _hold(session, actor, match_id, "secretariat", False)
        if held.match.state == "released":
            return held.view(session)
        held.check_version(session, version)
        held.require_state(*LIVE_MATCH_STATES)
        _answer(session, held, "declined", reason=reason, note=note)
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


@dataclass(frozen=True, slots=True)
class _Held:
    """A match that the transaction holds, with its two sides, and the side for which the actor answers."""

    actor: Actor
    match: Match
    recipient: Participant
    provider: Participant
    round: Round
    side: str
    is_on_behalf: bool

    @property
    def decision(self) -> Decision | None:
        return next((one for one in self.match.decisions if one.side == self.side), None)

    @property
    def reference(self) -> str:
        """The match's number, by which its events are kept."""
        return str(self.match.id)

    @property
    def version(self) -> int:
        return self.match.version

    def check_version(self, session: Session, version: int) -> None:
        check_version(session, self.actor, "match", self, version)

    def require_state(self, *states: str) -> None:
        match = self.match
        if match.state not in states:
            raise Conflict(
                f"The match of {match.need_reference} with {match.session_code} is {match.state}. "
                + _NEXT_STEP.get(match.state, ""),
                state=match.state,
            )

    def view(self, session: Session) -> MatchView:
        session.flush()
        (view,) = view_matches(session, self.actor, [(self.match, self.recipient, self.provider)])
        return view


_NEXT_STEP: Final = {
    "agreed": "All sides agreed; ask a coordinator to release it, or to record a letter that declines it.",
    "declined": "A repair proposes what else is possible.",
    "released": "A repair proposes what else is possible.",
}


def _hold(session: Session, actor: Actor, match_id: int, side: str, on_behalf: bool) -> _Held:
    rows = reads.list_match_sides(session, match_id=match_id)
    if not rows or not may_see_match(actor, rows[0][1].id, rows[0][2].id):
        raise NotFound(f"There is no match {match_id}.")
    match, recipient, provider = rows[0]
    if side not in DECISION_SIDES:
        raise NotValid(f"There is no side {side}.", faults={"side": [f"One of {', '.join(DECISION_SIDES)}."]})
    if not may_decide_as(actor, side, recipient.id, provider.id):
        raise NotAllowed(f"You do not answer for the {side} of this match.")
    is_letter = may_coordinate(actor) and side != "secretariat"
    if is_letter != on_behalf:
        raise NotAllowed("Only a coordinator who has a side's letter answers on its behalf, and says so.")
    round_ = reads.lock_round(session, match.round_id)
    reads.read_match_again(session, match)
    return _Held(actor, match, recipient, provider, round_, side, is_letter)


def _covers(decision: Decision, match: Match) -> bool:
    """Whether the side has confirmed at least the seats that are proposed now."""
    return decision.answer == "confirmed" and decision.seats >= match.seats


def _require_answered(session: Session, held: _Held) -> None:
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


def _answer(
    session: Session, held: _Held, answer: str, *, reason: str | None = None, note: str | None = None
) -> None:
    decision = held.decision
    if decision is None:
        decision = Decision(side=held.side)
        held.match.decisions.append(decision)
    decision.answer, decision.seats = answer, held.match.seats
    decision.reason, decision.note = reason, _checked_note(note)
    decision.decided_by_id, decision.decided_at = held.actor.person_id, utc_now()
    reads.raise_version(held.match)
    session.flush()


def _decline_more(session: Session, held: _Held, own: Decision, reason: str, note: str | None) -> None:
    declined = held.match.seats - own.seats
    held.match.seats = own.seats
    own.reason, own.note = reason, _checked_note(note)
    own.decided_by_id, own.decided_at = held.actor.person_id, utc_now()
    session.flush()
    _trace(session, held, "decline_more", {"reason": reason, "seats": declined})
    _agree_if_all_confirmed(session, held)


def _agree_if_all_confirmed(session: Session, held: _Held) -> None:
    match = held.match
    confirmed = {one.side for one in match.decisions if _covers(one, match)}
    if match.state == "proposed" and confirmed == set(DECISION_SIDES):
        match.state = "agreed"
        session.flush()
        _trace(session, held, "agree", {"seats": match.seats})


def _trace(session: Session, held: _Held, action: str, facts: dict[str, object]) -> None:
    """The event of a decision, and word of it to the sides that did not take it."""
    facts = {"side": held.side, "on_behalf": held.is_on_behalf, "version": held.match.version, **facts}
    record_event(session, held.actor, action, "match", held.reference, ["decision"], facts)
    for participant in (held.recipient, held.provider):
        if not held.actor.answers_for(participant.id):
            enqueue_message(
                session, f"match.{action}", participant_id=participant.id, facts={"match": held.match.id}
            )


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


def _checked_note(note: str | None) -> str | None:
    note = (note or "").strip()
    if len(note) > LONGEST_NOTE:
        raise NotValid(f"A note has at most {LONGEST_NOTE} characters.", faults={"note": ["Shorten it."]})
    return note or None


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
