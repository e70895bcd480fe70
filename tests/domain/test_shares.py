"""The range that a State reads its own share beside: of many, of no one, and the same for all."""

import pytest

from lcm_service.domain.shares import Given, middle_shares, own_share_percent


def given(*placed: int, seats: int = 100, priority: str = "critical") -> list[Given]:
    return [Given(f"N-{number}", f"X{number}", priority, seats, share) for number, share in enumerate(placed)]


def test_six_have_a_range_and_five_have_none():
    assert middle_shares(given(0, 20, 40, 60, 80)) == {}
    assert middle_shares(given(0, 20, 40, 60, 80, 100)) == {"critical": {"lower": 20, "upper": 80}}


def test_the_lowest_and_the_highest_share_are_told_of_nobody():
    assert middle_shares(given(0, 50, 50, 50, 50, 100)) == {"critical": {"lower": 50, "upper": 60}}


@pytest.mark.parametrize(("others", "own"), [(0, 70), (100, 30), (50, 90)])
def test_a_reader_outside_of_the_range_does_not_read_what_every_other_was_given(others, own):
    found = middle_shares(given(*[others] * 5, own))["critical"]
    assert found["lower"] < found["upper"]
    assert found["lower"] <= others <= found["upper"]


@pytest.mark.parametrize(("share", "lower", "upper"), [(31, 30, 40), (39, 30, 40), (30, 30, 40)])
def test_ends_are_told_in_steps_that_hold_the_share(share, lower, upper):
    assert middle_shares(given(*[share] * 6)) == {"critical": {"lower": lower, "upper": upper}}


def test_shares_that_are_no_whole_percent_stay_inside():
    assert middle_shares(given(*[1] * 6, seats=3)) == {"critical": {"lower": 30, "upper": 40}}
    assert middle_shares(given(*[2] * 6, seats=3)) == {"critical": {"lower": 60, "upper": 70}}


def test_a_state_counts_once_however_many_needs_it_has():
    many = [Given(f"M-{number}", "X0", "critical", 100, 0) for number in range(50)]
    assert middle_shares(given(0, 20, 40, 60, 80) + many) == {}
    six = given(0, 20, 40, 60, 80, 100)
    assert middle_shares(six + many) == middle_shares(six)


def test_priorities_are_compared_with_their_like():
    rows = given(*[100] * 6) + given(*[0] * 6, priority="routine")
    found = middle_shares(rows)
    assert found["critical"] == {"lower": 90, "upper": 100}
    assert found["routine"] == {"lower": 0, "upper": 10}


def test_who_asks_no_seats_is_nobody_to_compare_with():
    assert middle_shares(given(0, 20, 40, 60, 80) + given(0, seats=0)) == {}


def test_ones_own_share_is_of_all_its_seats_of_that_priority_rounded_down():
    rows = [
        Given("N-1", "XA", "critical", 10, 10),
        Given("N-2", "XA", "critical", 20, 9),
        Given("N-3", "XA", "routine", 10, 0),
        Given("N-4", "XB", "critical", 10, 0),
    ]
    assert own_share_percent(rows, "XA", "critical") == 63
    assert own_share_percent(rows, "XB", "critical") == 0
    assert own_share_percent(rows, "XC", "critical") is None
