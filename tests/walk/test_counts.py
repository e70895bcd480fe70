"""What others do in secret changes no byte of what a reader is answered: no number, no length, no order."""

import pytest

from tests.conftest import size_of_this_run
from tests.walk.asking import Walk
from tests.walk.changes import CHANGES
from tests.walk.reading import Reading, differences, read_all
from tests.walk.walking import FULL_WALK_SECONDS
from tests.web.test_all_pages import fingerprint

# A quick run reads as these, the nearest to what is changed.
NEAREST = 2


@pytest.fixture(scope="module")
def first_readings() -> dict[str, Reading]:
    """What each reader reads before anything has changed."""
    return {}


@pytest.mark.timeout(FULL_WALK_SECONDS)
@pytest.mark.parametrize("change", CHANGES)
def test_nobody_reads_otherwise_whom_a_change_does_not_concern(
    walk: Walk, change: str, first_readings: dict[str, Reading]
) -> None:
    do, roles = CHANGES[change]
    readers = roles if size_of_this_run() == "full" else roles[:NEAREST]
    for role in readers:
        if role not in first_readings:
            first_readings[role] = read_all(walk, role)
    before = fingerprint()
    do()
    # Else nobody reads otherwise because nothing has changed.
    assert fingerprint() != before
    found = [
        f"{role}: {what}"
        for role in readers
        for what in differences(first_readings[role], read_all(walk, role))
    ]
    assert not found, "\n".join(found)
