"""The catalogue of open offers: looked through by subject, language, month and region."""

from datetime import date
from http import HTTPStatus

from flask import Blueprint, render_template, request
from flask_babel import lazy_gettext as _

from lcm_service.domain.catalogue import Wish
from lcm_service.schemas.catalogue import WishSchema
from lcm_service.schemas.forms import read_typed
from lcm_service.services import catalogue, rounds
from lcm_service.web import choices, showing
from lcm_service.web.fields import Choices, Field, FormView, Section, read_values
from lcm_service.web.saving import Page, flat_faults
from lcm_service.web.showing import current_actor

# Offers are made for this year and the next.
MONTHS_AHEAD = 24

# What an offer may leave open of a wish, by the words of its own fields.
PARTS = {"areas": _("Subjects"), "languages": _("Languages"), "dates": _("Dates"), "place": _("Country")}

bp = Blueprint("catalogue", __name__)


@bp.get("/rounds/<code>/catalogue")
def search(code: str) -> Page:
    """The live offers of a round that suit what is looked for, with what each of them leaves open."""
    actor = current_actor()
    round_ = rounds.find_round(actor, code)
    typed, _contradictions = read_values(WISH, request.args)
    values, faults = read_typed(WishSchema, typed)
    form = FormView(WISH, typed, flat_faults(faults))
    found = [] if form.has_faults else catalogue.search_offers(actor, code, Wish(**values))
    page = render_template("catalogue/search.html", round=round_, form=form, found=found)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.has_faults else HTTPStatus.OK


def _months() -> Choices:
    """The months from this one on, as ``2027-03`` and in the reader's words."""
    first = showing.today().replace(day=1)
    months = [
        date(first.year + (first.month - 1 + ahead) // 12, (first.month - 1 + ahead) % 12 + 1, 1)
        for ahead in range(MONTHS_AHEAD)
    ]
    return [(f"{month:%Y-%m}", showing.month(month)) for month in months]


WISH = (
    Section(
        _("What you look for"),
        (
            Field("area", _("Subject"), "select", list_choices=choices.areas),
            Field("language", _("Language"), "select", list_choices=choices.languages),
            Field("month", _("Month"), "select", list_choices=_months),
            Field("region", _("Region"), "select", list_choices=choices.regions),
        ),
        _("Leave open what does not matter."),
    ),
)
