"""How the walk asks: any route, by anybody, about any record; and what an answer is without what is about the
asking.
"""

import io
import re
import sqlite3
import zipfile
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, Final

from flask import Flask
from sqlalchemy import make_url
from werkzeug.test import TestResponse

from lcm_service.web.sheet_pages import XLSX
from tests.walk.cases import Case, all_cases, kind_of, may_know, relations
from tests.walk.law import LAW, NOBODY_YET
from tests.walk.names import CODE, ROUND, key_of, token_of
from tests.walk.presses import PRESSES, Press

READS: Final = {"GET"}
WRITES: Final = {"POST", "PUT", "PATCH", "DELETE"}
REFUSALS: Final = {403, 404}
# What stands before the number of a record.
NUMBERED: Final = "(?<=/)|(?<=match )|(?<=part )|(?<=plan )|(?<=run )|(?<=dates )"
PLAIN: Final = (
    (r'name="csrf_token" value="[^"]*"', "TOKEN"),
    (r'name="shown" value="[^"]*"', "SEALED"),
    (r'name="idempotency_key" value="[^"]*"', "KEY"),
    (r"\b\d{1,2} \w{3,9} \d{4}, \d{1,2}:\d\d\b", "MOMENT"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+(\+00:00|Z)?", "MOMENT"),
    (r"data:image/svg[^\"]*", "PICTURE"),
    (r"\b[A-Z2-7]{4}( [A-Z2-7]{4}){3,}", "LETTERS"),
)


@dataclass
class Walk:
    """The service with the walk's world, its records, and how everybody is known to it."""

    app: Flask
    cases: dict[str, list[Case]] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    # The round that is looked at, where a press names no other.
    round: str = ROUND

    def __post_init__(self) -> None:
        # The forms' own tokens have a test; here they would hide who else is refused.
        self.app.config["WTF_CSRF_ENABLED"] = False
        self.cases = all_cases()

    def rules(self, methods: set[str]) -> list[tuple[Any, str]]:
        """Every route of the application with each of its methods that is among these."""
        return [
            (rule, method)
            for rule in sorted(self.app.url_map.iter_rules(), key=lambda one: (one.rule, one.endpoint))
            for method in sorted((rule.methods or set()) & methods)
        ]

    def cases_of(self, rule: Any) -> list[Case | None]:
        """The records that a route may be asked about; None alone for a route about no single one."""
        kind = kind_of(rule)
        return [None] if kind is None else list(self.cases[kind])

    def case(self, kind: str, state: str) -> Case:
        return next(one for one in self.cases[kind] if one.state == state)

    def ask(
        self,
        role: str,
        rule: Any,
        method: str,
        case: Case | None = None,
        *,
        scope: str = "act",
        change: dict[str, Any] | None = None,
    ) -> TestResponse:
        """The answer to this reader; ``change``: what it sends otherwise than `presses.py` says."""
        press = PRESSES.get(rule.endpoint, Press(""))
        address = address_of(rule, case, press.round or self.round)
        version = str(press.version or (case.version if case and case.version else 1))
        browser = self.app.test_client(use_cookies=False)
        if not rule.rule.startswith("/api"):
            sent = {"version": version} | press.sent | press.form | (change or {})
            data = sent if method in WRITES else None
            return browser.open(address, method=method, headers=self.cookie_of(role), data=data)
        headers = self.headers_of(role, scope)
        if method in WRITES:
            headers |= {"If-Match": f'"{version}"', "Idempotency-Key": "pressed-by-the-walk"}
        query = {"round": self.round} if "<" not in rule.rule else {}
        body = press.sent | press.body | (change or {}) if method in WRITES else None
        return browser.open(address, method=method, headers=headers, query_string=query, json=body)

    def follow(self, role: str, answer: TestResponse) -> TestResponse:
        """The page to which a press led this reader, with what is told there once."""
        sent = SimpleCookie(answer.headers.get("Set-Cookie", ""))
        kept = {"Cookie": f"session={sent['session'].value}"} if "session" in sent else self.cookie_of(role)
        return self.app.test_client(use_cookies=False).get(answer.location, headers=kept)

    def headers_of(self, role: str, scope: str = "act") -> dict[str, str]:
        """What a reader's program sends to say whose it is."""
        return {"Authorization": f"Bearer {token_of(role, scope)}"} if role != "stranger" else {}

    def cookie_of(self, role: str) -> dict[str, str]:
        """What a reader's browser sends to stay signed in; a stranger's sends nothing.

        What the service sends back is not kept, so that no answer hangs on those before it.
        """
        if role != "stranger" and role not in self.cookies:
            browser = self.app.test_client()
            with browser.session_transaction() as session:
                session["_user_id"], session["_fresh"] = key_of(role), True
            self.cookies[role] = f"session={browser.get_cookie('session').value}"
        return {"Cookie": self.cookies[role]} if role in self.cookies else {}

    def watch(self) -> "Watch":
        """Looks over what is committed from now on."""
        return Watch(Path(str(make_url(self.app.config["SQLALCHEMY_DATABASE_URI"]).database)))


class Watch:
    """Tells whether anything was committed to the database since it was asked last."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._seen = self._version()

    def has_changed(self) -> bool:
        before, self._seen = self._seen, self._version()
        return self._seen != before

    def close(self) -> None:
        self._connection.close()

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


def address_of(rule: Any, case: Case | None, round_code: str) -> str:
    """The address of a route about this record, or in this round."""
    filled = {
        "code": round_code,
        "key": "S1",
        "step": "what",
        "filename": "lcm.css",
        "invitation_code": CODE,
        "renewal_code": CODE,
    }
    if case is not None:
        filled[case.argument] = case.value
    address = rule.rule
    for name, value in filled.items():
        address = re.sub(rf"<(?:[^<>]*:)?{name}>", value, address)
    assert "<" not in address, f"{rule.rule}: say in the walk what stands here"
    return str(address)


def may(role: str, rule: Any, case: Case | None) -> bool:
    """Whether the law answers this reader."""
    is_known = case is None or may_know(role, case)
    return is_known and bool(relations(role, case) & LAW[rule.endpoint])


def is_refused(role: str, rule: Any, answer: TestResponse) -> bool:
    """Whether somebody who may not was refused as the law says: led to sign in, or told no."""
    is_api = rule.rule.startswith("/api")
    if relations(role, None) == {"stranger"}:
        return answer.status_code == 401 if is_api else asks_to_sign_in(answer)
    # A second step without a first leads back to the first, whoever asks.
    if LAW[rule.endpoint] is NOBODY_YET:
        return asks_to_sign_in(answer)
    return answer.status_code in REFUSALS


def asks_to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code == 303 and answer.location.startswith("/sign-in")


def plain(answer: TestResponse, case: Case | None = None) -> tuple[int, str, tuple[tuple[str, str], ...]]:
    """An answer without what is about the asking: which record was asked for, tokens, moments."""
    text = plain_text(text_of(answer), case)
    kept = tuple(
        (name, plain_text(value, case))
        for name, value in answer.headers
        if name not in {"Set-Cookie", "Content-Length", "Date", "Expires", "Last-Modified", "ETag"}
    )
    return answer.status_code, text, kept


def plain_text(text: str, case: Case | None = None) -> str:
    if case is not None:
        # A number alone may be about something else.
        words = "(?<=/)|(?<=<bdi>)|(?<=match )|(?<=part )|(?<=plan )|(?<=run )|(?<=dates )"
        before = words if case.value.isdecimal() else ""
        text = re.sub(rf"({before}){re.escape(case.value)}(?![\w])", "ASKED", text)
    for found, put in PLAIN:
        text = re.sub(found, put, text)
    return text


def told_by(answer: TestResponse) -> str:
    """All that an answer says: its text and its headers."""
    return text_of(answer) + str(answer.headers)


def text_of(answer: TestResponse) -> str:
    """The text of an answer; of a book, that of all its parts."""
    if answer.mimetype != XLSX:
        return answer.get_data(as_text=True)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())
