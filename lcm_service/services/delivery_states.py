"""What a delivery does to its match: one that was delivered stands, and a scheduled one ends with it."""

from collections.abc import Iterable
from typing import Final

from lcm_service.domain.errors import Conflict
from lcm_service.domain.lives import states_before
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.tables import Match

FIELDS_OF_DAYS: Final = ("starts_on", "ends_on", "place_code", "venue")
FIELDS_OF_REPORT: Final = ("held_from", "held_to", "seats_used", "women_used", "reason", "note")


def is_delivered(match: Match) -> bool:
    """Whether the course was held. What was used can be neither declined nor released nor planned anew."""
    return match.delivery is not None and match.delivery.state == "delivered"


def was_not_held(match: Match) -> bool:
    """Whether the course was reported as not held, and not scheduled anew since."""
    return match.delivery is not None and match.delivery.state == "not_delivered"


def sessions_held(matches: Iterable[Match]) -> frozenset[str]:
    """The sessions in which a match was delivered: their course is over, so nobody is given a seat there."""
    return frozenset(match.session_code for match in matches if is_delivered(match))


def require_not_delivered(match: Match) -> None:
    """Raise Conflict where the course was delivered."""
    if is_delivered(match):
        raise Conflict(
            sentence(
                "The course of %(need)s in %(session)s was delivered, so its match stands as it is: it "
                "is neither declined nor released nor given other seats. Where the report is wrong, ask "
                "a coordinator to correct it.",
                need=match.need_reference,
                session=match.session_code,
            ),
            state="delivered",
        )


def call_off(match: Match) -> None:
    """The match ends or is planned anew: neither the days that were fixed for it nor the word that its course
    was not held are about what comes then, nor what was said of a course that was not held in the end.
    """
    delivery = match.delivery
    if delivery is not None and delivery.state in states_before("delivery", "call_off"):
        delivery.state = "called_off"
        for name in (*FIELDS_OF_DAYS, *FIELDS_OF_REPORT, "reported_side", "reported_by_id", "reported_at"):
            setattr(delivery, name, None)
        delivery.assessments.clear()
