"""The world of the walk, built once a run; every test gets a copy of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url

from lcm_service.persistence.database import db
from tests.fixtures import (  # noqa: F401
    cheap_passwords,
    made_once,
    make_app,
    sqlite_template,
)
from tests.walk.asking import Walk
from tests.walk.building import build
from tests.web.world import SINGLE_SIGN_ON


@pytest.fixture(scope="session")
def walk_world(
    sqlite_template: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The database in which everything has happened."""

    def make(path: Path) -> None:
        shutil.copyfile(sqlite_template, path)
        app = make_app(f"sqlite:///{path}", **SINGLE_SIGN_ON)
        with app.app_context():
            build()
            db.session.remove()
            db.engine.dispose()

    return made_once(tmp_path_factory, "walk-world.sqlite3", make)


@pytest.fixture(scope="session")
def walk_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, built once in this process, so that its routes are joined and pages compiled once."""
    return make_app(f"sqlite:///{tmp_path_factory.mktemp('walk') / 'walk.sqlite3'}", **SINGLE_SIGN_ON)


@pytest.fixture
def walk(walk_app: Flask, walk_world: Path) -> Iterator[Walk]:
    """The service at work in that world."""
    settings = dict(walk_app.config)
    put_back(walk_app, walk_world)
    with walk_app.app_context():
        yield Walk(walk_app)
        db.session.remove()
        db.engine.dispose()
    walk_app.config.clear()
    walk_app.config.update(settings)


def put_back(app: Flask, world: Path) -> None:
    """Let the application find the world as it was built."""
    path = Path(str(make_url(app.config["SQLALCHEMY_DATABASE_URI"]).database))
    for left_over in path.parent.glob(f"{path.name}*"):
        left_over.unlink()
    shutil.copyfile(world, path)
