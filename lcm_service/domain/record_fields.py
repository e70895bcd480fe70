"""Which fields of a record its owner writes, and which column answers which question.

Everything else of a record (its state, its owner, its version, what a coordinator recognised, where it was
taken from) is set by its own act and never by data that someone sends.
"""

from typing import Final

COMMON_FIELDS: Final = ("title", "detail", "subject", "expires_on", "visibility_consent")

NEED_FIELDS: Final = (
    *COMMON_FIELDS,
    "areas",
    "level",
    "personnel",
    "audience",
    "phase",
    "mission_code",
    "deploys_on",
    "trainees_place",
    "seats_asked",
    "women",
    "min_group",
    "max_groups",
    "whole",
    "earliest",
    "latest",
    "languages",
    "modes",
    "priority_asked",
    "basis",
    "basis_reference",
    "contribution",
    "prior_support",
)
OFFER_FIELDS: Final = (
    *COMMON_FIELDS,
    "partners",
    "implementer",
    "areas",
    "level",
    "personnel",
    "women_only",
    "seats",
    "min_seats",
    "max_recipients",
    "max_per_recipient",
    "max_sessions",
    "languages",
    "mode",
    "place_code",
    "venue",
    "only",
    "except",
    "occupies_team",
    "requires",
    "not_before",
    "not_after",
    "duration_days",
    "un_standard",
    "recognised_until",
    "costs",
    "cost_terms",
    "preconditions",
    "sessions",
)
SESSION_FIELDS: Final = ("key", "starts_on", "ends_on", "seats", "place_code")
SUPPORT_FIELDS: Final = (
    *COMMON_FIELDS,
    "kind",
    "quantity",
    "per_session",
    "amount_as_stated",
    "usable_from",
    "usable_to",
    "only",
    "areas",
    "places",
    "languages",
)
ACTIVITY_FIELDS: Final = (
    "state",
    "title",
    "provider_code",
    "provider_as_stated",
    "recipient_code",
    "recipient_as_stated",
    "areas",
    "first_month",
    "last_month",
    "seats",
)
RECORD_FIELDS: Final = {"need": NEED_FIELDS, "offer": OFFER_FIELDS, "support": SUPPORT_FIELDS}

# Columns that cannot be unknown: what they hold where nobody says anything.
DEFAULTS: Final[dict[str, object]] = {
    "subject": "training",
    "whole": False,
    "women_only": False,
    "occupies_team": False,
    "partners": (),
    "except": (),
}
REQUIRED_FIELDS: Final = {"need": ("title",), "offer": ("title",), "support": ("title", "kind")}

# Names that are words of the language we write in.
COLUMN_OF_FIELD: Final = {"except": "except_"}


def column_of(field: str) -> str:
    """The attribute of a record that keeps a field."""
    return COLUMN_OF_FIELD.get(field, field)
