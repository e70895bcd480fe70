"""Attacks on the machine itself: addresses that the service is to fetch, bodies that grow, patterns that
never end.
"""

import ast
import gzip
import json
import re
import socket
import zlib
from pathlib import Path

import pytest

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Need
from tests import factories
from tests.api.callers import Caller
from tests.attacks.browsers import form_at, send
from tests.fixtures import make_app, sign_in
from tests.test_rooms import ROOT, imports_in

# What opens a connection to another machine, and the modules that may use it. One that is to speak to others
# gets a line of its own here, and a test that callers cannot steer to where.
WAYS_OUT = {
    "aiohttp": (),
    "asyncio": (),
    "authlib.integrations": (),
    "ftplib": (),
    # Asks the provider of single sign-on that the settings name.
    "http.client": ("lcm_service/identity_provider/asking.py",),
    "httpx": (),
    "requests": (),
    "smtplib": ("lcm_service/mail/smtp.py",),
    # The port that `lcm demo` is to listen on; the name of this machine.
    "socket": (
        "lcm_service/cli.py",
        "lcm_service/identity_provider/asking.py",
        "lcm_service/jobs/solving.py",
    ),
    "urllib.request": (),
    "urllib3": (),
    "websockets": (),
    "xmlrpc": (),
}


def ways_out(root: Path) -> list[str]:
    """Every import below ``root`` of something that reaches other machines, outside of its own module."""
    found = []
    for path in sorted([*root.glob("lcm_service/**/*.py"), *root.glob("optimizer/**/*.py")]):
        place = path.relative_to(root).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        package = ".".join(Path(place).parts[:-1])
        for line, module, name in imports_in(tree, package):
            readings = {module, f"{module}.{name}"}
            for way, places in WAYS_OUT.items():
                is_way = any(one == way or one.startswith(f"{way}.") for one in readings)
                if is_way and place not in places:
                    found.append(f"{place}:{line}: {way}")
    return found


class TestSsrf:
    """The attacker has the service fetch an address. It fetches none: it speaks to its database and its mail
    server alone. So what is held is that this stays so.
    """

    def test_no_code_of_ours_reaches_another_machine_but_where_it_is_named(self):
        assert ways_out(ROOT) == []

    @pytest.mark.parametrize(
        "line",
        [
            "import requests",
            "from urllib import request",
            "from urllib.request import urlopen",
            "import http.client",
            "def late():\n    import httpx",
            "import smtplib",
            "from socket import create_connection",
        ],
    )
    def test_a_planted_import_is_found(self, tmp_path, line):
        planted = tmp_path / "lcm_service" / "services" / "rounds.py"
        planted.parent.mkdir(parents=True)
        planted.write_text(line + "\n", encoding="utf-8")
        assert [one.partition(":")[0] for one in ways_out(tmp_path)] == ["lcm_service/services/rounds.py"]

    def test_no_address_that_is_typed_anywhere_is_called(self, app):
        """A real listener, whose address stands in every field of a form, a body and a header."""
        factories.make_round("R")
        browser, person = app.test_client(), factories.make_person()
        sign_in(browser, person)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            headers = {
                "Referer": address,
                "X-Forwarded-Host": address,
                "Origin": address,
                "Forwarded": address,
            }
            for page in ("/rounds/R/needs/new", "/rounds/R/offers/new", "/activities/new"):
                form = form_at(browser, page)
                typed = {name: address for name, _ in form.values if name != "csrf_token"} | {
                    "title": address
                }
                taken = browser.post(page, data=form.data(**typed), headers=headers)
                plain = browser.post(page, data=form.data(title=address, detail=address), headers=headers)
                assert (taken.status_code, plain.status_code) == (422, 303), page
            Caller(app, person).post("/needs/", {"round": "R", "title": address, "detail": address})
            with pytest.raises(BlockingIOError):
                listener.accept()

    def test_an_address_that_is_handed_on_is_never_the_callers(self, service_url):
        """Whoever opens it would hand the code in it to that host."""
        app = make_app(service_url, address="https://lcm.example.org", proxies=1)
        with app.app_context():
            browser = app.test_client()
            sign_in(browser, factories.make_person(is_lead=True))
            form = form_at(browser, "/people/invite").data(name="New", email="new@example.org")
            for name in ("X-Forwarded-Host", "Referer", "Origin"):
                shown = browser.post("/people/invite", data=form, headers={name: "evil.example"})
                assert "https://lcm.example.org/invitations/" in shown.text, name
                assert "evil.example" not in shown.text, name
            db.session.remove()
            db.engine.dispose()


class TestZipBomb:
    """A small body that becomes a huge one. No archive is taken anywhere; what is packed is not unpacked."""

    BOMB = b'{"round": "R", "title": "' + b"x" * 20_000_000 + b'"}'

    @pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
    def test_a_packed_body_is_refused_before_it_is_unpacked(self, app, coding, pack):
        factories.make_round("R")
        caller, browser = Caller(app, factories.make_person()), app.test_client()
        sign_in(browser, caller.person)
        small = json.dumps({"round": "R", "title": "T"}).encode()
        for body in (self.BOMB, small):
            headers = {"Content-Encoding": coding}
            answer = caller.call(
                "POST", "/needs/", data=pack(body), content_type="application/json", headers=headers
            )
            assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")
            page = browser.post("/rounds/R/needs/new", data=pack(body), headers=headers)
            assert page.status_code == 415
        assert db.session.query(Need).count() == 0

    @pytest.mark.parametrize("depth", [1_000, 100_000, 900_000])
    def test_brackets_without_end_are_refused(self, app, depth):
        caller = Caller(app, factories.make_person())
        for body in (b"[" * depth, b"[" * depth + b"]" * depth, b'{"a":' * (depth // 5) + b"1"):
            answer = caller.call("POST", "/needs/", data=body, content_type="application/json")
            assert answer.status_code in {400, 422}, answer.text

    @pytest.mark.parametrize(
        "body", [b'{"seats_asked": 1' + b"0" * 1_000_000 + b"}", b'{"women": 1e999999999}']
    )
    def test_a_number_of_a_million_digits_is_refused(self, app, body):
        caller = Caller(app, factories.make_person())
        answer = caller.call("POST", "/needs/", data=body, content_type="application/json")
        assert answer.status_code in {400, 422}

    def test_a_form_of_very_many_fields_or_parts_is_refused(self, app):
        browser = app.test_client()
        typed = "&".join(f"f{number}=" for number in range(200_000))
        encoded = browser.post("/sign-in", data=typed, content_type="application/x-www-form-urlencoded")
        parts = b"".join(
            b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n\r\n' % number
            for number in range(5_000)
        )
        many = browser.post("/sign-in", data=parts + b"--x--", content_type="multipart/form-data; boundary=x")
        assert (encoded.status_code, many.status_code) == (413, 413)

    def test_a_stream_without_a_length_ends_at_the_limit(self, app):
        caller = Caller(app, factories.make_person())
        body = b'{"title": "' + b"x" * 3_000_000 + b'"}'
        answer = caller.call("POST", "/needs/", data=body, content_type="application/json")
        assert answer.status_code == 413


def patterns_of(root: Path) -> list[str]:
    """Every regular expression in the service's source: what `re` or a schema's `Regexp` is given."""
    found = []
    for path in sorted(root.glob("lcm_service/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = ast.unparse(node.func)
            first = node.args[0]
            is_pattern = called.startswith("re.") or called.endswith("Regexp")
            if is_pattern and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.append(first.value)
    return sorted(set(found))


# A flood is made of each of these, repeated, with an end that fits nothing: what makes a pattern try every
# way in which the text can be parted.
PUMPED = (
    "a",
    "a-",
    "-a",
    "0",
    "aa.",
    "a.a",
    ".",
    "@",
    "a@a",
    " ",
    "/",
    "http://localhost:1",
    "lcm_",
    "\n",
    "-",
)
ENDS = ("\0", "!", "\n", "@", "é", "")


class TestReDoS:
    """A text for which a pattern takes for ever. A test that hangs is ended, and has failed."""

    @pytest.mark.timeout(150)
    @pytest.mark.parametrize("pattern", patterns_of(ROOT))
    def test_no_pattern_of_ours_takes_for_ever(self, pattern):
        compiled = re.compile(pattern)
        for pumped in PUMPED:
            for end in ENDS:
                for start in ("", "a@", "https://", "http://localhost", '"'):
                    text = start + pumped * (30_000 // len(pumped)) + end
                    compiled.fullmatch(text)
                    compiled.match(text)

    @pytest.mark.timeout(150)
    @pytest.mark.parametrize("pumped", ["a", "a-", "a.", "-", "aA0.", "1", "qwerty", "ا", "%"])
    def test_no_field_of_a_form_or_body_takes_for_ever(self, app, pumped):
        factories.make_round("R")
        lead = factories.make_person(is_lead=True)
        browser, stranger, caller = app.test_client(), app.test_client(), Caller(app, lead)
        sign_in(browser, lead)
        flood = pumped * (50_000 // len(pumped))
        invited = send(browser, "/people/invite", name="N", email=f"a@{flood}!")
        assert invited.status_code == 422
        signed_in = send(stranger, "/sign-in", email=f"a@{flood}!", password=flood)
        assert signed_in.status_code == 422
        changed = send(browser, "/account/password", present_password=factories.PASSWORD, password=flood)
        assert changed.status_code == 422
        for sent in ({"languages": [flood, f"a-{flood}!"]}, {"title": flood}, {"earliest": flood}):
            assert caller.post("/needs/", {"round": "R", "title": "T"} | sent).status_code == 422
        for headers in ({"If-Match": f'"{flood[:6000]}'}, {"Authorization": f"Bearer lcm_{flood[:6000]}"}):
            assert caller.patch("/needs/N-0001", {}, headers=headers).status_code in {401, 412}
