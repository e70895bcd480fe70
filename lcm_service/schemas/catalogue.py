"""What is looked for in the catalogue of offers."""

import re
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields

from lcm_service.domain.sentences import sentence
from lcm_service.schemas.values import Line, messages

NOT_A_MONTH = sentence("This is no month. Write it as 2027-03.")


class Month(fields.String):
    """A month of the years 1990 to 2099, as ``2027-03``; read as its first day."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_none=True, error_messages=messages(NOT_A_MONTH), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        if not re.fullmatch(r"(199[0-9]|20[0-9]{2})-(0[1-9]|1[0-2])", text):
            raise ValidationError(NOT_A_MONTH)
        return date.fromisoformat(f"{text}-01")


class WishSchema(Schema):
    """A subject, a language (BCP 47), a month and a region, each of which may be left open."""

    area = Line(40)
    language = Line(40)
    month = Month(metadata={"description": "A month, as 2027-03."})
    region = Line(40)
