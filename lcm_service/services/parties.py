"""Who gives a support answers for its part of a session: confirm or decline; a coordinator records letters.

A decline moves nobody: the matches of the session keep their seats and wait, the support is not used for
that session again, and the round needs a repair, which looks for another support.
"""

from dataclasses import dataclass

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.lives import states_before
from lcm_service.domain.permissions import Actor, may_answer_part, may_coordinate, may_see_part
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.domain.vocabulary import DECLINE_REASONS, LIVE_PART_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence import part_reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Part, Round, Support
from lcm_service.services.delivery_states import sessions_held
from lcm_service.services.held_matches import checked_note
from lcm_service.services.match_turns import agreed_seats
from lcm_service.services.part_turns import trace_part
from lcm_service.services.part_views import PartView, is_known, state_for, view_parts
from lcm_service.services.require import require_round
from lcm_service.services.session_turns import quantity_drawn_on, settle_sessions
from lcm_service.services.trail import check_version

NEXT_STEP = {
    "planned": sentence("Its owner is asked once the recipients of the session have answered."),
    "confirmed": sentence("It is confirmed."),
    "declined": sentence("A repair looks for another support."),
    "released": sentence("Nothing of it is drawn on now."),
    "lapsed": sentence(
        "It was not answered in time; it is asked anew once a match of the session is revived."
    ),
}


def list_parts(actor: Actor, round_code: str) -> list[PartView]:
    """The parts of a round that the actor may see: what it was asked to give, all of them for a coordinator.

    Raises NotFound for a round that is not there.
    """
    session = db.session()
    round_ = require_round(session, round_code)
    owner_id = None if may_coordinate(actor) else actor.participant_id
    if owner_id is None and not may_coordinate(actor):
        return []
    return view_parts(session, actor, part_reads.list_parts(session, round_.id, owner_id=owner_id))


def find_part(actor: Actor, part_id: int) -> PartView:
    """One part. Raises NotFound where there is none or the actor may not know of it."""
    session = db.session()
    part = part_reads.find_part(session, part_id)
    views = [] if part is None else view_parts(session, actor, [part])
    if not views:
        raise NotFound(sentence("There is no part %(part)s.", part=str(part_id)))
    return views[0]


@dataclass(frozen=True, slots=True)
class HeldPart:
    """A part that the transaction holds, with its round."""

    actor: Actor
    part: Part
    round: Round
    is_on_behalf: bool

    @property
    def reference(self) -> str:
        return str(self.part.id)

    @property
    def version(self) -> int:
        return self.part.version

    def require_open(self, action: str) -> None:
        """Raise Conflict unless this step is open in the present state (`domain/lives.py`)."""
        part, state = self.part, state_for(self.actor, self.part)
        if state not in states_before("part", action):
            raise Conflict(
                sentence(
                    "The part of %(support)s in %(session)s is %(state)s. %(next)s",
                    support=part.support_reference,
                    session=part.session_code,
                    state=Coded("part_state", state),
                    next=NEXT_STEP[state],
                ),
                state=state,
            )

    def decide(self, state: str, reason: str | None, note: str | None) -> None:
        part = self.part
        part.state, part.reason, part.note = state, reason, checked_note(note)
        part.decided_by_id, part.decided_at, part.answer_by = self.actor.person_id, utc_now(), None

    def end(self, session: Session, action: str, facts: dict[str, object]) -> PartView:
        """Write the event, and let what waited go on."""
        trace_part(session, self.actor, self.part, action, {"on_behalf": self.is_on_behalf, **facts})
        settle_sessions(session, self.actor, self.round, [self.part.session_code])
        session.flush()
        return self.view(session)

    def view(self, session: Session) -> PartView:
        (view,) = view_parts(session, self.actor, [self.part])
        return view


def confirm_part(
    actor: Actor, part_id: int, version: int, *, note: str | None = None, on_behalf: bool = False
) -> PartView:
    """Confirm what is asked of a support for one session; that covers less of it as well. Where the support
    has less by now and the session draws on no more than that, what there is is confirmed.

    Pressed twice it changes nothing. Raises NotFound, NotAllowed for all but the support's owner and a
    coordinator who has its letter (``on_behalf``), Stale, and Conflict where it is not asked, or the support
    no longer has so much.
    """
    with transaction() as session:
        held = _hold_part(session, actor, part_id, on_behalf)
        part = held.part
        if part.state == "confirmed" and not part.refuses_more:
            return held.view(session)
        check_version(session, actor, "part", held, version)
        held.require_open("confirm")
        part.quantity_asked = part.quantity_confirmed = _quantity_to_give(session, held)
        held.decide("confirmed", None, note)
        return held.end(session, "confirm", {"quantity": part.quantity_confirmed})


def decline_part(
    actor: Actor, part_id: int, reason: str, version: int, note: str | None = None, *, on_behalf: bool = False
) -> PartView:
    """Decline what is asked of a support for one session: it is not used there again.

    An owner that is asked for more than it had confirmed declines what is more: what it confirmed stands.
    Once a match of the session is agreed, what is confirmed is declined by letter alone, and once its course
    was held not at all: it was given. Pressed twice it changes nothing. Raises as `confirm_part`, and
    NotValid for a reason that is not listed.
    """
    if reason not in DECLINE_REASONS:
        raise NotValid(
            sentence("Say why, by one of the listed reasons."),
            faults={"reason": [sentence("Choose a reason.")]},
        )
    with transaction() as session:
        held = _hold_part(session, actor, part_id, on_behalf)
        part = held.part
        # A press on what was read before the rest was declined; a later one declines what was confirmed.
        is_repeated = part.state == "confirmed" and part.refuses_more and version == part.version - 1
        if part.state == "declined" or is_repeated:
            return held.view(session)
        check_version(session, actor, "part", held, version)
        held.require_open("decline")
        if part.state == "asked" and part.quantity_confirmed:
            declined = part.quantity_asked - part.quantity_confirmed
            part.refuses_more, part.quantity_asked = True, part.quantity_confirmed
            held.decide("confirmed", reason, note)
            return held.end(session, "decline_rest", {"reason": reason, "quantity": declined})
        if part.quantity_confirmed:
            _require_not_held(session, part)
        if part.state == "confirmed" and not may_coordinate(actor) and _has_agreed(session, part):
            raise Conflict(
                sentence(
                    "A match of this session is agreed by all. Write to the coordinators, who record it."
                ),
                state=part.state,
            )
        part.quantity_confirmed = 0
        held.decide("declined", reason, note)
        return held.end(session, "decline", {"reason": reason, "quantity": part.quantity_asked})


def end_parts_of(session: Session, actor: Actor, support: Support) -> None:
    """A support is withdrawn: its parts are declined with it, but for those of courses that were held. Part
    of the caller's transaction, which holds the round.
    """
    round_ = reads.lock_round(session, support.round_id)
    parts = part_reads.list_parts(session, round_.id, support_reference=support.reference)
    over = sessions_held(reads.list_matches(session, round_.id))
    ended = [
        part
        for part in parts
        if part.state in states_before("part", "withdraw")
        and not (part.session_code in over and part.quantity_confirmed)
    ]
    for part in ended:
        was_known = part.state != "planned"
        part.state, part.reason, part.quantity_confirmed, part.answer_by = "declined", "withdrawn", 0, None
        if was_known:
            trace_part(session, actor, part, "withdraw", {"reason": "withdrawn"})
    settle_sessions(session, actor, round_, {part.session_code for part in ended})


def stands_in_part(session: Session, support: Support) -> bool:
    """Whether the published plan counts on the support."""
    parts = part_reads.list_parts(session, support.round_id, support_reference=support.reference)
    return any(part.state in LIVE_PART_STATES for part in parts)


def _quantity_to_give(session: Session, held: HeldPart) -> int:
    """What is asked, or what the support has left beside its other parts where that is enough.

    Raises Conflict where it is not.
    """
    part, support = held.part, held.part.support
    if support.quantity is None:
        return part.quantity_asked
    parts = part_reads.list_parts(session, part.round_id, support_reference=support.reference)
    others = [one for one in parts if one.id != part.id and one.state in LIVE_PART_STATES]
    left = support.quantity - sum(min(one.quantity, one.quantity_confirmed) for one in others)
    if left < part.quantity_asked and left < max(1, quantity_drawn_on(session, held.round, part)):
        raise Conflict(
            sentence(
                "%(support)s has %(left)s left now, and %(asked)s is asked. State what it has, or "
                "decline; a repair looks for the rest.",
                support=support.reference,
                left=left,
                asked=part.quantity_asked,
            )
        )
    return min(part.quantity_asked, left)


def _has_agreed(session: Session, part: Part) -> bool:
    rows = reads.list_match_sides(session, round_id=part.round_id, session_code=part.session_code)
    return any(agreed_seats(match) for match, _, _ in rows)


def _require_not_held(session: Session, part: Part) -> None:
    """Raise Conflict where the course of the session was held: what was given to it cannot be taken back."""
    if part.session_code in sessions_held(reads.list_matches(session, part.round_id)):
        raise Conflict(
            sentence(
                "The course of session %(session)s was held: what %(support)s gave stands. Where the "
                "report is wrong, ask a coordinator to correct it.",
                session=part.session_code,
                support=part.support_reference,
            ),
            state="delivered",
        )


def _hold_part(session: Session, actor: Actor, part_id: int, on_behalf: bool) -> HeldPart:
    """The part, held with its round, for one who answers for the support's owner."""
    part = part_reads.find_part(session, part_id)
    if part is None:
        raise NotFound(sentence("There is no part %(part)s.", part=str(part_id)))
    round_ = reads.lock_round(session, part.round_id)
    session.refresh(part)
    owner_id = part.support.participant_id
    if not may_see_part(actor, owner_id, is_put=is_known(part)):
        raise NotFound(sentence("There is no part %(part)s.", part=str(part_id)))
    if not may_answer_part(actor, owner_id):
        raise NotAllowed(sentence("You do not answer for the owner of this support."))
    if may_coordinate(actor) != on_behalf:
        raise NotAllowed(
            sentence("Only a coordinator who has the owner's letter answers on its behalf, and says so.")
        )
    return HeldPart(actor, part, round_, on_behalf)
