"""Fixtures of everything that needs the whole application: each such folder's conftest imports them.

The schema is made by the migrations, once on each engine; every test then gets a copy of that empty database.
"""

import fcntl
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from argon2 import PasswordHasher, profiles
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import delete, insert, make_url, text

from lcm_service import create_app
from lcm_service.config import Settings
from lcm_service.domain.sign_in_terms import LONGEST_SIGN_IN, PERSON_IN_COOKIE
from lcm_service.persistence.audit_chain import HEAD_ID, NO_HASH
from lcm_service.persistence.database import Table, db, utc_now
from lcm_service.persistence.tables import AuditHead, Person, SignIn
from lcm_service.services import passwords
from lcm_service.services.throttle import sha256_of
from tests import postgres

SECRET = "a secret that is only ever used in tests"


class PageClient(FlaskClient):
    """A browser. Each request has an application context of its own, as on a server, even inside a test's.

    Without this, requests would share the test's context, and with it whoever was signed in first.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        # Read whole, so that files that are sent are closed again.
        kwargs.setdefault("buffered", True)
        with self.application.app_context():
            return super().open(*args, **kwargs)


class CompiledOnce(BytecodeCache):
    """What the templates of the pages were compiled to, for every application that this process builds."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was kept; a template that was changed since then is compiled anew."""
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._compiled[bucket.key] = bucket.bytecode_to_string()


COMPILED_ONCE = CompiledOnce()


def make_app(database_url: str, **settings: Any) -> Flask:
    """The application on this database, with the settings of a test."""
    defaults: dict[str, Any] = {"secret_key": SECRET, "secure_cookies": False, "embedded_worker": False}
    # A test asks more in a minute than any reader.
    defaults["requests_a_minute"] = 0
    app = create_app(Settings(database_url=database_url, **(defaults | settings)))
    app.config["TESTING"] = True
    app.test_client_class = PageClient
    app.jinja_env.bytecode_cache = COMPILED_ONCE
    return app


def migrate(database_url: str) -> None:
    """Bring an empty database to the newest schema and let go of it."""
    app = make_app(database_url)
    with app.app_context():
        flask_migrate.upgrade()
        db.session.remove()
        db.engine.dispose()


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The file of this name, made by whichever process of the run comes first; the others wait for it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Each worker has a folder of its own in that of the whole run.
        folder = folder.parent
    path, unfinished = folder / name, folder / f"{name}.unfinished"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            unfinished.unlink(missing_ok=True)
            make(unfinished)
            unfinished.rename(path)
    return path


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash passwords in 0.1 ms instead of 0.1 s; the algorithm is the same."""
    strong, passwords.HASHER = passwords.HASHER, PasswordHasher.from_parameters(profiles.CHEAPEST)
    yield
    passwords.HASHER = strong


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the newest schema and no rows."""
    path = tmp_path_factory.mktemp("template") / "lcm.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """The name of a database with the newest schema and no rows."""
    with postgres.fresh_database(postgres_url) as url:
        migrate(url)
        yield str(make_url(url).database)


@pytest.fixture(params=["sqlite", "postgresql"])
def service_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with the newest schema and no rows. The test runs on both engines."""
    if request.param == "sqlite":
        path = tmp_path / "lcm.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    create: Callable[..., str] = request.getfixturevalue("fresh_postgres_database")
    return create(template=request.getfixturevalue("postgres_template"))


@pytest.fixture(scope="session")
def built_apps() -> dict[str, Flask]:
    """The application on each engine, built once and given empty tables before each test."""
    return {}


@pytest.fixture(scope="session")
def sqlite_database(sqlite_template: Path) -> str:
    """The SQLite database that the tests of this process share, one after the other."""
    path = sqlite_template.with_name("shared.sqlite3")
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str, postgres_template: str) -> Iterator[str]:
    """The PostgreSQL database that the tests of this process share, one after the other."""
    with postgres.fresh_database(postgres_url, postgres_template) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, built_apps: dict[str, Flask]) -> Iterator[Flask]:
    """The whole application, with its context open, so that a test can call services and factories.

    A test that wants other settings builds one of its own, by `make_app` on `service_url`.
    """
    engine = request.param
    if engine not in built_apps:
        database = "sqlite_database" if engine == "sqlite" else "postgres_database"
        built_apps[engine] = make_app(request.getfixturevalue(database))
    app = built_apps[engine]
    with app.app_context():
        empty_tables()
        yield app
        db.session.remove()
        db.engine.dispose()


# To truncate makes new files for every table and index, which takes ten times as long as to look where
# there are rows.
EMPTY_WHAT_IS_FULL = """
DO $$
DECLARE
  name text;
  is_full boolean;
BEGIN
  FOREACH name IN ARRAY ARRAY[{names}] LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO is_full;
    IF is_full THEN
      EXECUTE format('DELETE FROM %I', name);
    END IF;
  END LOOP;
  FOR name IN
    SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
  LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', name);
  END LOOP;
END $$
"""


def empty_tables() -> None:
    """Take every row out, also of the tables that are only ever added to; numbers begin again at 1."""
    tables = list(Table.metadata.tables.values())
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            driver: Any = connection.connection.driver_connection
            # Runs and plans point at each other, so no order of deletion would do.
            connection.execute(text("PRAGMA foreign_keys=OFF"))
            driver.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
            for table in tables:
                connection.execute(delete(table))
        else:
            connection.execute(text("SET session_replication_role = replica"))
            names = ", ".join(f"'{table.name}'" for table in tables)
            connection.execute(text(EMPTY_WHAT_IS_FULL.format(names=names)))
        connection.execute(insert(AuditHead).values(id=HEAD_ID, number=0, sha256=NO_HASH))
        connection.commit()
        if connection.dialect.name == "sqlite":
            driver.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, True)
            connection.execute(text("PRAGMA foreign_keys=ON"))
        else:
            connection.execute(text("SET session_replication_role = DEFAULT"))
            connection.commit()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that is not signed in."""
    return app.test_client()


def sign_in(client: FlaskClient, person: Person, key: str = "") -> None:
    """Sign a person in without the sign-in page, which has tests of its own; by a key that is there already
    where one is given.
    """
    key = key or key_of_new_sign_in(person)
    with client.session_transaction() as session:
        session.clear()
        session["_user_id"] = key
        session[PERSON_IN_COOKIE] = person.id
        session["_fresh"] = True


def key_of_new_sign_in(person: Person, **columns: Any) -> str:
    """The key of a whole sign-in of this person, made for it; needs an open context."""
    key, now = secrets.token_urlsafe(32), utc_now()
    values = {"completed_at": now, "ends_at": now + LONGEST_SIGN_IN} | columns
    db.session.add(SignIn(person_id=person.id, key_sha256=sha256_of(key), **values))
    db.session.commit()
    return key
