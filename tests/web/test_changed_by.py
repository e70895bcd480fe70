"""A change that would have helped a need is made in the form of the next round, and nothing is sent by it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Need, Person, Round
from lcm_service.services.plan_excerpts import OWN_CHANGES
from lcm_service.web.changed_by import address_of, make_change, read_change
from tests.web import world
from tests.web.html import main_form, read_page
from tests.web.test_taken_up import NEXT, next_round, own_record  # noqa: F401

ASKED = {
    "languages": ["en"],
    "modes": ["online"],
    "earliest": date(2027, 3, 1),
    "latest": date(2027, 6, 30),
    "min_group": 5,
    "max_groups": 1,
    "whole": True,
    "title": "Medics",
}


def change(kind: str, word: str | None = None, amount: int | None = None) -> dict[str, Any]:
    return {"kind": kind, "word": word, "amount": amount, "languages": None}


CHANGES = [
    (change("language", "fr"), {"languages": ["en", "fr"]}, "Accept French as a language too"),
    (change("mode", "mobile_team"), {"modes": ["online", "mobile_team"]}, "Accept this form too"),
    (change("earlier", amount=10), {"earliest": date(2027, 2, 19)}, "Start up to 10 days earlier"),
    (change("later", amount=1), {"latest": date(2027, 7, 1)}, "End 1 day later"),
    (change("min_group"), {"min_group": None}, "Accept a smaller group"),
    (change("max_groups"), {"max_groups": None}, "Spread over more sessions"),
    (change("not_whole"), {"whole": False}, "Accept a part of the seats"),
]


@pytest.mark.parametrize(("what", "differs", "said"), CHANGES, ids=[one[0]["kind"] for one in CHANGES])
def test_each_change_is_made_and_nothing_else(app: Flask, what, differs, said) -> None:
    given = {name: str(value) for name, value in address_of(what).items()}
    with app.test_request_context():
        values, sentence = make_change(ASKED, given)
        assert said in str(sentence)
    assert values == ASKED | differs


def test_there_is_one_for_every_change_that_an_owner_is_told() -> None:
    assert {one[0]["kind"] for one in CHANGES} == set(OWN_CHANGES)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"change": "support", "word": "funds", "amount": "9"},
        {"change": "language"},
        {"change": "language", "word": "<b>"},
        {"change": "mode", "word": "by_post"},
        {"change": "earlier"},
        {"change": "earlier", "amount": "-3"},
        {"change": "earlier", "amount": "0"},
        {"change": "later", "amount": "99999"},
        {"change": "later", "amount": "\u0663"},
        {"change": "seats_recognised", "amount": "9"},
    ],
)
def test_what_is_no_change_of_an_owner_leaves_the_form_as_it_is(app: Flask, given) -> None:
    with app.test_request_context():
        assert read_change(given) is None
        assert make_change(ASKED, given) == (ASKED, None)


def test_what_is_not_known_or_does_not_matter_is_not_narrowed(app: Flask) -> None:
    with app.test_request_context():
        asked = ASKED | {"languages": "any", "earliest": None, "modes": None}
        assert make_change(asked, {"change": "language", "word": "fr"}) == (asked, None)
        assert make_change(asked, {"change": "mode", "word": "mobile_team"}) == (asked, None)
        unknown = ASKED | {"languages": None}
        assert make_change(unknown, {"change": "language", "word": "fr"}) == (unknown, None)
        assert make_change(asked, {"change": "earlier", "amount": "5"}) == (asked, None)
        assert make_change(ASKED, {"change": "language", "word": "en"}) == (ASKED, None)


def test_the_form_of_the_next_round_says_which_change_is_made(
    next_round: Round,  # noqa: F811
    browser_of: Callable[[Person], FlaskClient],
) -> None:
    need = own_record(Need, "XAA")
    focal_point = browser_of(world.focal_point_of("XAA"))
    address = f"/rounds/{NEXT}/needs/new?like={need.reference}&change=language&word=pt"
    page = focal_point.get(address).text
    assert "With this change: Accept Portuguese as a language too." in " ".join(read_page(page).texts)
    assert "pt" in str(main_form(page).data()["languages"])
    assert db.session.query(Need).join(Need.round).filter_by(code=NEXT).count() == 0
