"""Texts in other languages: corrected by coordinators, shown at once, and never able to break a page."""

import pytest
from flask_babel import force_locale, gettext, ngettext
from sqlalchemy.exc import OperationalError

from lcm_service.domain.errors import NotAllowed, NotValid, Stale
from lcm_service.domain.wordings import find_fault
from lcm_service.mail.texts import write_text
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuditEvent, Person, Wording
from lcm_service.services.wordings import correct_wording, find_version, read_corrections
from lcm_service.web.wordings import LANGUAGES, is_for_one_number, texts_of
from lcm_service.web.words_now import words_now
from tests import factories
from tests.fixtures import sign_in
from tests.web.html import main_form, read_page

SEATS = "%(num)s match waits for your answer"
TEXT = {"language": "fr", "message": "Rounds", "form": "0"}


@pytest.fixture(autouse=True)
def as_released(app):
    """What a test corrects must not be read by the next, which has the same application."""
    words_now().forget()
    yield
    db.session.query(Wording).delete()
    db.session.commit()
    words_now().forget()
    words_now().refresh()


@pytest.fixture
def coordinator(app):
    return factories.make_actor("coordinator")


@pytest.fixture
def browser(app, coordinator):
    browser = app.test_client()
    sign_in(browser, db.session.get_one(Person, coordinator.person_id))
    return browser


def correct(actor, text, version=0, message="Rounds", form=0, **more):
    correct_wording(actor, "fr", message, form, text, version, **more)


@pytest.mark.parametrize(
    ("original", "text"),
    [
        ("Rounds", "Cycles d’appariement"),
        ("%(num)s seat", "%(num)s place"),
        ("%(a)s of %(b)s", "de %(b)s : %(a)s"),
        ("%(own)s%% of all", "%(own)s %% du total"),
    ],
)
def test_a_text_that_pages_can_show_may_stand(original, text):
    assert find_fault(original, text, is_for_one_number=False) is None


@pytest.mark.parametrize(
    ("original", "text", "said"),
    [
        ("Rounds", " ", "Write the text"),
        # Signs that join, turn or part others, a mark without its letter, and letters that look like nothing.
        ("Rounds", "\u200b\u200d\ufeff", "Write the text"),
        ("Rounds", "\u202e\u2066\u061c", "Write the text"),
        ("Rounds", "\u00a0\u3000\ufe0f", "Write the text"),
        ("Rounds", "\u3164\u2800", "Write the text"),
        ("Rounds", "\U0001d159", "Write the text"),
        ("Rounds", "\U00013441\U00013442", "Write the text"),
        ("Rounds", "x" * 2001, "longer than 2000"),
        ("Rounds", "<b>Cycles</b>", "no angle brackets"),
        ("Rounds", 'Cycles" autofocus', "no angle brackets"),
        ("Rounds", "Cycles &lt;", "no angle brackets"),
        ("Rounds", "Cycles\nouverts", "no angle brackets"),
        ("%(a)s of %(b)s", "%(a)s", "lacks %(b)s"),
        ("%(num)s seat", "une place", "lacks %(num)s"),
        ("Rounds", "Cycles %(a)s", "no value for %(a)s"),
        ("Rounds", "100 % des cycles", "percent sign"),
        ("Rounds", "100 %% des cycles", "percent sign"),
        ("%(own)s%% of all", "%(own)s % du total", "percent sign"),
        ("%(a)s", "%(a)d %(a)s", "percent sign"),
        # Two percent signs are one that is shown: what comes after them is no placeholder.
        ("%(own)s%% of all", "%%(own)s%", "lacks %(own)s"),
        ("%(own)s%% of all", "%%(own)s%%(own)s", "lacks %(own)s"),
        ("%(own)s%% of all", "%(own)s%%%", "percent sign"),
        # Lines end by these too, and the subject of a mail may have one only.
        ("Rounds", "Cycles\u2028ouverts", "no new line"),
        ("Rounds", "Cycles\u2029ouverts", "no new line"),
        ("Rounds", "Cycles\x85ouverts", "no new line"),
    ],
)
def test_a_text_that_would_break_a_page_is_refused(original, text, said):
    fault = find_fault(original, text, is_for_one_number=False)
    assert fault is not None
    assert said in str(fault)


@pytest.mark.parametrize(
    ("language", "numbers"), [("fr", []), ("zh", []), ("ru", []), ("es", [0]), ("ar", [0, 1, 2])]
)
def test_only_a_form_of_one_number_may_leave_it_out(app, language, numbers):
    with app.test_request_context():
        forms = [one for one in texts_of(language) if one.message == SEATS]
        assert [one.form for one in forms if is_for_one_number(one)] == numbers
        assert not any(is_for_one_number(one) for one in texts_of(language) if one.forms == 0)


def test_a_correction_of_all_numbers_keeps_the_number(browser):
    """Chinese has one form for one match and for a hundred."""
    named = {"language": "zh", "message": SEATS, "form": "0"}
    form = main_form(browser.get("/wordings/text", query_string=named).text)
    answer = browser.post(form.action, data=form.data(text="有匹配等待您答复"))
    assert answer.status_code == 422
    assert "The text lacks <bdi>%(num)s</bdi>" in answer.text
    assert db.session.query(Wording).count() == 0


def test_one_form_of_a_plural_may_leave_the_number_out():
    assert find_fault("%(num)s seat", "une place", is_for_one_number=True) is None


def test_a_correction_stands_on_pages_and_in_mail_until_it_is_taken_back(app, coordinator):
    correct(coordinator, "Tours de table")
    correct(coordinator, "Du nouveau", message="There is news for you")
    words_now().forget()
    with app.test_request_context(), force_locale("fr"):
        words_now().refresh()
        assert gettext("Rounds") == "Tours de table"
    assert "Du nouveau" in write_text([("plan.publish", {})], "fr", "https://example.org").subject
    correct(coordinator, None, 1)
    words_now().forget()
    with app.test_request_context(), force_locale("fr"):
        words_now().refresh()
        assert gettext("Rounds") == "Cycles"
    with app.test_request_context(), force_locale("es"):
        assert gettext("There is news for you") != "Du nouveau"


def test_each_form_of_a_plural_is_corrected_by_itself(app, coordinator):
    correct(coordinator, "Un appariement vous attend", message=SEATS, form=0, is_for_one_number=True)
    words_now().forget()
    with app.test_request_context(), force_locale("fr"):
        words_now().refresh()
        plural = "%(num)s matches wait for your answer"
        assert ngettext(SEATS, plural, 1) == "Un appariement vous attend"
        many = ngettext(SEATS, plural, 7)
    assert "7" in many
    assert many != "Un appariement vous attend"


def test_who_read_an_old_text_corrects_nothing(app, coordinator):
    correct(coordinator, "Tours")
    with pytest.raises(Stale):
        correct(coordinator, "Tournées")
    correct(coordinator, "Tournées", 1)
    assert read_corrections() == {"fr": {("Rounds", 0): "Tournées"}}
    assert find_version(coordinator, "fr", "Rounds", 0) == 2
    kinds = db.session.query(AuditEvent.action).filter_by(record_kind="wording").order_by(AuditEvent.id)
    assert [action for (action,) in kinds] == ["correct", "correct"]


@pytest.mark.parametrize("role", ["focal_point", "observer", "administrator"])
def test_nobody_else_corrects_texts(app, role):
    actor = factories.make_actor(role, factories.make_participant("XAA") if role == "focal_point" else None)
    with pytest.raises(NotAllowed):
        correct(actor, "Tours")
    browser = app.test_client()
    sign_in(browser, db.session.get_one(Person, actor.person_id))
    assert browser.get("/wordings").status_code == 403
    token = read_page(browser.get("/").text).forms[0].data()["csrf_token"]
    sent = {**TEXT, "text": "Tours", "version": "0", "csrf_token": token}
    assert browser.post("/wordings/text", data=sent).status_code == 403
    assert browser.post("/wordings/text/take-back", data=sent).status_code == 403
    assert read_corrections() == {}


def test_english_is_the_source_and_is_not_corrected_here(app, coordinator):
    with pytest.raises(NotValid):
        correct_wording(coordinator, "en", "Rounds", 0, "Turns", 0)


def test_a_coordinator_finds_corrects_and_takes_back(browser):
    found = browser.get("/wordings", query_string={"language": "fr", "find": "cycle ouvert"}).text
    assert "Aucun cycle" in found
    form = main_form(browser.get("/wordings/text", query_string=TEXT).text)
    assert form.data()["text"] == ["Cycles"]
    answer = browser.post("/wordings/text", data=form.data(text="Tours de table"))
    assert answer.status_code == 303
    listed = browser.get("/wordings", query_string={"language": "fr"}).text
    # What was corrected stands first.
    assert listed.index("Tours de table") < listed.index("Corrected") < listed.index("–</td>")
    page = browser.get("/wordings/text", query_string=TEXT).text
    assert "Take the correction back" in page
    back = next(one for one in read_page(page).forms if one.action == "/wordings/text/take-back")
    answer = browser.post(back.action, data=back.data())
    assert answer.status_code == 303
    assert read_corrections() == {}


def test_a_refused_text_is_shown_again_with_what_is_wrong(browser):
    form = main_form(browser.get("/wordings/text", query_string=TEXT).text)
    answer = browser.post("/wordings/text", data=form.data(text="<b>Tours</b>"))
    assert answer.status_code == 422
    assert "no angle brackets" in answer.text
    assert "&lt;b&gt;Tours" in answer.text
    assert read_corrections() == {}


@pytest.mark.parametrize(
    "named", [{"message": "No such text"}, {"form": "7"}, {"language": "en"}, {"language": "../fr"}]
)
def test_a_text_that_no_catalogue_has_is_not_found(browser, named):
    assert browser.get("/wordings/text", query_string=TEXT | named).status_code == 404


def test_every_text_of_the_catalogues_could_stand_as_it_is(app):
    """What is released would pass as a correction, so whoever opens a text can send it back unchanged."""
    with app.test_request_context():
        faults = [
            (language, one.english, str(fault))
            for language in LANGUAGES
            for one in texts_of(language)
            if (fault := find_fault(one.message, one.released, is_for_one_number=is_for_one_number(one)))
        ]
    assert faults == []


def test_pages_that_need_no_database_are_shown_while_it_is_away(app, coordinator, monkeypatch):
    correct(coordinator, "Tours de table", message="How matching works")
    words_now().forget()
    stranger, french = app.test_client(), {"Accept-Language": "fr"}
    assert "Tours de table" in stranger.get("/how-matching-works", headers=french).text
    tried = []

    def find_nothing():
        tried.append("corrections")
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr("lcm_service.services.wordings.read_corrections", find_nothing)
    words_now().forget()
    for address, status in (("/how-matching-works", 200), ("/sign-in", 200), ("/nowhere", 404)):
        answer = app.test_client().get(address, headers=french)
        assert answer.status_code == status
        # What was read last stands.
        assert "Tours de table" in answer.text
    # Nobody waits for it at every page.
    assert tried == ["corrections"]


@pytest.mark.parametrize(
    ("language", "typed", "kept"), [("fr", " ; ", "; "), ("fr", ",", ", "), ("zh", "，", "，")]
)
def test_what_parts_the_members_of_a_list_keeps_its_blank(browser, language, typed, kept):
    text = {"language": language, "message": ", ", "form": "0"}
    form = main_form(browser.get("/wordings/text", query_string=text).text)
    assert browser.post("/wordings/text", data=form.data(text=typed)).status_code == 303
    assert read_corrections() == {language: {(", ", 0): kept}}


def test_no_transaction_is_left_open_by_who_writes_a_mail(app):
    db.session.rollback()
    words_now().forget()
    write_text([("plan.publish", {})], "fr", "https://example.org")
    assert not db.session().in_transaction()
