"""Whether an offer may state other days or another place for a session: not while others stand there on those
that it states.

What all have confirmed, or are asked to confirm, is a course on certain days in a certain place. Its provider
changes the days as everybody does: by proposing others (`other_dates`). For another place there is no such
vote, so coordinators write it down once all who take part have agreed to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from lcm_service.domain import windows
from lcm_service.domain.errors import NotValid
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Offer, OfferSession
from lcm_service.services.delivery_states import is_delivered
from lcm_service.services.match_turns import is_known_live

OTHERS_STAND_THERE: Final = sentence(
    "A match stands in one of these sessions on the days that the offer states, so they change by the yes of "
    "all who take part. Propose other dates on the page of the match."
)
OTHERS_COME_THERE: Final = sentence(
    "A match stands in one of these sessions in the country that the offer states. Agree with all who take "
    "part on another, and write to the coordinators: they change it by your letter."
)


@dataclass(frozen=True, slots=True)
class _Said:
    """What an offer says of one of its sessions, as it is or as it would be with what is given: its days and
    its place.
    """

    start: date | None
    end: date | None
    place: str | None


def require_sessions_stay(
    session: Session,
    actor: Actor,
    offer: Offer,
    values: Mapping[str, Any],
    given: Sequence[Mapping[str, Any]],
) -> None:
    """Raise NotValid where an offer with these ``values`` and ``given`` sessions would state other days, or
    of its provider's own accord another place, for a session that is to come and in which a match stands that
    the provider knows; the round is held.

    A match that its provider does not know is not told by a refusal: the days are taken, and the round needs
    a repair where they do not suit. What nobody has stated yet may be stated, the days to which the session
    was moved may be written down, and of a course that is over its offer may say on which days it was: nobody
    puts it off or cuts it short alone.
    """
    rows = {row.key: row for row in offer.sessions if not row.is_withdrawn}
    revised = {str(row.get("key")): row for row in given}
    moved_days, moved_places = set(), set()
    for match in reads.list_matches(session, offer.round_id):
        if match.offer_reference != offer.reference or not is_known_live(match):
            continue
        key = windows.key_of_session(offer.reference, match.session_code)
        row = rows.get(key)
        if row is None and is_delivered(match):
            # Its days are those of its plan for ever, whatever the offer says of courses to come.
            continue
        now, new = _said(offer, key, row, {}, {}), _said(offer, key, row, values, revised.get(key, {}))
        if _changes_days(match, now, new) and not _says_when_it_was(match, now, new, offer.round.opens_on):
            moved_days.add(match.session_code)
        if now.place not in (None, new.place) and not may_coordinate(actor):
            moved_places.add(match.session_code)
    if moved_days:
        raise NotValid(
            sentence(
                "A match stands in session %(sessions)s on the days that the offer states.",
                sessions=sorted(moved_days),
            ),
            {"sessions" if given else "duration_days": [OTHERS_STAND_THERE]},
        )
    if moved_places:
        raise NotValid(
            sentence(
                "A match stands in session %(sessions)s in the country that the offer states.",
                sessions=sorted(moved_places),
            ),
            {"place_code" if "place_code" in values else "sessions": [OTHERS_COME_THERE]},
        )


def _said(
    offer: Offer, key: str, row: OfferSession | None, values: Mapping[str, Any], given: Mapping[str, Any]
) -> _Said:
    def of_row(field: str) -> Any:
        return given[field] if field in given else getattr(row, field, None)

    def of_offer(field: str) -> Any:
        return values[field] if field in values else getattr(offer, field)

    days = of_row("starts_on"), of_row("ends_on")
    if row is None:
        days = windows.days_of_key(key, of_offer("duration_days"))
    place = of_row("place_code") or of_offer("place_code")
    return _Said(*days, place)


def _days_now(match: Match, now: _Said) -> tuple[date | None, date | None]:
    """The days on which those stand who take part."""
    moved = match.moved_days
    return (now.start, now.end) if moved is None else (moved.starts_on, moved.ends_on)


def _changes_days(match: Match, now: _Said, new: _Said) -> bool:
    """Whether a day that is stated would be another one, or stated no more."""
    is_other = now.start not in (None, new.start) or now.end not in (None, new.end)
    return is_other and (new.start, new.end) != _days_now(match, now)


def _says_when_it_was(match: Match, now: _Said, new: _Said, opens_on: date) -> bool:
    """Whether the course is over, on its days of now as on those that the offer would state: then these say
    when it was. A course that runs is cut short by nobody alone.
    """
    (first, last), today = _days_now(match, now), utc_now().date()
    earliest = opens_on if first is None else min(first, opens_on)
    is_begun_in_time = new.start is not None and new.start >= earliest
    return is_begun_in_time and _is_past(last, today) and _is_past(new.end, today)


def _is_past(day: date | None, today: date) -> bool:
    return day is not None and day <= today
