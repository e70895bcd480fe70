"""Labels for the names of fields, as histories and notices of changes name them."""

from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _

from lcm_service.web import deliveries, need_fields, offer_fields, support_fields

# Fields that no form asks for under their own name.
OTHERS: dict[str, Any] = {
    "session": _("Session"),
    "sessions": _("Sessions"),
    "answers": _("Answers"),
    "return_questions": _("Questions"),
    "version": _("Version"),
    "requires": _("What it requires"),
    "costs": _("Who pays what?"),
    "seats": _("Seats"),
    "decision": _("Answers"),
    "seats_recognised": _("Seats that count"),
    "priority_recognised": _("Priority that counts"),
    "recognition_reason": _("Reason"),
    "assessment": _("What a side thinks of the course"),
    "state": _("State"),
    "source": _("Source"),
}


@cache
def _labels() -> dict[str, Any]:
    of_courses = (*deliveries.SCHEDULE, *deliveries.DELIVERED, *deliveries.NOT_DELIVERED)
    sections = (*of_courses, *need_fields.SECTIONS, *offer_fields.SECTIONS, *support_fields.SECTIONS)
    return {one.name: one.label for section in sections for one in section.fields} | OTHERS


def field_label(name: str) -> Any:
    """The label of a field; a name that no form knows shows as it is."""
    return _labels().get(name, name)
