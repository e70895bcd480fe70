"""What is asked for in an address: which round, which part of a list."""

from marshmallow import Schema, fields, validate

MOST_ROWS_OF_A_PAGE = 200


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
