"""The pictures of a plan say what its numbers say, and for coordinators alone."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.tables import Person
from lcm_service.web.bars import WIDE
from lcm_service.web.plan_pictures import balance_of, coverage_of, flows_of, time_line_of
from lcm_service.web.plan_view import Names
from tests.web import world

LABELS: dict[str, Any] = {
    "needs": {
        "N-1": {"recipient": "XAA", "areas": ["MED", "FMA"]},
        "N-2": {"recipient": "XAB", "areas": None},
        "N-3": {"recipient": "XAA", "areas": ["MED"]},
    },
    "sessions": {
        "S-1": {
            "offer": "O-1",
            "provider": "XAN",
            "areas": ["MED"],
            "seats": 20,
            "start": "2027-01-01",
            "end": "2027-01-10",
        },
        "S-2": {
            "offer": "O-2",
            "provider": "XAO",
            "areas": ["MED"],
            "seats": None,
            "start": "2027-03-02",
            "end": "2027-04-10",
        },
        "S-3": {"offer": "O-3", "provider": "XAN", "areas": ["EOD"], "seats": 5, "start": None, "end": None},
    },
    "supports": {},
}
DOCUMENT: dict[str, Any] = {
    "assignments": [
        {"need": "N-1", "session": "S-1", "seats": 6},
        {"need": "N-3", "session": "S-1", "seats": 4},
        {"need": "N-2", "session": "S-2", "seats": 3},
        {"need": "N-2", "session": "S-3", "seats": 2},
    ],
    "unmet": [{"need": "N-1", "seats_short": 10}],
    "sessions": [
        {"id": "S-3", "seats_filled": 2, "supports": []},
        {"id": "S-2", "seats_filled": 3, "supports": [{"support": "P-1"}]},
        {"id": "S-1", "seats_filled": 10, "supports": []},
    ],
}
NAMES = Names(LABELS)
PROBLEM = {"offers": [{"id": "O-1", "max_sessions": 1}, {"id": "O-2", "max_sessions": None}, {"id": "O-3"}]}
NOTHING = {"assignments": [], "unmet": [], "sessions": []}


def spans(bar):
    return [(piece.start, piece.width, piece.kind) for piece in bar]


def test_coverage_by_recipient_shows_who_lacks_most_first() -> None:
    first, second = coverage_of(NAMES, DOCUMENT)
    assert (first.recipient, first.placed, first.open) == ("XAA", 10, 10)
    assert spans(first.bar) == [(0, 500, "placed"), (500, 500, "open")]
    assert (second.recipient, second.placed, second.open) == ("XAB", 5, 0)
    assert spans(second.bar) == [(0, 250, "placed")]


def test_demand_stands_beside_supply_and_unknown_seats_are_counted_apart() -> None:
    medical, nothing_said, ordnance = balance_of(NAMES, DOCUMENT, PROBLEM)
    assert (medical.area, medical.placed, medical.open) == ("MED", 10, 10)
    assert (medical.offered, medical.unknown) == (20, 1)
    assert spans(medical.asked_bar) == [(0, 500, "placed"), (500, 500, "open")]
    assert spans(medical.offered_bar) == [(0, WIDE, "free")]
    assert (nothing_said.area, nothing_said.placed, nothing_said.offered) == ("", 5, 0)
    assert (ordnance.area, ordnance.placed, ordnance.offered) == ("EOD", 0, 5)


def test_an_offer_counts_with_as_many_sessions_as_can_be_held() -> None:
    """Two candidates of a window of which one is held, and two sessions of another offer without a limit."""
    session = {"provider": "XAN", "areas": ["MED"], "start": None, "end": None}
    of_window = {
        f"S-{number}": session | {"offer": "O-1", "seats": seats} for number, seats in ((1, 20), (2, 30))
    }
    of_other = {f"T-{number}": session | {"offer": "O-2", "seats": 5} for number in (1, 2)}
    names = Names({"needs": {}, "sessions": of_window | of_other})
    (medical,) = balance_of(names, NOTHING, PROBLEM)
    assert (medical.offered, medical.unknown) == (40, 0)


def test_sessions_lie_in_the_time_of_all_and_those_without_days_beside_it() -> None:
    line = time_line_of(NAMES, DOCUMENT)
    assert (line.first, line.last) == (date(2027, 1, 1), date(2027, 4, 10))
    assert [one.session for one in line.held] == ["S-1", "S-2"]
    # A hundred days: ten of each are a tenth of the picture.
    assert [spans(one.bar) for one in line.held] == [[(0, 100, "session")], [(600, 400, "session")]]
    assert [(month.month, place) for month, place in line.months] == [(2, 310), (3, 590), (4, 900)]
    assert [one.session for one in line.undated] == ["S-3"]


def test_flows_are_pairs_with_the_supports_between_them() -> None:
    found = [(one.provider, one.recipient, one.seats, one.supports) for one in flows_of(NAMES, DOCUMENT)]
    assert found == [("XAN", "XAA", 10, ()), ("XAO", "XAB", 3, ("P-1",)), ("XAN", "XAB", 2, ())]


def test_an_empty_plan_has_pictures_of_nothing() -> None:
    empty = Names({"needs": {}, "sessions": {}, "supports": {}})
    assert coverage_of(empty, NOTHING) == []
    assert balance_of(empty, NOTHING, {"offers": []}) == []
    assert flows_of(empty, NOTHING) == []
    assert time_line_of(empty, NOTHING).held == ()
    one_day = {"S-1": LABELS["sessions"]["S-1"] | {"end": "2027-01-01"}}
    line = time_line_of(Names({"sessions": one_day}), {"sessions": [DOCUMENT["sessions"][2]]})
    assert [spans(one.bar) for one in line.held] == [[(0, WIDE, "session")]]


def test_the_page_shows_the_numbers_of_the_plan(service: Flask, coordinator: FlaskClient) -> None:
    with service.app_context():
        plan = world.draft_of(world.EXERCISE)
        address, document, labels = f"/plans/{plan.id}/pictures", plan.document, plan.labels
    page = coordinator.get(address).text
    placed = Counter[str]()
    for row in document["assignments"]:
        placed[labels["needs"][row["need"]]["recipient"]] += row["seats"]
    table = page.split('<h2 id="recipients">')[1].split("</table>")[0]
    shown = [int(number) for number in re.findall(r"</th><td class=\"number\">(\d+)</td>", table)]
    short = {labels["needs"][row["need"]]["recipient"] for row in document["unmet"]}
    assert sorted(shown) == sorted([*placed.values(), *[0] * len(short - set(placed))])
    assert sum(shown) == sum(row["seats"] for row in document["assignments"])
    time = page.split('<h2 id="time">')[1].split('<h2 id="flow">')[0]
    assert all(row["id"] in time for row in document["sessions"])
    assert f'href="{address}"' in coordinator.get(f"/plans/{plan.id}").text


@pytest.mark.parametrize("code", ["XAA", "XAN"])
def test_participants_have_no_pictures_of_a_plan(
    at_work: Flask, browser_of: Callable[[Person], FlaskClient], code: str
) -> None:
    plan_id = world.draft_of(world.EXERCISE).id
    browser = browser_of(world.focal_point_of(code))
    assert (
        browser.get(f"/plans/{plan_id}/pictures").status_code
        == browser.get("/plans/9999/pictures").status_code
    )
