"""Whether an offer may state other days for a session: not while others stand there on those that it states.

What all have confirmed, or are asked to confirm, is a course on certain days. Its provider changes them as
everybody does: by proposing others (`other_dates`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from lcm_service.domain import windows
from lcm_service.domain.errors import NotValid
from lcm_service.domain.sentences import sentence
from lcm_service.persistence import date_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Offer, OfferSession
from lcm_service.services.match_turns import is_known_live

OTHERS_STAND_THERE: Final = sentence(
    "A match stands in one of these sessions on the days that the offer states, so they change by the yes of "
    "all who take part. Propose other dates on the page of the match."
)
FIELDS_OF_DAYS: Final = ("starts_on", "ends_on")


def require_days_stay(session: Session, offer: Offer, given: Sequence[Mapping[str, Any]]) -> None:
    """Raise NotValid where ``given`` states other days for a session that is to come and in which a match
    stands that the provider knows; the round is held.

    A match that its provider does not know is not told by a refusal: the days are taken, and the round needs
    a repair where they do not suit. Days that nobody has stated yet may be stated, those to which the session
    was moved may be written down, and once a course has begun its offer may say on which days it was.
    """
    stated = {row.key: row for row in offer.sessions if not row.is_withdrawn}
    moved = date_reads.moved_sessions(session, offer.round_id)
    changed = set()
    for row in given:
        key = str(row.get("key"))
        own, code = stated.get(key), windows.session_code(offer.reference, key)
        if own is None or not _changes_days(own, row):
            continue
        days = moved.get(code)
        now = (own.starts_on, own.ends_on) if days is None else (days.starts_on, days.ends_on)
        new = tuple(row.get(field, getattr(own, field)) for field in FIELDS_OF_DAYS)
        if new != now and not _has_begun(now[0]):
            changed.add(code)
    if not changed:
        return
    standing = [match for match in reads.list_matches(session, offer.round_id) if is_known_live(match)]
    bound = sorted(changed & {match.session_code for match in standing})
    if bound:
        raise NotValid(
            sentence(
                "A match stands in session %(sessions)s on the days that the offer states.", sessions=bound
            ),
            {"sessions": [OTHERS_STAND_THERE]},
        )


def _changes_days(own: OfferSession, row: Mapping[str, Any]) -> bool:
    """Whether a day that is stated would be another one, or stated no more."""
    return any(field in row and getattr(own, field) not in (None, row[field]) for field in FIELDS_OF_DAYS)


def _has_begun(first: date | None) -> bool:
    return first is not None and first <= utc_now().date()
