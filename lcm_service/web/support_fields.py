"""The form of a support: part of a course, given to make it run."""

from flask_babel import lazy_gettext as _

from lcm_service.web import choices
from lcm_service.web.fields import Field, Section
from lcm_service.web.shared_fields import NO_LIMIT

SECTIONS = (
    Section(
        _("What is given"),
        (
            Field("title", _("Title"), hint=_("One line, for example: Travel fund for francophone units.")),
            Field("kind", _("What kind of support is it?"), "one", list_choices=choices.of("support_kind")),
            Field(
                "quantity",
                _("How much?"),
                "number",
                hint=_(
                    "Funds in whole US dollars. Venues, equipment and interpretation: for how many sessions."
                ),
                may_be_unknown=True,
            ),
            Field("amount_as_stated", _("The amount as it was stated, if in another currency")),
            Field("per_session", _("At most, in one session"), "number", hint=NO_LIMIT),
            Field(
                "languages",
                _("Interpretation: between which languages?"),
                "ranked",
                hint=_("Only for interpretation."),
                list_choices=choices.languages,
            ),
            Field("detail", _("Anything that helps to understand it"), "longtext"),
        ),
    ),
    Section(
        _("What it can be used for"),
        (
            Field("usable_from", _("From"), "date"),
            Field("usable_to", _("Until"), "date"),
            Field("only", _("For whom?"), "picks", hint=NO_LIMIT, list_choices=choices.eligible),
            Field("areas", _("For which subjects?"), "many", hint=NO_LIMIT, list_choices=choices.areas),
            Field(
                "places",
                _("For courses in which countries or regions?"),
                "picks",
                hint=NO_LIMIT,
                list_choices=choices.places_and_regions,
            ),
            Field("expires_on", _("Until what day does it stand?"), "date"),
        ),
    ),
)
