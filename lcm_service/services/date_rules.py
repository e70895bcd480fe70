"""Who has a word in days that are proposed for a session, and until when it has one.

Only whoever takes part now: who has left (declined, lapsed, was released, gives nothing there any more) has
no word in what those decide who stay, and reads no more of it. To it the proposal was over when it left.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, time

from lcm_service.domain.vocabulary import OPEN_DATE_PROPOSAL_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence import part_reads
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import DateAnswer, DateProposal, Part, Round
from lcm_service.services.delivery_states import is_delivered, was_not_held
from lcm_service.services.delivery_views import days_of_match
from lcm_service.services.match_turns import answer_by, is_known_live, takes_part
from lcm_service.services.match_views import MatchSides


def is_open(proposal: DateProposal) -> bool:
    return proposal.state in OPEN_DATE_PROPOSAL_STATES


def participants_asked(rows: Sequence[MatchSides], parts: Sequence[Part]) -> set[int]:
    """Whose yes a session needs to be moved; nobody's where nothing in it is known to its provider."""
    known = [row for row in rows if is_known_live(row[0])]
    owners = {
        part.support.participant_id
        for part in parts
        if known and part.state in ("asked", "confirmed") and part.quantity_confirmed
    }
    return owners | {side.id for _, *sides in known for side in sides}


def asked_now(session: Session, proposal: DateProposal) -> set[int]:
    """The same, read from the database."""
    code, round_id = proposal.session_code, proposal.round_id
    rows = reads.list_match_sides(session, round_id=round_id, session_code=code)
    return participants_asked(rows, part_reads.list_parts(session, round_id, session_codes=[code]))


def note_who_left(proposal: DateProposal, asked: Collection[int]) -> set[int]:
    """Note which of those who know of an open proposal have a word in it no more; gives those who have one
    again.
    """
    returned = set()
    for row in proposal.answers:
        if row.participant_id not in asked:
            row.left_at = row.left_at or utc_now()
        elif row.left_at is not None:
            row.left_at = None
            returned.add(row.participant_id)
    return returned


def have_left(seen: Iterable[DateAnswer]) -> bool:
    """Whether a reader that sees these answers takes no part any more: all of them are of who has left."""
    answers = list(seen)
    return bool(answers) and all(one.left_at is not None for one in answers)


def is_awaited(proposal: DateProposal, row: DateAnswer) -> bool:
    """Whether the participant is to answer now: first the provider alone, then all the others."""
    is_first = proposal.state == "put" or row.participant_id == proposal.provider_id
    return is_open(proposal) and row.answer is None and row.left_at is None and is_first


def version_of(proposal: DateProposal, seen: Iterable[DateAnswer]) -> int:
    """The version that a reader is told who sees these answers: it rises with each of them, and at the end.

    One that rose with every answer would tell its readers that others are asked.
    """
    answers = list(seen)
    is_over = not is_open(proposal) or have_left(answers)
    return 1 + sum(one.answer is not None for one in answers) + is_over


def answer_dates_by(proposal: DateProposal, round_: Round) -> datetime:
    """Until when the days are answered: the days of the round, and before the course begins, on those that
    are proposed as on its days of now, unless it was not held on these.
    """
    first = proposal.starts_on
    if not was_not_held(proposal.match):
        first = min(first, proposal.starts_before)
    return min(answer_by(round_), datetime.combine(first, time.min, UTC))


def is_time_over(proposal: DateProposal) -> bool:
    """Whether the time to answer has passed, noticed yet or not."""
    return proposal.answer_by is not None and proposal.answer_by <= utc_now()


def is_too_late(proposal: DateProposal, rows: Sequence[MatchSides]) -> bool:
    """Whether the course has begun or the days have come: what was held is not moved, nor is any course to
    days that are past. One that was not held may be held yet.
    """
    begins = days_of_match(proposal.match).start
    if proposal.starts_on <= utc_now().date() or is_held_for_any(rows):
        return True
    return begins is not None and begins <= utc_now().date() and not was_not_held(proposal.match)


def is_held_for_any(rows: Sequence[MatchSides]) -> bool:
    """Whether the course was held for anybody who takes part in the session, which is moved as a whole."""
    return any(is_delivered(match) for match, _, _ in rows)


def readers_of_days(session: Session, proposal: DateProposal) -> set[int]:
    """Who may read on which days the session of a proposal is: whoever takes part there now."""
    round_id, code = proposal.round_id, proposal.session_code
    found = set()
    for match, recipient, provider in reads.list_match_sides(session, round_id=round_id, session_code=code):
        if takes_part(match):
            found.add(recipient.id)
        if takes_part(match, is_of_provider=True):
            found.add(provider.id)
    parts = part_reads.list_parts(session, round_id, session_codes=[code])
    return found | {one.support.participant_id for one in parts if one.state in ("asked", "confirmed")}
