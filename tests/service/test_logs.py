"""What the processes log: lines that a machine can read, and nothing in them that was sent."""

import io
import json
import logging
import re
import socket

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import InvalidRequestLine
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from gunicorn.workers.base import Worker
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, PendingRollbackError
from sqlalchemy.orm import Session

from lcm_service import logs
from lcm_service.gunicorn_log import LineLogger
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Person
from tests import factories
from tests.fixtures import make_app, sign_in


@pytest.fixture
def lines():
    """A function that gives the entries since the last look."""
    stream = io.StringIO()
    before, level = list(logging.root.handlers), logging.root.level
    logging.root.handlers.clear()
    logs.write_lines_of_json(stream)

    def take():
        said = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        return [json.loads(line) for line in said.splitlines()]

    yield take
    logging.root.handlers[:] = before
    logging.root.setLevel(level)


@pytest.fixture
def faulty(service_url):
    """A service a part of which fails, in its own code or in the database."""
    app = make_app(service_url)
    app.config["TESTING"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    failures = {"code": _fail_by_code, "database": _fail_by_database}
    app.add_url_rule("/faulty/<code>", "faulty", lambda code: failures[code]())
    with app.app_context():
        yield app.test_client()
        db.session.remove()
        db.engine.dispose()


def _fail_by_code():
    raise ZeroDivisionError("division")


def _fail_by_database():
    db.session.execute(text("SELECT secret_word FROM nowhere"))


def test_an_entry_is_one_line_whatever_its_text(lines):
    logging.getLogger("a").warning("One\nat 2026 WARNING: two: %s", "\r\nthree")
    (entry,) = lines()
    assert entry["message"] == "One\nat 2026 WARNING: two: \r\nthree"
    assert (entry["level"], entry["logger"]) == ("WARNING", "a")
    assert entry["at"].endswith("Z")


def test_a_fault_is_logged_by_the_part_of_the_service_and_not_by_its_address(faulty, lines):
    assert faulty.get("/faulty/code").status_code == 500
    (entry,) = [one for one in lines() if one["level"] == "ERROR"]
    assert entry["endpoint"] == "faulty"
    assert "ZeroDivisionError" in entry["exc_info"]
    assert "/faulty/code" not in json.dumps(entry)


def test_a_fault_of_the_database_is_logged_without_its_words(faulty, lines):
    assert faulty.get("/faulty/database").status_code == 500
    (entry,) = [one for one in lines() if one["level"] == "ERROR"]
    assert "faulty" in entry["message"]
    assert "_fail_by_database" in entry["exc_info"]
    assert re.search(r"A fault of the database: (OperationalError|UndefinedTable) \S+", entry["exc_info"])
    assert "nowhere" not in without_source(entry["exc_info"])


def test_so_is_one_that_a_worker_meets_and_one_behind_another_fault(app, lines):
    try:
        try:
            _fail_by_database()
        except DBAPIError as fault:
            raise ValueError("It could not be read.") from fault
    except ValueError:
        logging.getLogger("a worker").exception("The worker could not do its work; it tries again.")
    (entry,) = lines()
    assert "A fault of the database" in entry["exc_info"]
    assert "nowhere" not in without_source(entry["exc_info"])


def test_one_that_is_quoted_by_whoever_goes_on_after_it_is_not_quoted_here(app, lines):
    taken = factories.make_person("observer", email="taken@example.org")
    row = {"email": taken.email, "name": "Another", "role": "observer", "password_hash": "x"}
    db.session.add(Person(**row))
    with pytest.raises(IntegrityError):
        db.session.flush()
    try:
        db.session.execute(text("SELECT 1"))
    except PendingRollbackError:
        logging.getLogger("a worker").exception("It could not go on.")
    db.session.rollback()
    (entry,) = lines()
    assert "A fault of the database: PendingRollbackError" in entry["exc_info"]
    assert taken.email not in without_source(entry["exc_info"])
    assert "person.email" not in without_source(entry["exc_info"])


def test_the_page_of_a_fault_asks_nothing_of_a_database_that_has_failed(faulty, lines, monkeypatch):
    sign_in(faulty, factories.make_person("observer"))

    def gone(*_arguments, **_options):
        raise OperationalError("SELECT secret_word", {}, Exception("gone"))

    monkeypatch.setattr(Session, "execute", gone)
    monkeypatch.setattr(Session, "scalars", gone)
    answer = faulty.get("/rounds?code=secret-code")
    assert answer.status_code == 500
    assert "Sign in" in answer.text
    said = json.dumps(lines())
    assert "A fault of the database" in said
    assert "secret-code" not in said


def test_the_web_server_names_no_address_of_a_request_that_failed(lines, capsys):
    settings = Config()
    settings.set("errorlog", "-")
    logger = LineLogger(settings)
    try:
        raise ValueError("It failed outside of the application.")
    except ValueError:
        logger.exception("Error handling request %s", "/invitations/secret-code")
    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert entry["message"] == "Error handling request"
    assert "It failed outside" in entry["exc_info"]
    assert "secret-code" not in line


def test_the_web_server_names_no_address_of_a_request_that_it_cannot_read(lines, capsys):
    settings = Config()
    settings.set("errorlog", "-")
    settings.set("loglevel", "warning")
    worker = Worker(0, 0, [], None, 0, settings, LineLogger(settings))
    asked, from_where = b"GET /invitations/secret-code\r\n\r\n", ("192.0.2.1", 1)
    with pytest.raises(InvalidRequestLine) as refused:
        Request(settings, IterUnreader([asked]), from_where)
    here, there = socket.socketpair()
    with here, there:
        worker.handle_error(None, here, from_where, refused.value)
    worker.tmp.close()
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "Invalid request"
    assert "secret-code" not in line
    assert "192.0.2.1" not in line


def without_source(trace: str) -> str:
    """A traceback quotes the lines of the code, which are no secret."""
    return re.sub(r"^    .*$", "", trace, flags=re.M)


def test_a_refusal_says_who_asked_and_from_where(app, client, lines):
    person = factories.make_person("observer")
    sign_in(client, person)
    assert client.get("/people", environ_base={"REMOTE_ADDR": "2001:db8::7"}).status_code == 403
    (entry,) = lines()
    assert (entry["person"], entry["source"], entry["method"]) == (person.id, "2001:db8::/64", "GET")
    assert "not_allowed" in entry["message"]


def test_a_wrong_key_of_a_program_is_logged_without_the_key(client, lines):
    answer = client.get("/api/v1/rounds/", headers={"Authorization": "Bearer lcm_guess"})
    assert answer.status_code == 401
    (entry,) = lines()
    assert "not_signed_in" in entry["message"]
    assert "lcm_guess" not in json.dumps(entry)


def test_a_form_of_another_site_is_logged_and_a_page_before_the_sign_in_is_not(app, client, lines):
    assert client.post("/language", data={"language": "fr"}).status_code == 400
    (entry,) = [one for one in lines() if one["level"] == "WARNING"]
    assert "a form that this sign-in was not given" in entry["message"]
    assert client.get("/rounds").status_code == 303
    assert lines() == []
