"""A correcting plan: which matches of the published plan are withdrawn, and what their sides will read."""

import secrets
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from lcm_service.domain.errors import NotValid
from lcm_service.services import corrections, rounds
from lcm_service.services.corrections import Correctable
from lcm_service.web import choices
from lcm_service.web.fields import Field, FormView, Section, read_values
from lcm_service.web.refusals import in_words
from lcm_service.web.saving import flat_faults
from lcm_service.web.showing import current_actor, in_one_line, named

bp = Blueprint("corrections", __name__)

Page = tuple[str, int] | Response
TOGETHER = "together"
MAY_RETURN = "may_return"


@bp.get("/rounds/<code>/correction")
def ask(code: str) -> str:
    """The form: what nobody has answered together, what a side has answered one by one, and the notice."""
    return _form(code, FormView(sections_of(corrections.list_correctable(current_actor(), code))))


@bp.post("/rounds/<code>/correction")
def correct(code: str) -> Page:
    """Ask for a plan without the chosen matches. Until it leaves, everything stands."""
    actor = current_actor()
    found = corrections.list_correctable(actor, code)
    sections = sections_of(found)
    typed, faults = read_values(sections, request.form)
    if _names_what_is_gone(sections):
        faults[""] = [_("A match that you chose was answered or has ended since. Look again.")]
    form = FormView(sections, typed, faults)
    if not form.has_faults:
        try:
            run = corrections.request_correction(
                actor,
                code,
                typed["notice"] or "",
                _withdrawn(found, typed),
                idempotency_key=request.form.get("idempotency_key") or secrets.token_hex(16),
                may_return=bool(typed[MAY_RETURN]),
            )
        except NotValid as refusal:
            found_faults = flat_faults(refusal.faults) or {"": [in_words(refusal.message)]}
            form.faults_by_field = {
                name if name == "notice" else "": sentences for name, sentences in found_faults.items()
            }
        else:
            return redirect(url_for("runs.show", run_id=run.id), HTTPStatus.SEE_OTHER)
    return _form(code, form), HTTPStatus.UNPROCESSABLE_ENTITY


def sections_of(found: Sequence[Correctable]) -> tuple[Section, ...]:
    """The form for these matches; a part that would be empty is left out."""
    unanswered = [one for one in found if not one.is_answered]
    answered = [one for one in found if one.is_answered]
    sections = []
    if unanswered:
        labels = tuple((str(one.match.id), _label(one)) for one in unanswered)
        together = Field(TOGETHER, _("Withdraw"), "many", list_choices=lambda: labels)
        sections.append(Section(_("Matches that nobody has answered yet"), (together,)))
    if answered:
        reasons = choices.of("decline_reason")
        fields = tuple(
            Field(f"match-{one.match.id}", _label(one), "select", list_choices=reasons) for one in answered
        )
        hint = _("Each is withdrawn only with a reason of its own. Nothing chosen: it stands.")
        sections.append(Section(_("Matches that a side has answered"), fields, hint))
    hint = _(
        "Tick this where the match itself was right and its records were not: the plan may give it seats "
        "again, and its sides are asked anew."
    )
    label = _("The new plan may give the same matches seats again")
    sections.append(Section(_("What comes in their place"), (Field(MAY_RETURN, label, "yes", hint=hint),)))
    hint = _("Both sides of each withdrawn match that know of it read this. Name no other State.")
    notice = Field("notice", _("Why is the plan corrected?"), "longtext", hint=hint)
    return (*sections, Section(_("Notice"), (notice,)))


def _label(one: Correctable) -> Markup:
    match = one.match
    seats = ngettext("%(num)s seat", "%(num)s seats", match.seats)
    recipient = named(match.need.names, match.need.recipient)
    who_and_how_many = in_one_line([recipient, Markup("<bdi>{}</bdi>").format(seats)])
    return Markup("<bdi>{} – {}</bdi>: {}").format(match.need_reference, match.session_code, who_and_how_many)


def _names_what_is_gone(sections: Sequence[Section]) -> bool:
    """Whether the form that was sent names a match that is no longer where it stood on it."""
    shown = {one.name for section in sections for one in section.fields}
    together = {value for section in sections for one in section.fields for value, _label in one.choices}
    named_alone = {name for name, value in request.form.items() if name.startswith("match-") and value}
    return bool(set(request.form.getlist(TOGETHER)) - together or named_alone - shown)


def _withdrawn(found: Sequence[Correctable], typed: dict[str, Any]) -> dict[int, str | None]:
    """The chosen matches by their numbers, each with its reason; a number that is not shown is nobody's."""
    together = set(typed.get(TOGETHER) or ())
    chosen: dict[int, str | None] = {}
    for one in found:
        number = one.match.id
        reason = typed.get(f"match-{number}")
        if one.is_answered and reason:
            chosen[number] = reason
        elif not one.is_answered and str(number) in together:
            chosen[number] = None
    return chosen


def _form(code: str, form: FormView) -> str:
    return render_template(
        "corrections/form.html",
        round=rounds.find_round(current_actor(), code),
        form=form,
        idempotency_key=secrets.token_hex(16),
    )
