"""What a delivery does to its match: one that was delivered stands, and a scheduled one ends with it."""

from lcm_service.domain.errors import Conflict
from lcm_service.persistence.tables import Match


def is_delivered(match: Match) -> bool:
    """Whether the course was held. What was used can be neither declined nor released nor planned anew."""
    return match.delivery is not None and match.delivery.state == "delivered"


def require_not_delivered(match: Match) -> None:
    """Raise Conflict where the course was delivered."""
    if is_delivered(match):
        raise Conflict(
            f"The course of {match.need_reference} in {match.session_code} was delivered, so its match stands "
            "as it is: it is neither declined nor released nor given other seats. Where the report is wrong, "
            "ask a coordinator to correct it.",
            state="delivered",
        )


def call_off(match: Match) -> None:
    """The match ends or is planned anew: the days that were fixed for it no longer stand."""
    if match.delivery is not None and match.delivery.state == "scheduled":
        match.delivery.state = "called_off"
