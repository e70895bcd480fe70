"""The start page, the language of the pages, and how matching works in plain words."""

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES
from lcm_service.services import deliveries, rounds
from lcm_service.web import desk
from lcm_service.web.showing import actor_or_none

bp = Blueprint("start", __name__)


@bp.get("/")
def index() -> str:
    """What waits for me, or what this is."""
    actor = actor_or_none()
    if actor is None:
        return render_template("start/welcome.html")
    found = rounds.list_rounds(actor)
    desks = [desk.desk_of(actor, one) for one in found if one.state == "open"]
    # Courses are held when their round is long closed, so what is to be said of them is shown all the same.
    waiting = deliveries.rounds_with_agreed(actor)
    over = [desk.desk_of(actor, one) for one in found if one.state == "closed" and one.code in waiting]
    desks += [one for one in over if one.waits_for_word_of_courses]
    return render_template("start/index.html", desks=desks)


@bp.get("/how-matching-works")
def how_it_works() -> str:
    """What the optimizer does, in what order, and what it does not do."""
    return render_template("start/how_it_works.html")


@bp.post("/language")
def set_language() -> Response:
    """Keep the chosen language with the visit and go back to the page."""
    language = request.form.get("language", "")
    if language not in LANGUAGES_OF_PAGES:
        abort(HTTPStatus.BAD_REQUEST)
    session["language"] = language
    return redirect(local_address(request.form.get("next")), HTTPStatus.SEE_OTHER)


def local_address(address: str | None) -> str:
    """The address if it is a path of this service, else the start page: no link may lead away through us."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return url_for("start.index")
    is_local = address and address.startswith("/") and not address.startswith("//") and "\\" not in address
    # Browsers leave line ends and tabs out, so that what follows counts; and no header can hold them.
    is_local = is_local and str(address).isprintable()
    if not is_local or parts.scheme or parts.netloc:
        return url_for("start.index")
    return str(address)
