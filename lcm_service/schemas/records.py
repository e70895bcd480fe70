"""What participants send: needs, offers, supports, activities, and the acts upon them.

Every field may be absent or null: unknown. ``load(..., partial=True)`` reads a revision. Fields that are not
listed are refused, so nobody sets a state, a version or a recognised number by sending it along.
"""

from marshmallow import RAISE, Schema, fields, validate

from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import (
    ACTIVITY_STATES,
    ANY,
    BASES,
    COST_BEARERS,
    COST_ITEMS,
    LEVELS,
    MODES,
    PERSONNEL,
    PHASES,
    PRIORITIES,
    SUBJECTS,
)
from lcm_service.schemas.values import (
    MISSING,
    MOST_UNITS,
    NOT_A_LIST,
    NOT_A_WORD,
    NOT_AN_OBJECT,
    Day,
    Line,
    Number,
    Several,
    Text,
    Word,
    YesNo,
    language_tags,
    number_of_seats,
    several_codes,
    several_words,
)

UNKNOWN_FIELD = sentence("There is no such field, or it is not yours to set.")


class Sent(Schema):
    """Base of everything that is sent: unknown keys are refused."""

    error_messages: dict[str, str] = {"unknown": UNKNOWN_FIELD, "type": NOT_AN_OBJECT}  # noqa: RUF012

    class Meta:
        unknown = RAISE


class RecordSchema(Sent):
    """What needs, offers and supports have in common."""

    title = Line(300, required=True, allow_none=False)
    detail = Text()
    subject = Word(SUBJECTS)
    expires_on = Day()
    visibility_consent = YesNo()


class NeedSchema(RecordSchema):
    """A training need; all its fields but the title may be unknown."""

    areas = several_codes(40)
    level = Word((*LEVELS, ANY))
    personnel = several_words(PERSONNEL)
    audience = Line(300)
    phase = Word(PHASES)
    mission_code = Line(20)
    deploys_on = Day()
    trainees_place = Line(8)
    seats_asked = number_of_seats()
    women = number_of_seats(0)
    min_group = number_of_seats()
    max_groups = number_of_seats()
    whole = YesNo()
    earliest = Day()
    latest = Day()
    languages = language_tags()
    modes = several_words(MODES)
    priority_asked = Word(PRIORITIES)
    basis = Word(BASES)
    basis_reference = Line(300)
    contribution = Text()
    prior_support = Text()


class SessionSchema(Sent):
    """A dated session of an offer. With its key it is revised, without one it is added."""

    key = Line(40)
    starts_on = Day()
    ends_on = Day()
    seats = number_of_seats()
    place_code = Line(8)


class RequirementSchema(Sent):
    """What an offer needs from supports in order to run: a quantity, and one for each seat filled."""

    kind = Line(40, required=True, allow_none=False)
    quantity = Number(0, MOST_UNITS)
    per_seat = Number(0, MOST_UNITS)


class OfferSchema(RecordSchema):
    """A course or programme; all its fields but the title may be unknown. ``requires: []`` needs nothing."""

    partners = several_codes(40)
    implementer = Line(300)
    areas = several_codes(40)
    level = Word((*LEVELS, ANY))
    personnel = several_words(PERSONNEL)
    women_only = YesNo()
    seats = number_of_seats()
    min_seats = number_of_seats()
    max_recipients = number_of_seats()
    max_per_recipient = number_of_seats()
    max_sessions = number_of_seats(0)
    languages = language_tags()
    mode = Word((*MODES, ANY))
    place_code = Line(8)
    venue = Line(300)
    only_ = Several(Line(60, allow_none=False), attribute="only", data_key="only")
    except_ = Several(Line(60, allow_none=False), attribute="except", data_key="except")
    occupies_team = YesNo()
    requires = Several(fields.Nested(RequirementSchema), longest=50)
    not_before = Day()
    not_after = Day()
    duration_days = Number(1, 366)
    un_standard = Line(300)
    recognised_until = Day()
    costs = fields.Dict(
        keys=fields.String(validate=validate.OneOf(COST_ITEMS, error=NOT_A_WORD)),
        values=fields.String(validate=validate.OneOf(COST_BEARERS, error=NOT_A_WORD)),
        allow_none=True,
        error_messages={"invalid": NOT_AN_OBJECT},
    )
    cost_terms = Text()
    preconditions = Text()
    sessions = Several(fields.Nested(SessionSchema), longest=200)


class SupportSchema(RecordSchema):
    """Funds in whole US dollars, a venue, equipment, interpretation, or another named kind."""

    kind = Line(40, required=True, allow_none=False)
    quantity = Number(0, MOST_UNITS)
    per_session = Number(0, MOST_UNITS)
    amount_as_stated = Line(200)
    usable_from = Day()
    usable_to = Day()
    only_ = Several(Line(60, allow_none=False), attribute="only", data_key="only")
    areas = several_codes(40)
    places = several_codes(8)
    languages = language_tags()


class NewRecordSchema(Sent):
    """Where a new record goes. Without a participant it is the sender's own."""

    participant = Line(40, metadata={"description": "Code of the participant whose record it is."})
    round = Line(40, required=True, allow_none=False, metadata={"description": "Code of the round."})
    state = Word(
        ("draft", "submitted"),
        allow_none=False,
        metadata={"description": "A draft is read by its participant alone until it is submitted."},
    )


class NewNeedSchema(NeedSchema, NewRecordSchema):
    """A need and where it goes."""


class NewOfferSchema(OfferSchema, NewRecordSchema):
    """An offer and where it goes."""


class NewSupportSchema(SupportSchema, NewRecordSchema):
    """A support and where it goes."""


class ActivitySchema(Sent):
    """Support delivered, running or planned outside a round."""

    state = Word(ACTIVITY_STATES, required=True, allow_none=False)
    title = Line(300, required=True, allow_none=False)
    provider_code = Line(40)
    provider_as_stated = Line(300)
    recipient_code = Line(40)
    recipient_as_stated = Line(300)
    areas = several_codes(40)
    first_month = Day()
    last_month = Day()
    seats = number_of_seats()


class GuidanceSchema(Sent):
    """A document of the United Nations that guides training in an area."""

    area = Line(40, required=True, allow_none=False)
    title = Line(300, required=True, allow_none=False)
    number = Line(100)
    year = Number(1948, 2100)
    where = Line(500, required=True, allow_none=False)


class WordingSchema(Sent):
    """A text of the pages in another language."""

    text = Line(2000, required=True, allow_none=False)


class RecognitionSchema(Sent):
    """The seats and the priority that the mechanism recognises; null seats: still unknown."""

    seats = Number(1, 1_000_000, required=True)
    priority = Word(PRIORITIES, required=True, allow_none=False)
    reason = Text()


class WithdrawalSchema(Sent):
    """Why a record is withdrawn."""

    reason = Text(2000)


class NoteSchema(Sent):
    """The note verbale by which a permanent mission vouches for a record."""

    note_reference = Line(300)
    note_date = Day()


class RenewalSchema(Sent):
    """Until what day a record that expired stands now."""

    expires_on = Day()


class ReturnSchema(Sent):
    """What is asked of the owner of a record that is given back."""

    questions = Text(2000)


class ReferencesSchema(Sent):
    """Several records at once."""

    references = fields.List(
        Line(40, allow_none=False),
        required=True,
        validate=validate.Length(min=1, max=1000),
        error_messages={"invalid": NOT_A_LIST, "required": MISSING},
    )


RECORD_SCHEMAS: dict[str, type[RecordSchema]] = {
    "need": NeedSchema,
    "offer": OfferSchema,
    "support": SupportSchema,
}
