"""Tests of pages look at a service at work, and sign people in."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

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


@pytest.fixture
def at_work(world_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """A service at work, on a copy of its own, with its context open."""
    path = tmp_path / "world.sqlite3"
    shutil.copyfile(world_template, path)
    app = world.open_world(path)  # noqa: F811
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


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
