"""Sentences that a person reads of what was refused or is faulty, marked so that they are translated.

The domain and the services know no language but the one in which they are written. What they give is the
English sentence, finished, for the API and the log; it remembers of what it was made, so that a page can say
the same in its reader's language (`web/refusals.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

# What a sentence can hold: a reference or a name as text; a number that counts something; a day or a moment;
# a code that has a label; another sentence; several of these, one after the other.
type Value = str | int | date | datetime | Coded | Sequence[Value]


@dataclass(frozen=True, slots=True)
class Coded:
    """A code as a value. English text says the code itself; a page in another language says its label.

    ``vocabulary`` is one of `web/words.py`, or ``field``, ``limit`` or ``participant``: those all pages name.
    """

    vocabulary: str
    code: str

    def __str__(self) -> str:
        # What was sent may be no code at all; a refusal that cannot be said would be a fault of ours.
        return str(self.code)


class Sentence(str):
    """An English sentence that remembers its ``msgid``, its ``values`` and, where it counts, how many."""

    msgid: str
    values: Mapping[str, Value]
    plural: str | None
    number: int

    def __new__(
        cls,
        msgid: str,
        values: Mapping[str, Value] | None = None,
        plural: str | None = None,
        number: int = 1,
    ) -> "Sentence":
        pattern = msgid if plural is None or number == 1 else plural
        # A sentence without values is no pattern: its % is a %.
        text = pattern % {name: _in_english(value) for name, value in values.items()} if values else pattern
        made = super().__new__(cls, text)
        made.msgid, made.values, made.plural, made.number = msgid, dict(values or {}), plural, number
        return made


def sentence(msgid: str, /, **values: Value) -> Sentence:
    """A sentence, collected with ``pybabel extract -k sentence``; ``%(name)s`` stands for a value."""
    return Sentence(msgid, values)


def counted(singular: str, plural: str, number: int, /, **values: Value) -> Sentence:
    """A sentence that counts, collected with ``-k counted:1,2``; ``%(num)s`` stands for the number."""
    return Sentence(singular, {"num": number, **values}, plural, number)


def _in_english(value: Value) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_in_english(one) for one in value)
    return str(value)
