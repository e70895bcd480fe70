"""Scenes before a repair: one that goes well, one where seats are too few, one where a group may grow."""

import pytest

from lcm_service.persistence.database import db
from tests.service.repair.scene import Scene, publish


@pytest.fixture
def scene(app):
    return Scene()


@pytest.fixture
def short(app):
    """The session needs 12; eight seats are agreed, six are declined."""
    scene = Scene(min_seats=12, third=False)
    scene.decline(scene.second)
    return scene


@pytest.fixture
def growing(app):
    """The first need asks 12 and got 8, which all agreed; six seats beside it are declined."""
    scene = Scene(third=False)
    scene.first.seats_recognised = 12
    db.session.commit()
    scene.decline(scene.second)
    publish(scene, scene.repaired())
    return scene
