"""Other days that are proposed for a session, as their reader may see them.

To whom it is put learns of the days, of the provider, and of its own answer. That a recipient proposed them
is known to that recipient, the provider and coordinators: to others they are the provider's, which stands
behind them once it has accepted. Who else is asked, and what it said, is for coordinators alone, so that
nobody is found out by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lcm_service.domain.permissions import Actor, may_answer_dates, may_coordinate, may_see_dates
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import DateAnswer, DateProposal, Person
from lcm_service.services.date_rules import have_left, is_awaited, is_open, readers_of_days, version_of
from lcm_service.services.session_views import SessionOfMatch, session_now, session_of_match


@dataclass(frozen=True, slots=True)
class AnswerToDates:
    """What one participant that was asked has said: yes, no or nothing yet."""

    participant_id: int
    participant: str
    names: Mapping[str, str]
    answer: str | None
    decided_at: datetime | None
    by: str | None
    is_on_behalf: bool


@dataclass(frozen=True, slots=True)
class DateProposalView:
    """Other days for a session. ``author`` is who stands for them to the reader; ``match_id`` the match on
    which they were proposed, for whoever knows of that. To all but coordinators an open one is ``proposed``
    until it is over, and ``answer_by`` is for whoever is to answer.

    ``answers``: the reader's own, all of them for coordinators. ``may_answer``: the codes of participants for
    which the reader may answer now; ``may_withdraw``: whether it may take the proposal back. ``end_reason``
    and ``note`` are empty where they are not for the reader.
    """

    id: int
    version: int
    round_code: str
    standing: str
    state: str
    end_reason: str | None
    session: SessionOfMatch
    starts_on: date
    ends_on: date
    starts_before: date
    ends_before: date
    note: str | None
    author: str
    author_names: Mapping[str, str]
    provider: str
    provider_names: Mapping[str, str]
    match_id: int | None
    proposed_at: datetime
    answer_by: datetime | None
    answers: tuple[AnswerToDates, ...]
    may_answer: tuple[str, ...]
    may_withdraw: bool


def view_proposals(
    session: Session, actor: Actor, proposals: Sequence[DateProposal]
) -> list[DateProposalView]:
    """The proposals among these that the actor may see, in their order."""
    seen = [one for one in proposals if may_see_dates(actor, [row.participant_id for row in one.answers])]
    deciders = {row.decided_by_id for one in seen for row in one.answers if row.decided_by_id}
    people = reads.list_people(session, deciders)
    return [_view(session, actor, one, people) for one in seen]


def _view(
    session: Session, actor: Actor, proposal: DateProposal, people: Mapping[int, Person]
) -> DateProposalView:
    match, round_ = proposal.match, proposal.round
    sees_author = may_coordinate(actor) or any(
        actor.answers_for(one) for one in (proposal.author_id, proposal.provider_id)
    )
    author = proposal.author if sees_author else proposal.provider
    knows_why = sees_author or proposal.side == "provider"
    own = [one for one in proposal.answers if may_answer_dates(actor, one.participant_id)]
    # To who has left it was over then, whatever those decide who stay.
    has_left = have_left(own) and not may_coordinate(actor)
    awaited = [one.participant.code for one in own if is_awaited(proposal, one)]
    # That the provider has accepted and others are still waited for would tell that there are others.
    hides_stage = is_open(proposal) and not may_coordinate(actor)
    return DateProposalView(
        id=proposal.id,
        version=version_of(proposal, own),
        round_code=round_.code,
        standing=round_.standing,
        state="ended" if has_left else "proposed" if hides_stage else proposal.state,
        end_reason=_end_reason_for(actor, proposal, has_left),
        session=_session_of(session, actor, proposal),
        starts_on=proposal.starts_on,
        ends_on=proposal.ends_on,
        starts_before=proposal.starts_before,
        ends_before=proposal.ends_before,
        note=proposal.note if knows_why else None,
        author=author.code,
        author_names=author.names,
        provider=proposal.provider.code,
        provider_names=proposal.provider.names,
        match_id=match.id if sees_author else None,
        proposed_at=proposal.proposed_at,
        answer_by=proposal.answer_by if awaited or may_coordinate(actor) else None,
        answers=tuple(_view_answer(one, people) for one in own),
        may_answer=tuple(awaited),
        may_withdraw=is_open(proposal) and not has_left and may_answer_dates(actor, proposal.author_id),
    )


def _session_of(session: Session, actor: Actor, proposal: DateProposal) -> SessionOfMatch:
    """The session as it is now, for who takes part there."""
    match, code = proposal.match, proposal.session_code
    label, now = match.plan.labels["sessions"][code], None
    if may_coordinate(actor) or any(actor.answers_for(one) for one in readers_of_days(session, proposal)):
        now = session_now(match.offer, code, label, match.moved_days)
    return session_of_match(code, label, now)


def _end_reason_for(actor: Actor, proposal: DateProposal, has_left: bool) -> str | None:
    """Why it ended: what the calendar says to all, what others did to coordinators."""
    is_for_all = proposal.end_reason == "late" and not has_left
    return proposal.end_reason if may_coordinate(actor) or is_for_all else None


def _view_answer(row: DateAnswer, people: Mapping[int, Person]) -> AnswerToDates:
    person = None if row.decided_by_id is None else people.get(row.decided_by_id)
    return AnswerToDates(
        participant_id=row.participant_id,
        participant=row.participant.code,
        names=row.participant.names,
        answer=row.answer,
        decided_at=row.decided_at,
        by=None if person is None else person.name,
        is_on_behalf=person is not None and person.participant_id != row.participant_id,
    )
