"""Signing in by an identity provider: to it, and back from it."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from lcm_service.domain.errors import Conflict, LcmError, NotFound, NotReached, NotSignedIn, NotValid
from lcm_service.domain.sentences import sentence
from lcm_service.services import single_sign_on
from lcm_service.services.single_sign_on import Answer, Arrival, Departure
from lcm_service.web.account import go_on
from lcm_service.web.refusals import in_words
from lcm_service.web.saving import Page
from lcm_service.web.showing import current_actor, sign_in_key
from lcm_service.web.start import local_address

bp = Blueprint("single_sign_on", __name__)

# Where the browser keeps the key of what it began at the provider, and where its person was heading.
AT_PROVIDER = "at_provider"
# Of where a person was heading; it goes into a cookie, for which browsers have 4096 bytes.
LONGEST_FOLLOWING = 500

NO_SINGLE_SIGN_ON = sentence("There is no single sign-on here.")


@bp.post("/sign-in/provider")
def begin() -> Page:
    """Send the browser to the identity provider, to sign in there."""
    following = local_address(request.form.get("next"))
    if len(following) > LONGEST_FOLLOWING:
        following = url_for("start.index")
    try:
        departure = single_sign_on.begin_sign_in(
            require_provider(), answer_address(), request.remote_addr or "", current_app.config["SEALER"]
        )
    except NotReached as refusal:
        flash(in_words(refusal.message), "warn")
        return redirect(url_for("account.sign_in", next=following), HTTPStatus.SEE_OTHER)
    return leave(departure, following)


@bp.get("/sign-in/answer")
def answer() -> Response:
    """Take the browser back: signed in, before its second step, linked, or with a sentence that says why not.

    It comes by GET, because the provider sends it; what makes it safe is the key that this browser alone has.
    """
    kept = session.get(AT_PROVIDER)
    try:
        if kept is None:
            raise NotSignedIn(single_sign_on.NOT_BEGUN_HERE)
        brought = Answer(*(request.args.get(name, "") for name in ("state", "code", "error", "iss")))
        arrival = single_sign_on.take_answer(
            require_provider(), answer_address(), kept["key"], brought, current_app.config["SEALER"]
        )
        session.pop(AT_PROVIDER)
        if kept["is_link"]:
            return _link(arrival)
        begun = single_sign_on.sign_in(
            arrival,
            request.remote_addr or "",
            request.user_agent.string,
            with_demonstration=current_app.config["SETTINGS"].demonstration,
        )
    except (NotSignedIn, NotValid, NotReached, Conflict, NotFound) as refusal:
        if not isinstance(refusal, NotSignedIn):
            # Else this was no answer to what the browser has begun, and that goes on.
            session.pop(AT_PROVIDER, None)
        return _turn_back(refusal, kept)
    return go_on(begun, kept["next"])


@bp.after_request
def keep_address(response: Response) -> Response:
    """Let no page tell the address of an answer, which holds code and state: the origin alone, without which
    a form of the page would not be taken.
    """
    if request.endpoint == f"{bp.name}.{answer.__name__}":
        response.headers["Referrer-Policy"] = "strict-origin"
    return response


def _turn_back(refusal: LcmError, kept: dict[str, Any] | None) -> Response:
    flash(in_words(refusal.message), "warn")
    if kept and kept["is_link"] and current_user.is_authenticated:
        return redirect(url_for("own_account.show"), HTTPStatus.SEE_OTHER)
    following = kept["next"] if kept else None
    return redirect(url_for("account.sign_in", next=following), HTTPStatus.SEE_OTHER)


def _link(arrival: Arrival) -> Response:
    single_sign_on.link(current_actor(), arrival, sign_in_key())
    flash(gettext("The accounts are linked. From now on you can sign in by the identity provider."), "good")
    return redirect(url_for("own_account.show"), HTTPStatus.SEE_OTHER)


def require_provider() -> Any:
    """The identity provider of the settings. Raises NotFound where there is none."""
    provider = current_app.config["IDENTITY_PROVIDER"]
    if provider is None:
        raise NotFound(NO_SINGLE_SIGN_ON)
    return provider


def answer_address() -> str:
    """Where the provider sends a browser back to: what is registered there, whatever the request says."""
    return str(current_app.config["SETTINGS"].read_address() + url_for("single_sign_on.answer"))


def leave(departure: Departure, following: str, *, is_link: bool = False) -> Page:
    """A page that leads on to the provider by itself, and by a link.

    It is no redirect: browsers hold where a form leads by redirects against our content policy, which allows
    forms to lead to this service alone.
    """
    session[AT_PROVIDER] = {"key": departure.key, "next": following, "is_link": is_link}
    page = current_app.make_response(render_template("account/leave.html", address=departure.address))
    page.headers["Refresh"] = f"0; url={departure.address}"
    return page
