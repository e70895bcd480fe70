"""The forms of an offer: the whole of it, and the first questions that are asked together."""

from flask_babel import lazy_gettext as _

from lcm_service.web import choices, shared_fields
from lcm_service.web.fields import Field, Section
from lcm_service.web.shared_fields import NO_LIMIT

PERSONNEL = shared_fields.personnel(_("For which personnel is it?"))
ONLY = Field(
    "only",
    _("Who may take part?"),
    "picks",
    hint=_("Participants, countries, regions or groups, by name or code."),
    list_choices=choices.eligible,
    has_any=True,
    any_label=_("Everyone who takes part"),
    may_be_unknown=True,
)
SEATS = Field("seats", _("How many seats are open to others, in one session?"), "number", may_be_unknown=True)
MODE = Field(
    "mode",
    _("In what form is it given?"),
    "one",
    list_choices=choices.of("mode"),
    has_any=True,
    any_label=_("Any form"),
    may_be_unknown=True,
)

WHAT = Section(
    _("What is offered"),
    (
        Field(
            "title", _("Title"), hint=_("One line, for example: Explosive ordnance disposal, basic course.")
        ),
        shared_fields.SUBJECT,
        shared_fields.areas(_("Which subjects are taught?")),
        shared_fields.level(_("At what level is it taught?")),
        shared_fields.languages(_("In which languages is it taught?")),
        Field("implementer", _("Who carries it out?"), hint=_("For example: a national training centre.")),
        Field("un_standard", _("United Nations material or standard that it follows")),
        Field("recognised_until", _("Recognised by the United Nations until"), "date"),
        Field("detail", _("Anything that helps to understand the offer"), "longtext"),
    ),
)
WHO = Section(
    _("Who can take part"),
    (
        PERSONNEL,
        Field("women_only", _("It is for women only"), "yes"),
        ONLY,
        Field(
            "except",
            _("Who may not take part?"),
            "picks",
            hint=_("Leave empty if nobody is left out."),
            list_choices=choices.eligible,
        ),
        SEATS,
        Field("min_seats", _("With how few participants does it still run?"), "number"),
        Field(
            "max_recipients",
            _("How many States or organisations in one session, at most?"),
            "number",
            hint=NO_LIMIT,
        ),
        Field("max_per_recipient", _("How many seats for each of them, at most?"), "number", hint=NO_LIMIT),
    ),
)
WHERE = Section(
    _("Form and place"),
    (
        MODE,
        Field(
            "place_code",
            _("In which country is it held?"),
            "pick",
            hint=_(
                "Leave empty for a mobile team that goes where the trainees are, and for an online course."
            ),
            list_choices=choices.places,
        ),
        Field("venue", _("Town and centre")),
        Field("occupies_team", _("It occupies one of our mobile teams while it runs"), "yes"),
        Field("partners", _("Who offers it together with you?"), "picks", list_choices=choices.participants),
    ),
)
WINDOW = (
    Field("not_before", _("Not before"), "date"),
    Field("not_after", _("Not after"), "date"),
    Field("duration_days", _("Length of a course, in days"), "number"),
    Field(
        "max_sessions",
        _("How many sessions can you give in all?"),
        "number",
        hint=_("Leave empty for all the sessions listed, or for one within the dates above."),
    ),
)
TERMS = Section(
    _("Conditions"),
    (
        Field("cost_terms", _("Conditions on costs, in words"), "longtext"),
        Field("preconditions", _("What must trainees have done or hold before?"), "longtext"),
        Field("expires_on", _("Until what day does the offer stand?"), "date"),
        shared_fields.visibility_consent(_("May the offer be shown outside the mechanism?")),
    ),
)
DATES = Section(
    _("Dates without fixed days"),
    WINDOW,
    hint=_("If the days are not fixed yet, give the time in which the course can be held."),
)

SECTIONS = (WHAT, WHO, WHERE, DATES, TERMS)
FIRST_QUESTIONS = (Section(_("First questions"), (PERSONNEL, ONLY, SEATS, MODE)),)
FIRST_DATES = (Section(_("Dates without fixed days"), WINDOW, hint=DATES.hint),)
