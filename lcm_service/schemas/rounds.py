"""What a coordinator sends to open a round. Its policy is set apart."""

from lcm_service.domain.vocabulary import ROUND_STANDINGS
from lcm_service.schemas.records import Sent
from lcm_service.schemas.values import Day, Line, Number, Word


class RoundSchema(Sent):
    """A round: its code, which never changes, its title, where its records come from, and its days."""

    code = Line(40, required=True, allow_none=False)
    title = Line(200, required=True, allow_none=False)
    standing = Word(ROUND_STANDINGS)
    opens_on = Day(required=True, allow_none=False)
    closes_on = Day(required=True, allow_none=False)
    answer_days = Number(1, 90)
    hold_minutes = Number(0, 10_080)


class RecordWeightSchema(Sent):
    """How much of 100 the record of a course counts in the fit of a session."""

    weight = Number(0, 50, required=True, allow_none=False)
