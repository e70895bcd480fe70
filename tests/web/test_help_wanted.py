"""Where help is wanted: the public figures of needs and offers side by side, and nothing beside them."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from lcm_service.services.figures import FiguresOfRound, KindOfFigures
from lcm_service.web.help_wanted import wanted_in
from tests import factories
from tests.fixtures import sign_in
from tests.service import figure_rounds
from tests.service.figure_rounds import SECRET, STATES
from tests.web.html import read_page

ADDRESS = "/where-help-is-wanted"


def cell(code: str | None, records: int, *, cells: Any = (), **amounts: int) -> dict[str, Any]:
    return {"code": code, "records": records, "amounts": amounts, "cells": list(cells)}


def table(dimension: str, *groups: Any) -> dict[str, Any]:
    return {"dimension": dimension, "total": {}, "groups": list(groups)}


def measure(name: str, amounts: list[str], *tables: Any) -> dict[str, Any]:
    return {"name": name, "amounts": amounts, "withheld": [], "tables": list(tables)}


def wanted(needs: Any, offers: Any) -> Any:
    kind = KindOfFigures("plan", datetime(2027, 1, 1, tzinfo=UTC), [needs, offers])
    return wanted_in(FiguresOfRound("R", "A round", "exercise", True, "", {}), kind)


def asked(seats: int, left: int) -> dict[str, int]:
    return {"seats": seats, "matches": 1, "placed": seats - left, "open": left}


ALL = ["seats", "matches", "placed", "open"]


def test_what_is_most_wanted_comes_first_and_what_is_merged_last():
    needs = table(
        "language",
        cell("en", 9, **asked(90, 10)),
        cell("fr", 8, **asked(80, 70)),
        cell(None, 7, **asked(300, 300)),
    )
    found = wanted(measure("needs", ALL, needs), measure("offers", [], table("language", cell("fr", 6))))
    lines = found.tables["language"]
    assert [(line.needs, line.left, line.offers) for line in lines] == [
        (8, 70, 6),
        (9, 10, None),
        (7, 300, None),
    ]
    assert [piece.kind for piece in lines[0].bar] == ["placed", "open"]


def test_a_group_that_is_told_by_its_cells_has_no_line_of_its_own(app):
    inner = [cell("MED", 6, **asked(60, 20)), cell(None, 5, **asked(50, 50))]
    needs = table(
        "area", cell("10", 11, cells=inner, **asked(110, 70)), cell("9", 5, cells=[], **asked(50, 0))
    )
    offers = table("area", cell("10", 8, cells=[cell("MED", 8)]), cell("9", 7))
    with app.test_request_context():
        lines = wanted(measure("needs", ALL, needs), measure("offers", [], offers)).tables["area"]
        named = [(line.needs, line.offers, str(line.name)) for line in lines]
    assert [row[:2] for row in named] == [(6, 8), (5, 7), (5, None)]
    assert [row[2] for row in named[1:]] == ["Paragraph 9", "Paragraph 10 – Other subjects"]


def test_the_offers_of_a_merged_line_are_not_told_for_both_need_not_merge_the_same():
    needs = table("month", cell("2027-03", 9, **asked(90, 10)), cell(None, 7, **asked(70, 70)))
    offers = table("month", cell("2027-03", 9), cell(None, 30))
    lines = wanted(measure("needs", ALL, needs), measure("offers", [], offers)).tables["month"]
    assert [line.offers for line in lines] == [9, None]


def test_where_what_is_open_cannot_be_told_what_is_asked_is():
    needs = table("language", cell("en", 9, seats=90), cell("fr", 8, seats=100))
    found = wanted(measure("needs", ["seats"], needs), measure("offers", []))
    assert not found.tells_what_is_open
    assert [(line.seats, line.left, line.offers) for line in found.tables["language"]] == [
        (100, None, None),
        (90, None, None),
    ]


def test_where_too_little_is_told_there_is_no_table():
    assert wanted(measure("needs", []), measure("offers", [])).tables == {}


@pytest.fixture
def published(app: Any) -> Any:
    round_ = figure_rounds.make_round(title="The round of 2027")
    figure_rounds.fill(round_)
    figure_rounds.publish(round_)
    return round_


def test_everybody_reads_it_and_no_number_that_the_figures_do_not_have(app, published):
    stranger = app.test_client()
    page = stranger.get(ADDRESS)
    assert page.status_code == 200
    said = " ".join(read_page(page.text).texts)
    assert "Where help is wanted" in said
    assert "The round of 2027" in page.text
    for word in (SECRET, *STATES):
        assert word not in page.text
    cells = r'<td class="number">([\d,.]+)</td>'
    numbers = set(re.findall(cells, page.text))
    assert numbers
    assert numbers <= set(re.findall(cells, stranger.get("/figures").text))
    assert "Make an offer" not in said


def test_once_the_round_is_closed_it_is_told_no_more(app, published):
    figure_rounds.close(published)
    page = app.test_client().get(ADDRESS).text
    assert "No open round can tell it yet" in page
    assert "The round of 2027" not in page


def test_a_focal_point_goes_on_to_an_offer(app, published):
    browser = app.test_client()
    sign_in(browser, factories.make_person("focal_point", factories.make_participant("XZZ")))
    assert f'href="/rounds/{published.code}/offers/new"' in browser.get(ADDRESS).text
