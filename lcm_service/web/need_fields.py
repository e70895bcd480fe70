"""The form of a need, section by section."""

from flask_babel import lazy_gettext as _

from lcm_service.web import choices, shared_fields
from lcm_service.web.fields import Field, Section

WHAT = Section(
    _("What is needed"),
    (
        Field(
            "title", _("Title"), hint=_("One line, for example: Medical training for a formed police unit.")
        ),
        shared_fields.SUBJECT,
        shared_fields.areas(
            _("In which subjects is training needed?"),
            _("Choose every subject that would serve. One of them is enough for a match."),
        ),
        shared_fields.level(_("At what level?")),
        Field("detail", _("Anything that helps to understand the need"), "longtext"),
    ),
)
WHO = Section(
    _("Who is to be trained"),
    (
        shared_fields.personnel(_("Which personnel?")),
        Field("audience", _("Unit, function and ranks"), hint=_("For example: engineer company, officers.")),
        Field("seats_asked", _("How many seats are needed?"), "number", may_be_unknown=True),
        Field("women", _("How many of the seats are for women?"), "number", may_be_unknown=True),
        Field(
            "min_group",
            _("What is the smallest group worth sending to one session?"),
            "number",
            hint=_("Leave empty if one person alone may go."),
        ),
        Field(
            "max_groups",
            _("Over how many sessions may the group be spread?"),
            "number",
            hint=_("Leave empty if it does not matter."),
        ),
        Field("whole", _("Only all the seats together are of use"), "yes"),
        Field(
            "trainees_place",
            _("Where are the trainees?"),
            "pick",
            hint=_("Leave empty if they are in their own country. Type the name or the three-letter code."),
            list_choices=choices.places,
        ),
    ),
)
WHEN = Section(
    _("When and how"),
    (
        Field("earliest", _("From what day can the training start?"), "date", may_be_unknown=True),
        Field("latest", _("By what day must the training end?"), "date", may_be_unknown=True),
        shared_fields.languages(
            _("In which languages can the trainees be taught?"),
            _("Every language in which they can follow a course, the best one first."),
        ),
        Field(
            "modes",
            _("Which forms of training suit?"),
            "ranked",
            hint=_("The form that suits best comes first."),
            list_choices=choices.of("mode"),
            has_any=True,
            any_label=_("Any form"),
            may_be_unknown=True,
        ),
    ),
)
WHY = Section(
    _("Why it is needed"),
    (
        Field("priority_asked", _("How urgent is it?"), "one", list_choices=choices.of("priority")),
        Field("phase", _("In what phase?"), "one", list_choices=choices.of("phase"), may_be_unknown=True),
        Field("mission_code", _("For which mission?"), "select", list_choices=choices.missions),
        Field("deploys_on", _("When is the deployment?"), "date"),
        Field(
            "basis",
            _("How is the need known?"),
            "one",
            list_choices=choices.of("basis"),
            may_be_unknown=True,
        ),
        Field("basis_reference", _("Report or letter that says so")),
        Field(
            "contribution",
            _("What can your side bring?"),
            "longtext",
            hint=_("For example: a venue, food and lodging, interpreters."),
        ),
        Field("prior_support", _("What support was there before, or is planned elsewhere?"), "longtext"),
        Field("expires_on", _("Until what day does the need stand?"), "date"),
        shared_fields.visibility_consent(
            _("May all who take part in the mechanism read that you have this need?"),
            _(
                "With a yes, coordinators may circulate it: participants and observers then read who needs "
                "it, its subjects, level, personnel, languages and dates; nothing else. You can take it back "
                "at any time."
            ),
        ),
    ),
)

SECTIONS = (WHAT, WHO, WHEN, WHY)

RECOGNITION = (
    Section(
        _("Recognise"),
        (
            Field("seats", _("Seats that count in the matching"), "number", may_be_unknown=True),
            Field(
                "priority",
                _("Priority that counts in the matching"),
                "one",
                list_choices=choices.of("priority"),
            ),
            Field("reason", _("Reason, if it differs from what was asked"), "longtext"),
        ),
    ),
)
