"""Signing in, in two steps, and out."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response

from lcm_service.domain.errors import NotSignedIn, NotValid
from lcm_service.domain.sign_in_terms import PERSON_IN_COOKIE
from lcm_service.services import sign_ins
from lcm_service.services.sign_ins import Begun
from lcm_service.web.factor_pictures import EnrolmentView, view_enrolment
from lcm_service.web.fields import Field, FormView, Section, read_values
from lcm_service.web.refusals import in_words
from lcm_service.web.saving import Page, flat_faults
from lcm_service.web.showing import sign_in_key
from lcm_service.web.start import local_address

bp = Blueprint("account", __name__)

# Where the browser keeps the key of a sign-in that waits for its second factor.
HALF = "half_sign_in"

SECTIONS = (
    Section(
        _("Sign in"),
        (
            Field("email", _("E-mail address"), "email", autocomplete="username"),
            Field("password", _("Password"), "password", autocomplete="current-password"),
        ),
    ),
)
CODE = Field(
    "code",
    _("Code"),
    autocomplete="one-time-code",
    hint=_("Six digits. They change every half minute."),
)
SET_UP_SECTIONS = (Section(_("Second step"), (CODE,)),)
CODE_SECTIONS = (
    Section(
        _("Second step"),
        (
            Field(
                "code",
                _("Code"),
                autocomplete="one-time-code",
                hint=_("Six digits from the application on your telephone, or one of your recovery codes."),
            ),
        ),
    ),
)


def _begin_again_where_over[**P, R](view: Callable[P, R]) -> Callable[P, R | Response]:
    """Lead back to the password, and say why, where a second step comes too late or without a first."""

    @wraps(view)
    def run(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        try:
            return view(*args, **kwargs)
        except NotSignedIn:
            flash(in_words(sign_ins.SIGN_IN_OVER), "warn")
            following = local_address(_following())
            return redirect(url_for("account.sign_in", next=following), HTTPStatus.SEE_OTHER)

    return run


@bp.get("/sign-in")
def sign_in() -> str:
    """The form to sign in with."""
    return render_template("account/sign_in.html", form=FormView(SECTIONS), next=request.args.get("next", ""))


@bp.post("/sign-in")
def send_sign_in() -> Page:
    """Go on to the second step, or to where the person was heading. An unknown address looks like a wrong
    password.
    """
    values, _faults = read_values(SECTIONS, request.form)
    following = request.form.get("next", "")
    try:
        begun = sign_ins.sign_in(
            values["email"] or "",
            request.form.get("password", ""),
            request.remote_addr or "",
            request.user_agent.string,
            with_demonstration=current_app.config["SETTINGS"].demonstration,
        )
    except NotValid:
        faults = {"email": [gettext("The e-mail address and the password do not belong together.")]}
        form = FormView(SECTIONS, {"email": values["email"]}, faults)
        page = render_template("account/sign_in.html", form=form, next=following)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    return go_on(begun, following)


def go_on(begun: Begun, following: str) -> Response:
    """Lead on after the first step: to the second where it waits, else to where the person was heading."""
    if not begun.waits_for:
        _enter(begun)
        return redirect(local_address(following), HTTPStatus.SEE_OTHER)
    _leave_earlier_visit()
    session[HALF] = begun.key
    step = "account.code" if begun.waits_for == "code" else "account.set_up"
    return redirect(url_for(step, next=local_address(following)), HTTPStatus.SEE_OTHER)


@bp.get("/sign-in/code")
@_begin_again_where_over
def code() -> str | Response:
    """The form for the code of the second factor."""
    if sign_ins.half_sign_in(_half_key()).waits_for != "code":
        return redirect(url_for("account.set_up", next=_following()), HTTPStatus.SEE_OTHER)
    return render_template("account/code.html", form=FormView(CODE_SECTIONS), next=_following())


@bp.post("/sign-in/code")
@_begin_again_where_over
def send_code() -> Page:
    """Complete the sign-in and go on to where the person was heading."""
    try:
        begun = sign_ins.prove_with_code(
            _half_key(),
            request.form.get("code", ""),
            request.remote_addr or "",
            current_app.config["SEALER"],
        )
    except NotValid as refusal:
        form = FormView(CODE_SECTIONS, {}, flat_faults(refusal.faults))
        page = render_template("account/code.html", form=form, next=_following())
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    _enter(begun)
    return redirect(local_address(_following()), HTTPStatus.SEE_OTHER)


@bp.get("/sign-in/set-up")
@_begin_again_where_over
def set_up() -> str | Response:
    """The picture from which a telephone takes the secret of a second factor, and the form for its first
    code.
    """
    if sign_ins.half_sign_in(_half_key()).waits_for != "set_up":
        return redirect(url_for("account.code", next=_following()), HTTPStatus.SEE_OTHER)
    return _show_set_up(FormView(SET_UP_SECTIONS))


@bp.post("/sign-in/set-up")
@_begin_again_where_over
def send_set_up() -> Page:
    """Complete the sign-in with a new second factor, and show its recovery codes this once."""
    following = local_address(_following())
    try:
        begun, codes = sign_ins.prove_by_set_up(
            _half_key(),
            request.form.get("code", ""),
            request.form.get("shown", ""),
            current_app.config["SEALER"],
        )
    except NotValid as refusal:
        form = FormView(SET_UP_SECTIONS, {}, flat_faults(refusal.faults))
        return _show_set_up(form), HTTPStatus.UNPROCESSABLE_ENTITY
    _enter(begun)
    return render_template("account/recovery_codes.html", codes=codes, next=following), HTTPStatus.OK


@bp.post("/sign-out")
def sign_out() -> Response:
    """End this sign-in; the chosen language stays."""
    sign_ins.sign_out(sign_in_key())
    logout_user()
    _begin_visit()
    answer = redirect(url_for("start.index"), HTTPStatus.SEE_OTHER)
    # What this browser still holds of the pages goes with the sign-in; the cookie keeps the language alone.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _show_set_up(form: FormView) -> str:
    shown = request.form.get("shown", "")
    enrolment = sign_ins.find_enrolment(_half_key(), current_app.config["SEALER"], shown)
    view: EnrolmentView = view_enrolment(enrolment)
    return render_template("account/set_up.html", form=form, enrolment=view, next=_following())


def _half_key() -> str:
    return str(session.get(HALF, ""))


def _following() -> str:
    """Where the person was heading before it was asked to sign in."""
    return request.values.get("next", "")


def _enter(begun: Begun) -> None:
    """Keep the key of a whole sign-in, and nothing of the visit before it but the language."""
    _leave_earlier_visit()
    begun.person.sign_in_key = begun.key
    login_user(begun.person)
    session[PERSON_IN_COOKIE] = begun.person.id


def _leave_earlier_visit() -> None:
    """End a sign-in that this browser had before: its key would be forgotten here, and good for others
    alone.
    """
    sign_ins.sign_out(sign_in_key())
    _begin_visit()


def _begin_visit() -> None:
    """Keep nothing of the visit before but the language, so that no earlier cookie carries over."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
