"""The texts of the pages in other languages, and how a coordinator puts one right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from babel.messages.mofile import read_mo
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from lcm_service.domain import permissions
from lcm_service.domain.errors import NotAllowed, NotFound
from lcm_service.domain.permissions import Actor
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES
from lcm_service.domain.wordings import with_blanks_of
from lcm_service.schemas.records import WordingSchema
from lcm_service.services import wordings
from lcm_service.web.fields import Field, FormView, Section
from lcm_service.web.plan_search import is_named
from lcm_service.web.portions import portion_of, wanted_rows
from lcm_service.web.saving import Page, StaleFacts, Values, read_version, save_or_show_again
from lcm_service.web.showing import current_actor
from lcm_service.web.words_now import words_now

LANGUAGES: Final = tuple(code for code in LANGUAGES_OF_PAGES if code != wordings.SOURCE_LANGUAGE)
# Numbers that are tried to say for which of them a form of a plural stands.
NUMBERS_TRIED: Final = 200
EXAMPLES: Final = 4

SECTIONS: Final = (Section(_("The text"), (Field("text", _("What the pages shall say"), "longtext"),)),)

bp = Blueprint("wordings", __name__)


@dataclass(frozen=True)
class TextOfPages:
    """One text in one language: ``message`` is the English text that names it, ``english`` that of its form.

    ``forms`` counts its forms, 0 where it has no plural; ``released`` is what the catalogue says,
    ``corrected`` what stands instead of it.
    """

    language: str
    message: str
    english: str
    form: int
    forms: int
    released: str
    corrected: str | None

    @property
    def now(self) -> str:
        return self.released if self.corrected is None else self.corrected


@bp.get("/wordings")
def index() -> str:
    """The texts of one language, those that were corrected first, or those that hold what is looked for."""
    _require_keeper()
    language = _language(request.args.get("language", LANGUAGES[0]))
    wanted = wanted_rows()
    rows = [one for one in texts_of(language) if is_named(wanted, f"{one.english} {one.now}")]
    rows.sort(key=lambda one: one.corrected is None)
    return render_template(
        "wordings/index.html",
        language=language,
        languages=LANGUAGES,
        wanted=wanted,
        texts=portion_of(rows, "texts"),
    )


@bp.get("/wordings/text")
def ask() -> str:
    """One text with what stands for it now; where the address names none, the list of all."""
    actor = _require_keeper()
    if "message" not in request.args:
        return index()
    return _show(actor, _asked_for(request.args), None, None)


@bp.post("/wordings/text")
def correct() -> Page:
    """Let another text stand for it."""
    actor = _require_keeper()
    one = _asked_for(request.form)

    def save(values: Values) -> str:
        wordings.correct_wording(
            actor,
            one.language,
            one.message,
            one.form,
            with_blanks_of(one.released, values["text"]),
            read_version(request.form),
            is_for_one_number=is_for_one_number(one),
        )
        words_now().forget()
        flash(gettext("The text is corrected. All readers see it within a minute."), "good")
        return url_for("wordings.index", language=one.language)

    return save_or_show_again(
        SECTIONS, save, lambda form, stale: _show(actor, one, form, stale), schema=WordingSchema
    )


@bp.post("/wordings/text/take-back")
def take_back() -> Response:
    """Let the text of the release stand again."""
    actor = _require_keeper()
    one = _asked_for(request.form)
    wordings.correct_wording(actor, one.language, one.message, one.form, None, read_version(request.form))
    words_now().forget()
    flash(gettext("The correction is taken back."), "good")
    return redirect(url_for("wordings.index", language=one.language), HTTPStatus.SEE_OTHER)


def _show(actor: Actor, one: TextOfPages, form: FormView | None, stale: StaleFacts | None) -> str:
    return render_template(
        "wordings/form.html",
        one=one,
        numbers=_numbers_of(one) if one.forms > 1 else (),
        version=wordings.find_version(actor, one.language, one.message, one.form),
        form=form or FormView(SECTIONS, {"text": one.now}),
        stale=stale,
    )


def _asked_for(given: Mapping[str, str]) -> TextOfPages:
    """The text that an address or a form names. Raises NotFound where the catalogue has none such."""
    language, message, form = (given.get(name, "") for name in ("language", "message", "form"))
    for one in texts_of(_language(language)):
        if one.message == message and str(one.form) == form:
            return one
    raise NotFound(sentence("The pages have no such text."))


def texts_of(language: str) -> Sequence[TextOfPages]:
    """Every text that the catalogue of a language holds, each form of a plural by itself."""
    corrections = wordings.read_corrections().get(language, {})
    return [
        TextOfPages(language, message, english, form, forms, text, corrections.get((message, form)))
        for message, english, form, forms, text in _released(current_app.root_path, language)
    ]


@lru_cache(maxsize=len(LANGUAGES))
def _released(root: str, language: str) -> Sequence[tuple[str, str, int, int, str]]:
    """What the catalogue of a release holds: message, English text, form, number of forms, text."""
    path = Path(root) / "translations" / language / "LC_MESSAGES" / "messages.mo"
    found = list[tuple[str, str, int, int, str]]()
    with path.open("rb") as file:
        for one in read_mo(file):
            if not one.id:
                continue
            if isinstance(one.id, str):
                found.append((one.id, one.id, 0, 0, str(one.string)))
                continue
            singular, plural = one.id[0], one.id[1]
            forms = (one.string,) if isinstance(one.string, str) else tuple(one.string or ())
            found += [
                (singular, f"{singular} / {plural}", form, len(forms), text)
                for form, text in enumerate(forms)
            ]
    return found


def is_for_one_number(one: TextOfPages) -> bool:
    """Whether this is a form of a plural, and that of one number alone."""
    return one.forms > 0 and len(_numbers_of(one)) == 1


def _numbers_of(one: TextOfPages) -> list[int]:
    """Some numbers for which this form of a plural stands."""
    with force_locale(one.language):
        rule = words_now().catalogue_of_release().plural
    return [number for number in range(NUMBERS_TRIED) if rule(number) == one.form][:EXAMPLES]


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise NotFound(wordings.NOT_ENGLISH)
    return code


def _require_keeper() -> Actor:
    actor = current_actor()
    if not permissions.may_correct_wordings(actor):
        raise NotAllowed(wordings.KEPT_BY_COORDINATORS)
    return actor
