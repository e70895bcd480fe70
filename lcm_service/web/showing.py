"""What templates may call: names of codes in the reader's language, dates, and the frame of the page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

from babel import Locale, UnknownLocaleError, dates, numbers
from flask import Flask, current_app, g, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup, escape

from lcm_service.domain import permissions
from lcm_service.domain.errors import NotSignedIn
from lcm_service.domain.permissions import Actor
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES
from lcm_service.persistence import reads
from lcm_service.services import submissions
from lcm_service.services.accounts import actor_of
from lcm_service.web import reasons, words

# Languages whose catalogue no native speaker has read yet: each page says so, and leads to the English text,
# which is the source of all of them.
DRAFT_LANGUAGES = frozenset(LANGUAGES_OF_PAGES) - {"en"}
# Where the language alone does not say how days are written: the United Nations writes 24 November 2026.
FORMATS_OF_LANGUAGES = {"en": "en_GB"}
# How much of the name of a month is written: "medium" in tables, "long" in sentences.
type Length = Literal["medium", "long"]
# Languages in which training is often given; any other tag may be typed.
TRAINING_LANGUAGES = (
    "ar",
    "zh",
    "en",
    "fr",
    "ru",
    "es",
    "pt",
    "sw",
    "de",
    "it",
    "ko",
    "ja",
    "hi",
    "ur",
    "bn",
    "id",
)


def current_actor() -> Actor:
    """As whom the request acts. Raises NotSignedIn, which leads to the sign-in page and back."""
    actor = actor_or_none()
    if actor is None:
        raise NotSignedIn(sentence("Sign in to see this page."))
    return actor


def actor_or_none() -> Actor | None:
    """As whom the request acts, or nobody."""
    return actor_of(current_user) if current_user.is_authenticated else None


def sign_in_key() -> str:
    """The key of the sign-in by which this request came; empty for a stranger."""
    return str(current_user.get_id() or "") if current_user.is_authenticated else ""


def today() -> date:
    """The present day, by which missions are offered and days are counted."""
    return datetime.now(UTC).date()


def page_language() -> str:
    """The reader's language, in which words, names and dates are shown."""
    locale = get_locale()
    return locale.language if locale else "en"


# -- Names -----------------------------------------------------------------------------------------


# A name in its own direction; where the reader's language has none, it is marked as English.
IN_LANGUAGE_OF_PAGE: Final = Markup("<bdi>{}</bdi>")
IN_ENGLISH: Final = Markup('<bdi lang="en">{}</bdi>')


def text_of(names: Mapping[str, str] | None, code: str = "") -> str:
    """A name in the reader's language, else in English, else the code: as bare text."""
    names = names or {}
    return names.get(page_language()) or names.get("en") or next(iter(names.values()), "") or code


def named(names: Mapping[str, str] | None, code: str = "") -> Markup:
    """The same as `text_of`, set apart from the text around it, and marked where its language is another."""
    language, text = page_language(), text_of(names, code)
    is_in_it = not names or language == "en" or bool(names.get(language))
    return (IN_LANGUAGE_OF_PAGE if is_in_it else IN_ENGLISH).format(text)


def bare(text: Any) -> str:
    """What a page would show, as text without marks: for files."""
    return text.striptags() if isinstance(text, Markup) else str(text)


def as_stated(text: Any) -> Markup | None:
    """Someone's own words, set apart from the page's; nothing where nothing was said."""
    return Markup("<bdi>{}</bdi>").format(text) if isinstance(text, str) and text else None


def not_said(treated_as: Any) -> Markup:
    """Where nobody has said it: how it is treated for the time being, shown as no fact."""
    sentence = _("Not said; treated as: %(value)s", value=treated_as)
    return Markup('<span class="soft">{}</span>').format(sentence)


def yes_or_no(value: bool, record: Any) -> Any:
    """A box that was ticked or left empty. In a record that nobody submitted no box was left empty."""
    if value:
        return _("Yes")
    return not_said(_("No")) if record.source else _("No")


def _cached(key: str, read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Read a reference list once a request."""
    if "names" not in g:
        g.names = {}
    if key not in g.names:
        g.names[key] = read()
    names: Mapping[str, Any] = g.names[key]
    return names


def area_names() -> Mapping[str, Any]:
    return _cached("areas", lambda: {area.code: area.names for area in reads.list_areas()})


def place_names() -> Mapping[str, Any]:
    return _cached("places", lambda: {place.code: place.names for place in reads.list_places()})


def region_names() -> Mapping[str, Any]:
    return _cached("regions", lambda: {region.code: region.names for region in reads.list_regions()})


def participant_names() -> Mapping[str, Any]:
    return _cached("participants", lambda: {one.code: one.names for one in reads.list_participants()})


def area(code: str) -> Any:
    """The name of a training area."""
    return _("Any subject") if code == "any" else named(area_names().get(code), code)


def place(code: str) -> Markup:
    """The name of a country or area."""
    return named(place_names().get(code), code)


def participant(code: str) -> Markup:
    """The name of a participant."""
    return named(participant_names().get(code) or place_names().get(code), code)


def eligible(code: str) -> Any:
    """Whoever a code of eligibility names: a participant, a place, a region or a group."""
    if code == "any":
        return _("Everyone who takes part")
    names = participant_names().get(code) or place_names().get(code) or region_names().get(code)
    return named(names, code)


def language_name(tag: str) -> str:
    """The name of a language in the reader's language; a tag that is not known shows as it is."""
    if tag == "any":
        return str(_("Any language"))
    try:
        return Locale.parse(tag, sep="-").get_language_name(page_language()) or tag
    except (UnknownLocaleError, ValueError):
        return tag


def language_choices() -> list[tuple[str, str]]:
    """Languages to choose from, by name."""
    return sorted(((tag, language_name(tag)) for tag in TRAINING_LANGUAGES), key=lambda choice: choice[1])


# -- Lists, days, moments --------------------------------------------------------------------------


def listed(codes: Sequence[str] | None, show: Callable[[str], Any]) -> Markup | None:
    """Codes as names in one line, in their order; ``None`` (nobody has said) stays ``None``."""
    if codes is None:
        return None
    return in_one_line([show(code) for code in codes])


def in_one_line(parts: Iterable[Any]) -> Markup:
    """Words one after the other, with the comma of the reader's script between them."""
    return escape(_(", ")).join(parts)


def vocabulary_list(codes: Sequence[str] | None, vocabulary: str) -> Markup | None:
    """Codes of one vocabulary as labels in one line."""
    return listed(codes, lambda code: words.word(vocabulary, code))


def locale_of_formats() -> Locale:
    """The reader's way of writing days and numbers; English is written as the United Nations writes it."""
    language = page_language()
    return _locale_named(FORMATS_OF_LANGUAGES.get(language, language))


@lru_cache
def _locale_named(name: str) -> Locale:
    return Locale.parse(name, sep="_")


def day(value: date | str | None, length: Length = "medium") -> str | None:
    """A day in the reader's way of writing; stored documents carry days as ISO text."""
    if value is None:
        return None
    stated = date.fromisoformat(value) if isinstance(value, str) else value
    return _written_day(stated, length, locale_of_formats())


@lru_cache(maxsize=5_000)
def _written_day(value: date, length: Length, locale: Locale) -> str:
    """Pages of hundreds of rows name the same days again and again."""
    return str(dates.format_date(value, length, locale=locale))


def moment(value: datetime | None) -> str | None:
    """A moment to the minute in the reader's way of writing, in UTC and saying so."""
    if value is None:
        return None
    locale = locale_of_formats()
    joined = str(dates.get_datetime_format("medium", locale=locale)).replace("'", "")
    shown = joined.replace("{0}", dates.format_time(value, "short", tzinfo=UTC, locale=locale))
    return str(_("%(moment)s UTC", moment=shown.replace("{1}", str(day(value.date())))))


def month(value: date | None) -> str | None:
    """A month in the reader's way of writing."""
    return None if value is None else str(dates.format_date(value, "MMMM y", locale=locale_of_formats()))


def days(start: date | str | None, end: date | str | None, length: Length = "medium") -> str | None:
    """From one day to another, as far as they are known."""
    if start is None and end is None:
        return None
    unknown = _("not known")
    return str(
        _("%(start)s to %(end)s", start=day(start, length) or unknown, end=day(end, length) or unknown)
    )


def number(value: int | float) -> str:
    """A number in the reader's way of writing."""
    return str(numbers.format_decimal(value, locale=locale_of_formats()))


# -- Frame -----------------------------------------------------------------------------------------


def static_address(filename: str) -> str:
    """The address of a file of the pages, which names what is in it: browsers keep such a file for a year,
    and a reader on a slow line does not ask for it again with each page.
    """
    return url_for("static", filename=filename, v=_version_of(str(current_app.static_folder), filename))


@lru_cache
def _version_of(folder: str, filename: str) -> str:
    return sha256(Path(folder, filename).read_bytes()).hexdigest()[:16]


def register_showing(app: Flask) -> None:
    """Give the templates their functions and every page its frame."""
    app.jinja_env.globals.update(
        named=named,
        as_stated=as_stated,
        not_said=not_said,
        yes_or_no=yes_or_no,
        area=area,
        place=place,
        participant=participant,
        eligible=eligible,
        language_name=language_name,
        listed=listed,
        in_one_line=in_one_line,
        vocabulary_list=vocabulary_list,
        day=day,
        days=days,
        month=month,
        moment=moment,
        word=words.word,
        state_kind=words.state_kind,
        rule_sentence=reasons.rule_sentence,
        limit_sentence=reasons.limit_sentence,
        attention_sentence=reasons.attention_sentence,
        question_sentence=reasons.question_sentence,
        action_words=reasons.action_words,
        reasons=reasons,
        vocabularies=words.VOCABULARIES,
        may=permissions,
        state_for=submissions.state_for,
        static_address=static_address,
    )
    app.jinja_env.filters["number"] = number
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.context_processor(frame)


def frame() -> dict[str, Any]:
    """What the layout shows on every page."""
    language = page_language()
    person = current_user if current_user.is_authenticated else None
    return {
        "actor": actor_of(person) if person else None,
        "actor_participant": person.participant if person else None,
        "settings": current_app.config["SETTINGS"],
        "page_language": language,
        "page_language_name": words.LANGUAGES_OF_PAGES.get(language, language),
        "page_languages": words.LANGUAGES_OF_PAGES,
        "page_direction": Locale.parse(language).text_direction,
        "page_is_draft": language in DRAFT_LANGUAGES,
        "here": _here(),
    }


def _here() -> str:
    """The page, for a form that leads back to it: without what only an identity provider's answer holds."""
    if request.method == "GET" and request.endpoint != "single_sign_on.answer":
        return request.full_path.rstrip("?")
    return request.path
