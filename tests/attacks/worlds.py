"""Two worlds that differ in the needs of others alone, and all that a focal point can read in one.

What it reads is made plain: numbers, moments and tokens that come out differently each time are taken out,
and nothing else is.
"""

import re
from datetime import date
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lcm_service.mail.texts import write_text
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Match, Need, OutboxMessage, Person, Plan
from lcm_service.services import explanations
from tests import factories
from tests.api.callers import Caller
from tests.attacks.browsers import form_at
from tests.fixtures import sign_in
from tests.service import matching_rounds as rounds
from tests.walk.asking import text_of

ROUND, AREAS = "R2027", ("C-IED", "MED", "FLIGHT", "CYBER")


class World:
    """A round with a probing State, offers with room for all, and as many needs of others as are given."""

    def __init__(self, app: Flask, others: int) -> None:
        self.app = app
        self.coordinator = rounds.coordinator()
        self.round = factories.make_round(ROUND)
        for code in AREAS:
            factories.make_area(code)
        self.prober = factories.make_person(
            "focal_point", factories.make_participant("XPR"), email="prober@example.org", is_lead=True
        )
        provider = factories.make_participant("XPV")
        for number, code in enumerate(AREAS[:2], 1):
            factories.make_offer(
                provider,
                self.round,
                reference=f"O-{number:04}",
                areas=[code],
                seats=5_000,
                min_seats=1,
                title=f"Offer {number}",
            )
        for number, code in enumerate(("C-IED", "FLIGHT"), 1):
            factories.make_need(
                self.prober.participant,
                self.round,
                reference=f"N-{number + 9000:04}",
                areas=[code],
                title=f"Own {code}",
            )
        # Who takes part is known to everybody; what they ask for is not.
        for number in range(26):
            factories.make_participant(f"XO{chr(65 + number)}")
        for number in range(others):
            self.add_other(number)
        self.publish()
        self.browser = app.test_client()
        sign_in(self.browser, self.prober)
        self.caller = Caller(app, self.prober)

    def add_other(self, number: int) -> None:
        """A need of another State: of every subject, size and state, and with words of its own."""
        factories.make_need(
            factories.make_participant(f"XO{chr(65 + number % 26)}"),
            self.round,
            reference=f"N-{number + 9500:04}",
            title=f"kestrel-{number}",
            audience="kestrel",
            areas=[AREAS[number % len(AREAS)]],
            seats_asked=10 + number,
            seats_recognised=None if number % 3 == 0 else 10 + number,
            women=number % 5,
            priority_asked=("critical", "high", "routine")[number % 3],
            languages=["fr"] if number % 4 == 0 else ["en"],
            earliest=date(2027, 1 + number % 6, 1),
            state="withdrawn" if number % 7 == 0 else "submitted",
        )

    def publish(self) -> None:
        """Match, publish, and look for what would help."""
        plan = rounds.publish(self.coordinator, rounds.solve_round(self.coordinator, self.round))
        explanations.request_explanation(self.coordinator, plan.id, idempotency_key="what-would-help")
        rounds.solve_waiting_runs()

    def draft(self) -> None:
        """A coordinator matches again; the plan is not published, so nobody else may notice."""
        rounds.solve_round(self.coordinator, self.round)

    def read_all(self, references: list[str]) -> dict[str, Any]:
        """Everything that the prober can read: pages, calls, exports, and its mail."""
        plan = db.session.query(Plan).filter_by(state="published").one()
        matches = [row.id for row in db.session.query(Match).order_by(Match.id)]
        read: dict[str, Any] = {}
        for rule in sorted(self.app.url_map.iter_rules(), key=lambda one: one.rule):
            if "GET" not in (rule.methods or ()) or rule.endpoint == "static" or "openapi" in rule.rule:
                continue
            for name, path in self._addresses(rule.rule, plan.id, matches, references):
                answer = self._get(path)
                read[f"{rule.endpoint} {name}"] = plain(answer, self.known(references))
        for message in db.session.query(OutboxMessage).order_by(OutboxMessage.id):
            if self.prober.participant_id == message.participant_id or self.prober.id == message.person_id:
                text = write_text([(message.kind, dict(message.facts))], "en", "https://lcm.example.org")
                read.setdefault("mail", []).append((message.kind, text))
        db.session.rollback()
        return read

    def _get(self, path: str) -> TestResponse:
        if not path.startswith("/api"):
            return self.browser.get(path)
        query = {"round": ROUND} if "<" not in path else {}
        return self.caller.get(path.removeprefix("/api/v1"), query_string=query)

    def _addresses(
        self, rule: str, plan_id: int, matches: list[int], references: list[str]
    ) -> list[tuple[str, str]]:
        """The addresses of a rule: of its own records by name, and of the first numbers that there may be."""
        filled = rule.replace("<code>", ROUND)
        if "<reference>" in filled:
            offers = ["O-0001", "O-0002"] if "offers" in rule else []
            own = [(f"own {n}", one) for n, one in enumerate(references)] if "needs" in rule else []
            named = [*own, *((one, one) for one in (*offers, "N-7777"))]
            return [(name, filled.replace("<reference>", one)) for name, one in named]
        if "match_id" in filled:
            own_matches = [one for one in matches if self._is_own(one)]
            numbered = [*enumerate(own_matches), ("none", 10**6)]
            return [(str(n), re.sub(r"<[^<>]*match_id>", str(one), filled)) for n, one in numbered]
        filled = re.sub(r"<[^<>]*plan_id>", str(plan_id), filled)
        return [("", re.sub(r"<[^<>]*>", "1", filled))]

    def _is_own(self, match_id: int) -> bool:
        need = db.session.get(Match, match_id).need_reference
        return need in {"N-9001", "N-9002"}

    @staticmethod
    def known(references: list[str]) -> dict[str, str]:
        return {one: f"own-{number}" for number, one in enumerate(references)}


def plain(answer: TestResponse, known: dict[str, str]) -> tuple[int, list[tuple[str, str]], str]:
    """Status, headers and text of an answer, without what differs between any two answers."""
    text = text_of(answer)
    kept = [
        (name, value)
        for name, value in answer.headers
        if name not in {"Set-Cookie", "Content-Length", "Date", "Last-Modified"}
    ]
    return answer.status_code, [(name, _plain(value, known)) for name, value in kept], _plain(text, known)


def _plain(text: str, known: dict[str, str]) -> str:
    for reference, name in known.items():
        text = re.sub(rf"\b{re.escape(reference)}\b", name, text)
    for found, put in (
        (r'name="csrf_token" value="[^"]*"', "TOKEN"),
        (r'name="shown" value="[^"]*"', "SEALED"),
        (r"lcm_[0-9a-f]{8}_", "PREFIX"),
        (r'name="idempotency_key" value="[^"]*"', "KEY"),
        (r"\b\d{1,2} \w{3} \d{4}, \d{1,2}:\d\d\b", "MOMENT"),
        (r"\d{4}-\d\d-\d\dT[0-9:.]+(\+00:00|Z)?", "MOMENT"),
        (r"data:image/svg[^\"]*", "PICTURE"),
        (r"[A-Z2-7]{4}( [A-Z2-7]{4}){3,}", "LETTERS"),
        (r"/matches/\d+", "/matches/M"),
        (r'"match_id": ?\d+', "MATCH"),
    ):
        text = re.sub(found, put, text)
    return text


def variants(count: int) -> list[dict[str, Any]]:
    """So many ways to state one need: seats, days, languages, priorities, women, groups, subjects."""
    return [
        {
            "title": f"Variant {number}",
            "areas": [AREAS[number % 4]] if number % 9 else ["any"],
            "level": ("basic", "advanced", "any")[number % 3],
            "personnel": ["troops"],
            "seats_asked": 1 + (number * 37) % 4_999,
            "women": number % 2,
            "languages": (["en"], ["fr"], ["en", "fr"], ["any"])[number % 4],
            "earliest": f"2027-{1 + number % 6:02}-01",
            "latest": f"2027-{7 + number % 6:02}-28",
            "priority_asked": ("critical", "high", "routine")[number % 3],
            "modes": (["regional_centre"], ["online"], ["any"])[number % 3],
            "min_group": 1 if number % 5 else None,
            "whole": number % 11 == 0,
        }
        for number in range(count)
    ]


def submit_by_page(browser: FlaskClient, values: dict[str, Any]) -> TestResponse:
    """The same through the form of a page."""
    page = f"/rounds/{ROUND}/needs/new"
    typed = {name: value for name, value in values.items() if value not in (None, False)}
    if "whole" in typed:
        typed["whole"] = "yes"
    return browser.post(page, data=form_at(browser, page).data(**typed))


def latest_reference(person: Person) -> str:
    """The latest need of a person's State."""
    query = select(Need.reference).where(Need.participant_id == person.participant_id)
    return str(db.session.scalars(query.order_by(Need.id.desc()).limit(1)).one())
