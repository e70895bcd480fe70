"""Whoever may read is answered, and reads nothing that is for others alone."""

import pytest

from tests.walk.asking import Walk
from tests.walk.secrets import beyond_the_walk
from tests.walk.walking import FULL_WALK_SECONDS, Journey, as_lines, walked
from tests.walk.words import word


@pytest.mark.timeout(FULL_WALK_SECONDS)
@pytest.mark.parametrize("role", walked())
def test_what_is_for_a_reader_is_answered_and_holds_nothing_of_others(walk: Walk, role: str) -> None:
    journey = Journey(walk, role)
    faults = journey.be_answered()
    assert not faults, as_lines(faults)
    # Else no leak would be found because there is nothing to leak.
    own = {one for one, readers in journey.words.items() if role in readers}
    unread = own - journey.read - beyond_the_walk()
    assert {one for one in unread if not one.startswith(word("name", "")[:-1])} == set()
