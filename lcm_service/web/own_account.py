"""My account: password, second step, recovery codes, single sign-on, where I am signed in, and tokens for my
programs.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from lcm_service.domain.errors import Conflict, LcmError, NotReached, NotValid
from lcm_service.services import invitations, own_account, sign_ins, single_sign_on, tokens
from lcm_service.web import choices
from lcm_service.web.account import CODE
from lcm_service.web.factor_pictures import view_enrolment
from lcm_service.web.fields import Field, FormView, Section, read_values
from lcm_service.web.refusals import in_words
from lcm_service.web.saving import Page, flat_faults
from lcm_service.web.showing import current_actor, sign_in_key
from lcm_service.web.single_sign_on import answer_address, leave, require_provider

bp = Blueprint("own_account", __name__)

PRESENT_PASSWORD = Field(
    "present_password",
    _("Your present password"),
    "password",
    autocomplete="current-password",
)
NEW_PASSWORD = Field(
    "password",
    _("New password"),
    "password",
    autocomplete="new-password",
    hint=_("At least 12 characters. Four or more words that have nothing to do with each other are good."),
)
PASSWORD_SECTIONS = (Section(_("Password"), (PRESENT_PASSWORD, NEW_PASSWORD)),)
FACTOR_SECTIONS = (Section(_("Second step"), (CODE, PRESENT_PASSWORD)),)
RECOVERY_SECTIONS = (Section(_("Recovery codes"), (PRESENT_PASSWORD,)),)
LINK_SECTIONS = (Section(_("Single sign-on"), (PRESENT_PASSWORD,)),)
TOKEN_SECTIONS = (
    Section(
        _("Token"),
        (
            Field("label", _("What is it for?"), hint=_("For example: the calendar of our training centre.")),
            Field("scope", _("What may it do?"), "one", list_choices=choices.of("token_scope")),
            Field("days", _("For how many days?"), "number", hint=_("Between 1 and 366.")),
            PRESENT_PASSWORD,
        ),
    ),
)
TOKEN_DAYS = 90


@bp.get("/account")
def show() -> str:
    """Everything about one's own account."""
    actor = current_actor()
    provider = current_app.config["IDENTITY_PROVIDER"]
    return render_template(
        "account/show.html",
        linked_at=provider and single_sign_on.find_link(actor, provider),
        safety=own_account.find_safety(actor),
        sign_ins=sign_ins.list_sign_ins(actor, sign_in_key()),
        tokens=tokens.list_tokens(actor),
        leads_itself=invitations.leads_itself(actor),
    )


@bp.get("/account/password")
def ask_password() -> str:
    """The form for a new password."""
    current_actor()
    return render_template("account/password.html", form=FormView(PASSWORD_SECTIONS))


@bp.post("/account/password")
def change_password() -> Page:
    """Change the password; everywhere else the person is signed out."""
    actor = current_actor()

    def change() -> Response:
        own_account.change_password(
            actor,
            request.form.get("present_password", ""),
            request.form.get("password", ""),
            request.remote_addr or "",
            sign_in_key(),
        )
        flash(
            gettext(
                "The password is changed. Everywhere else you are signed out, your tokens are taken back, "
                "and a link with an identity provider is ended."
            ),
            "good",
        )
        return redirect(url_for("own_account.show"), HTTPStatus.SEE_OTHER)

    return _or_again(PASSWORD_SECTIONS, change, lambda form: _page("account/password.html", form))


@bp.get("/account/second-step")
def ask_second_factor() -> str:
    """The picture and the form for a second factor, the first or another."""
    current_actor()
    return _show_enrolment(FormView(FACTOR_SECTIONS))


@bp.post("/account/second-step")
def set_up_second_factor() -> Page:
    """Take the new second factor, and show its recovery codes this once."""
    actor = current_actor()

    def set_up() -> Page:
        codes = own_account.set_up_second_factor(
            actor,
            request.form.get("present_password", ""),
            request.form.get("code", ""),
            request.form.get("shown", ""),
            request.remote_addr or "",
            sign_in_key(),
            current_app.config["SEALER"],
        )
        return _show_codes(codes)

    return _or_again(FACTOR_SECTIONS, set_up, _show_enrolment)


@bp.get("/account/recovery-codes")
def ask_recovery_codes() -> str:
    """The form for new recovery codes."""
    current_actor()
    return render_template("account/renew_codes.html", form=FormView(RECOVERY_SECTIONS))


@bp.post("/account/recovery-codes")
def renew_recovery_codes() -> Page:
    """Make new recovery codes, and show them this once."""
    actor = current_actor()

    def renew() -> Page:
        present = request.form.get("present_password", "")
        return _show_codes(own_account.renew_recovery_codes(actor, present, request.remote_addr or ""))

    return _or_again(RECOVERY_SECTIONS, renew, lambda form: _page("account/renew_codes.html", form))


@bp.get("/account/provider/link")
def ask_link() -> str:
    """The form to link one's own account with one of the identity provider."""
    current_actor()
    require_provider()
    return _page("account/link.html", FormView(LINK_SECTIONS))


@bp.post("/account/provider/link")
def link() -> Page:
    """Send the browser to the identity provider, to show which account there is the person's."""
    actor = current_actor()
    present = request.form.get("present_password", "")

    def begin() -> Page:
        try:
            departure = single_sign_on.begin_link(
                actor,
                present,
                request.remote_addr or "",
                sign_in_key(),
                require_provider(),
                answer_address(),
                current_app.config["SEALER"],
            )
        except (Conflict, NotReached) as refusal:
            return _back(refusal)
        return leave(departure, url_for("own_account.show"), is_link=True)

    return _or_again(LINK_SECTIONS, begin, lambda form: _page("account/link.html", form))


@bp.get("/account/provider/unlink")
def ask_unlink() -> str:
    """The form to end that link."""
    current_actor()
    require_provider()
    return _page("account/unlink.html", FormView(LINK_SECTIONS))


@bp.post("/account/provider/unlink")
def unlink() -> Page:
    """End the link with the identity provider."""
    actor = current_actor()
    require_provider()

    def end() -> Page:
        present = request.form.get("present_password", "")
        try:
            single_sign_on.unlink(actor, present, request.remote_addr or "", sign_in_key())
        except Conflict as refusal:
            return _back(refusal)
        flash(gettext("The link is ended."), "good")
        return redirect(url_for("own_account.show"), HTTPStatus.SEE_OTHER)

    return _or_again(LINK_SECTIONS, end, lambda form: _page("account/unlink.html", form))


@bp.post("/account/sign-ins/<row:sign_in_id>/end")
def end_sign_in(sign_in_id: int) -> Response:
    """End one of one's own sign-ins, in whatever browser."""
    sign_ins.end_sign_in(current_actor(), sign_in_id)
    flash(gettext("That sign-in is ended."), "good")
    return redirect(url_for("own_account.show"), HTTPStatus.SEE_OTHER)


@bp.post("/account/sign-ins/end-others")
def end_other_sign_ins() -> Response:
    """End all of one's own sign-ins but this one."""
    sign_ins.end_other_sign_ins(current_actor(), sign_in_key())
    flash(gettext("Everywhere else you are signed out."), "good")
    return redirect(url_for("own_account.show"), HTTPStatus.SEE_OTHER)


@bp.get("/account/tokens/new")
def ask_token() -> str:
    """The form for a token."""
    current_actor()
    values = {"scope": "read", "days": TOKEN_DAYS}
    return render_template("account/token.html", form=FormView(TOKEN_SECTIONS, values))


@bp.post("/account/tokens/new")
def create_token() -> Page:
    """Make a token, and show it this once."""
    actor = current_actor()
    values, _faults = read_values(TOKEN_SECTIONS, request.form)
    typed = values | {"present_password": None}

    def create() -> Page:
        days = values["days"] if isinstance(values["days"], int) else 0
        token = own_account.make_token(
            actor,
            request.form.get("present_password", ""),
            request.remote_addr or "",
            values["label"] or "",
            days,
            values["scope"] or "",
        )
        return render_template("account/token_made.html", token=token), HTTPStatus.OK

    return _or_again(TOKEN_SECTIONS, create, lambda form: _page("account/token.html", form), values=typed)


@bp.post("/account/tokens/<row:token_id>/take-back")
def take_back_token(token_id: int) -> Response:
    """Make one of one's own tokens worthless."""
    tokens.take_back_token(current_actor(), token_id)
    flash(gettext("The token is worthless from now on."), "good")
    return redirect(url_for("own_account.show"), HTTPStatus.SEE_OTHER)


def _or_again(
    sections: tuple[Section, ...],
    act: Callable[[], Page],
    show: Callable[[FormView], str],
    *,
    values: dict[str, Any] | None = None,
) -> Page:
    """Do it, or show the form again with what is wrong; a password that was typed is never sent back."""
    try:
        return act()
    except NotValid as refusal:
        form = FormView(sections, values or {}, flat_faults(refusal.faults))
        return show(form), HTTPStatus.UNPROCESSABLE_ENTITY


def _back(refusal: LcmError) -> Page:
    """Back to the account, with a sentence that says why nothing was done."""
    flash(in_words(refusal.message), "warn")
    return redirect(url_for("own_account.show"), HTTPStatus.SEE_OTHER)


def _page(template: str, form: FormView) -> str:
    return render_template(template, form=form)


def _show_enrolment(form: FormView) -> str:
    sealer, shown = current_app.config["SEALER"], request.form.get("shown", "")
    enrolment = own_account.find_enrolment(current_actor(), sign_in_key(), sealer, shown)
    return render_template("account/second_step.html", form=form, enrolment=view_enrolment(enrolment))


def _show_codes(codes: list[str]) -> Page:
    page = render_template("account/recovery_codes.html", codes=codes, next=url_for("own_account.show"))
    return page, HTTPStatus.OK
