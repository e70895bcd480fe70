"""A process that serves looks no more through what it has loaded for good."""

import gc

import pytest

from lcm_service.serving import OBJECTS_BETWEEN_LOOKS, settle_memory


@pytest.fixture
def memory_as_before():
    """This process tests on; it does not serve."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_is_loaded_is_looked_through_no_more_and_what_comes_is(memory_as_before):
    settle_memory()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[0] == OBJECTS_BETWEEN_LOOKS
    circle = []
    circle.append(circle)
    del circle
    assert gc.collect() >= 1
