"""What the API answers, and what is sent to it beside records: rounds, runs, plans, matches, questions."""

from marshmallow import Schema, fields, validate

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
    PLAN_STATES,
    PRIORITIES,
    QUESTION_STATES,
    RECORD_STATES,
    ROUND_STANDINGS,
    ROUND_STATES,
    RUN_PURPOSES,
    RUN_STATES,
)
from lcm_service.schemas.records import (
    ActivitySchema,
    NeedSchema,
    OfferSchema,
    Sent,
    SessionSchema,
    SupportSchema,
)
from lcm_service.schemas.rounds import RoundSchema
from lcm_service.schemas.values import Number, Several, Word

MOST_ROWS_OF_A_PAGE = 200


class OfARound(Schema):
    """Where what is answered comes from: each row may be copied out, so each says it."""

    standing = Word(ROUND_STANDINGS, allow_none=False)
    notice = fields.String(metadata={"description": "The sentence that goes with the standing, in English."})


class RecordAnswer(OfARound):
    """What the mechanism adds; ``still_to_ask`` names what nobody has stated and could decide a match."""

    reference = fields.String()
    participant = fields.String()
    round = fields.String()
    state = Word(RECORD_STATES, allow_none=False)
    version = fields.Integer()
    source = fields.Raw(allow_none=True)
    created_at = fields.AwareDateTime()
    changed_at = fields.AwareDateTime()
    still_to_ask = fields.List(fields.String())


class NeedAnswer(NeedSchema, RecordAnswer):
    """A need, with what a coordinator recognised of it."""

    seats_recognised = fields.Integer(allow_none=True)
    priority_recognised = Word(PRIORITIES)
    recognition_reason = fields.String(allow_none=True)


class SessionAnswer(SessionSchema):
    """A dated session under the code by which plans and matches name it."""

    code = fields.String()
    is_withdrawn = fields.Boolean()


class OfferAnswer(OfferSchema, RecordAnswer):
    """An offer with its dated sessions."""

    sessions = Several(fields.Nested(SessionAnswer), longest=200)


class SupportAnswer(SupportSchema, RecordAnswer):
    """A support."""


class CirculatedNeedAnswer(OfARound):
    """What everyone who takes part may know of a circulated need."""

    reference = fields.String()
    recipient = fields.String()
    areas = fields.List(fields.String(), allow_none=True)
    level = fields.String(allow_none=True)
    personnel = fields.List(fields.String(), allow_none=True)
    languages = fields.List(fields.String(), allow_none=True)
    earliest = fields.Date(allow_none=True)
    latest = fields.Date(allow_none=True)


class ActivityAnswer(ActivitySchema, OfARound):
    """An activity outside a round."""

    reference = fields.String()
    source = fields.Raw(allow_none=True)


class ContextAnswer(OfARound):
    """What a public source says of needs that no State has expressed for itself. It is no need."""

    statement = fields.String()
    areas = fields.List(fields.String())
    named_by = fields.String()
    because = fields.String()
    source = fields.Raw()


class QuestionAnswer(OfARound):
    """A question on which seats hang: of the reader's own needs and sessions, or for coordinators of all."""

    record_kind = fields.String()
    record_reference = fields.String()
    field = fields.String()
    asked_of = fields.String(metadata={"description": "owner, or coordinator: a need waits for recognition."})
    is_published = fields.Boolean(metadata={"description": "False while only a draft plan asks."})
    seats = fields.Integer(allow_none=True)
    state = Word(QUESTION_STATES, allow_none=False)
    asked_at = fields.AwareDateTime()
    participant_code = fields.String()
    title = fields.String()


class NewRoundSchema(RoundSchema):
    """A round to be opened; ``policy`` is the optimizer's, and may be left out."""

    policy = fields.Dict(keys=fields.String(), allow_none=True)


class PolicySchema(Sent):
    """The optimizer's policy, whole; what it leaves out takes its default."""

    policy = fields.Dict(keys=fields.String(), required=True)


class RoundAnswer(NewRoundSchema, OfARound):
    """A round."""

    standing = Word(ROUND_STANDINGS, allow_none=False)
    state = Word(ROUND_STATES, allow_none=False)
    version = fields.Integer()
    created_at = fields.AwareDateTime()


class RunSchema(Sent):
    """A run to be made. ``choice`` is what is given up where the pins of ``base_run`` clash, or what a
    correcting plan withdraws: ``{"correction": {"notice": text, "withdraw": [[need, session, reason or
    null], ...], "may_return": true}}``; ``may_return``, which may be absent, lets that plan give the same
    pairs seats again.
    """

    time_limit_seconds = Number(1, 86_400)
    choice = fields.Dict(keys=fields.String(), allow_none=True)
    base_run = Number(1, 2_147_483_647)


class RunAnswer(OfARound):
    """A run: where it stands, how far it is, and what happened to it."""

    id = fields.Integer()
    purpose = Word(RUN_PURPOSES, allow_none=False)
    state = Word(RUN_STATES, allow_none=False)
    outcome = fields.String(allow_none=True)
    requested_at = fields.AwareDateTime()
    started_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    time_limit_seconds = fields.Integer()
    problem_sha256 = fields.String()
    progress = fields.Raw(allow_none=True)
    story = fields.Raw()
    choice = fields.Raw(allow_none=True)
    result = fields.Raw(allow_none=True)
    plan = fields.Integer(allow_none=True)


class PlanAnswer(OfARound):
    """A plan of a round; its whole document is its export."""

    id = fields.Integer()
    number = fields.Integer()
    state = Word(PLAN_STATES, allow_none=False)
    outcome = fields.String()
    problem_sha256 = fields.String()
    created_at = fields.AwareDateTime()
    put_forward_at = fields.AwareDateTime(allow_none=True)
    approved_at = fields.AwareDateTime(allow_none=True)
    leaves_at = fields.AwareDateTime(allow_none=True)
    published_at = fields.AwareDateTime(allow_none=True)
    version = fields.Integer()


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


class PageQuery(Schema):
    """Which part of a list: what comes after a reference, at most so many rows."""

    round = fields.String(
        validate=validate.Length(min=1, max=40), metadata={"description": "Code of a round."}
    )
    participant = fields.String(validate=validate.Length(min=1, max=40))
    live = fields.Boolean(metadata={"description": "Only records that take part in matching."})
    after = fields.String(
        validate=validate.Length(min=1, max=40),
        metadata={"description": "Reference of the last record read."},
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=MOST_ROWS_OF_A_PAGE))


class RoundQuery(Schema):
    """Which round."""

    round = fields.String(
        required=True,
        validate=validate.Length(min=1, max=40),
        metadata={"description": "Code of the round."},
    )


class ActivityQuery(Schema):
    """Whose activities."""

    provider = fields.String(validate=validate.Length(min=1, max=40))
    recipient = fields.String(validate=validate.Length(min=1, max=40))


class NeedPage(Schema):
    """A part of the list; ``next`` is the address of the part after it."""

    items = fields.List(fields.Nested(NeedAnswer))
    next = fields.String(allow_none=True)


class OfferPage(Schema):
    """A part of the list; ``next`` is the address of the part after it."""

    items = fields.List(fields.Nested(OfferAnswer))
    next = fields.String(allow_none=True)


class SupportPage(Schema):
    """A part of the list; ``next`` is the address of the part after it."""

    items = fields.List(fields.Nested(SupportAnswer))
    next = fields.String(allow_none=True)


class FaultAnswer(Schema):
    """One fault: where in the body (RFC 6901), and what."""

    pointer = fields.String()
    detail = fields.String()


class ProblemAnswer(Schema):
    """Problem details (RFC 9457)."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    instance = fields.String()
    code = fields.String(metadata={"description": "A word for programs, such as stale or not_found."})
    errors = fields.List(fields.Nested(FaultAnswer))
    details = fields.Dict(metadata={"description": "Of a stale write: who changed what."})
