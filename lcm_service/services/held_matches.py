"""A match that a use case holds: who answers for which side, in which version and state.

Shared by what the sides decide and by what their silence does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.lives import states_before
from lcm_service.domain.permissions import Actor, may_coordinate, may_decide_as, may_see_match
from lcm_service.domain.vocabulary import DECISION_SIDES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Decision, Match, Participant, Round
from lcm_service.services.match_views import MatchView, view_matches
from lcm_service.services.trail import check_version, enqueue_message, record_event

LONGEST_NOTE: Final = 4000
# The sides that are waited for; the secretariat does not keep others waiting for itself.
SIDES_WAITED_FOR: Final = ("recipient", "provider")


@dataclass(frozen=True, slots=True)
class HeldMatch:
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

    def require_open(self, *actions: str) -> None:
        """Raise Conflict unless one of these steps is open in the present state (`domain/lives.py`)."""
        match = self.match
        if match.state not in states_before("match", *actions):
            raise Conflict(
                f"The match of {match.need_reference} with {match.session_code} is {match.state}. "
                + NEXT_STEP.get(match.state, ""),
                state=match.state,
            )

    def view(self, session: Session) -> MatchView:
        session.flush()
        (view,) = view_matches(session, self.actor, [(self.match, self.recipient, self.provider)])
        return view


NEXT_STEP: Final = {
    "agreed": "All sides agreed; ask a coordinator to release it, or to record a letter that declines it.",
    "declined": "A repair proposes what else is possible.",
    "released": "A repair proposes what else is possible.",
    "lapsed": "Nobody answered in time; a side can revive it.",
}


def hold_match(session: Session, actor: Actor, match_id: int, side: str, on_behalf: bool) -> HeldMatch:
    """The match, held with its round until the transaction ends, for one who answers for the side.

    Raises NotFound where there is none that the actor may know of, NotValid, and NotAllowed.
    """
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
    return HeldMatch(actor, match, recipient, provider, round_, side, is_letter)


def covers(decision: Decision | None, match: Match) -> bool:
    """Whether the side has confirmed at least the seats that are proposed now."""
    return decision is not None and decision.answer == "confirmed" and decision.seats >= match.seats


def answer(
    session: Session, held: HeldMatch, answer: str, *, reason: str | None = None, note: str | None = None
) -> None:
    """Write the present answer of the side, for the seats that are proposed now."""
    decision = held.decision
    if decision is None:
        decision = Decision(side=held.side)
        held.match.decisions.append(decision)
    decision.answer, decision.seats = answer, held.match.seats
    decision.reason, decision.note = reason, checked_note(note)
    decision.decided_by_id, decision.decided_at = held.actor.person_id, utc_now()
    reads.raise_version(held.match)
    session.flush()


def agree_if_all_confirmed(
    session: Session, actor: Actor, match: Match, sides: Sequence[Participant]
) -> None:
    """Make a match agreed once all three sides have confirmed what is proposed now."""
    confirmed = {one.side for one in match.decisions if covers(one, match)}
    if match.state != "proposed" or not confirmed.issuperset(SIDES_WAITED_FOR):
        return
    # Nobody but the secretariat is waited for now, and its silence takes nothing away.
    match.answer_by = None
    if confirmed == set(DECISION_SIDES):
        match.state = "agreed"
    session.flush()
    if match.state == "agreed":
        facts = {"seats": match.seats, "version": match.version}
        record_event(session, actor, "agree", "match", str(match.id), ["decision"], facts)
        tell_others(session, actor, match, sides, "agree")


def trace(session: Session, held: HeldMatch, action: str, facts: dict[str, object]) -> None:
    """The event of a decision, and word of it to the sides that did not take it."""
    facts = {"side": held.side, "on_behalf": held.is_on_behalf, "version": held.match.version, **facts}
    record_event(session, held.actor, action, "match", held.reference, ["decision"], facts)
    tell_others(session, held.actor, held.match, (held.recipient, held.provider), action)


def tell_others(
    session: Session, actor: Actor, match: Match, sides: Sequence[Participant], action: str
) -> None:
    """Leave word of what happened to a match for the sides that did not do it."""
    for participant in sides:
        if not actor.answers_for(participant.id):
            enqueue_message(
                session, f"match.{action}", participant_id=participant.id, facts={"match": match.id}
            )


def checked_note(note: str | None) -> str | None:
    """A note without the space around it; raises NotValid where it is too long."""
    note = (note or "").strip()
    if len(note) > LONGEST_NOTE:
        raise NotValid(f"A note has at most {LONGEST_NOTE} characters.", faults={"note": ["Shorten it."]})
    return note or None
