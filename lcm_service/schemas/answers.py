"""What the API answers, and what is sent to it beside records: rounds, runs, plans, questions."""

from marshmallow import Schema, fields

from lcm_service.domain.vocabulary import (
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
