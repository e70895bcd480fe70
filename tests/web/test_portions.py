"""Long tables come in portions, and can be looked through."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service.web import portions
from lcm_service.web.plan_search import is_named, rows_of_plan
from lcm_service.web.plan_view import Names
from lcm_service.web.portions import portion_of
from tests.web import world

LABELS = {
    "participants": {"XAA": {"en": "Alpha"}, "XAB": {"en": "Beta"}, "XAN": {"en": "Xi"}},
    "needs": {
        "N-1": {"recipient": "XAA", "title": "First aid"},
        "N-2": {"recipient": "XAB", "title": "Mine action"},
    },
    "sessions": {"O-1-S1": {"provider": "XAN", "title": "Medical course", "offer": "O-1"}},
}
DOCUMENT = {
    "assignments": [{"need": "N-1", "session": "O-1-S1"}, {"need": "N-2", "session": "O-1-S1"}],
    "questions": [{"record": "N-2", "field": "level", "seats": 3}],
    "unmet": [{"need": "N-2"}],
    "sessions": [{"id": "O-1-S1"}],
}


class TestPortions:
    @pytest.mark.parametrize(
        ("asked", "first", "last"),
        [("", 1, 100), ("1", 1, 100), ("3", 201, 250), ("4", 201, 250), ("9999999", 1, 100)]
        + [(text, 1, 100) for text in ("0", "-1", "x", "1.5", "²")],
    )
    def test_the_address_says_which(self, service: Flask, asked: str, first: int, last: int) -> None:
        with service.test_request_context(f"/rounds/{world.EXERCISE}/matches?waiting={asked}"):
            found = portion_of(range(250), "waiting")
        assert (found.first, found.last, found.total) == (first, last, 250)
        assert list(found.rows) == list(range(first - 1, last))

    def test_a_portion_leads_to_its_neighbours_and_keeps_what_was_looked_for(self, service: Flask) -> None:
        with service.test_request_context(f"/rounds/{world.EXERCISE}/matches?others=2&find=a+b&waiting=3"):
            found = portion_of(range(250), "others")
            before, after = found.before, found.after
        kept = f"/rounds/{world.EXERCISE}/matches?others={{}}&find=a+b&waiting=3#others"
        assert (before, after) == (kept.format(1), kept.format(3))

    def test_what_the_address_says_beside_leads_nowhere_else(self, service: Flask) -> None:
        orders = "_external=1&_scheme=https&_anchor=x&endpoint=start.index&code=other"
        with service.test_request_context(f"/rounds/{world.EXERCISE}/matches?{orders}"):
            after = portion_of(range(250), "others").after
        assert after == f"/rounds/{world.EXERCISE}/matches?{orders}&others=2#others"

    def test_what_fits_in_one_portion_leads_nowhere(self, service: Flask) -> None:
        with service.test_request_context(f"/rounds/{world.EXERCISE}/matches"):
            found = portion_of(range(100), "others")
            nothing = portion_of([], "others")
            assert (found.is_part, found.before, found.after) == (False, None, None)
            assert (nothing.is_part, nothing.before, nothing.after) == (False, None, None)


class TestSearch:
    @pytest.mark.parametrize(
        ("wanted", "matches", "questions", "unmet", "sessions"),
        [
            ("", ["N-1", "N-2"], ["N-2"], ["N-2"], ["O-1-S1"]),
            ("beta", ["N-2"], ["N-2"], ["N-2"], []),
            ("FIRST n-1", ["N-1"], [], [], []),
            ("xi course", ["N-1", "N-2"], [], [], ["O-1-S1"]),
            ("alpha beta", [], [], [], []),
        ],
    )
    def test_a_row_names_every_word(
        self,
        service: Flask,
        wanted: str,
        matches: list[str],
        questions: list[str],
        unmet: list[str],
        sessions: list[str],
    ) -> None:
        with service.test_request_context("/"):
            found = rows_of_plan(Names(LABELS), DOCUMENT, wanted)
        assert [row["need"] for row in found.matches] == matches
        assert [row.record for row in found.questions] == questions
        assert [row["need"] for row in found.unmet] == unmet
        assert [row["id"] for row in found.sessions] == sessions
        assert found.is_empty is (not (matches or questions or unmet or sessions))

    def test_case_does_not_matter_in_any_script(self) -> None:
        assert is_named("россия СТРАССЕ", "Курс: Россия, Страссе")
        assert is_named("STRASSE", "straße")
        assert not is_named("alpha", "beta")


class TestPages:
    def test_every_match_of_a_plan_is_in_one_portion(
        self, service: Flask, coordinator: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(portions, "ROWS_IN_A_PORTION", 10)
        with service.app_context():
            plan = world.draft_of(world.EXERCISE)
            address, document = f"/plans/{plan.id}", plan.document
        shown: list[str] = []
        for number in range(1, len(document["assignments"]) // 10 + 2):
            page = coordinator.get(f"{address}?matches={number}").text
            table = page.split('<h2 id="matches">')[1].split("</table>")[0]
            shown += re.findall(r'<tr><th scope="row" class="wide"><a href="/needs/([^"]+)">', table)
            assert f"{len(document['assignments'])} matches" in table
        assert shown == [row["need"] for row in document["assignments"]]

    def test_a_plan_is_looked_through(
        self, service: Flask, coordinator: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with service.app_context():
            plan = world.draft_of(world.EXERCISE)
            address, row = f"/plans/{plan.id}", plan.document["assignments"][0]
            others = {one["need"] for one in plan.document["assignments"]} - {row["need"]}
        assert 'role="search"' not in coordinator.get(address).text
        monkeypatch.setattr(portions, "ROWS_IN_A_PORTION", 10)
        assert 'role="search"' in coordinator.get(address).text
        page = coordinator.get(address, query_string={"find": f"{row['need']} {row['session']}"}).text
        table = page.split('<h2 id="matches">')[1].split("</table>")[0]
        assert f'href="/needs/{row["need"]}"' in table
        assert not any(f'href="/needs/{need}"' in table for need in others)
        nothing = coordinator.get(address, query_string={"find": "<b>nowhere"}).text
        assert "Nothing here names “&lt;b&gt;nowhere”." in nothing
        assert "The plan has no match." not in nothing

    def test_matches_of_a_round_are_looked_through(self, service: Flask, coordinator: FlaskClient) -> None:
        with service.app_context():
            wanted, *others = world.publish_draft(world.EXERCISE, put=False)
        address = f"/rounds/{world.EXERCISE}/matches"
        page = coordinator.get(
            address, query_string={"find": f"{wanted.need_reference} {wanted.session_code}"}
        )
        assert f"/matches/{wanted.id}" in page.text
        assert not any(f'/matches/{one.id}"' in page.text for one in others)
        assert "Nothing here names" in coordinator.get(f"{address}?find=nowhere").text
