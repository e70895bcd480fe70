"""The people of a participant: a lead focal point invites them, delegates, hands over, ends their access."""

from datetime import date
from http import HTTPStatus
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import Actor, may_look_after_people_of, may_manage_people
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import ROLES
from lcm_service.services import invitations, renewals
from lcm_service.services.invitations import Colleague
from lcm_service.web import choices, words
from lcm_service.web.fields import Field, FormView, Section, read_values
from lcm_service.web.own_account import NEW_PASSWORD
from lcm_service.web.refusals import in_words
from lcm_service.web.saving import Page, Values, flat_faults
from lcm_service.web.showing import current_actor, in_one_line, page_language, today

bp = Blueprint("people", __name__)

PERSON_FIELDS = (
    Field("name", _("Name"), autocomplete="off"),
    Field("email", _("E-mail address"), "email", autocomplete="off"),
    Field(
        "language",
        _("Language of the pages"),
        "select",
        list_choices=lambda: list(words.LANGUAGES_OF_PAGES.items()),
    ),
)
COLLEAGUE_SECTIONS = (Section(_("Whom do you invite?"), PERSON_FIELDS),)
ANYBODY_SECTIONS = (
    Section(
        _("Whom do you invite?"),
        (
            *PERSON_FIELDS,
            Field(
                "role",
                _("Role"),
                "one",
                list_choices=lambda: [(code, words.ROLES[code]) for code in ROLES],
            ),
            Field(
                "participant_code",
                _("Participant"),
                "pick",
                list_choices=choices.participants,
                hint=_("For a focal point: for whom it answers."),
            ),
            Field("is_lead", _("This person is to be the lead focal point of the participant"), "yes"),
        ),
    ),
)
ACCEPT_SECTIONS = (
    Section(
        _("Your account"),
        (Field("name", _("Name"), autocomplete="name"), NEW_PASSWORD),
    ),
)
RENEWAL_SECTIONS = (Section(_("Password"), (NEW_PASSWORD,)),)
DELEGATION_SECTIONS = (
    Section(
        _("For how long?"),
        (
            Field("first_day", _("First day"), "date"),
            Field("last_day", _("Last day"), "date", hint=_("At most half a year from now.")),
        ),
    ),
)
# What browsers and machines call themselves, the more particular first: Edge also says Chrome, Chrome Safari.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
MACHINES = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@bp.get("/people")
def index() -> str:
    """Who answers for the participant, and who is invited."""
    actor = current_actor()
    return render_template(
        "people/index.html",
        colleagues=invitations.list_colleagues(actor),
        invitations=invitations.list_invitations(actor),
        leads_itself=invitations.leads_itself(actor),
    )


@bp.get("/people/invite")
def ask_invitation() -> str:
    """The form to invite somebody."""
    sections = _sections_for(_require_looks_after_people())
    return render_template(
        "people/invite.html", form=FormView(sections, {"role": "focal_point", "language": page_language()})
    )


@bp.post("/people/invite")
def invite() -> Page:
    """Invite somebody, and show the address of the invitation this once."""
    actor = _require_looks_after_people()
    sections = _sections_for(actor)
    values, _faults = read_values(sections, request.form)
    try:
        invitation, code = _invite(actor, values)
    except NotValid as refusal:
        form = FormView(sections, values, flat_faults(refusal.faults))
        return render_template("people/invite.html", form=form), HTTPStatus.UNPROCESSABLE_ENTITY
    except Conflict as refusal:
        form = FormView(sections, values, {"email": [in_words(refusal.message)]})
        return render_template("people/invite.html", form=form), HTTPStatus.CONFLICT
    address = _address_of(url_for("people.invitation", invitation_code=code))
    return render_template("people/invited.html", invitation=invitation, address=address), HTTPStatus.OK


@bp.post("/people/invitations/<row:invitation_id>/withdraw")
def withdraw_invitation(invitation_id: int) -> Response:
    """Make an invitation worthless."""
    invitations.withdraw_invitation(current_actor(), invitation_id)
    flash(gettext("The invitation is worthless from now on."), "good")
    return redirect(url_for("people.index"), HTTPStatus.SEE_OTHER)


@bp.get("/people/<row:person_id>/end-access")
def ask_end_of_access(person_id: int) -> str:
    """What ending a person's access means, before it is done."""
    return render_template("people/end_access.html", colleague=_colleague(person_id))


@bp.post("/people/<row:person_id>/end-access")
def end_access(person_id: int) -> Response:
    """Let a colleague act no more."""
    invitations.end_access_of(current_actor(), person_id)
    flash(gettext("This person has no access any more."), "good")
    return redirect(url_for("people.index"), HTTPStatus.SEE_OTHER)


@bp.get("/people/<row:person_id>/renewal")
def ask_renewal(person_id: int) -> str:
    """What letting a person choose a new password means, before it is done. For administrators."""
    _require_administrator()
    return render_template("people/ask_renewal.html", colleague=_colleague(person_id))


@bp.post("/people/<row:person_id>/renewal")
def begin_renewal(person_id: int) -> str:
    """Let a person choose a new password, and show the address for it this once."""
    actor = _require_administrator()
    person = _colleague(person_id).person
    code = renewals.begin_renewal(actor, person.email)
    address = _address_of(url_for("people.renewal", renewal_code=code))
    return render_template("people/renewed.html", person=person, address=address)


@bp.get("/people/<row:person_id>/hand-over")
def ask_hand_over(person_id: int) -> str:
    """What handing over means, before it is done."""
    actor = current_actor()
    if not (may_manage_people(actor) or invitations.leads_itself(actor)):
        raise NotAllowed(sentence("Only the lead focal point itself hands over, or an administrator."))
    return render_template("people/hand_over.html", colleague=_colleague(person_id))


@bp.post("/people/<row:person_id>/hand-over")
def hand_over(person_id: int) -> Response:
    """Make a colleague the lead focal point."""
    actor = current_actor()
    invitations.hand_over(actor, person_id)
    flash(gettext("The participant has a new lead focal point."), "good")
    following = "people.index" if may_manage_people(actor) else "start.index"
    return redirect(url_for(following), HTTPStatus.SEE_OTHER)


@bp.get("/people/<row:person_id>/delegate")
def ask_delegation(person_id: int) -> str:
    """The form to let a colleague stand in for a while."""
    if not invitations.leads_itself(current_actor()):
        raise NotAllowed(sentence("Only the lead focal point itself delegates."))
    form = FormView(DELEGATION_SECTIONS, {"first_day": today().isoformat()})
    return render_template("people/delegate.html", colleague=_colleague(person_id), form=form)


@bp.post("/people/<row:person_id>/delegate")
def delegate(person_id: int) -> Page:
    """Let a colleague stand in for a while."""
    actor, colleague = current_actor(), _colleague(person_id)
    if not invitations.leads_itself(actor):
        raise NotAllowed(sentence("Only the lead focal point itself delegates."))
    values, _faults = read_values(DELEGATION_SECTIONS, request.form)
    days = [_day_of(values[name]) for name in ("first_day", "last_day")]
    faults = {
        name: [gettext("Give a day.")]
        for name, day in zip(("first_day", "last_day"), days, strict=True)
        if day is None
    }
    try:
        if not faults:
            invitations.delegate(actor, person_id, days[0] or today(), days[1] or today())
    except NotValid as refusal:
        faults = flat_faults(refusal.faults)
    if faults:
        form = FormView(DELEGATION_SECTIONS, values, faults)
        page = render_template("people/delegate.html", colleague=colleague, form=form)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    flash(gettext("The days are agreed."), "good")
    return redirect(url_for("people.index"), HTTPStatus.SEE_OTHER)


@bp.post("/people/<row:person_id>/end-delegation")
def end_delegation(person_id: int) -> Response:
    """End what was delegated to a colleague."""
    invitations.end_delegation(current_actor(), person_id)
    flash(gettext("The delegation is ended."), "good")
    return redirect(url_for("people.index"), HTTPStatus.SEE_OTHER)


@bp.get("/invitations/<invitation_code>")
def invitation(invitation_code: str) -> str:
    """What one is invited to, and the form to make an account with."""
    found = invitations.find_invitation(invitation_code)
    form = FormView(ACCEPT_SECTIONS, {"name": found.name})
    return render_template("people/accept.html", invitation=found, form=form)


@bp.post("/invitations/<invitation_code>")
def accept_invitation(invitation_code: str) -> Page:
    """Make the account; the first sign-in comes after."""
    found = invitations.find_invitation(invitation_code)
    name = request.form.get("name", "")
    try:
        invitations.accept_invitation(invitation_code, name, request.form.get("password", ""))
    except NotValid as refusal:
        form = FormView(ACCEPT_SECTIONS, {"name": name}, flat_faults(refusal.faults))
        page = render_template("people/accept.html", invitation=found, form=form)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    flash(gettext("Your account is made. Sign in with it."), "good")
    return redirect(url_for("account.sign_in"), HTTPStatus.SEE_OTHER)


@bp.get("/renewals/<renewal_code>")
def renewal(renewal_code: str) -> str:
    """The form for a new password, for one who has forgotten the old."""
    person = renewals.find_renewal(renewal_code)
    return render_template("people/renew.html", person=person, form=FormView(RENEWAL_SECTIONS))


@bp.post("/renewals/<renewal_code>")
def renew_password(renewal_code: str) -> Page:
    """Set the new password; the sign-in comes after."""
    person = renewals.find_renewal(renewal_code)
    try:
        renewals.renew_password(renewal_code, request.form.get("password", ""))
    except NotValid as refusal:
        form = FormView(RENEWAL_SECTIONS, {}, flat_faults(refusal.faults))
        page = render_template("people/renew.html", person=person, form=form)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    flash(gettext("The password is changed. Sign in with it."), "good")
    return redirect(url_for("account.sign_in"), HTTPStatus.SEE_OTHER)


def device_name(device: str) -> str:
    """A browser and its machine by the names that people know, else what the browser says of itself."""
    found = [next((name for mark, name in marks if mark in device), None) for marks in (BROWSERS, MACHINES)]
    return in_one_line(name for name in found if name) or device or gettext("Unknown")


def _require_looks_after_people() -> Actor:
    actor = current_actor()
    if not may_look_after_people_of(actor, actor.participant_id):
        raise NotAllowed(sentence("Only lead focal points and administrators invite people."))
    return actor


def _require_administrator() -> Actor:
    actor = current_actor()
    if not may_manage_people(actor):
        raise NotAllowed(sentence("Passwords are renewed by administrators."))
    return actor


def _address_of(path: str) -> str:
    """Where a path of this service is reached, to be handed on."""
    # The configured address goes before what the browser says: a link that is handed on leads nowhere else.
    settings = current_app.config["SETTINGS"]
    return (settings.read_address() or request.host_url.rstrip("/")) + path


def _sections_for(actor: Actor) -> tuple[Section, ...]:
    return ANYBODY_SECTIONS if may_manage_people(actor) else COLLEAGUE_SECTIONS


def _invite(actor: Actor, values: Values) -> tuple[Any, str]:
    is_by_administrator = may_manage_people(actor)
    return invitations.invite(
        actor,
        email=values["email"] or "",
        name=values["name"] or "",
        language=values["language"] or "en",
        role=(values["role"] or "") if is_by_administrator else "focal_point",
        participant_code=values["participant_code"] if is_by_administrator else actor.participant_code,
        is_lead=bool(is_by_administrator and values["is_lead"]),
    )


def _colleague(person_id: int) -> Colleague:
    found = [one for one in invitations.list_colleagues(current_actor()) if one.person.id == person_id]
    if not found:
        raise NotFound(sentence("There is no such person."))
    return found[0]


def _day_of(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
