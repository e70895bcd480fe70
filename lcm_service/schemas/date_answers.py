"""What the API answers about other days that are proposed for a session."""

from marshmallow import Schema, fields

from lcm_service.domain.vocabulary import DATE_ANSWERS, DATE_ENDS, DATE_PROPOSAL_STATES
from lcm_service.schemas.answers import OfARound
from lcm_service.schemas.match_answers import SessionOfMatchAnswer
from lcm_service.schemas.values import Word


class AnswerToDatesAnswer(Schema):
    """What a participant that was asked has said; null while it has not."""

    participant = fields.String()
    answer = Word(DATE_ANSWERS)
    decided_at = fields.AwareDateTime(allow_none=True)
    by = fields.String(allow_none=True)
    is_on_behalf = fields.Boolean()


class DateProposalAnswer(OfARound):
    """Other days that are proposed for a session. Who else is asked, what it said, and why it ended are for
    coordinators alone.
    """

    id = fields.Integer()
    version = fields.Integer()
    round = fields.String(attribute="round_code")
    state = Word(
        DATE_PROPOSAL_STATES,
        allow_none=False,
        metadata={"description": "To all but coordinators an open one is `proposed` until it is over."},
    )
    end_reason = Word(DATE_ENDS)
    session = fields.Nested(SessionOfMatchAnswer)
    starts_on = fields.Date()
    ends_on = fields.Date()
    starts_before = fields.Date()
    ends_before = fields.Date()
    note = fields.String(allow_none=True)
    author = fields.String(metadata={"description": "Who stands for these days to the reader."})
    provider = fields.String()
    match = fields.Integer(attribute="match_id", allow_none=True)
    proposed_at = fields.AwareDateTime()
    answer_by = fields.AwareDateTime(
        allow_none=True, metadata={"description": "Until when the reader is waited for."}
    )
    answers = fields.List(fields.Nested(AnswerToDatesAnswer))
    may_answer = fields.List(
        fields.String(), metadata={"description": "Participants for which the reader may answer now."}
    )
    may_withdraw = fields.Boolean()
