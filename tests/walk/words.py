"""Words that stand in one place alone, and who may read them there.

Each restricted text of the walk's world is such a word, made of the name of its field and of its record. The
walk looks for it in whatever anybody is answered, so a leak is found wherever it is.
"""

from typing import Final

# People of the walk, by what they are to the records that it looks at.
FOCAL_POINTS: Final = (
    "recipient",
    "colleague",
    "co_recipient",
    "provider",
    "other_provider",
    "funder",
    "host",
    "other",
)
COORDINATORS: Final = ("coordinator", "approver")
READERS: Final = (*FOCAL_POINTS, *COORDINATORS, "observer", "administrator")
# Whoever is let in no more, and whoever was never let in.
OUTSIDE: Final = ("stranger", "ended")
EVERYBODY: Final = (*OUTSIDE, *READERS)
# Who stands where somebody else stands as well: the second coordinator, the second who gives a support.
SECOND: Final = ("approver", "host")

# Texts of a need that its participant and coordinators read, and nobody else.
TEXTS_OF_NEED: Final = (
    "title",
    "detail",
    "audience",
    "basis_reference",
    "contribution",
    "prior_support",
    "recognition_reason",
)
MARK: Final = "kestrel"


def word(field: str, record: str) -> str:
    """The word that stands in this field of this record."""
    return f"{MARK}-{field.replace('_', '-')}-{record.lower()}."


def texts_of_need(reference: str) -> dict[str, str]:
    """The restricted texts of a need: field -> word."""
    return {field: word(field, reference) for field in TEXTS_OF_NEED}
