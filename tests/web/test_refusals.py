"""What a service refuses is read in the reader's language, with names, numbers and days set apart in it."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from markupsafe import Markup, escape
from sqlalchemy import select

from lcm_service.domain.sentences import Coded, Value, counted, sentence
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Offer, Participant, Person, Run
from lcm_service.web.refusals import in_words
from tests.web import world
from tests.web.html import language_form
from tests.web.test_translations import TRANSLATED, catalogue

BrowserOf = Callable[[Person], FlaskClient]


def reading(person: Person, language: str) -> Person:
    """The person, whose pages are in this language from now on."""
    person.language = language
    db.session.commit()
    return person


def said(language: str, msgid: str, **values: str) -> str:
    """What the catalogue says for an English sentence, as a page writes it."""
    translated = catalogue(language).get(msgid).string
    assert translated != msgid
    return str(escape(translated)) % values


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_not_there_is_said_in_the_reader_s_language(
    at_work: Flask, browser_of: BrowserOf, language: str
) -> None:
    browser = browser_of(reading(world.focal_point_of("XAA"), language))
    page = browser.get("/needs/N-999999")
    assert page.status_code == 404
    assert said(language, "There is no need %(reference)s.", reference="<bdi>N-999999</bdi>") in page.text
    assert "There is no need" not in page.text
    assert '<p lang="en"' not in page.text


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_a_refusal_names_the_participant_as_the_reader_knows_it(
    at_work: Flask, browser_of: BrowserOf, language: str
) -> None:
    person = reading(world.focal_point_of("XAA"), language)
    offer = db.session.scalars(select(Offer).where(Offer.participant_id != person.participant_id)).first()
    owner = db.session.get(Participant, offer.participant_id)
    owner.names = {"en": "Exercise State", language: "Name"}
    db.session.commit()
    page = browser_of(person).get(f"/offers/{offer.reference}/withdraw")
    assert page.status_code == 403
    told = said(
        language,
        "%(reference)s belongs to %(participant)s; only it can change it.",
        reference=f"<bdi>{offer.reference}</bdi>",
        participant="<bdi>Name</bdi>",
    )
    assert told in page.text


@pytest.mark.parametrize(("language", "state"), [("ar", "Finished"), ("fr", "Finished"), ("en", None)])
def test_a_refusal_says_the_state_by_its_label_and_in_english_by_its_word(
    at_work: Flask, browser_of: BrowserOf, language: str, state: str | None
) -> None:
    browser = browser_of(reading(world.person_by_email(world.COORDINATOR), language))
    run = db.session.scalars(select(Run).where(Run.state == "done")).first()
    page = browser.post(f"/runs/{run.id}/cancel", data=language_form(browser.get("/").text).data())
    assert page.status_code == 409
    if state is None:
        assert f"Run <bdi>{run.id}</bdi> is done already and cannot be cancelled." in page.text
        return
    msgid = "Run %(run)s is %(state)s already and cannot be cancelled."
    label = str(catalogue(language).get(state).string)
    assert said(language, msgid, run=f"<bdi>{run.id}</bdi>", state=label) in page.text
    assert "cannot be cancelled" not in page.text


# -- Values --------------------------------------------------------------------------------------------


@pytest.fixture
def arabic(at_work: Flask):
    with at_work.test_request_context(), force_locale("ar"):
        yield


def shown(value: Value) -> Markup:
    """One value, in a sentence that no catalogue holds."""
    return in_words(sentence("[%(value)s]", value=value))


def test_what_somebody_typed_is_escaped_and_set_apart(arabic: None) -> None:
    assert shown("<b>N-1</b>") == "[<bdi>&lt;b&gt;N-1&lt;/b&gt;</bdi>]"


def test_codes_fields_limits_and_participants_are_named(arabic: None) -> None:
    draft = catalogue("ar").get("Draft").string
    assert shown(Coded("record_state", "draft")) == f"[{draft}]"
    assert shown(Coded("field", "seats")) == f"[{catalogue('ar').get('Seats').string}]"
    assert (
        shown(Coded("limit", "C2")) == f"[{catalogue('ar').get('The smallest group worth sending.').string}]"
    )
    assert shown(Coded("participant", "no such")) == "[<bdi>no such</bdi>]"


def test_a_list_is_joined_as_the_reader_joins_and_a_sentence_in_it_is_told(arabic: None) -> None:
    own = sentence("There is no need %(reference)s.", reference="N-1")
    told = said("ar", own.msgid, reference="<bdi>N-1</bdi>")
    assert shown([own, "N-2"]) == f"[{told}{catalogue('ar').get(', ').string}<bdi>N-2</bdi>]"


def test_days_moments_and_numbers_are_written_as_the_reader_writes_them(at_work: Flask) -> None:
    with at_work.test_request_context(), force_locale("fr"):
        assert shown(date(2027, 3, 31)) == "[31 mars 2027]"
        assert "31 mars 2027" in shown(datetime(2027, 3, 31, 8, 30, tzinfo=UTC))
        assert shown(4000) == "[4\u202f000]"
    with at_work.test_request_context():
        assert shown(date(2027, 3, 31)) == "[31 March 2027]"


@pytest.mark.parametrize(("number", "form"), [(0, 0), (1, 1), (2, 2), (3, 3), (11, 5), (100, 4)])
def test_what_is_counted_is_told_in_the_form_of_its_number(arabic: None, number: int, form: int) -> None:
    one = counted("%(num)s seat", "%(num)s seats", number)
    assert in_words(one) == catalogue("ar").get("%(num)s seat").string[form] % {"num": number}


def test_a_library_s_words_are_marked_as_english_where_the_page_is_not(arabic: None) -> None:
    assert in_words("needs[0] < 1") == '<span lang="en" dir="ltr">needs[0] &lt; 1</span>'
    assert in_words(Markup("<bdi>N-1</bdi>")) == "<bdi>N-1</bdi>"
    assert in_words("") == ""
    with force_locale("en"):
        assert in_words("needs[0] < 1") == "needs[0] &lt; 1"


def test_a_fault_that_a_schema_gives_as_plain_text_is_found_in_the_catalogue(arabic: None) -> None:
    assert in_words("This must be text.") == catalogue("ar").get("This must be text.").string
