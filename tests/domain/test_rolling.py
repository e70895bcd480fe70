"""Days move on by whole years, as few as bring the middle of them behind the opening of the round."""

from datetime import date

import pytest

from lcm_service.domain.rolling import moved_on, years_on


@pytest.mark.parametrize(
    ("days", "opens_on", "years"),
    [
        ([], date(2027, 11, 1), 0),
        ([None], date(2027, 11, 1), 0),
        ([date(2027, 11, 1)], date(2027, 11, 1), 0),
        ([date(2027, 10, 31)], date(2027, 11, 1), 1),
        ([date(2024, 12, 1)], date(2027, 11, 1), 3),
        ([date(2030, 1, 1)], date(2027, 11, 1), 0),
        # The middle is 2 November, then 30 October.
        ([date(2028, 3, 4), None, date(2027, 7, 3)], date(2027, 11, 1), 0),
        ([date(2028, 2, 28), None, date(2027, 7, 1)], date(2027, 11, 1), 1),
        # A whole year that begins before the round does.
        ([date(2026, 1, 1), date(2026, 12, 15)], date(2027, 1, 15), 1),
    ],
)
def test_the_middle_does_not_come_before_the_round_opens(days, opens_on, years):
    assert years_on(days, opens_on) == years


def test_a_leap_day_becomes_the_last_of_february():
    assert moved_on(date(2028, 2, 29), 1) == date(2029, 2, 28)
    assert moved_on(date(2028, 2, 29), 4) == date(2032, 2, 29)
    assert years_on([date(2028, 2, 29)], date(2029, 2, 28)) == 1
    assert years_on([date(2028, 2, 29)], date(2029, 3, 1)) == 2
