"""Whose turn it is with a match, until when, and what of it the provider knows.

The recipient agrees to be put to the provider before that sees anything. While the recipient is asked for
more seats than the provider knows of, or is asked anew, the provider goes on to see the match as it knew it:
in its `known_state`, with the seats that were put to it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from lcm_service.domain.lives import whose_turn
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.tables import Decision, Match, Round


def answer_by(round_: Round) -> datetime:
    """Until when the side whose turn it is answers what it is asked now."""
    return utc_now() + timedelta(days=round_.answer_days)


def covers(decision: Decision | None, seats: int) -> bool:
    """Whether the side has confirmed at least so many seats."""
    return decision is not None and decision.answer == "confirmed" and decision.seats >= seats


def confirmed_sides(match: Match, seats: int) -> set[str]:
    """The sides that have confirmed at least so many seats."""
    return {one.side for one in match.decisions if covers(one, seats)}


def side_awaited(match: Match) -> str | None:
    """The side for which the match waits now."""
    confirmed = confirmed_sides(match, match.seats)
    return whose_turn(match.state, confirmed, awaits_parties=match.awaits_parties)


def is_put(match: Match) -> bool:
    """Whether the provider may know of the match at all."""
    return match.put_to_provider_at is not None


def is_answered(match: Match) -> bool:
    """Whether a side has answered about what is proposed now, or about seats that the provider knows of:
    before anybody confirms, the recipient agrees to be put.
    """
    return match.state != "asked" or is_known_live(match)


def is_secret(match: Match) -> bool:
    """Whether what happens to the match now is for its recipient and coordinators alone."""
    return not is_put(match) or match.known_state is not None


def known_state(match: Match) -> str:
    """The state in which a provider to which the match was put sees it."""
    return match.known_state or match.state


def known_seats(match: Match) -> int:
    """The seats with which a provider to which the match was put sees it."""
    return match.seats_put if match.known_state else min(match.seats, match.seats_put)


def is_known_live(match: Match) -> bool:
    """Whether the provider knows of seats that the match holds."""
    return is_put(match) and known_state(match) in LIVE_MATCH_STATES


def keep_known(match: Match) -> None:
    """From here on the recipient is asked; the provider goes on to see the match as it is before that."""
    if is_put(match) and match.known_state is None:
        match.seats_put, match.known_state = known_seats(match), match.state


def end_known(match: Match) -> None:
    """The match has ended: a provider that knows of its seats learns that, of others it never heard."""
    if match.known_state in LIVE_MATCH_STATES:
        match.known_state = None


def fall_back_to_known(match: Match) -> int:
    """What was asked beyond what the provider knows is over; gives how many seats that was.

    The match stands again as the provider knows it, which it may do only while that is live.
    """
    beyond = match.seats - match.seats_put
    match.state, match.seats, match.known_state = known_state(match), match.seats_put, None
    return beyond


def seats_known(matches: Iterable[Match]) -> dict[tuple[str, str], int]:
    """The pairs of a published plan that the providers know of, with the seats that were put to them."""
    return {
        (match.need_reference, match.session_code): known_seats(match)
        for match in matches
        if is_put(match) and (match.known_state is None or is_known_live(match))
    }
