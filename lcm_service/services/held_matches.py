"""A match that a use case holds: who answers for which side, in which version and state.

Shared by what the sides decide and by what their silence does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.lives import AFTER_PARTIES, CONFIRMING_ORDER, states_before
from lcm_service.domain.permissions import Actor, may_coordinate, may_decide_as, may_see_match
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.domain.vocabulary import DECISION_SIDES, PARTIES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Decision, Match, Participant, Round
from lcm_service.services.match_turns import (
    confirmed_sides,
    days_for,
    is_put,
    is_secret,
    known_seats,
    known_state,
    side_awaited,
    side_awaited_as_known,
)
from lcm_service.services.match_views import MatchView, view_matches
from lcm_service.services.trail import actions_since, check_version, enqueue_message, record_event

LONGEST_NOTE: Final = 4000
# The steps of a match after which it has other seats, or other days: an earlier answer is not about them.
CHANGES_OF_SEATS: Final = frozenset(
    (
        *("ask", "grow", "cut", "accept_fewer", "decline_more", "lapse_more", "release", "lapse"),
        *("move_dates", "restate"),
    )
)


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

    @property
    def is_as_known(self) -> bool:
        """Whether it is answered for a provider that sees the match as it knew it, and not as it is."""
        is_of_provider = self.actor.answers_for(self.provider.id) or self.side == "provider"
        return is_of_provider and self.match.known_state is not None

    @property
    def state(self) -> str:
        """The state in which the actor sees the match."""
        return known_state(self.match) if self.is_as_known else self.match.state

    @property
    def seats(self) -> int:
        """The seats for which the actor answers."""
        return known_seats(self.match) if self.is_as_known else self.match.seats

    def check_version(self, session: Session, version: int) -> None:
        check_version(session, self.actor, "match", self, version)

    def is_about_other_seats(self, session: Session, version: int) -> bool:
        """Whether the match had other seats in the version that the actor read, as far as it knows of them:
        an answer to that is not the one that stands.
        """
        return any(
            action in CHANGES_OF_SEATS
            for action in actions_since(session, self.actor, "match", self, version)
        )

    def require_open(self, *actions: str) -> None:
        """Raise Conflict unless one of these steps is open in the present state (`domain/lives.py`)."""
        if self.state not in states_before("match", *actions):
            raise Conflict(
                sentence(
                    "The match of %(need)s with %(session)s is %(state)s. %(next)s",
                    need=self.match.need_reference,
                    session=self.match.session_code,
                    state=Coded("match_state", self.state),
                    next=NEXT_STEP[self.state],
                ),
                state=self.state,
            )

    def require_turn(self) -> None:
        """Raise Conflict while a side or another party that confirms before this one has not confirmed."""
        confirmed = confirmed_sides(self.match, self.seats)
        before = CONFIRMING_ORDER[: CONFIRMING_ORDER.index(self.side)]
        missing = next((side for side in before if side not in confirmed), None)
        if self.side in AFTER_PARTIES and self.match.awaits_parties and missing != "provider":
            raise Conflict(
                sentence(
                    "Another party of session %(session)s has not confirmed its part for these seats, and "
                    "the %(side)s confirms after it. You are told when it is your turn; where a party has "
                    "declined, a repair looks for another support.",
                    session=self.match.session_code,
                    side=Coded("side", self.side),
                ),
                waiting_for=PARTIES,
            )
        if missing is not None:
            raise Conflict(
                sentence(
                    "The %(awaited)s has not confirmed this match yet, and the %(side)s confirms after it. "
                    "You are told when it is your turn.",
                    awaited=Coded("side", missing),
                    side=Coded("side", self.side),
                ),
                waiting_for=missing,
            )

    def require_asked(self) -> None:
        """Raise Conflict where the match was not put to the provider: it has nothing to answer yet."""
        if self.side == "provider" and not is_put(self.match):
            raise Conflict(
                sentence(
                    "The recipient has not agreed yet to be put to the provider, so the provider has nothing "
                    "to answer."
                ),
                waiting_for="recipient",
            )

    def view(self, session: Session) -> MatchView:
        session.flush()
        (view,) = view_matches(session, self.actor, [(self.match, self.recipient, self.provider)])
        return view


NEXT_STEP: Final = {
    "asked": sentence("The recipient has to agree first to be put to the provider."),
    "proposed": sentence(
        "The recipient has agreed to be put to the provider; now the sides confirm or decline."
    ),
    "agreed": sentence(
        "All sides agreed; ask a coordinator to release it, or to record a letter that declines it."
    ),
    "declined": sentence("A repair proposes what else is possible."),
    "released": sentence("A repair proposes what else is possible."),
    "lapsed": sentence("Nobody answered in time; a side can revive it."),
}


def hold_match(session: Session, actor: Actor, match_id: int, side: str, on_behalf: bool) -> HeldMatch:
    """The match, held with its round until the transaction ends, for one who answers for the side.

    Raises NotFound where there is none that the actor may know of, NotValid, and NotAllowed.
    """
    rows = reads.list_match_sides(session, match_id=match_id)
    if not rows:
        raise NotFound(sentence("There is no match %(match)s.", match=str(match_id)))
    match, recipient, provider = rows[0]
    if not may_see_match(actor, recipient.id, provider.id, is_put=is_put(match)):
        raise NotFound(sentence("There is no match %(match)s.", match=str(match_id)))
    if side not in DECISION_SIDES:
        raise NotValid(
            sentence("There is no side %(side)s.", side=str(side)),
            faults={
                "side": [
                    sentence("One of %(choices)s.", choices=[Coded("side", one) for one in DECISION_SIDES])
                ]
            },
        )
    if not may_decide_as(actor, side, recipient.id, provider.id):
        raise NotAllowed(
            sentence("You do not answer for the %(side)s of this match.", side=Coded("side", side))
        )
    is_letter = may_coordinate(actor) and side != "secretariat"
    if is_letter != on_behalf:
        raise NotAllowed(
            sentence("Only a coordinator who has a side's letter answers on its behalf, and says so.")
        )
    round_ = reads.lock_round(session, match.round_id)
    reads.read_match_again(session, match)
    if not may_see_match(actor, recipient.id, provider.id, is_put=is_put(match)):
        raise NotFound(sentence("There is no match %(match)s.", match=str(match_id)))
    return HeldMatch(actor, match, recipient, provider, round_, side, is_letter)


def answer(held: HeldMatch, answer: str, *, reason: str | None = None, note: str | None = None) -> None:
    """The present answer of the side, for the seats that it sees proposed now; whoever calls writes it."""
    decision = held.decision
    if decision is None:
        decision = Decision(side=held.side)
        held.match.decisions.append(decision)
    decision.answer, decision.seats = answer, held.seats
    decision.reason, decision.note = reason, checked_note(note)
    decision.decided_by_id, decision.decided_at = held.actor.person_id, utc_now()
    reads.raise_version(held.match)


def agree_if_all_confirmed(
    session: Session, actor: Actor, match: Match, sides: Sequence[Participant]
) -> None:
    """Make a match agreed once all three sides have confirmed what is proposed now."""
    if match.state != "proposed" or side_awaited(match) is not None:
        return
    match.state, match.answer_by = "agreed", None
    session.flush()
    facts = {"seats": match.seats, "version": match.version}
    record_event(session, actor, "agree", "match", str(match.id), ["decision"], facts)
    tell_others(session, actor, match, sides, "agree")


def give_days(match: Match, round_: Round) -> str | None:
    """Give the side whose turn it is the days of the round, and name it; nobody waits for the secretariat by
    a date, for its silence takes nothing away.
    """
    awaited = side_awaited(match)
    match.answer_by, match.reminded_at = days_for(awaited, round_), None
    return awaited


def give_known_days(match: Match, round_: Round) -> None:
    """The same of a match whose recipient is asked for more, as the provider reads it."""
    match.known_answer_by = days_for(side_awaited_as_known(match), round_)


def pass_turn(session: Session, held: HeldMatch) -> None:
    """After an answer: give the side whose turn it is now its days, and tell it."""
    awaited = give_days(held.match, held.round)
    of_side = {"recipient": held.recipient, "provider": held.provider}
    if awaited in of_side and not held.actor.answers_for(of_side[awaited].id):
        facts = {"match": held.match.id}
        enqueue_message(session, "match.turn", participant_id=of_side[awaited].id, facts=facts)


def trace(
    session: Session, held: HeldMatch, action: str, facts: dict[str, object], *, secret: bool | None = None
) -> None:
    """The event of a decision, and word of it to the sides that did not take it.

    ``secret``: it is for the recipient and coordinators alone; where nothing is said, as the match is now.
    """
    is_secret_now = is_secret(held.match) and not held.is_as_known if secret is None else secret
    facts = {"side": held.side, "on_behalf": held.is_on_behalf, "version": held.match.version, **facts}
    record_match_event(session, held.actor, held.match, action, ["decision"], facts, secret=is_secret_now)
    tell_others(
        session, held.actor, held.match, (held.recipient, held.provider), action, secret=is_secret_now
    )


def record_match_event(
    session: Session,
    actor: Actor,
    match: Match,
    action: str,
    fields: Sequence[str],
    facts: Mapping[str, object],
    *,
    secret: bool,
) -> None:
    """What happened to a match; a secret event stays out of the history that the provider reads, for ever."""
    marked = {**facts, "is_secret": True} if secret else facts
    record_event(session, actor, action, "match", str(match.id), fields, marked)


def tell_others(
    session: Session,
    actor: Actor,
    match: Match,
    sides: Sequence[Participant],
    action: str,
    *,
    secret: bool = False,
) -> None:
    """Leave word of what happened to a match for the sides that did not do it; of what is secret for the
    recipient alone.
    """
    for participant in sides[:1] if secret else sides:
        if not actor.answers_for(participant.id):
            enqueue_message(
                session, f"match.{action}", participant_id=participant.id, facts={"match": match.id}
            )


def checked_note(note: str | None) -> str | None:
    """A note without the space around it; raises NotValid where it is too long."""
    note = (note or "").strip()
    if len(note) > LONGEST_NOTE:
        raise NotValid(
            sentence("A note has at most %(most)s characters.", most=LONGEST_NOTE),
            faults={"note": [sentence("Shorten it.")]},
        )
    return note or None
