"""What was refused, in the reader's language: from the sentences of the services to those of a page."""

from datetime import date, datetime
from typing import Any

from flask import current_app
from flask_babel import get_translations, gettext
from markupsafe import Markup, escape

from lcm_service.domain.sentences import Coded, Sentence, Value
from lcm_service.web import reasons, showing, words


def in_words(text: str) -> Markup:
    """A sentence in the reader's language, its values set apart from it. What is no sentence of ours, such as
    the words of a library, is marked as English where the catalogue does not hold it; what a page has put
    into words already stays as it is.
    """
    if isinstance(text, Sentence):
        return _told(text)
    if isinstance(text, Markup):
        return text
    # What Babel says for nothing is the head of its catalogue.
    found = gettext(text) if text else text
    if text and found == text and showing.page_language() != "en":
        return Markup('<span lang="en" dir="ltr">{}</span>').format(text)
    return escape(found)


def _told(one: Sentence) -> Markup:
    """A sentence filled in here and not by Babel, so that its values alone are set apart."""
    translations = get_translations()
    if one.plural is None:
        pattern = escape(translations.ugettext(one.msgid))
    else:
        pattern = escape(translations.ungettext(one.msgid, one.plural, one.number))
    if not one.values:
        return pattern
    return pattern % {name: _shown(value) for name, value in one.values.items()}


def _shown(value: Value) -> Any:
    """A value in the reader's language. A reference or a name stands as it is, whatever way the text runs."""
    match value:
        case Sentence():
            return _told(value)
        case str():
            return Markup("<bdi>{}</bdi>").format(value)
        case Coded():
            return _label(value)
        case datetime():
            return showing.moment(value)
        case date():
            return showing.day(value, "long")
        case int():
            return showing.number(value)
        case _:
            return showing.in_one_line(_shown(one) for one in value)


def _label(coded: Coded) -> Any:
    """The name of a code. English sentences are written around most codes, as words."""
    if coded.vocabulary == "field":
        # Read from the application: what names the fields reads the forms, which say refusals.
        field_label: Any = current_app.jinja_env.globals["field_label"]
        return field_label(coded.code)
    if coded.vocabulary == "limit":
        return reasons.limit_sentence(coded.code)
    if coded.vocabulary == "participant":
        return showing.participant(coded.code)
    if showing.page_language() == "en":
        return coded.code.replace("_", " ")
    return words.word(coded.vocabulary, coded.code)
