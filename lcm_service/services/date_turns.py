"""Where proposals of other days stand after every press: who is asked, whether all have said yes, what ends.

A session has one pair of days. It is moved only once everybody has said yes who has said yes to anything
there or may: its provider, the recipients that the provider knows of, and the parties that have confirmed
their part. So nothing that was confirmed has to be taken back: who confirmed has accepted the new days too.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from lcm_service.domain.permissions import SYSTEM, Actor
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.persistence import date_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import DateAnswer, DateProposal, Match, Part, Round, SessionDays
from lcm_service.services.date_rules import (
    answer_dates_by,
    is_open,
    is_time_over,
    is_too_late,
    note_who_left,
    participants_asked,
    version_of,
)
from lcm_service.services.days_now import find_obstacles
from lcm_service.services.delivery_states import call_off, was_not_held
from lcm_service.services.delivery_views import days_of_match
from lcm_service.services.held_matches import give_days, record_match_event, tell_others
from lcm_service.services.match_turns import is_known_live, is_revivable
from lcm_service.services.match_views import MatchSides
from lcm_service.services.part_turns import ask_part_anew
from lcm_service.services.trail import enqueue_message, record_event


def settle_dates(
    session: Session,
    actor: Actor,
    round_: Round,
    code: str,
    rows: Sequence[MatchSides],
    parts: Sequence[Part],
) -> None:
    """To be called after every change of matches or parts of a session, in the same transaction, which holds
    the round: a proposal of who left ends, whoever is to answer now is asked, and where all who are left have
    said yes, the session is moved. Days to which nobody holds any more are those of the offer again.
    """
    if not any(match.state in LIVE_MATCH_STATES or is_revivable(match) for match, _, _ in rows):
        _return_days(session, actor, round_, code)
    for proposal in date_reads.list_date_proposals(session, round_.id, session_code=code, only_open=True):
        # Another one of the session may have been concluded a moment ago.
        if not is_open(proposal) or end_if_over(session, SYSTEM, proposal, rows):
            continue
        asked = participants_asked(rows, parts)
        returned = note_who_left(proposal, asked)
        if proposal.author_id not in asked:
            close_proposal(session, actor, proposal, "ended", "end", end_reason="left")
        elif proposal.state == "put":
            _ask(session, proposal, asked, returned)
            if asked <= accepted_by(proposal):
                _conclude(session, actor, round_, proposal, rows, parts)


def end_if_over(session: Session, actor: Actor, proposal: DateProposal, rows: Sequence[MatchSides]) -> bool:
    """End an open proposal whose time to answer has passed, or that comes too late; tells whether it did.

    Before anything else is looked at: somebody's match may lapse in the same moment, and its silence about
    the days is no yes by that.
    """
    if is_time_over(proposal):
        close_proposal(session, actor, proposal, "lapsed", "lapse")
    elif is_too_late(proposal, rows):
        close_proposal(session, actor, proposal, "ended", "end", end_reason="late")
    return not is_open(proposal)


def return_unheld_days(session: Session, actor: Actor, round_: Round, matches: Iterable[Match]) -> None:
    """Before a plan that has just been published brings its pairs: the days of sessions that nobody holds now
    are those of the offer again, by which the plan was made. What lapsed there can be revived no more.
    """
    held = {match.session_code for match in matches if match.state in LIVE_MATCH_STATES}
    for code in sorted(set(date_reads.moved_sessions(session, round_.id)) - held):
        _return_days(session, actor, round_, code)


def accepted_by(proposal: DateProposal) -> set[int]:
    """The participants that have said yes."""
    return {one.participant_id for one in proposal.answers if one.answer == "accepted"}


def answer_of(proposal: DateProposal, participant_id: int) -> DateAnswer | None:
    return next((one for one in proposal.answers if one.participant_id == participant_id), None)


def add_answer(
    session: Session, proposal: DateProposal, participant_id: int, answer: str | None, actor: Actor | None
) -> DateAnswer:
    """What a participant says of the days; whoever is to be asked has a row without an answer."""
    row = answer_of(proposal, participant_id)
    if row is None:
        row = DateAnswer(participant_id=participant_id)
        proposal.answers.append(row)
    row.answer = answer
    if actor is not None:
        row.decided_by_id, row.decided_at = actor.person_id, utc_now()
    session.flush()
    return row


def put_to_all(proposal: DateProposal, round_: Round) -> None:
    """The provider stands behind the days: now the others are asked, with days of their own to answer."""
    proposal.state, proposal.put_at = "put", utc_now()
    proposal.answer_by, proposal.reminded_at = answer_dates_by(proposal, round_), None


def close_proposal(
    session: Session,
    actor: Actor,
    proposal: DateProposal,
    state: str,
    action: str,
    *,
    end_reason: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """A proposal is over: the match on which it was made says so, and all who take part are told.

    By whom it was refused is for coordinators alone. A match that has left says nothing of how it ended among
    those who stayed, but where it ended because its own recipient left.
    """
    proposal.state, proposal.end_reason = state, end_reason
    proposal.ended_at, proposal.answer_by = utc_now(), None
    record_proposal_event(session, actor, proposal, action, {"reason": end_reason, **(facts or {})})
    match, is_own_end = proposal.match, end_reason == "left" and proposal.side == "recipient"
    if is_known_live(match) or is_own_end:
        told = {"reason": f"dates_{state}", "version": match.version}
        record_match_event(session, actor, match, "close_dates", [], told, secret=False)
    tell(
        session, actor, proposal, "over", {row.participant_id for row in proposal.answers if not row.left_at}
    )


def record_proposal_event(
    session: Session, actor: Actor, proposal: DateProposal, action: str, facts: dict[str, Any]
) -> None:
    """An event of the proposal's own history, which coordinators read."""
    session.flush()
    kept = {name: value for name, value in facts.items() if value is not None}
    kept["version"] = version_of(proposal, proposal.answers)
    record_event(session, actor, action, "dates", str(proposal.id), ["state"], kept)


def tell(
    session: Session, actor: Actor, proposal: DateProposal, kind: str, participants: Collection[int]
) -> None:
    """Leave word for these participants, but for whoever did it."""
    for participant_id in sorted(participants):
        if not actor.answers_for(participant_id):
            facts = {"dates": proposal.id}
            enqueue_message(session, f"dates.{kind}", participant_id=participant_id, facts=facts)


def _ask(session: Session, proposal: DateProposal, asked: Collection[int], returned: Collection[int]) -> None:
    """Who is to answer and does not know of it yet is asked, also where its own press made it so; and who
    comes back without having answered, anew.
    """
    new = set(asked) - {one.participant_id for one in proposal.answers}
    for participant_id in sorted(new):
        add_answer(session, proposal, participant_id, None, None)
    silent = {one.participant_id for one in proposal.answers if one.answer is None}
    for participant_id in sorted(new | (silent & set(returned))):
        facts = {"dates": proposal.id}
        enqueue_message(session, "dates.ask", participant_id=participant_id, facts=facts)


def _conclude(
    session: Session,
    actor: Actor,
    round_: Round,
    proposal: DateProposal,
    rows: Sequence[MatchSides],
    parts: Sequence[Part],
) -> None:
    """All have said yes: the session is moved, unless the records have come to speak against it meanwhile."""
    code = proposal.session_code
    obstacles = find_obstacles(session, round_, code, proposal.starts_on, proposal.ends_on)
    if obstacles:
        listed = [{"code": one.code, "record": one.record} for one in obstacles]
        close_proposal(
            session, actor, proposal, "ended", "end", end_reason="records", facts={"obstacles": listed}
        )
        return
    _move_session(session, proposal)
    close_proposal(session, actor, proposal, "moved", "move")
    for other in date_reads.list_date_proposals(session, round_.id, session_code=code, only_open=True):
        close_proposal(session, actor, other, "ended", "end", end_reason="moved")
    for row in rows:
        _carry_match(session, actor, round_, proposal, row)
    for part in parts:
        if part.state in ("asked", "confirmed"):
            _carry_part(session, actor, round_, part)


def _move_session(session: Session, proposal: DateProposal) -> None:
    days = date_reads.moved_sessions(session, proposal.round_id).get(proposal.session_code)
    if days is None:
        days = SessionDays(round_id=proposal.round_id, session_code=proposal.session_code)
        session.add(days)
    days.starts_on, days.ends_on, days.moved_at = proposal.starts_on, proposal.ends_on, utc_now()
    session.flush()


def _carry_match(
    session: Session, actor: Actor, round_: Round, proposal: DateProposal, row: MatchSides
) -> None:
    """The match goes on with the new days and what was confirmed. Whoever reads a page with the old days can
    press nothing on it any more, nor revive by it what lapsed. A recipient that has agreed to nothing yet
    reads the new ones.
    """
    match, *sides = row
    session.expire(match, ["moved_days"])
    if match.state == "lapsed":
        # Who left is not told that those who stayed have moved.
        reads.raise_version(match)
    if match.state not in LIVE_MATCH_STATES:
        return
    if match.answer_by is not None:
        give_days(match, round_)
    if was_not_held(match) or _is_scheduled_beside(match, proposal):
        _schedule_anew(match, proposal)
    reads.raise_version(match)
    session.flush()
    # Of a match that the provider does not know, or reads as ended, nothing is told to it.
    secret = not is_known_live(match)
    record_match_event(
        session, actor, match, "move_dates", ["session"], {"version": match.version}, secret=secret
    )
    tell_others(session, actor, match, sides, "move_dates", secret=secret)


def _is_scheduled_beside(match: Match, proposal: DateProposal) -> bool:
    """Whether the course was scheduled on days that are not those of its session any more."""
    delivery = match.delivery
    if delivery is None or delivery.state != "scheduled":
        return False
    return (delivery.starts_on, delivery.ends_on) != (proposal.starts_on, proposal.ends_on)


def _schedule_anew(match: Match, proposal: DateProposal) -> None:
    """What was scheduled for other days, or not held on them, is for its provider to schedule again; but
    where a letter has put the course in another country than its session's, it goes on there on the new days:
    about the country nobody was asked, and by scheduling again its provider would move it back alone.
    """
    delivery = match.delivery
    if delivery is None:
        return
    place, venue = delivery.place_code, delivery.venue
    call_off(match)
    if place not in (None, days_of_match(match).place):
        delivery.state, delivery.place_code, delivery.venue = "scheduled", place, venue
        delivery.starts_on, delivery.ends_on = proposal.starts_on, proposal.ends_on


def _carry_part(session: Session, actor: Actor, round_: Round, part: Part) -> None:
    session.expire(part, ["moved_days"])
    ask_part_anew(session, actor, round_, part, "move_dates")


def _return_days(session: Session, actor: Actor, round_: Round, code: str) -> None:
    days = date_reads.moved_sessions(session, round_.id).get(code)
    if days is None:
        return
    session.delete(days)
    session.flush()
    record_event(session, actor, "return_dates", "session", code, ["start", "end"])
