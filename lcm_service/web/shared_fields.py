"""Questions that the forms of needs, offers and supports share; each form gives them its own words."""

from typing import Any

from flask_babel import lazy_gettext as _

from lcm_service.web import choices
from lcm_service.web.fields import Field, Section

NO_LIMIT = _("Leave empty for no limit.")

SUBJECT = Field("subject", _("What kind of help is it?"), "one", list_choices=choices.of("subject"))

OWNER = Section(
    _("For whom"),
    (
        Field(
            "participant",
            _("Participant"),
            "pick",
            hint=_("You record this on behalf of a participant. Type its name or its code."),
            list_choices=choices.participants,
        ),
    ),
)

WITHDRAWAL = (Section(_("Withdraw"), (Field("reason", _("Reason"), "longtext"),)),)
NOTE = (
    Section(
        _("Note verbale"),
        (
            Field("note_reference", _("Reference of the note")),
            Field("note_date", _("Date of the note"), "date"),
        ),
    ),
)
RENEWAL = (Section(_("Renewal"), (Field("expires_on", _("Until what day does it stand?"), "date"),)),)
RETURN = (Section(_("Questions"), (Field("questions", _("What is asked"), "longtext"),)),)


def areas(label: Any, hint: Any = None) -> Field:
    """In which training areas."""
    return Field(
        "areas",
        label,
        "many",
        hint=hint,
        list_choices=choices.areas,
        has_any=True,
        any_label=_("Any subject"),
        may_be_unknown=True,
    )


def level(label: Any) -> Field:
    """At what level of training."""
    return Field("level", label, "one", list_choices=choices.of("level"), has_any=True, may_be_unknown=True)


def personnel(label: Any) -> Field:
    """For troops, police, civilians."""
    return Field(
        "personnel",
        label,
        "many",
        list_choices=choices.of("personnel"),
        has_any=True,
        any_label=_("All personnel"),
        may_be_unknown=True,
    )


def languages(label: Any, hint: Any = None) -> Field:
    """In which languages the training is given, the best one first."""
    return Field(
        "languages",
        label,
        "ranked",
        hint=hint,
        list_choices=choices.languages,
        has_any=True,
        any_label=_("Any language"),
        may_be_unknown=True,
    )


def visibility_consent(label: Any, hint: Any = None) -> Field:
    """Whether the record may be shown to others."""
    return Field(
        "visibility_consent", label, "yes_no", hint=hint, list_choices=choices.yes_or_no, may_be_unknown=True
    )
