"""Whose turn it is with a match, until when, and what of it the provider knows.

The recipient agrees to be put to the provider before that sees anything. While the recipient is asked for
more seats than the provider knows of, or is asked anew, the provider goes on to see the match as it knew it:
in its `known_state`, with the seats that were put to it, by the plan that put them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lcm_service.domain.lives import CONFIRMING_ORDER, whose_turn
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.tables import Decision, Match, Plan, Round

# So long at least a side has that is waited for again once its recipient is asked for no more.
LEAST_TIME_LEFT: Final = timedelta(days=3)
# The sides that are waited for; the secretariat does not keep others waiting for itself.
SIDES_WAITED_FOR: Final = ("recipient", "provider")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a match stands for its reader, and by which plan."""

    plan: Plan
    state: str
    seats: int
    is_firm: bool
    answer_by: datetime | None
    lapsed_at: datetime | None


def answer_by(round_: Round) -> datetime:
    """Until when the side whose turn it is answers what it is asked now."""
    return utc_now() + timedelta(days=round_.answer_days)


def days_for(awaited: str | None, round_: Round) -> datetime | None:
    """Until when it is waited for a side; for the secretariat and the other parties there is no date."""
    return answer_by(round_) if awaited in SIDES_WAITED_FOR else None


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


def side_awaited_as_known(match: Match) -> str | None:
    """The side for which the match waits as the provider knows it."""
    known = as_known(match)
    confirmed = confirmed_sides(match, known.seats)
    return whose_turn(known.state, confirmed, awaits_parties=match.awaits_parties)


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


def is_revivable(match: Match) -> bool:
    """Whether a match that lapsed may still be revived: until another plan is published."""
    return match.state == "lapsed" and match.plan.state == "published"


def takes_part(match: Match, *, is_of_provider: bool = False) -> bool:
    """Whether the reader of a match takes part in its session, or may again: it reads the session of now.

    Whoever has left reads it by its plan: that others moved the session, and when, is not told to it.
    """
    state, may_return = match.state, is_revivable(match)
    if is_of_provider:
        state, may_return = known_state(match), may_return and match.known_state is None
    return state in LIVE_MATCH_STATES or may_return


def as_it_is(match: Match) -> Standing:
    """The match for its recipient and coordinators."""
    return Standing(match.plan, match.state, match.seats, match.is_firm, match.answer_by, match.lapsed_at)


def as_known(match: Match) -> Standing:
    """The match for a provider to which it was put: nothing of it is of a plan that its recipient has not
    answered yet.
    """
    plan = match.known_plan or match.plan
    is_firm = match.is_firm if match.known_is_firm is None else match.known_is_firm
    if match.known_state is None:
        return Standing(plan, match.state, known_seats(match), is_firm, match.answer_by, match.lapsed_at)
    return Standing(
        plan, match.known_state, match.seats_put, is_firm, match.known_answer_by, match.known_lapsed_at
    )


def agreed_seats(match: Match) -> int:
    """For how many seats all three sides have confirmed what holds now: so many stay agreed, whatever the
    match is asked for beyond them.
    """
    if match.state == "agreed":
        return match.seats
    confirmed = [one.seats for one in match.decisions if one.answer == "confirmed"]
    is_live = match.state in LIVE_MATCH_STATES
    return min(confirmed) if is_live and len(confirmed) == len(CONFIRMING_ORDER) else 0


def keep_known(match: Match) -> None:
    """From here on the recipient is asked; the provider goes on to see the match as it is before that."""
    if is_put(match) and match.known_state is None:
        match.seats_put, match.known_state = known_seats(match), match.state
        match.known_answer_by, match.known_lapsed_at = match.answer_by, match.lapsed_at
        match.known_is_firm = as_known(match).is_firm


def forget_known(match: Match) -> None:
    """From here on the provider sees the match as it is."""
    match.known_state, match.known_is_firm = None, None
    match.known_answer_by, match.known_lapsed_at = None, None


def end_known(match: Match, *, is_told: bool = False) -> None:
    """The match has ended: a provider that knows of its seats learns that, of others it never heard.
    ``is_told``: it learns it in any case, for it has ended it itself.
    """
    if match.known_state is not None and (is_told or match.known_state in LIVE_MATCH_STATES):
        match.is_firm, match.lapsed_at = as_known(match).is_firm, match.known_lapsed_at
        forget_known(match)


def fall_back_to_known(match: Match) -> int:
    """What was asked beyond what the provider knows is over; gives how many seats that was.

    The match stands again as the provider knows it, which it may do only while that is live. Whoever is
    waited for keeps its days, for others in their place would tell the provider of what it never heard; it
    has some time left in any case.
    """
    beyond, known = match.seats - match.seats_put, as_known(match)
    match.state, match.seats, match.is_firm = known.state, known.seats, known.is_firm
    match.answer_by, match.lapsed_at = None, known.lapsed_at
    if known.answer_by is not None and side_awaited(match) in SIDES_WAITED_FOR:
        match.answer_by, match.reminded_at = max(known.answer_by, utc_now() + LEAST_TIME_LEFT), None
    forget_known(match)
    return beyond


def pairs_known(matches: Iterable[Match]) -> dict[tuple[str, str], Standing]:
    """The pairs of a published plan that the providers know of, as these were put to them."""
    return {
        (match.need_reference, match.session_code): as_known(match)
        for match in matches
        if is_put(match) and (match.known_state is None or is_known_live(match))
    }
