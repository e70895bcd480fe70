"""Who submits, who looks on, who coordinates, and the round they do it in."""

import pytest

from tests import factories


@pytest.fixture
def owner(app):
    return factories.make_actor()


@pytest.fixture
def stranger(app):
    return factories.make_actor()


@pytest.fixture
def coordinator(app):
    return factories.make_actor("coordinator")


@pytest.fixture
def round(app):
    return factories.make_round("R2027")
