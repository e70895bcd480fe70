"""What a side of a match sends with its answer."""

from lcm_service.domain.vocabulary import DECLINE_REASONS
from lcm_service.schemas.records import Sent
from lcm_service.schemas.values import Text, Word


class DeclineSchema(Sent):
    """Why a side declines, by one of the listed reasons, and anything that helps to find a better match."""

    reason = Word(DECLINE_REASONS, required=True, allow_none=False)
    note = Text(4000)
