"""A side proposes other days for the session of a match instead of confirming or declining it; all whose yes
is needed accept or refuse them.

A proposal is no consent and takes nothing back: the match waits for its answer as before. First the provider
is asked, then everybody else who has a word in the session (`date_turns`). Whoever presses hears of what its
own records say against the days, never of others': days could be tried one after the other until they tell
when a need can be met (docs/decisions.md, 37). A coordinator that records a letter reads all of it by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound
from lcm_service.domain.lives import states_before
from lcm_service.domain.permissions import SYSTEM, Actor, may_answer_dates, may_coordinate, may_see_dates
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.persistence import date_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import DateAnswer, DateProposal, Round
from lcm_service.services.date_checks import (
    days_to_move,
    require_may_propose,
    require_no_obstacle,
    require_none_open,
    require_none_put,
    require_possible_days,
)
from lcm_service.services.date_rules import (
    answer_dates_by,
    asked_now,
    have_left,
    is_awaited,
    is_open,
    note_who_left,
    version_of,
)
from lcm_service.services.date_turns import (
    add_answer,
    answer_of,
    close_proposal,
    end_if_over,
    put_to_all,
    record_proposal_event,
    tell,
)
from lcm_service.services.date_views import DateProposalView, view_proposals
from lcm_service.services.held_matches import HeldMatch, checked_note, hold_match, record_match_event
from lcm_service.services.match_views import MatchSides
from lcm_service.services.require import require_round
from lcm_service.services.session_turns import settle_sessions
from lcm_service.services.trail import check_version


def list_date_proposals(
    actor: Actor, round_code: str, *, session_code: str | None = None
) -> list[DateProposalView]:
    """The proposals of other days in a round, or for one session, that the actor may see, the oldest first.

    Raises NotFound for a round that is not there.
    """
    session = db.session()
    round_ = require_round(session, round_code)
    own = None if may_coordinate(actor) else actor.participant_id
    if own is None and not may_coordinate(actor):
        return []
    found = date_reads.list_date_proposals(session, round_.id, session_code=session_code, participant_id=own)
    return view_proposals(session, actor, found)


def find_date_proposal(actor: Actor, proposal_id: int) -> DateProposalView:
    """One proposal. Raises NotFound where there is none or the actor may not know of it."""
    session = db.session()
    proposal = date_reads.find_date_proposal(session, proposal_id)
    views = [] if proposal is None else view_proposals(session, actor, [proposal])
    if not views:
        raise NotFound(
            sentence("There is no proposal of other dates %(proposal)s.", proposal=str(proposal_id))
        )
    return views[0]


def propose_dates(
    actor: Actor,
    match_id: int,
    side: str,
    starts_on: date,
    ends_on: date | None,
    version: int,
    note: str | None = None,
    *,
    on_behalf: bool = False,
) -> DateProposalView:
    """Propose other days for the session of a match that the provider knows, confirmed and agreed or not,
    before the course begins, or once it was reported as not held. Without ``ends_on`` the course is as long
    as it is now.

    The provider answers first; its own proposal is put to the others at once. Sent twice it changes nothing.
    Raises NotFound, NotAllowed, Stale, NotValid for days that no session can have, and Conflict where the
    match does not stand as its provider knows it, the course has begun or names no days, other days wait for
    an answer already, or the side's own records speak against these (``details["rules"]``; for a coordinator
    ``details["obstacles"]``: all that speaks against them).
    """
    if side == "secretariat":
        raise NotAllowed(
            sentence("The secretariat records what the sides propose; it proposes no dates itself.")
        )
    with transaction() as session:
        held = hold_match(session, actor, match_id, side, on_behalf)
        author_id = (held.recipient if side == "recipient" else held.provider).id
        before = days_to_move(held.match)
        ends_on = ends_on or starts_on + (before[1] - before[0])
        open_now = date_reads.list_date_proposals(
            session, held.round.id, session_code=held.match.session_code, only_open=True
        )
        own = next((one for one in open_now if one.author_id == author_id), None)
        if own is not None and (own.starts_on, own.ends_on) == (starts_on, ends_on):
            return _view(session, actor, own)
        held.check_version(session, version)
        require_may_propose(session, held, before)
        require_none_open(own, open_now)
        require_possible_days(before, (starts_on, ends_on))
        require_no_obstacle(
            session, actor, held.round, held.match.session_code, (starts_on, ends_on), author_id
        )
        return _begin(session, held, author_id, before, (starts_on, ends_on), note)


def accept_dates(
    actor: Actor, proposal_id: int, version: int, *, participant_code: str | None = None
) -> DateProposalView:
    """Accept the days for one's own participant; a coordinator names whose letter it has
    (``participant_code``).

    Once all have whose yes is needed, the session is moved; where the time to answer has passed, the course
    has begun or the days have come, the proposal is over by that. Pressed twice it changes nothing. Raises
    NotFound, NotAllowed for who is not asked, Stale, and Conflict where it is over, where it is the
    provider's turn first, or where the participant's own records speak against the days, as `propose_dates`.
    """
    with transaction() as session:
        held = _hold_proposal(session, actor, proposal_id, participant_code)
        proposal, row = held.proposal, held.row
        if row.answer == "accepted":
            return _view(session, actor, proposal)
        check_version(session, actor, "dates", held, version)
        held.require_open("accept")
        if end_if_over(session, SYSTEM, proposal, held.matches):
            return _view(session, actor, proposal)
        code, days = proposal.session_code, (proposal.starts_on, proposal.ends_on)
        require_no_obstacle(session, actor, held.round, code, days, row.participant_id)
        if proposal.state == "proposed":
            require_none_put(session, proposal)
            put_to_all(proposal, held.round)
        add_answer(session, proposal, row.participant_id, "accepted", actor)
        held.trace(session, "accept")
        settle_sessions(session, actor, held.round, [code])
        return _view(session, actor, proposal)


def refuse_dates(
    actor: Actor, proposal_id: int, version: int, *, participant_code: str | None = None
) -> DateProposalView:
    """Refuse the days: the proposal is over, and every match goes on as before.

    Pressed twice it changes nothing. Raises as `accept_dates`.
    """
    with transaction() as session:
        held = _hold_proposal(session, actor, proposal_id, participant_code)
        if held.row.answer == "refused":
            return _view(session, actor, held.proposal)
        check_version(session, actor, "dates", held, version)
        held.require_open("refuse")
        add_answer(session, held.proposal, held.row.participant_id, "refused", actor)
        facts = {"participant": held.row.participant.code, "on_behalf": held.is_on_behalf}
        close_proposal(session, actor, held.proposal, "refused", "refuse", facts=facts)
        return _view(session, actor, held.proposal)


def withdraw_dates(actor: Actor, proposal_id: int, version: int) -> DateProposalView:
    """Take back what one has proposed; a coordinator does so by the letter of who proposed it.

    Pressed twice it changes nothing. Raises NotFound, NotAllowed for all others, Stale, and Conflict where it
    is over.
    """
    with transaction() as session:
        proposal, round_ = _lock(session, actor, proposal_id)
        if not may_answer_dates(actor, proposal.author_id):
            raise NotAllowed(sentence("Only who proposed these dates takes them back."))
        row = answer_of(proposal, proposal.author_id)
        assert row is not None
        held = HeldProposal(actor, proposal, round_, row)
        if proposal.state == "withdrawn":
            return _view(session, actor, proposal)
        check_version(session, actor, "dates", held, version)
        held.require_open("withdraw")
        facts = {"on_behalf": held.is_on_behalf}
        close_proposal(session, actor, proposal, "withdrawn", "withdraw", facts=facts)
        return _view(session, actor, proposal)


@dataclass(frozen=True, slots=True)
class HeldProposal:
    """A proposal that the transaction holds, with its round and the answer of who is spoken for."""

    actor: Actor
    proposal: DateProposal
    round: Round
    row: DateAnswer

    @property
    def reference(self) -> str:
        """The proposal's number, by which its events are kept."""
        return str(self.proposal.id)

    @property
    def version(self) -> int:
        seen = [one for one in self.proposal.answers if may_answer_dates(self.actor, one.participant_id)]
        return version_of(self.proposal, seen)

    @property
    def matches(self) -> Sequence[MatchSides]:
        """The matches of the session, each with its sides."""
        one = self.proposal
        return reads.list_match_sides(db.session(), round_id=one.round_id, session_code=one.session_code)

    @property
    def is_on_behalf(self) -> bool:
        return may_coordinate(self.actor)

    def require_open(self, action: str) -> None:
        """Raise Conflict unless this step is open in the present state (`domain/lives.py`), and this
        participant's turn.
        """
        proposal = self.proposal
        # To who has left it is over, whatever those decide who stay.
        has_left = have_left([self.row]) and not may_coordinate(self.actor)
        state = "ended" if has_left else proposal.state
        if state not in states_before("date proposal", action):
            raise Conflict(
                sentence(
                    "The proposal of other dates for session %(session)s is over: it is %(state)s.",
                    session=proposal.session_code,
                    state=Coded("dates_state", state),
                ),
                state=state,
            )
        if action != "withdraw" and not is_awaited(proposal, self.row):
            raise Conflict(
                sentence(
                    "These dates do not wait for this participant now. The provider answers first, and "
                    "whoever has left the session is asked no more."
                ),
                waiting_for="provider" if proposal.state == "proposed" else None,
            )

    def trace(self, session: Session, action: str) -> None:
        facts = {"participant": self.row.participant.code, "on_behalf": self.is_on_behalf}
        record_proposal_event(session, self.actor, self.proposal, action, facts)


def _begin(
    session: Session,
    held: HeldMatch,
    author_id: int,
    before: tuple[date, date],
    days: tuple[date, date],
    note: str | None,
) -> DateProposalView:
    actor, match = held.actor, held.match
    proposal = DateProposal(
        round_id=held.round.id,
        session_code=match.session_code,
        match=match,
        round=held.round,
        side=held.side,
        author_id=author_id,
        provider_id=held.provider.id,
        starts_on=days[0],
        ends_on=days[1],
        starts_before=before[0],
        ends_before=before[1],
        note=checked_note(note),
    )
    proposal.answer_by = answer_dates_by(proposal, held.round)
    session.add(proposal)
    session.flush()
    add_answer(session, proposal, author_id, "accepted", actor)
    if held.side == "provider":
        put_to_all(proposal, held.round)
    else:
        add_answer(session, proposal, held.provider.id, None, None)
    facts: dict[str, object] = {"side": held.side, "on_behalf": held.is_on_behalf, "version": match.version}
    named = {"starts_on": days[0].isoformat(), "ends_on": days[1].isoformat()}
    record_match_event(session, actor, match, "propose_dates", [], {**facts, **named}, secret=False)
    record_proposal_event(
        session, actor, proposal, "propose_dates", {"on_behalf": held.is_on_behalf, **named}
    )
    if held.side == "recipient":
        tell(session, actor, proposal, "ask", {held.provider.id})
    settle_sessions(session, actor, held.round, [match.session_code])
    return _view(session, actor, proposal)


def _hold_proposal(
    session: Session, actor: Actor, proposal_id: int, participant_code: str | None
) -> HeldProposal:
    """The proposal, held with its round, for one who answers for a participant that is asked."""
    proposal, round_ = _lock(session, actor, proposal_id)
    wanted = participant_code or actor.participant_code
    row = next((one for one in proposal.answers if one.participant.code == wanted), None)
    if row is None or not may_answer_dates(actor, row.participant_id):
        raise NotAllowed(
            sentence(
                "Whoever is asked answers for itself; a coordinator that has its letter names the "
                "participant."
            )
        )
    return HeldProposal(actor, proposal, round_, row)


def _lock(session: Session, actor: Actor, proposal_id: int) -> tuple[DateProposal, Round]:
    proposal = date_reads.find_date_proposal(session, proposal_id)
    if proposal is None or not _may_see(actor, proposal):
        raise NotFound(
            sentence("There is no proposal of other dates %(proposal)s.", proposal=str(proposal_id))
        )
    round_ = reads.lock_round(session, proposal.round_id)
    session.refresh(proposal)
    session.refresh(proposal, ["answers"])
    for row in proposal.answers:
        session.refresh(row)
    if is_open(proposal):
        note_who_left(proposal, asked_now(session, proposal))
    return proposal, round_


def _may_see(actor: Actor, proposal: DateProposal) -> bool:
    return may_see_dates(actor, [row.participant_id for row in proposal.answers])


def _view(session: Session, actor: Actor, proposal: DateProposal) -> DateProposalView:
    session.flush()
    (view,) = view_proposals(session, actor, [proposal])
    return view
