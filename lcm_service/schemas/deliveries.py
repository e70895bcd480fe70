"""What a side of an agreed match sends of its course: days and place, a report, what it thinks of it."""

from lcm_service.domain.vocabulary import ASSESSING_SIDES, ASSESSMENT_ANSWERS, NON_DELIVERY_REASONS
from lcm_service.schemas.records import Sent
from lcm_service.schemas.values import Day, Line, Text, Word, YesNo, number_of_seats


class ScheduleSchema(Sent):
    """On which days and where the course will be. ``place_code``: a country; nothing where it is online."""

    starts_on = Day(required=True, allow_none=False)
    ends_on = Day(required=True, allow_none=False)
    place_code = Line(8)
    venue = Line(300)


class DeliveredSchema(Sent):
    """The course was held: on these days, with so many seats used, of them so many by women."""

    held_from = Day(required=True, allow_none=False)
    held_to = Day(required=True, allow_none=False)
    seats_used = number_of_seats(0)
    women_used = number_of_seats(0)


class NotDeliveredSchema(Sent):
    """The course was not held: why, by one of the listed reasons. The other side does not read why."""

    reason = Word(NON_DELIVERY_REASONS, required=True, allow_none=False)
    note = Text(4000)


class AssessmentSchema(Sent):
    """Of the recipient: was the gap closed that the need names? Of the provider: did the trainees meet the
    course's conditions? The other side reads neither answer nor note.
    """

    answer = Word(ASSESSMENT_ANSWERS, required=True, allow_none=False)
    note = Text(4000)


class ReplySchema(Sent):
    """What a provider replies to the record of its course; empty, it takes its reply back."""

    reply = Text(4000)


class OfReportingSide(Sent):
    """For which side it is said. ``on_behalf``: a coordinator records what came by letter."""

    side = Word(ASSESSING_SIDES, required=True, allow_none=False)
    on_behalf = YesNo(allow_none=False)


class ScheduleOfProviderSchema(ScheduleSchema):
    """The provider's days and place. ``on_behalf``: a coordinator records its letter."""

    on_behalf = YesNo(allow_none=False)


class DeliveredOfSideSchema(DeliveredSchema, OfReportingSide):
    """A side reports that the course was held."""


class NotDeliveredOfSideSchema(NotDeliveredSchema, OfReportingSide):
    """A side reports that the course was not held."""


class AssessmentOfSideSchema(AssessmentSchema, OfReportingSide):
    """A side says what it thinks of the course."""
