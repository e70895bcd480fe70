"""What can go wrong in a service, as a small family of errors.

`http_errors.py` holds the one table from these to responses. "No plan satisfies the pins" is not among them:
it is an outcome of matching, stored and explained.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lcm_service.domain.sentences import Sentence


class LcmError(Exception):
    """Base of all refusals that a person should read. ``message`` says what, which and what to do; it is a
    sentence, so that pages can say it in their reader's language.
    """

    code = "refused"

    def __init__(self, message: Sentence, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class NotFound(LcmError):
    """There is no such record, or the reader may not know that there is one."""

    code = "not_found"


class NotAllowed(LcmError):
    """The reader knows the record but may not do this to it."""

    code = "not_allowed"


class NotSignedIn(LcmError):
    """Nobody is signed in."""

    code = "not_signed_in"


class TooMany(LcmError):
    """This was tried too often; ``details["retry_after_seconds"]`` says for how long to wait."""

    code = "too_many"


class NotValid(LcmError):
    """The data breaks a rule. ``faults`` maps a field to the sentences that say what is wrong with it."""

    code = "not_valid"

    def __init__(
        self, message: Sentence, faults: Mapping[str, Sequence[str]] | None = None, **details: Any
    ) -> None:
        super().__init__(message, **details)
        self.faults = dict(faults or {})


class Conflict(LcmError):
    """The record is in a state in which this cannot be done."""

    code = "conflict"


class NotReached(LcmError):
    """Another service that this needs does not answer, or not so that it could be believed."""

    code = "not_reached"


class Stale(Conflict):
    """Someone else changed the record since it was read; ``details`` say who, when and which fields."""

    code = "stale"
