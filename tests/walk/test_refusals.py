"""Whoever may not is refused, changes nothing and learns nothing: every route, every reader, every record."""

import pytest

from tests.walk.asking import Walk
from tests.walk.walking import FULL_WALK_SECONDS, Journey, as_lines, walked
from tests.web.test_all_pages import fingerprint


@pytest.mark.timeout(FULL_WALK_SECONDS)
@pytest.mark.parametrize("role", walked())
def test_what_is_not_for_a_reader_is_refused_changes_nothing_and_tells_nothing(walk: Walk, role: str) -> None:
    before = fingerprint()
    faults = Journey(walk, role).be_refused()
    assert not faults, as_lines(faults)
    assert fingerprint() == before
