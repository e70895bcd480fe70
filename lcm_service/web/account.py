"""Signing in and out."""

from http import HTTPStatus

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response

from lcm_service.domain.errors import NotValid
from lcm_service.services import accounts
from lcm_service.web.fields import Field, FormView, Section, read_values
from lcm_service.web.showing import actor_or_none
from lcm_service.web.start import local_address

bp = Blueprint("account", __name__)

SECTIONS = (
    Section(
        _("Sign in"),
        (
            Field("email", _("E-mail address"), "email", autocomplete="username"),
            Field("password", _("Password"), "password", autocomplete="current-password"),
        ),
    ),
)


@bp.get("/sign-in")
def sign_in() -> str:
    """The form to sign in with."""
    return render_template("account/sign_in.html", form=FormView(SECTIONS), next=request.args.get("next", ""))


@bp.post("/sign-in")
def send_sign_in() -> tuple[str, int] | Response:
    """Sign in and go on to where the person was heading. An unknown address looks like a wrong password."""
    values, _faults = read_values(SECTIONS, request.form)
    following = request.form.get("next", "")
    try:
        person = accounts.sign_in(
            values["email"] or "",
            request.form.get("password", ""),
            request.remote_addr or "",
            with_demonstration=current_app.config["SETTINGS"].demonstration,
        )
    except NotValid:
        faults = {"email": [gettext("The e-mail address and the password do not belong together.")]}
        form = FormView(SECTIONS, {"email": values["email"]}, faults)
        return render_template(
            "account/sign_in.html", form=form, next=following
        ), HTTPStatus.UNPROCESSABLE_ENTITY
    _begin_visit()
    login_user(person)
    return redirect(local_address(following), HTTPStatus.SEE_OTHER)


@bp.post("/sign-out")
def sign_out() -> Response:
    """End the visit, and with it every sign-in of the person; the chosen language stays."""
    actor = actor_or_none()
    if actor is not None:
        accounts.end_sign_ins(actor)
    logout_user()
    _begin_visit()
    return redirect(url_for("start.index"), HTTPStatus.SEE_OTHER)


def _begin_visit() -> None:
    """Keep nothing of the visit before but the language, so that no earlier cookie carries over."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
