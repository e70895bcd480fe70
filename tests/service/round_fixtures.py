"""What most tests of rounds, runs and plans begin with."""

import pytest

from tests import factories
from tests.service import matching_rounds as rounds


@pytest.fixture
def round_(app):
    """A round with one need and one offer."""
    found = factories.make_round()
    factories.make_need(round=found)
    factories.make_offer(round=found)
    return found


@pytest.fixture
def actor(app):
    return rounds.coordinator()
