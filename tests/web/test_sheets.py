"""Records from a sheet, by the pages: an empty one to take, what would be made of a filled one, the press."""

import bz2
import csv
import io
import logging
import lzma
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale, gettext
from openpyxl import Workbook, load_workbook

from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Need, Offer, Person, Round, Sheet, Support, Wording
from lcm_service.reports.sheet_lines import Unreadable
from lcm_service.reports.sheet_reading import read_lines
from lcm_service.web.sheet_columns import CELL_FAULTS, FILE_FAULTS
from lcm_service.web.words_now import words_now
from tests.web import world
from tests.web.html import read_page
from tests.web.test_all_pages import fingerprint

ADDRESS = f"/rounds/{world.EXERCISE}/needs/sheet"
HEAD = ("title", "areas", "seats_asked", "women", "earliest", "latest", "modes", "whole")
GOOD = ("Mine clearance", "C-IED", 20, 5, date(2027, 3, 1), date(2027, 6, 30), "online; mobile_team", "yes")
TITLE_ONLY = ("First aid",)


def book(*rows: Sequence[Any], head: Sequence[str] = HEAD) -> bytes:
    """A sheet as a spreadsheet saves it: its first line holds keys."""
    made = Workbook()
    for row in (head, *rows):
        made.active.append(list(row))
    return saved(made)


def saved(made: Workbook) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def opened(data: bytes) -> Any:
    return load_workbook(io.BytesIO(data)).worksheets[0]


def send(browser: FlaskClient, data: bytes, address: str = ADDRESS, **more: str) -> Any:
    form = next(one for one in read_page(browser.get(address).text).forms if one.action == address)
    return browser.post(address, data=form.data(file=(io.BytesIO(data), "rows.xlsx"), **more))


def press(browser: FlaskClient, page: str, end: str = "/keep") -> Any:
    form = next(one for one in read_page(browser.get(page).text).forms if one.action.endswith(end))
    return browser.post(form.action, data=form.data())


def keep(browser: FlaskClient, data: bytes, address: str = ADDRESS, **more: str) -> str:
    """Send a sheet and keep what is good of it; gives the address of its page."""
    page = send(browser, data, address, **more).location
    assert press(browser, page).status_code == 303
    return str(page)


def records_of(code: str, state: str = "draft", table: Any = Need) -> list[Any]:
    query = db.session.query(table).join(table.participant).filter_by(code=code).order_by(table.id)
    found = [one for one in query if one.state == state]
    db.session.rollback()
    return found


@pytest.fixture
def focal_point(at_work: Flask, browser_of: Callable[[Person], FlaskClient]) -> FlaskClient:
    return browser_of(world.focal_point_of("XAA"))


def test_the_good_rows_become_drafts_and_the_bad_ones_are_told(focal_point: FlaskClient) -> None:
    answer = send(focal_point, book(GOOD, TITLE_ONLY, ("", "C-IED", "ten")))
    assert answer.status_code == 303
    page = focal_point.get(answer.location).text
    assert records_of("XAA") == []
    for words in ("Nothing is written yet", "Row 4", "This must be a whole number.", "Keep 2 rows as drafts"):
        assert words in page, words
    assert press(focal_point, answer.location).status_code == 303
    first, second = records_of("XAA")
    assert (first.title, first.areas, first.seats_asked) == ("Mine clearance", ["C-IED"], 20)
    assert (first.earliest, first.modes, first.whole) == (date(2027, 3, 1), ["online", "mobile_team"], True)
    assert (second.title, second.areas, second.seats_asked, second.whole) == ("First aid", None, None, False)
    done = focal_point.get(answer.location).text
    assert first.reference in done
    assert "Download the rows to be put right" in done
    assert not [form for form in read_page(done).forms if form.action.endswith("/keep")]


def test_every_fault_of_a_row_is_told_by_column(focal_point: FlaskClient) -> None:
    row = ("A need", "NO-SUCH", "ten", 5, "31/03/2027", date(2027, 1, 1), "online", "maybe")
    page = focal_point.get(send(focal_point, book(row)).location).text
    for words in (
        "In which subjects is training needed?",
        "This is not in the list.",
        "How many seats are needed?",
        "This must be a whole number.",
        "From what day can the training start?",
        "This must be a day such as 2027-03-31.",
        "Answer yes or no.",
        "maybe",
        "No row can be kept as it is",
    ):
        assert words in page, words


@pytest.mark.parametrize("area", ["needs", "offers", "supports"])
@pytest.mark.parametrize("language", LANGUAGES_OF_PAGES)
def test_an_empty_sheet_reads_back_in_any_language(
    focal_point: FlaskClient, language: str, area: str
) -> None:
    """It is taken in one language and sent in another; every answer that it offers is understood."""
    address = f"/rounds/{world.EXERCISE}/{area}/sheet"
    with focal_point.session_transaction() as session:
        session["language"] = language
    empty = focal_point.get(f"{address}/empty.xlsx").data
    made = load_workbook(io.BytesIO(empty))
    sheet = made.worksheets[0]
    assert sheet.row_dimensions[2].hidden
    assert sheet.cell(3, 1).value.startswith("#")
    # The example as a row of the reader's own.
    for column in range(2, sheet.max_column + 1):
        sheet.cell(4, column).value = sheet.cell(3, column).value
    with focal_point.session_transaction() as session:
        session["language"] = "en"
    page = focal_point.get(send(focal_point, saved(made), address).location).text
    assert "Row 3" not in page
    # That the example contradicts no rule is not its task, but each answer is one of its list.
    for words in ("Choose one of the listed answers.", "not in the list", "language tag", "no fields"):
        assert words not in page, words


def test_the_first_line_may_be_all_that_names_the_columns(focal_point: FlaskClient) -> None:
    """The hidden line was deleted, and the sheet saved as text by a French spreadsheet."""
    with focal_point.session_transaction() as session:
        session["language"] = "fr"
    names = [cell.value for cell in opened(focal_point.get(f"{ADDRESS}/empty.xlsx").data)[1]]
    keys = [cell.value for cell in opened(focal_point.get(f"{ADDRESS}/empty.xlsx").data)[2]]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, delimiter=";")
    writer.writeheader()
    label = dict(zip(keys, names, strict=True))
    writer.writerow({label["title"]: "Déminage; niveau 2", label["seats_asked"]: "20", label["whole"]: "Oui"})
    keep(focal_point, text.getvalue().encode("utf-8-sig"))
    (need,) = records_of("XAA")
    assert (need.title, need.seats_asked, need.whole) == ("Déminage; niveau 2", 20, True)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("title,seats_asked\r\nPremiers secours é,12\r\n", "utf-8"),
        ("title;seats_asked\r\nPremiers secours é;12\r\n", "utf-8-sig"),
        ("sep=;\r\ntitle;seats_asked\r\nPremiers secours é;12\r\n", "utf-8"),
        ("title\tseats_asked\nPremiers secours é\t12\n", "utf-16"),
        ('"title","seats_asked"\n"Premiers secours é","12"', "utf-8"),
    ],
)
def test_text_is_read_as_spreadsheets_write_it(focal_point: FlaskClient, text: str, encoding: str) -> None:
    keep(focal_point, text.encode(encoding))
    (need,) = records_of("XAA")
    assert (need.title, need.seats_asked) == ("Premiers secours é", 12)


def test_nothing_is_made_twice(focal_point: FlaskClient) -> None:
    data = book(GOOD, TITLE_ONLY, ("Radio", "", "ten"))
    page = send(focal_point, data).location
    form = next(one for one in read_page(focal_point.get(page).text).forms if one.action.endswith("/keep"))
    for _press in range(2):
        assert focal_point.post(form.action, data=form.data()).status_code == 303
    assert len(records_of("XAA")) == 2
    # The same file again, and the file with the bad row put right.
    again = focal_point.get(send(focal_point, data).location).text
    assert "Recorded already" in again
    assert "No row can be kept as it is" in again
    keep(focal_point, book(GOOD, TITLE_ONLY, ("Radio", "", 10)))
    assert [one.title for one in records_of("XAA")] == ["Mine clearance", "First aid", "Radio"]


def test_two_sheets_of_the_same_rows_make_them_once(focal_point: FlaskClient) -> None:
    """Both were looked over before one of them was kept."""
    pages = [send(focal_point, book(GOOD)).location for _number in range(2)]
    forms = [
        next(form for form in read_page(focal_point.get(page).text).forms if form.action.endswith("/keep"))
        for page in pages
    ]
    for form in forms:
        assert focal_point.post(form.action, data=form.data()).status_code == 303
    assert len(records_of("XAA")) == 1
    assert "No row could be kept" in focal_point.get(pages[1]).text


def test_a_row_that_is_there_twice_is_kept_once_and_a_namesake_is_told(focal_point: FlaskClient) -> None:
    page = send(focal_point, book(GOOD, GOOD)).location
    assert "This row says the same as row <bdi>2</bdi>." in focal_point.get(page).text
    press(focal_point, page)
    assert "Recorded already" in focal_point.get(page).text
    (need,) = records_of("XAA")
    other = focal_point.get(send(focal_point, book((GOOD[0], "C-IED", 99))).location).text
    assert f"{need.reference} has the same title" in other


def test_a_formula_and_joined_cells_are_told_and_not_worked_out(focal_point: FlaskClient) -> None:
    made = Workbook()
    made.active.append(list(HEAD))
    made.active.append(["Sum", "", "=10+10"])
    made.active.append(["One"])
    made.active.append([None])
    made.active.append(["Free"])
    made.active.merge_cells("A3:A4")
    page = keep(focal_point, saved(made))
    told = focal_point.get(page).text
    assert "This cell holds a formula" in told
    assert "Cells of this row are joined" in told
    assert [one.title for one in records_of("XAA")] == ["Free"]


def test_a_title_like_a_formula_stays_text_everywhere(focal_point: FlaskClient) -> None:
    """It is given back with an apostrophe, and read back without."""
    title = '=HYPERLINK("https://example.org")'
    text = io.StringIO()
    csv.writer(text).writerows([["title", "seats_asked"], [title, "ten"]])
    page = send(focal_point, text.getvalue().encode()).location
    given = opened(focal_point.get(page.rstrip("/") + "/faults.xlsx").data)
    keys = [cell.value for cell in given[2]]
    cell = given.cell(3, keys.index("title") + 1)
    assert (cell.data_type, cell.value) == ("s", f"'{title}")
    assert given.cell(3, 1).value == "How many seats are needed?: This must be a whole number."
    given.cell(3, keys.index("seats_asked") + 1).value = 10
    keep(focal_point, saved(given.parent))
    assert [(one.title, one.seats_asked) for one in records_of("XAA")] == [(title, 10)]


def test_columns_that_are_no_fields_are_named_and_not_read(focal_point: FlaskClient) -> None:
    rows = ("Radio", "acknowledged", 900, None, "lost")
    page = send(focal_point, book(rows, head=("title", "state", "seats_recognised"))).location
    told = focal_point.get(page).text
    assert "Some columns are not read" in told
    for name in ("state", "seats_recognised", "E"):
        assert f"<bdi>{name}</bdi>" in told
    press(focal_point, page)
    (need,) = records_of("XAA")
    assert (need.state, need.seats_recognised) == ("draft", None)


def test_a_column_whose_name_is_worked_out_is_told_by_its_letters(focal_point: FlaskClient) -> None:
    page = send(focal_point, book(("Radio", 1, 2), head=("title", "=1+1", "Year"))).location
    told = focal_point.get(page).text
    for name in ("B", "Year"):
        assert f"<bdi>{name}</bdi>" in told


def test_offers_and_supports_come_by_sheets_too(focal_point: FlaskClient) -> None:
    offers, supports = (f"/rounds/{world.EXERCISE}/{area}/sheet" for area in ("offers", "supports"))
    keep(focal_point, book(("Course", "any", 25, ""), head=("title", "only", "seats", "except")), offers)
    keep(focal_point, book(("Fund", "funds", 5000.0), head=("title", "kind", "quantity")), supports)
    (offer,) = records_of("XAA", table=Offer)
    assert (offer.only, offer.seats, offer.except_, offer.requires) == (["any"], 25, [], None)
    (support,) = records_of("XAA", table=Support)
    assert (support.kind, support.quantity) == ("funds", 5000)


def test_a_coordinator_submits_for_whom_it_names(coordinator: FlaskClient, focal_point: FlaskClient) -> None:
    keep(focal_point, book(GOOD))
    # The participant's draft says the same; a coordinator does not learn that there is one.
    page = send(coordinator, book(GOOD), participant="XAA").location
    told = coordinator.get(page).text
    assert "Submit 1 row" in told
    assert "-draft-" not in told
    press(coordinator, page)
    assert records_of("XAA", "submitted")[-1].title == "Mine clearance"
    assert len(records_of("XAA")) == 1
    assert send(coordinator, book(GOOD), participant="NOBODY").status_code == 403
    assert send(coordinator, book(GOOD)).status_code == 403


def test_rows_that_are_not_read_are_named(focal_point: FlaskClient) -> None:
    """Somebody's own remark may begin as that of the example does."""
    rows = (("# Example", "One"), ("", "Two"), ("#3 on our list", "Three"))
    page = focal_point.get(send(focal_point, book(*rows, head=("remarks", "title"))).location).text
    assert "Keep 1 row as a draft" in page
    words = "Rows that are not read, because their remark begins with #:"
    assert words in page
    assert "2" in page.split(words)[1][:40]
    assert "4" in page.split(words)[1][:40]
    assert words not in focal_point.get(send(focal_point, book(GOOD)).location).text


def test_a_row_that_became_good_unseen_is_not_sent(coordinator: FlaskClient) -> None:
    """It said what was recorded already, and that record was withdrawn before the press."""
    press(coordinator, send(coordinator, book(GOOD), participant="XAA").location)
    page = send(coordinator, book(GOOD, TITLE_ONLY), participant="XAA").location
    assert "Submit 1 row" in coordinator.get(page).text
    form = next(one for one in read_page(coordinator.get(page).text).forms if one.action.endswith("/keep"))
    recorded = db.session.query(Need).filter_by(title=GOOD[0]).order_by(Need.id.desc()).first()
    recorded.state = "withdrawn"
    db.session.commit()
    before = len(records_of("XAA", "submitted"))
    assert coordinator.post(form.action, data=form.data(rows="")).status_code == 303
    assert len(records_of("XAA", "submitted")) == before
    assert coordinator.post(form.action, data=form.data()).status_code == 303
    assert [one.title for one in records_of("XAA", "submitted")[before:]] == [TITLE_ONLY[0]]
    # It is not lost from sight either.
    done = coordinator.get(page).text
    assert GOOD[0] in done
    assert "Download the rows to be put right" in done
    assert opened(coordinator.get(f"{page}/faults.xlsx").data).cell(3, 2).value == GOOD[0]


def test_a_press_that_names_no_good_row_makes_nothing_and_ends_nothing(focal_point: FlaskClient) -> None:
    page = send(focal_point, book(GOOD, ("", "", "ten"))).location
    form = next(one for one in read_page(focal_point.get(page).text).forms if one.action.endswith("/keep"))
    for rows in ("77", "3"):
        assert focal_point.post(form.action, data=form.data(rows=rows)).status_code == 303
        assert records_of("XAA") == []
        assert "Keep 1 row as a draft" in focal_point.get(page).text
    press(focal_point, page)
    assert [one.title for one in records_of("XAA")] == [GOOD[0]]


def test_a_sheet_is_its_persons_own(
    focal_point: FlaskClient, coordinator: FlaskClient, browser_of: Callable[[Person], FlaskClient]
) -> None:
    page = send(focal_point, book(GOOD, ("", "", "ten"))).location
    participant = world.focal_point_of("XAA").participant
    colleague = world.make_person("focal_point", participant, email="colleague@example.org", name="Colleague")
    others = (coordinator, browser_of(colleague), browser_of(world.focal_point_of("XAB")))
    for other in others:
        token = next(one for one in read_page(other.get(ADDRESS).text).forms if one.method == "post").data()
        before = fingerprint()
        assert other.get(page).status_code == 404
        assert other.get(f"{page}/faults.xlsx").status_code == 404
        for end in ("keep", "discard"):
            assert other.post(f"{page}/{end}", data=token).status_code == 404
        assert fingerprint() == before
    # A participant is named by coordinators alone; what else is sent is not read.
    keep(focal_point, book(TITLE_ONLY), participant="XAB")
    assert records_of("XAB") == []


def test_an_observer_sends_no_sheet(browser_of: Callable[[Person], FlaskClient]) -> None:
    observer = browser_of(world.person_by_email("observer@example.org"))
    assert observer.get(ADDRESS).status_code == 403
    assert observer.get(f"{ADDRESS}/empty.xlsx").status_code == 403


def test_a_closed_round_takes_no_sheet_and_keeps_none(focal_point: FlaskClient) -> None:
    page = send(focal_point, book(GOOD)).location
    round_ = db.session.query(Round).filter_by(code=world.EXERCISE).one()
    round_.state = "closed"
    db.session.commit()
    assert send(focal_point, book(TITLE_ONLY)).status_code == 409
    assert press(focal_point, page).status_code == 409
    assert records_of("XAA") == []


def test_a_sheet_is_forgotten_after_its_day_or_when_it_is_taken_away(
    at_work: Flask, focal_point: FlaskClient
) -> None:
    page = send(focal_point, book(GOOD)).location
    assert press(focal_point, page, "/discard").status_code == 303
    assert focal_point.get(page).status_code == 404
    page = send(focal_point, book(GOOD)).location
    db.session.query(Sheet).update({"expires_at": utc_now() - timedelta(seconds=1)})
    db.session.commit()
    assert focal_point.get(page).status_code == 404
    world.keep_house(at_work)
    assert db.session.query(Sheet).count() == 0


def test_a_person_has_a_few_sheets_at_most(focal_point: FlaskClient) -> None:
    pages = [send(focal_point, book((f"Need {number}",))).location for number in range(6)]
    assert focal_point.get(pages[0]).status_code == 404
    assert focal_point.get(pages[1]).status_code == 200


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("troops;fpu", ["troops", "fpu"]),
        ("Troops, Civilians", ["troops", "civilian"]),
        ("قوات؛ civilian", ["troops", "civilian"]),
        ("All personnel", ["any"]),
        ("?", None),
    ],
)
def test_several_answers_of_one_cell(focal_point: FlaskClient, said: str, codes: list[str] | None) -> None:
    page = send(focal_point, book(("A need", said), head=("title", "personnel"))).location
    press(focal_point, page)
    assert records_of("XAA")[0].personnel == codes


@pytest.fixture
def called_alike(at_work: Flask) -> Iterator[None]:
    """In French two levels, two kinds of personnel and two columns have one name each, and so have yes and
    what is not known.
    """
    with at_work.test_request_context(), force_locale("fr"):
        other = [("Basic", "Advanced"), ("Troops", "Civilians"), ("Yes", "I don’t know yet")]
        columns = [("How many of the seats are for women?", "How many seats are needed?")]
        for message, same_as in [*other, *columns]:
            db.session.add(Wording(language="fr", message=message, form=0, text=gettext(same_as)))
    db.session.commit()
    words_now().forget()
    yield
    db.session.query(Wording).delete()
    db.session.commit()
    words_now().forget()


@pytest.mark.usefixtures("called_alike")
def test_a_name_of_two_answers_is_none_of_them_and_its_code_is(
    at_work: Flask, focal_point: FlaskClient
) -> None:
    head = ("title", "level", "personnel", "whole")
    with at_work.test_request_context(), force_locale("fr"):
        advanced, civilians, unknown = (gettext(one) for one in ("Advanced", "Civilians", "I don’t know yet"))
    names = [("One", advanced), ("Two", "", f"fpu; {civilians}"), ("Three", "", "", unknown)]
    codes = ("Four", "advanced", "fpu; civilian", "yes")
    page = send(focal_point, book(*names, codes, head=head)).location
    told = focal_point.get(page).text
    assert told.count(str(CELL_FAULTS["two_answers"])) == 3
    assert "Keep 1 row as a draft" in told
    press(focal_point, page)
    (need,) = records_of("XAA")
    assert (need.level, need.personnel, need.whole) == ("advanced", ["fpu", "civilian"], True)


def test_a_code_that_is_anothers_name_is_its_own(at_work: Flask, focal_point: FlaskClient) -> None:
    """What is called so is told apart by its own code, and so is what has the code."""
    with at_work.test_request_context(), force_locale("fr"):
        for message, code in (("Advanced", "basic"), ("No", "yes"), ("Civilians", "fpu")):
            db.session.add(Wording(language="fr", message=message, form=0, text=code.title()))
    db.session.commit()
    words_now().forget()
    try:
        rows = [("One", "Basic"), ("Two", " basic ", "fpu; civilian", "yes")]
        page = send(focal_point, book(*rows, head=("title", "level", "personnel", "whole"))).location
        assert focal_point.get(page).text.count(str(CELL_FAULTS["two_answers"])) == 1
        press(focal_point, page)
        (need,) = records_of("XAA")
        assert (need.title, need.level, need.personnel, need.whole) == (
            "Two",
            "basic",
            ["fpu", "civilian"],
            True,
        )
    finally:
        db.session.query(Wording).delete()
        db.session.commit()
        words_now().forget()


@pytest.mark.usefixtures("called_alike")
def test_a_name_of_two_columns_is_none_of_them(at_work: Flask, focal_point: FlaskClient) -> None:
    with at_work.test_request_context(), force_locale("fr"):
        label = gettext("How many seats are needed?")
    page = send(focal_point, book(("One", 7), head=("title", label))).location
    assert f"<bdi>{label}</bdi>" in focal_point.get(page).text.split("Some columns are not read")[1]


def zip_of(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def swollen(part: str, data: bytes) -> bytes:
    """A book of which one part was put in the place of another."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book(GOOD))) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, data if name == part else old.read(name))
    return file.getvalue()


# The part that is unpacked first.
LIAR = "_rels/.rels"


def lying(packed_as: int, packed: bytes) -> bytes:
    """A book with a part that says to be a hundred spaces, and unpacks to whatever was packed."""
    file, said = io.BytesIO(), b" " * 100
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", b"")
        archive.writestr(LIAR, packed)
    made = bytearray(file.getvalue())
    for begin, kind in ((made.find(LIAR.encode()) - 30, 8), (made.rfind(LIAR.encode()) - 46, 10)):
        struct.pack_into("<H", made, begin + kind, packed_as)
        struct.pack_into("<I", made, begin + kind + 6, zlib.crc32(said))
        struct.pack_into("<I", made, begin + kind + 14, len(said))
    return bytes(made)


PACKED = {
    zipfile.ZIP_DEFLATED: lambda data: zlib.compress(data, wbits=-15),
    zipfile.ZIP_BZIP2: bz2.compress,
    zipfile.ZIP_LZMA: lzma.compress,
}


@pytest.mark.parametrize("packed_as", PACKED)
def test_a_part_that_lies_about_its_size_fills_no_memory(packed_as: int) -> None:
    data = lying(packed_as, PACKED[packed_as](b" " * 20_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable):
            read_lines(data)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_number_of_thousands_of_digits_is_told_and_given_back(focal_point: FlaskClient) -> None:
    digits = b"9" * 4000
    with zipfile.ZipFile(io.BytesIO(book(("Need", "", 7)))) as made:
        part = made.read("xl/worksheets/sheet1.xml").replace(b"<v>7</v>", b"<v>" + digits + b"</v>")
    page = send(focal_point, swollen("xl/worksheets/sheet1.xml", part)).location
    answer = focal_point.get(f"{page}/faults.xlsx")
    assert answer.status_code == 200
    assert digits.decode() in {cell.value for cell in opened(answer.data)[3]}


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY f SYSTEM "file:///etc/passwd">]><worksheet xmlns="http://schemas.openxmlformats.org/'
    b'spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&b;&f;</t></is></c></row>'
    b"</sheetData></worksheet>"
)
REFUSED_FILES = {
    "nothing": (b"", "no_file"),
    "quotes between cells": (b'sep="\ntitle\n"One"', "broken"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not_a_sheet"),
    "an old book": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_format"),
    "another zip": (zip_of(hello=b"world"), "not_a_sheet"),
    "half a book": (book(GOOD)[:3000], "broken"),
    "French letters": ("title;seats_asked\nDéminage;3".encode("cp1252"), "not_utf8"),
    "no columns": (b"one,two\n1,2\n", "no_columns"),
    "a column twice": (b"title,title\n1,2\n", "column_twice"),
    "no rows": (book(), "no_rows"),
    "only the example": (b"remarks,title\n# Example,One\n", "no_rows"),
    "too many rows": (book(*((f"Need {number}",) for number in range(501))), "too_many_rows"),
    "empty lines without end": (b"title\n" + b"\n" * 5_000 + b"One\n", "too_many_lines"),
    "a zip bomb": (swollen("xl/worksheets/sheet1.xml", b" " * 20_000_000), "too_large"),
    "a bomb beside": (zip_of(**{"[Content_Types].xml": b"", "other": b"\0" * 20_000_000}), "too_large"),
    "many parts": (zip_of(**{"[Content_Types].xml": b"", **{str(n): b"" for n in range(300)}}), "too_large"),
    "one text in many cells": (book(*(("Need", *["x" * 30_000] * 7) for _row in range(300))), "too_large"),
    "answers without end": (book(*((f"Need {n}", "x," * 15_000) for n in range(7))), "too_large"),
    "many styles": (swollen("xl/styles.xml", b"<a>" + b"<xf/>" * 50_000 + b"</a>"), "too_large"),
    "many cells": (swollen("xl/worksheets/sheet1.xml", b"<a>" + b"<c/>" * 700_000 + b"</a>"), "too_large"),
    "entities": (swollen("xl/worksheets/sheet1.xml", ENTITIES), "broken"),
}


@pytest.mark.parametrize("name", REFUSED_FILES)
def test_a_file_that_is_not_read_is_refused_in_words(focal_point: FlaskClient, name: str) -> None:
    data, code = REFUSED_FILES[name]
    before = fingerprint()
    answer = send(focal_point, data)
    assert answer.status_code == 422
    assert FILE_FAULTS[code] in answer.text
    assert fingerprint() == before


@pytest.mark.parametrize(("size", "status"), [(950_000, 422), (1_100_000, 413)])
def test_a_file_that_is_larger_than_a_form_is_refused(
    focal_point: FlaskClient, size: int, status: int
) -> None:
    token = next(one for one in read_page(focal_point.get(ADDRESS).text).forms if one.action == ADDRESS)
    parts = [
        f'name="csrf_token"\r\n\r\n{dict(token.values)["csrf_token"]}',
        'name="file"; filename="rows.csv"\r\n\r\ntitle\n' + "x" * size,
    ]
    body = "".join(f"--lcm\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--lcm--\r\n"
    answer = focal_point.post(ADDRESS, data=body, content_type="multipart/form-data; boundary=lcm")
    assert answer.status_code == status
    assert "fewer rows" in answer.text if status == 422 else "a smaller file" in answer.text


def test_what_a_sheet_says_is_in_no_log(focal_point: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "A secret weakness"
    page = send(focal_point, book((secret, "NO-SUCH", secret))).location
    focal_point.get(page)
    send(focal_point, b"title,title\n" + secret.encode())
    send(focal_point, swollen("xl/sharedStrings.xml", secret.encode()))
    keep(focal_point, book((secret,)))
    assert secret not in caplog.text
