"""What is still to be asked about a record, in asking order.

Unknown is not "any" and not "none": only a value that nobody has stated is asked for, and only where an
answer could decide something.
"""

from collections.abc import Callable, Sequence
from typing import Any

from lcm_service.domain.vocabulary import (
    LIVE_RECORD_STATES,
    NEED_QUESTION_FIELDS,
    OFFER_QUESTION_FIELDS,
    SUPPORT_QUESTION_FIELDS,
)

QUESTION_FIELDS = {
    "need": NEED_QUESTION_FIELDS,
    "offer": OFFER_QUESTION_FIELDS,
    "support": SUPPORT_QUESTION_FIELDS,
}
# Where trainees come to a host, it matters where; a mobile team goes to them, and online is everywhere.
MODES_WITH_A_PLACE = ("in_country", "provider_centre", "regional_centre")


def missing_fields(kind: str, record: Any) -> tuple[str, ...]:
    """The question fields of a record that nobody has stated and that could decide a match.

    ``kind`` is "need", "offer" or "support". Nothing is asked of a record that no longer takes part, nor of
    one that enters no matching: institutional support, equipment and recognition are paired by hand.
    """
    if record.state not in (*LIVE_RECORD_STATES, "draft", "returned") or record.subject != "training":
        return ()
    return tuple(
        field
        for field in QUESTION_FIELDS[kind]
        if is_asked(kind, record, field) and not is_stated(kind, record, field)
    )


def is_asked(kind: str, record: Any, field: str) -> bool:
    """Whether an answer could decide something. Of a place nothing is asked while the mode is open."""
    if kind == "offer" and field == "place":
        return record.mode in MODES_WITH_A_PLACE
    if kind == "support" and field == "languages":
        return bool(record.kind == "interpretation")
    return True


def is_stated(kind: str, record: Any, field: str) -> bool:
    """Whether somebody has answered a question of the optimizer about this record."""
    answer = _ANSWERS.get((kind, field))
    if answer is not None:
        return answer(record)
    return getattr(record, field) is not None


def live_sessions(offer: Any) -> Sequence[Any]:
    """The dated sessions of an offer that are not withdrawn."""
    return [session for session in offer.sessions if not session.is_withdrawn]


def _sessions_state(offer: Any, column: str) -> bool:
    """Every session says it for itself, or the offer says it for those that do not."""
    sessions = live_sessions(offer)
    return getattr(offer, column) is not None or (
        bool(sessions) and all(getattr(session, column) is not None for session in sessions)
    )


def _days_are_stated(offer: Any, column: str) -> bool:
    """Stated days of each session, or a window with a duration, from which candidate days are made."""
    sessions = live_sessions(offer)
    if sessions:
        return all(getattr(session, column) is not None for session in sessions)
    return None not in (offer.not_before, offer.not_after, offer.duration_days)


_ANSWERS: dict[tuple[str, str], Callable[[Any], bool]] = {
    # The owner has answered once it asks; what is recognised of it is the coordinator's to say.
    ("need", "seats"): lambda need: need.seats_asked is not None,
    ("need", "priority"): lambda need: need.priority_asked is not None,
    ("need", "place"): lambda need: need.trainees_place is not None,
    ("offer", "start"): lambda offer: _days_are_stated(offer, "starts_on"),
    ("offer", "end"): lambda offer: _days_are_stated(offer, "ends_on"),
    ("offer", "seats"): lambda offer: _sessions_state(offer, "seats"),
    ("offer", "place"): lambda offer: _sessions_state(offer, "place_code"),
    # How earlier courses went is not the provider's to say; until the record is kept, nobody can answer it.
    ("offer", "record"): lambda offer: False,
}
