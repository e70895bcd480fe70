"""From what a page read out of a form to the data that a service takes: the same schemas as the API's.

A page reads an empty answer as ``None``: unknown. Days and texts come as they were typed, numbers as numbers
where they are some; ``"any"`` and an empty list of requirements are answers and pass as they are.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError

Values = dict[str, Any]
Faults = dict[str, list[str]]


def read_typed(
    schema: type[Schema], typed: Mapping[str, Any], *, partial: bool = False
) -> tuple[Values, Faults]:
    """The values that the schema accepts, and the faults: field -> sentences marked for translation.

    ``partial`` for a form that asks for some fields alone. With faults, the values hold what was right.
    """
    try:
        return dict(schema().load(typed, partial=partial)), {}
    except ValidationError as refusal:
        valid = refusal.valid_data
        messages = refusal.messages
        faults = messages if isinstance(messages, dict) else {"": messages}
        return (
            dict(valid) if isinstance(valid, Mapping) else {},
            {field: list(dict.fromkeys(sentences_of(inner))) for field, inner in faults.items()},
        )


def sentences_of(messages: Any) -> list[str]:
    """The sentences of nested messages: those of a list's entries belong to the list."""
    if isinstance(messages, Mapping):
        return [text for inner in messages.values() for text in sentences_of(inner)]
    if isinstance(messages, list | tuple):
        return [text for inner in messages for text in sentences_of(inner)]
    # A sentence stays what it is, for it remembers of what it was made.
    return [messages if isinstance(messages, str) else str(messages)]
