"""What happens where an offer states other days or another place for a session in which others stand.

What a page shows of a session is what binds, so a page that was read before is read no more: a press made on
it is refused as stale. Told is whoever may know: of a match that is asked in secret its recipient alone.
"""

from collections.abc import Mapping
from datetime import date

from lcm_service.domain.permissions import Actor
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence import part_reads
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Delivery, Match, Offer
from lcm_service.services.delivery_states import call_off, is_delivered
from lcm_service.services.delivery_views import days_of_match
from lcm_service.services.held_matches import record_match_event, tell_others
from lcm_service.services.match_turns import is_known_live, is_revivable
from lcm_service.services.match_views import MatchSides
from lcm_service.services.part_turns import ask_part_anew
from lcm_service.services.session_views import SessionNow

# What an offer says of all its sessions that say nothing else.
FIELDS_OF_SESSIONS = frozenset(("place_code", "not_before", "not_after", "duration_days"))


def sessions_stated(session: Session, offer: Offer) -> Mapping[str, SessionNow]:
    """The sessions of an offer in which a match stands or may again, as they are now; the round is held."""
    return {
        match.session_code: days_of_match(match)
        for match, _, _ in reads.list_match_sides(session, round_id=offer.round_id)
        if match.offer_reference == offer.reference
        and not is_delivered(match)
        and (match.state in LIVE_MATCH_STATES or is_revivable(match))
    }


def restate_sessions(session: Session, actor: Actor, offer: Offer, before: Mapping[str, SessionNow]) -> None:
    """To be called after an offer was changed, with what `sessions_stated` gave before that: every match and
    every part of a session that is otherwise now gets another version, and whoever may know is told.
    """
    now = sessions_stated(session, offer)
    changed = sorted(code for code in now if before[code] != now[code])
    if not changed:
        return
    round_ = reads.lock_round(session, offer.round_id)
    for code in changed:
        for row in reads.list_match_sides(session, round_id=round_.id, session_code=code):
            if not is_delivered(row[0]):
                _restate_match(session, actor, row, before[code])
        for part in part_reads.list_parts(session, round_.id, session_codes=[code]):
            if part.state in ("asked", "confirmed"):
                ask_part_anew(session, actor, round_, part, "restate")


def _restate_match(session: Session, actor: Actor, row: MatchSides, before: SessionNow) -> None:
    match, *sides = row
    if is_revivable(match):
        # It stands no more, so nobody is told; but who revives it is to have read what it is now.
        reads.raise_version(match)
    if match.state not in LIVE_MATCH_STATES:
        return
    _call_off_elsewhere(match, before)
    reads.raise_version(match)
    session.flush()
    secret = not is_known_live(match)
    facts = {"version": match.version}
    record_match_event(session, actor, match, "restate", ["session"], facts, secret=secret)
    tell_others(session, actor, match, sides, "restate", secret=secret)


def _call_off_elsewhere(match: Match, before: SessionNow) -> None:
    """What was scheduled for days or a place that are the session's no more is scheduled anew. Where a letter
    has put it stands while the session stays where it was.
    """
    delivery, now = match.delivery, days_of_match(match)
    if delivery is None:
        return
    is_elsewhere = _is_elsewhere(delivery, before.place, now.place)
    first, last = now.start or now.not_before, now.end or now.not_after
    is_before = first is not None and delivery.starts_on is not None and delivery.starts_on < first
    is_after = last is not None and delivery.ends_on is not None and delivery.ends_on > last
    if delivery.state == "not_delivered":
        # The report stands; when and where the course was to be binds nobody who schedules it anew.
        if is_elsewhere:
            delivery.place_code = delivery.venue = None
        if is_before or is_after:
            delivery.starts_on = delivery.ends_on = None
    elif delivery.state == "scheduled" and _is_over(delivery.ends_on) and _is_over(last) and not is_elsewhere:
        _say_when_it_was(delivery, before, now)
    elif delivery.state == "scheduled" and (is_before or is_after or is_elsewhere):
        call_off(match)


def _say_when_it_was(delivery: Delivery, before: SessionNow, now: SessionNow) -> None:
    """The offer says when the course was: what was on the days of its session goes along, and stands where a
    letter has put it on others.
    """
    if (delivery.starts_on, delivery.ends_on) == (before.start, before.end) and now.start and now.end:
        delivery.starts_on, delivery.ends_on = now.start, now.end


def _is_over(day: date | None) -> bool:
    return day is not None and day <= utc_now().date()


def _is_elsewhere(delivery: Delivery, before: str | None, now: str | None) -> bool:
    """Whether the session has left the place for which the course was scheduled. A town is in the country of
    its time, be that named or the session's own.
    """
    scheduled = delivery.place_code or (before if delivery.venue else None)
    return now not in (None, before) and scheduled not in (None, now)
