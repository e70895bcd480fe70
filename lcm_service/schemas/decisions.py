"""What a side of a match sends with its answer."""

from lcm_service.domain.vocabulary import DECISION_SIDES, DECLINE_REASONS
from lcm_service.schemas.records import Sent
from lcm_service.schemas.values import Day, Line, Number, Text, Word, YesNo


class DeclineSchema(Sent):
    """Why a side declines, by one of the listed reasons, and anything that helps to find a better match."""

    reason = Word(DECLINE_REASONS, required=True, allow_none=False)
    note = Text(4000)


class SideSchema(Sent):
    """For which side an answer is given. ``on_behalf``: a coordinator records what came by letter."""

    side = Word(DECISION_SIDES, required=True, allow_none=False)
    on_behalf = YesNo(allow_none=False)


class ConsentSchema(Sent):
    """The recipient agrees to be put to the provider. ``on_behalf``: a coordinator records its letter."""

    note = Text(4000)
    on_behalf = YesNo(allow_none=False)


class ConfirmationOfSideSchema(SideSchema):
    """A side confirms the seats that are proposed now."""

    note = Text(4000)


class DeclineOfMatchSchema(DeclineSchema):
    """Why a side declines. ``only_more``: a letter declines the additional seats alone, and what was
    confirmed or agreed for fewer stands.
    """

    only_more = YesNo(allow_none=False)


class DeclineOfSideSchema(DeclineOfMatchSchema, SideSchema):
    """A side declines, and says why."""


class ConfirmationOfPartSchema(Sent):
    """The owner of a support confirms its part. ``on_behalf``: a coordinator records its letter."""

    note = Text(4000)
    on_behalf = YesNo(allow_none=False)


class DeclineOfPartSchema(DeclineSchema):
    """The owner of a support declines its part, and says why."""

    on_behalf = YesNo(allow_none=False)


class FewerSeatsSchema(DeclineSchema):
    """How many of the proposed seats a side accepts, and why no more."""

    seats = Number(1, 1_000_000, required=True, allow_none=False)


class FewerSeatsOfSideSchema(FewerSeatsSchema, SideSchema):
    """A side accepts fewer seats than are proposed."""


class OtherDatesSchema(Sent):
    """Other days for the session of a match. Without ``ends_on`` the course is as long as it is now.

    ``note`` is read by whoever is asked where the provider proposes; a recipient's by the provider and
    coordinators alone.
    """

    starts_on = Day(required=True, allow_none=False)
    ends_on = Day()
    note = Text(4000)


class OtherDatesOfSideSchema(OtherDatesSchema, SideSchema):
    """A side proposes other days."""


class AnswerToDatesSchema(Sent):
    """Whose answer it is: a coordinator names the participant whose letter it has; others answer for their
    own.
    """

    participant = Line(8)


class WithdrawalOfDatesSchema(Sent):
    """What was proposed is taken back."""
