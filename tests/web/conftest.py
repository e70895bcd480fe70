"""Tests of pages look at a service at work, and sign people in."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Person
from tests.fixtures import (  # noqa: F401
    app,
    built_apps,
    cheap_passwords,
    client,
    made_once,
    postgres_database,
    postgres_template,
    service_url,
    sign_in,
    sqlite_database,
    sqlite_template,
)
from tests.web import world


@pytest.fixture(scope="session")
def world_template(
    sqlite_template: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A database with both rounds loaded and solved, their plans still drafts."""
    return made_once(tmp_path_factory, "world.sqlite3", lambda path: world.build_world(sqlite_template, path))


@pytest.fixture(scope="session")
def world_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application of a service at work, built once in this process, so that its routes are joined and its
    pages compiled once.
    """
    return world.open_world(tmp_path_factory.mktemp("world") / "world.sqlite3")


@pytest.fixture
def first_world(world_template: Path) -> Path:
    """The database that a test begins with; a room may put another one in its place."""
    return world_template


@pytest.fixture
def service(world_app: Flask, first_world: Path) -> Iterator[Flask]:
    """A service at work, to which each test comes as to a new one: the database and the settings are put
    back.
    """
    path = Path(str(make_url(world_app.config["SQLALCHEMY_DATABASE_URI"]).database))
    settings = dict(world_app.config)
    for left_over in path.parent.glob(f"{path.name}*"):
        left_over.unlink()
    shutil.copyfile(first_world, path)
    yield world_app
    with world_app.app_context():
        db.session.remove()
        db.engine.dispose()
    world_app.config.clear()
    world_app.config.update(settings)


@pytest.fixture
def at_work(service: Flask) -> Iterator[Flask]:
    """A service at work with its context open."""
    with service.app_context():
        yield service
        db.session.remove()


@pytest.fixture
def browser_of(at_work: Flask) -> Callable[[Person], FlaskClient]:
    """A function that gives a browser in which a person is signed in."""

    def open_for(person: Person) -> FlaskClient:
        browser = at_work.test_client()
        sign_in(browser, person)
        return browser

    return open_for


@pytest.fixture
def coordinator(at_work: Flask, browser_of: Callable[[Person], FlaskClient]) -> FlaskClient:
    """A browser in which the coordinator is signed in."""
    return browser_of(world.person_by_email(world.COORDINATOR))


@pytest.fixture
def approver(at_work: Flask, browser_of: Callable[[Person], FlaskClient]) -> FlaskClient:
    """A browser in which the second coordinator is signed in."""
    return browser_of(world.person_by_email(world.APPROVER))
