"""A side proposes other days for the session of a match instead of confirming or declining it; all whose yes
is needed accept or refuse them.

A proposal is no consent and takes nothing back: the match waits for its answer as before. First the provider
is asked, then everybody else who has a word in the session (`date_turns`). Whoever presses hears of what its
own records say against the days, never of others': days could be tried one after the other until they tell
when a need can be met (docs/decisions.md, 37). A coordinator that records a letter reads all of it by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.lives import states_before
from lcm_service.domain.permissions import Actor, may_answer_dates, may_coordinate, may_see_dates
from lcm_service.domain.record_rules import ENDS_BEFORE_START, Faults
from lcm_service.domain.sentences import sentence
from lcm_service.persistence import date_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import DateAnswer, DateProposal, Match, Round
from lcm_service.services.date_turns import (
    add_answer,
    answer_of,
    close_proposal,
    put_to_all,
    record_proposal_event,
    tell,
    version_of,
)
from lcm_service.services.date_views import DateProposalView, is_awaited, view_proposals
from lcm_service.services.days_now import Obstacle, find_obstacles
from lcm_service.services.delivery_states import require_not_delivered
from lcm_service.services.delivery_views import days_of_match
from lcm_service.services.held_matches import HeldMatch, checked_note, hold_match, record_match_event
from lcm_service.services.match_turns import answer_by, covers
from lcm_service.services.require import require_round
from lcm_service.services.session_turns import settle_sessions
from lcm_service.services.trail import check_version

# A course that is longer is a programme of several.
LONGEST_COURSE: Final = timedelta(days=366)
FAULTY: Final = sentence("These days cannot be proposed. Correct them and send them again.")
NOT_TO_COME: Final = sentence("The course has to begin after today.")
TOO_LONG: Final = sentence("A course lasts a year at most.")
SAME_DAYS: Final = sentence("The session is on these days already.")


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
        raise NotFound(f"There is no proposal of other dates {proposal_id}.")
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
    """Propose other days for the session of a match that waits for answers and that the side has not
    confirmed. Without ``ends_on`` the course is as long as it is now.

    The provider answers first; its own proposal is put to the others at once. Sent twice it changes nothing.
    Raises NotFound, NotAllowed, Stale, NotValid for days that no session can have, and Conflict where the
    match does not wait for the side, the session has begun or names no days, other days wait for an answer
    already, or the side's own records speak against these (``details["rules"]``; for a coordinator
    ``details["obstacles"]``: all that speaks against them).
    """
    if side == "secretariat":
        raise NotAllowed("The secretariat records what the sides propose; it proposes no dates itself.")
    with transaction() as session:
        held = hold_match(session, actor, match_id, side, on_behalf)
        author_id = (held.recipient if side == "recipient" else held.provider).id
        before = _days_now(held.match)
        ends_on = ends_on or starts_on + (before[1] - before[0])
        open_now = date_reads.list_date_proposals(
            session, held.round.id, session_code=held.match.session_code, only_open=True
        )
        own = next((one for one in open_now if one.author_id == author_id), None)
        if own is not None and (own.starts_on, own.ends_on) == (starts_on, ends_on):
            return _view(session, actor, own)
        held.check_version(session, version)
        _require_may_propose(held, before)
        _require_none_open(own, open_now)
        _require_possible_days(before, (starts_on, ends_on))
        _require_no_obstacle(
            session, actor, held.round, held.match.session_code, (starts_on, ends_on), author_id
        )
        return _begin(session, held, author_id, before, (starts_on, ends_on), note)


def accept_dates(
    actor: Actor, proposal_id: int, version: int, *, participant_code: str | None = None
) -> DateProposalView:
    """Accept the days for one's own participant; a coordinator names whose letter it has
    (``participant_code``).

    Once all have whose yes is needed, the session is moved. Pressed twice it changes nothing. Raises
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
        code, days = proposal.session_code, (proposal.starts_on, proposal.ends_on)
        _require_no_obstacle(session, actor, held.round, code, days, row.participant_id)
        if proposal.state == "proposed":
            _require_none_put(session, proposal)
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
            raise NotAllowed("Only who proposed these dates takes them back.")
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
    def is_on_behalf(self) -> bool:
        return may_coordinate(self.actor)

    def require_open(self, action: str) -> None:
        """Raise Conflict unless this step is open in the present state (`domain/lives.py`), and this
        participant's turn.
        """
        proposal = self.proposal
        if proposal.state not in states_before("date proposal", action):
            raise Conflict(
                f"The proposal of other dates for session {proposal.session_code} is over: it is "
                f"{proposal.state}.",
                state=proposal.state,
            )
        if action != "withdraw" and not is_awaited(proposal, self.row):
            raise Conflict(
                "These dates do not wait for this participant now. The provider answers first.",
                waiting_for="provider" if proposal.state == "proposed" else None,
            )

    def trace(self, session: Session, action: str) -> None:
        facts = {"participant": self.row.participant.code, "on_behalf": self.is_on_behalf}
        record_proposal_event(session, self.actor, self.proposal, action, facts)


def _days_now(match: Match) -> tuple[date, date]:
    days = days_of_match(match)
    if days.start is None or days.end is None:
        raise Conflict(
            f"Session {match.session_code} names no days yet. Its provider states them in the offer; until "
            "then there is nothing to propose others for."
        )
    return days.start, days.end


def _require_may_propose(held: HeldMatch, before: tuple[date, date]) -> None:
    held.require_asked()
    if held.state != "proposed" or covers(held.decision, held.seats):
        raise Conflict(
            "Other dates are proposed for a match that waits for answers, by a side that has not confirmed "
            "it. A recipient first agrees to be put to the provider.",
            state=held.state,
        )
    require_not_delivered(held.match)
    if before[0] <= utc_now().date():
        raise Conflict(f"Session {held.match.session_code} began on {before[0]}.", first_day=str(before[0]))


def _require_none_open(own: DateProposal | None, open_now: Sequence[DateProposal]) -> None:
    """One's own comes first, and so does what is put to all: whoever may propose was asked about that."""
    if own is not None or any(one.state == "put" for one in open_now):
        raise Conflict(
            "Other dates are proposed for this session already. Answer them, or take back your own, first."
        )


def _require_none_put(session: Session, proposal: DateProposal) -> None:
    """Two pairs of days cannot be asked about at once."""
    open_now = date_reads.list_date_proposals(
        session, proposal.round_id, session_code=proposal.session_code, only_open=True
    )
    if any(one.state == "put" for one in open_now):
        raise Conflict(
            "Other dates are put to those who take part already. Wait for their answers, or take back your "
            "own, first."
        )


def _require_possible_days(before: tuple[date, date], days: tuple[date, date]) -> None:
    faults: Faults = {}
    if days[0] <= utc_now().date():
        faults["starts_on"] = [NOT_TO_COME]
    elif days == before:
        faults["starts_on"] = [SAME_DAYS]
    if days[1] < days[0]:
        faults["ends_on"] = [ENDS_BEFORE_START]
    elif days[1] - days[0] >= LONGEST_COURSE:
        faults["ends_on"] = [TOO_LONG]
    if faults:
        raise NotValid(FAULTY, faults)


def _require_no_obstacle(
    session: Session, actor: Actor, round_: Round, code: str, days: tuple[date, date], participant_id: int
) -> None:
    """Raise Conflict where the participant's own records speak against the days; a coordinator that speaks
    for it reads what any record says.
    """
    found = find_obstacles(session, round_, code, *days)
    if may_coordinate(actor):
        if found:
            raise Conflict(
                f"Session {code} cannot be held on these dates for all who take part: {_listed(found)}.",
                obstacles=[{"code": one.code, "record": one.record} for one in found],
            )
        return
    own = [one for one in found if one.owner_id == participant_id]
    if own:
        raise Conflict(
            f"Your own records speak against these dates: {_listed(own)}. Change them first, or name others.",
            rules=sorted({one.code for one in own}),
        )


def _listed(obstacles: Sequence[Obstacle]) -> str:
    return ", ".join(f"{one.record} ({one.code})" for one in obstacles)


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
        answer_by=answer_by(held.round),
    )
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
            "Whoever is asked answers for itself; a coordinator that has its letter names the participant."
        )
    return HeldProposal(actor, proposal, round_, row)


def _lock(session: Session, actor: Actor, proposal_id: int) -> tuple[DateProposal, Round]:
    proposal = date_reads.find_date_proposal(session, proposal_id)
    if proposal is None or not _may_see(actor, proposal):
        raise NotFound(f"There is no proposal of other dates {proposal_id}.")
    round_ = reads.lock_round(session, proposal.round_id)
    session.refresh(proposal)
    session.refresh(proposal, ["answers"])
    for row in proposal.answers:
        session.refresh(row)
    return proposal, round_


def _may_see(actor: Actor, proposal: DateProposal) -> bool:
    return may_see_dates(actor, [row.participant_id for row in proposal.answers])


def _view(session: Session, actor: Actor, proposal: DateProposal) -> DateProposalView:
    session.flush()
    (view,) = view_proposals(session, actor, [proposal])
    return view
