"""What the error pages say: a heading and what to do next, for each status."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask_babel import lazy_gettext as _

HEADINGS: Final[Mapping[int, Any]] = {
    400: _("This request could not be read"),
    403: _("You may not do this"),
    404: _("There is no such page"),
    405: _("This cannot be done here"),
    409: _("This cannot be done now"),
    412: _("The record was changed in the meantime"),
    413: _("This is too large"),
    422: _("Something has to be put right"),
    429: _("Too many attempts"),
    500: _("Something went wrong on our side"),
    502: _("Another service does not answer"),
}
ADVICE: Final[Mapping[int, Any]] = {
    400: _("The form may have been open for too long. Go back, load the page again and repeat what you did."),
    403: _("Your role does not allow it. If you need it, write to the coordinators."),
    404: _("The address may be wrong, or the record is not one that you may see."),
    405: _("Go back and use the buttons of the page."),
    409: _(
        "The record is in a state in which this is not possible, or someone was quicker. Load the page again."
    ),
    412: _("Read the record again and repeat your change."),
    413: _("Send less text at once, or a smaller file."),
    422: _("Go back and correct what is named here."),
    429: _("Wait a few minutes and try again."),
    502: _("Nothing was changed. Try again later."),
    500: _("Nothing was changed. Try again later. If it happens again, write to the coordinators."),
}


def error_heading(status: HTTPStatus) -> Any:
    """The heading of an error page."""
    return HEADINGS.get(status.value) or HEADINGS[400 if status.value < 500 else 500]


def error_advice(status: HTTPStatus) -> Any:
    """What to do next."""
    return ADVICE.get(status.value) or ADVICE[400 if status.value < 500 else 500]
