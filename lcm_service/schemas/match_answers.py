"""What the API answers about matches: their sides, their session, their parties, what became of them."""

from marshmallow import Schema, fields

from lcm_service.domain.vocabulary import (
    ASSESSING_SIDES,
    ASSESSMENT_ANSWERS,
    DECISION_ANSWERS,
    DECISION_SIDES,
    DELIVERY_STATES,
    MATCH_STATES,
    NON_DELIVERY_REASONS,
    PART_STATES,
    PARTIES,
)
from lcm_service.schemas.answers import OfARound
from lcm_service.schemas.values import Word


class NeedOfMatchAnswer(Schema):
    """The need's side; its title only for those who may see the need."""

    reference = fields.String()
    recipient = fields.String()
    title = fields.String(allow_none=True)
    areas = fields.List(fields.String(), allow_none=True)
    level = fields.String(allow_none=True)
    personnel = fields.List(fields.String(), allow_none=True)
    languages = fields.List(fields.String(), allow_none=True)
    women = fields.Integer(allow_none=True)


class OfferOfMatchAnswer(Schema):
    """The offer's side."""

    reference = fields.String()
    provider = fields.String()
    title = fields.String()


class DaysBeforeAnswer(Schema):
    """The days that the plan has for a session that was moved since."""

    start = fields.Date(allow_none=True)
    end = fields.Date(allow_none=True)


class SessionOfMatchAnswer(Schema):
    """The session, on its days and at its place of now. ``moved_from`` are the days of the plan where it is
    on others now, ``moved_by`` ``all`` who take part or its ``offer``, which states others; ``place_before``
    is the place of the plan where the offer states another.
    """

    code = fields.String()
    title = fields.String()
    mode = fields.String(allow_none=True)
    place = fields.String(allow_none=True)
    languages = fields.List(fields.String(), allow_none=True)
    start = fields.Date(allow_none=True)
    end = fields.Date(allow_none=True)
    not_before = fields.Date(allow_none=True)
    not_after = fields.Date(allow_none=True)
    moved_from = fields.Nested(DaysBeforeAnswer, allow_none=True)
    moved_by = fields.String(allow_none=True)
    place_before = fields.String(allow_none=True)


class DecisionAnswer(Schema):
    """The present answer of one side. Reason, note and name are for the side itself and for coordinators."""

    side = Word(DECISION_SIDES, allow_none=False)
    answer = Word(DECISION_ANSWERS, allow_none=False)
    seats = fields.Integer()
    reason = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    by = fields.String(allow_none=True)
    is_on_behalf = fields.Boolean()
    decided_at = fields.AwareDateTime()


class ConsentAnswer(Schema):
    """The recipient's agreement to be put to the provider, with the seats that were put to it. Reason, note
    and name are for the recipient and for coordinators.
    """

    seats = fields.Integer()
    at = fields.AwareDateTime()
    is_recorded = fields.Boolean(
        metadata={"description": "False for a match that was published before recipients were asked first."}
    )
    is_on_behalf = fields.Boolean()
    reason = fields.String(allow_none=True, metadata={"description": "Why no more seats than these."})
    note = fields.String(allow_none=True)
    by = fields.String(allow_none=True)


class AssessmentAnswer(Schema):
    """What one side says of the course: for that side itself and for coordinators."""

    side = Word(ASSESSING_SIDES, allow_none=False)
    answer = Word(ASSESSMENT_ANSWERS, allow_none=False)
    note = fields.String(allow_none=True)
    by = fields.String(allow_none=True)
    is_on_behalf = fields.Boolean()
    given_at = fields.AwareDateTime()


class DeliveryAnswer(Schema):
    """What became of an agreed match. Why a course was not held is for the side that said so and for
    coordinators.
    """

    state = Word(DELIVERY_STATES)
    starts_on = fields.Date(allow_none=True)
    ends_on = fields.Date(allow_none=True)
    place_code = fields.String(attribute="place", allow_none=True)
    venue = fields.String(allow_none=True)
    held_from = fields.Date(allow_none=True)
    held_to = fields.Date(allow_none=True)
    seats_used = fields.Integer(allow_none=True)
    women_used = fields.Integer(allow_none=True)
    reported_side = Word(ASSESSING_SIDES)
    reported_at = fields.AwareDateTime(allow_none=True)
    is_on_behalf = fields.Boolean()
    reason = Word(NON_DELIVERY_REASONS)
    note = fields.String(allow_none=True)
    is_overdue = fields.Boolean(metadata={"description": "Its days are over and nobody has reported."})
    assessments = fields.List(fields.Nested(AssessmentAnswer))
    to_assess = fields.List(
        fields.String(), metadata={"description": "Sides of the reader's that have not assessed it yet."}
    )
    open_steps = fields.List(
        fields.String(),
        metadata={"description": "What the reader may do now."},
    )


class PartyAnswer(Schema):
    """Who gives a support to the session; how much, and the number of the part, for coordinators alone."""

    part = fields.Integer(attribute="part_id", allow_none=True)
    support = fields.String(attribute="support_reference")
    kind = fields.String()
    owner = fields.String()
    state = Word(PART_STATES, allow_none=False)
    quantity = fields.Integer(allow_none=True)


class CoRecipientAnswer(Schema):
    """Another recipient of the session."""

    recipient = fields.String()
    seats = fields.Integer()


class PartAnswer(OfARound):
    """What one support is asked to give to one session, for so many seats in all. Reason, note and name are
    for its owner and for coordinators, who alone see a part.
    """

    id = fields.Integer()
    version = fields.Integer()
    round = fields.String(attribute="round_code")
    state = Word(PART_STATES, allow_none=False)
    owner = fields.String()
    support = fields.String(attribute="support_reference")
    kind = fields.String()
    quantity = fields.Integer()
    quantity_confirmed = fields.Integer()
    seats = fields.Integer(metadata={"description": "Of all recipients together."})
    offer = fields.String(attribute="offer_reference")
    provider = fields.String()
    session = fields.Nested(SessionOfMatchAnswer)
    answer_by = fields.AwareDateTime(allow_none=True)
    reason = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    by = fields.String(allow_none=True)
    is_on_behalf = fields.Boolean()
    decided_at = fields.AwareDateTime(allow_none=True)


class MatchAnswer(OfARound):
    """A match as its reader may see it: a provider sees it once the recipient agreed to be put to it, in the
    state and with the seats that were put to it.
    """

    id = fields.Integer()
    version = fields.Integer()
    round = fields.String(attribute="round_code")
    state = Word(MATCH_STATES, allow_none=False)
    seats = fields.Integer()
    is_firm = fields.Boolean()
    waiting_for = Word(
        (*DECISION_SIDES, PARTIES),
        metadata={"description": "The side whose turn it is, the other parties of the session, or null."},
    )
    consent = fields.Nested(ConsentAnswer, allow_none=True)
    answer_by = fields.AwareDateTime(
        allow_none=True, metadata={"description": "Until when that side is waited for."}
    )
    lapsed_at = fields.AwareDateTime(allow_none=True)
    correction_notice = fields.String(allow_none=True)
    need = fields.Nested(NeedOfMatchAnswer)
    offer = fields.Nested(OfferOfMatchAnswer)
    session = fields.Nested(SessionOfMatchAnswer)
    decisions = fields.List(fields.Nested(DecisionAnswer))
    asks_more_of = fields.List(fields.String())
    open_questions = fields.List(
        fields.List(fields.String()), metadata={"description": "Kind of record, reference, field."}
    )
    waits_for_recognition = fields.Boolean()
    parties = fields.List(fields.Nested(PartyAnswer), metadata={"description": "Who gives supports to it."})
    co_recipients = fields.List(
        fields.Nested(CoRecipientAnswer),
        metadata={"description": "Who else is taught in the session, once all of them agreed."},
    )
    my_sides = fields.List(fields.String())
    delivery = fields.Nested(
        DeliveryAnswer, allow_none=True, metadata={"description": "What became of it once it was agreed."}
    )
