"""Figures as the API answers them."""

from marshmallow import Schema, fields

from lcm_service.domain.vocabulary import FIGURE_KINDS, ROUND_STANDINGS
from lcm_service.schemas.values import Word


class NumbersAnswer(Schema):
    """How many records, and their amounts by name."""

    records = fields.Integer()
    amounts = fields.Dict(keys=fields.String(), values=fields.Integer())


class CellOfFiguresAnswer(NumbersAnswer):
    """One line of a table."""

    code = fields.String(
        allow_none=True, metadata={"description": "Empty for those that are merged and not named."}
    )


class GroupOfFiguresAnswer(CellOfFiguresAnswer):
    """A line with those of which it is the sum; none where these are not told."""

    cells = fields.List(fields.Nested(CellOfFiguresAnswer))


class TableOfFiguresAnswer(Schema):
    """A table: the groups add up to the total."""

    dimension = fields.String()
    total = fields.Nested(NumbersAnswer)
    groups = fields.List(fields.Nested(GroupOfFiguresAnswer))


class MeasureAnswer(Schema):
    """What is counted; without tables where it cannot be told."""

    name = fields.String()
    amounts = fields.List(fields.String())
    withheld = fields.List(fields.String(), metadata={"description": "Amounts that cannot be told."})
    tables = fields.List(fields.Nested(TableOfFiguresAnswer))


class KindOfFiguresAnswer(Schema):
    """The figures of one kind, as they were at one moment."""

    kind = Word(FIGURE_KINDS, allow_none=False)
    frozen_at = fields.AwareDateTime()
    measures = fields.List(fields.Nested(MeasureAnswer))


class FiguresAnswer(Schema):
    """All that everybody may read of a round."""

    round = fields.String(metadata={"description": "Code of the round."})
    title = fields.String()
    standing = Word(ROUND_STANDINGS, allow_none=False)
    notice = fields.String(metadata={"description": "Where the records come from, in English."})
    rule = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "At least how many States, records, and how much percent of doubt."},
    )
    kinds = fields.List(fields.Nested(KindOfFiguresAnswer))
