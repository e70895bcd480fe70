"""Supports: funds, venues, equipment and interpretation that make courses run."""

from flask import Blueprint
from flask_babel import lazy_gettext as _

from lcm_service.schemas.records import SupportSchema
from lcm_service.services import submissions
from lcm_service.web.record_flow import RecordPages
from lcm_service.web.record_kinds import RecordForm, RecordKind, RecordServices
from lcm_service.web.sheet_pages import SheetPages
from lcm_service.web.step_flow import StepPages
from lcm_service.web.support_fields import SECTIONS

SUPPORT = RecordKind(
    name="support",
    area="supports",
    plural=_("Supports"),
    to_submit=_("Offer a support"),
    recorded=_("The support is recorded as %(reference)s."),
    changed=_("The support is changed."),
    withdrawn=_("The support is withdrawn."),
    form=RecordForm("supports/form.html", SECTIONS),
    schema=SupportSchema,
    services=RecordServices(
        list_all=submissions.list_supports,
        find=submissions.find_support,
        submit=submissions.submit_support,
        revise=submissions.revise_support,
        withdraw=submissions.withdraw_support,
    ),
)

bp = Blueprint("supports", __name__)
PAGES = RecordPages(SUPPORT)
PAGES.add_to(bp)
SheetPages(PAGES).add_to(bp)
StepPages(SUPPORT).add_to(bp)
