"""The kinds of values that records are made of. Each may be ``None``: unknown, which is not "any".

Limits are stated twice where a library would not export them: once as a check, once as ``metadata`` for the
API's description.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import ANY

MOST_SEATS: Final = 1_000_000
MOST_UNITS: Final = 1_000_000_000
LONGEST_LIST: Final = 300
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)

# Bidirectional embeddings, overrides and isolates (Unicode Standard Annex 9).
TURNING_CHARACTERS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

NOT_TEXT = sentence("This must be text.")
CONTROL_CHARACTERS = sentence("This holds characters that cannot be shown.")
TOO_LONG = sentence("This is too long.")
EMPTY_TEXT = sentence("Say something here, or leave it out.")
NOT_A_NUMBER = sentence("This must be a whole number.")
OUT_OF_RANGE = sentence("This number is too small or too large.")
NOT_A_DATE = sentence("This must be a day such as 2027-03-31.")
DATE_OUT_OF_RANGE = sentence("This day is not between 1990 and 2100.")
NOT_A_WORD = sentence("Choose one of the listed answers.")
NOT_A_LIST = sentence("This must be a list.")
SAID_TWICE = sentence("The same answer is given twice.")
NOT_A_LANGUAGE = sentence("This is not a language tag such as fr or pt-BR.")
NOT_YES_OR_NO = sentence("Answer yes or no.")
NOT_AN_OBJECT = sentence("This must be an object with named fields.")
MAY_NOT_BE_NULL = sentence("This cannot be unknown.")
MISSING = sentence("This must be stated.")


Messages = dict[str, str | list[Any] | dict[Any, Any]]


def messages(invalid: str) -> Messages:
    """What to say of a value that is not of its kind, is null where it may not be, or is missing."""
    return {"invalid": invalid, "invalid_utf8": invalid, "null": MAY_NOT_BE_NULL, "required": MISSING}


class Line(fields.String):
    """One line of text, trimmed.

    Control characters are refused: not all databases and pages take them. So are those that turn the
    direction of what follows: a name must not read as another one.
    """

    pattern = r"^[^\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]*$"
    allowed_controls = ""
    refused_characters = TURNING_CHARACTERS

    def __init__(self, longest: int, **options: Any) -> None:
        metadata = {"pattern": self.pattern, **options.pop("metadata", {})}
        length = validate.Length(min=1, max=longest, error=TOO_LONG)
        options.setdefault("allow_none", True)
        super().__init__(validate=length, metadata=metadata, error_messages=messages(NOT_TEXT), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        unshowable = any(is_unshowable(character, self.allowed_controls) for character in text)
        if unshowable or not self.refused_characters.isdisjoint(text):
            raise ValidationError(CONTROL_CHARACTERS)
        if not text.strip():
            raise ValidationError(EMPTY_TEXT)
        return text.strip()


class Text(Line):
    """Several lines of text."""

    pattern = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$"
    allowed_controls = "\t\n\r"
    refused_characters: frozenset[str] = frozenset()

    def __init__(self, longest: int = 10_000, **options: Any) -> None:
        super().__init__(longest, **options)


class Number(fields.Integer):
    """A whole number as JSON knows it: 5 and 5.0, but not "5", 5.5 or true."""

    def __init__(self, least: int, most: int, **options: Any) -> None:
        options.setdefault("allow_none", True)
        limits = validate.Range(min=least, max=most, error=OUT_OF_RANGE)
        super().__init__(validate=limits, error_messages=messages(NOT_A_NUMBER), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or value != value or value in (float("inf"), float("-inf")) or value != int(value):
            raise ValidationError(NOT_A_NUMBER)
        return int(value)


class Day(fields.Date):
    """A calendar day, ISO 8601 with dashes, between 1990 and 2100."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("allow_none", True)
        limits = validate.Range(min=FIRST_DAY, max=LAST_DAY, error=DATE_OUT_OF_RANGE)
        super().__init__(validate=limits, error_messages=messages(NOT_A_DATE), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        # Python also reads 20270331 and 2027-W13-3, which other readers of the same file would not.
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValidationError(NOT_A_DATE)
        return super()._deserialize(value, attr, data, **options)


class Word(fields.String):
    """One of the vocabulary's words."""

    def __init__(self, words: Iterable[str], **options: Any) -> None:
        options.setdefault("allow_none", True)
        super().__init__(
            validate=validate.OneOf(tuple(words), error=NOT_A_WORD),
            error_messages=messages(NOT_TEXT),
            **options,
        )


class YesNo(fields.Boolean):
    """true or false, and no text or number in their place."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("allow_none", True)
        super().__init__(truthy={True}, falsy={False}, error_messages=messages(NOT_YES_OR_NO), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(NOT_YES_OR_NO)
        return value


class Several(fields.List[Any]):
    """A list in which nothing is said twice. Whether it may be empty is for the domain's rules."""

    def __init__(self, inner: fields.Field[Any], longest: int = LONGEST_LIST, **options: Any) -> None:
        options.setdefault("allow_none", True)
        super().__init__(
            inner,
            validate=[validate.Length(max=longest, error=TOO_LONG), refuse_repeats],
            error_messages=messages(NOT_A_LIST),
            **options,
        )


def several_words(vocabulary: tuple[str, ...]) -> Several:
    """Any of the vocabulary's words, or ``["any"]``."""
    return Several(Word((*vocabulary, ANY), allow_none=False))


def several_codes(longest: int = 60) -> Several:
    """Codes of some list, or ``["any"]``; the services know the lists."""
    return Several(Line(longest, allow_none=False))


def language_tags() -> Several:
    """BCP 47 language tags in order of preference, or ``["any"]``."""
    tag = fields.String(
        validate=[
            validate.Length(max=35, error=TOO_LONG),
            validate.Regexp(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", error=NOT_A_LANGUAGE),
            refuse_line_ends,
        ],
        error_messages=messages(NOT_TEXT),
    )
    return Several(tag)


def number_of_seats(least: int = 1) -> Number:
    """A number of seats."""
    return Number(least, MOST_SEATS)


def is_unshowable(character: str, allowed: str) -> bool:
    """Control characters, and halves of characters that no database stores."""
    return unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed


def refuse_repeats(values: list[Any]) -> None:
    """Refuse a list in which something is said twice; objects may look alike."""
    simple = [value for value in values if isinstance(value, str)]
    if len(set(simple)) < len(simple):
        raise ValidationError(SAID_TWICE)


def refuse_line_ends(value: str) -> None:
    """A pattern's ``$`` lets one line end through."""
    if value.endswith("\n"):
        raise ValidationError(NOT_A_LANGUAGE)
