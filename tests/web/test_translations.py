"""Every word of the pages can be translated, and what is translated is whole.

The catalogues hold what `pybabel extract` finds (see lcm_service/translations/babel.cfg), nothing is left
empty or fuzzy, placeholders survive, and plural forms are those of Babel, which orders Arabic's otherwise
than GNU.
"""

import csv
import io
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import Domain, force_locale, ngettext

from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES
from lcm_service.persistence.tables import Person
from lcm_service.services import accounts
from lcm_service.web.showing import TRAINING_LANGUAGES
from tests.web import world
from tests.web.addresses import addresses, addresses_of_writing
from tests.web.html import read_page
from tests.web.test_all_pages import FILES

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = ROOT / "lcm_service" / "translations"
TRANSLATED = sorted(set(LANGUAGES_OF_PAGES) - {"en"})
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "sentence": None,
    "counted": (1, 2),
    "ngettext": (1, 2),
}
PLACEHOLDER = re.compile(r"%\(\w+\)s")


@cache
def extracted() -> Catalog:
    """What the source says, as `pybabel extract` would write it."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    catalog = Catalog()
    for _file, _line, message, _comments, _context in extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS, directory_filter=lambda folder: "/." not in folder
    ):
        catalog.add(message)
    return catalog


def catalogue(language: str) -> Catalog:
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def test_the_languages_said_to_be_translated_are_those_that_have_a_catalogue() -> None:
    assert sorted(path.parts[-3] for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")) == TRANSLATED


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_holds_every_message_of_the_source_and_no_other(language: str) -> None:
    wanted = {message.id for message in extracted() if message.id}
    held = {message.id for message in catalogue(language) if message.id}
    assert len(wanted) > 800
    assert wanted - held == set()
    assert held - wanted == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_message_is_empty_or_fuzzy_or_loses_a_placeholder(language: str) -> None:
    known = catalogue(language)
    for message in known:
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        assert len(forms) == (1 if isinstance(message.id, str) else known.num_plurals), message.id
        allowed = set(PLACEHOLDER.findall(" ".join(sources)))
        for place, form in enumerate(forms):
            assert form, message.id
            used = set(PLACEHOLDER.findall(form))
            assert used <= allowed, message.id
            # Arabic's first form is for none at all; its forms for one and two say the number in words.
            is_none_at_all = len(forms) == 6 and place == 0
            spared = allowed if is_none_at_all else {"%(num)s"} if len(forms) > 1 else set()
            assert allowed - used <= spared, message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_is_that_of_its_source(language: str) -> None:
    compiled = (TRANSLATIONS / language / "LC_MESSAGES" / "messages.mo").read_bytes()
    made = io.BytesIO()
    write_mo(made, catalogue(language))
    assert compiled == made.getvalue()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "لا مقاعد"),
        (1, "مقعد واحد"),
        (2, "مقعدان"),
        (3, "3 مقاعد"),
        (11, "11 مقعدًا"),
        (99, "99 مقعدًا"),
        (100, "100 مقعد"),
        (103, "103 مقاعد"),
    ],
)
def test_arabic_counts_seats_in_all_six_forms(at_work: Flask, number: int, words: str) -> None:
    with at_work.test_request_context(), force_locale("ar"):
        assert ngettext("%(num)s seat", "%(num)s seats", number) == words


def test_the_table_of_terms_says_what_the_catalogues_say_and_marks_what_has_no_source() -> None:
    with (TRANSLATIONS / "terms.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({(row["term"], row["language"]) for row in rows}) == len(rows)
    assert {row["language"] for row in rows} == set(TRANSLATED)
    assert any(row["source"] for row in rows)
    shown = {
        (str(message.id).casefold(), language): str(message.string).casefold()
        for language in TRANSLATED
        for message in catalogue(language)
    }
    compared = 0
    for row in rows:
        assert row["translation"].strip(), row
        in_catalogue = shown.get((row["term"].casefold(), row["language"]))
        if in_catalogue is not None:
            compared += 1
            assert in_catalogue == row["translation"].casefold(), row
    assert compared > 100


class PseudoTranslations(NullTranslations):
    """A language in which every translated word is in brackets, so that what is not translated is seen."""

    @staticmethod
    def _marked(text: str) -> str:
        return f"⟦{text}⟧"

    def gettext(self, message: str) -> str:
        return self._marked(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self._marked(msgid1 if n == 1 else msgid2)

    ugettext = gettext
    ungettext = ngettext


# Words that are the same in every language, and what a sentence leaves between its parts.
SAME_EVERYWHERE = {"PuLP", "·", "/", "–", ":", ",", "."}


def raw_words(page: str) -> list[str]:
    """Texts of a page that stand outside of the brackets and hold letters."""
    text = "\n".join(text for text in read_page(page).texts if text not in SAME_EVERYWHERE)
    depth, outside = 0, []
    for character in text:
        depth += (character == "⟦") - (character == "⟧")
        if depth == 0:
            outside.append(character)
    lines = "".join(outside).replace("⟧", "\n").splitlines()
    # References, codes, hashes, numbers and days are no words; names stand in <bdi> and are not read at all.
    names = re.compile(r"\b(?:[NORA]-\d+(?:-[SWU]\d+)?|[0-9a-f]{64}|HiGHS[ \d.]*|\d[\d,.]*)\b")
    days = re.compile(
        r"\b\d+ (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]* \d{4}(?:, \d\d:\d\d)?"
    )
    months = re.compile(
        r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
    )
    languages = re.compile("|".join(Locale("en").languages[tag] for tag in TRAINING_LANGUAGES))
    left = [
        names.sub("", languages.sub("", months.sub("", days.sub("", line)))).strip(" \u202f-–·:,./()?+")
        for line in lines
    ]
    return [line for line in left if any(character.isalpha() for character in line)]


def test_no_page_shows_a_word_that_cannot_be_translated(
    at_work: Flask, coordinator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.propose_other_dates(at_work, world.publish_draft(world.EXERCISE))
    world.leave_sheet(at_work)
    pages = addresses(at_work, world.EXERCISE)
    pages = {endpoint: address for endpoint, address in pages.items() if endpoint not in FILES}
    assert words_that_cannot_be_translated(coordinator, pages, monkeypatch) == {}


def test_no_page_on_which_a_record_is_written_shows_a_word_that_cannot_be_translated(
    at_work: Flask, browser_of: Callable[[Person], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = world.focal_point_of("XAA")
    pages = addresses_of_writing(at_work, accounts.actor_of(writer))
    assert words_that_cannot_be_translated(browser_of(writer), pages, monkeypatch) == {}


def words_that_cannot_be_translated(
    browser: FlaskClient, pages: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, list[str]]:
    """Endpoint -> what its page says outside of the catalogue."""
    pseudo = PseudoTranslations()
    monkeypatch.setattr(Domain, "get_translations", lambda self: pseudo)
    found = {}
    for endpoint, address in pages.items():
        page = browser.get(address)
        assert "⟦" in page.text, address
        raw = raw_words(page.text)
        if raw:
            found[endpoint] = sorted(set(raw))[:8]
    return found


SCRIPTS = {"ar": "\u0600-\u06ff", "ru": "\u0400-\u04ff", "zh": "\u4e00-\u9fff"}


@pytest.mark.parametrize("language", sorted(SCRIPTS.keys() & set(TRANSLATED)))
def test_what_says_something_says_it_in_the_script_of_its_language(language: str) -> None:
    """A message that was filled from another language's catalogue is whole in every other way."""
    letters = re.compile(f"[{SCRIPTS[language]}]")
    for message in catalogue(language):
        texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
        says_something = re.search("[a-z]", PLACEHOLDER.sub("", str(message.id)))
        for text in texts:
            assert not (message.id and says_something) or letters.search(text), message.id
