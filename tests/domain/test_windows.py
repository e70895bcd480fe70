"""Candidate sessions: few, evenly spread, and under keys that keep their meaning."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcm_service.domain.windows import (
    MAX_CANDIDATES,
    DatedSession,
    OfferDays,
    candidates_of,
    days_of_key,
    has_unknown_days,
    is_generated,
    key_of_session,
    session_code,
    sessions_that_may_run,
)

YEAR = OfferDays(not_before=date(2027, 1, 1), not_after=date(2027, 12, 31), duration_days=12)
SPRING = OfferDays(not_before=date(2027, 3, 1), not_after=date(2027, 4, 30), duration_days=5)


def keys(days, **options):
    return [one.key for one in candidates_of(days, **options)]


def test_a_year_becomes_at_most_twelve_candidates_with_equal_steps_between_them():
    found = candidates_of(YEAR)
    assert 6 < len(found) <= MAX_CANDIDATES
    steps = {(later.start - earlier.start).days for earlier, later in pairwise(found)}
    assert steps == {35}


def test_candidates_of_a_window_start_on_mondays_and_end_within_it():
    for one in candidates_of(YEAR):
        assert one.start.weekday() == 0
        assert one.end == one.start + timedelta(days=11)
        assert YEAR.not_before <= one.start
        assert one.end <= YEAR.not_after
        assert one.key == f"W{one.start:%Y%m%d}"


def test_a_short_window_gives_every_monday():
    assert keys(SPRING) == [
        f"W2027{day}" for day in ("0301", "0308", "0315", "0322", "0329", "0405", "0412", "0419", "0426")
    ]


def test_the_same_window_gives_the_same_keys_and_a_moved_one_keeps_most():
    moved = replace(YEAR, not_before=date(2027, 1, 12), not_after=date(2027, 12, 31))
    assert keys(YEAR) == keys(YEAR)
    assert len(set(keys(YEAR)) & set(keys(moved))) >= len(keys(moved)) - 1


def test_a_window_without_a_monday_gives_its_first_day():
    days = OfferDays(not_before=date(2027, 3, 2), not_after=date(2027, 3, 5), duration_days=3)
    assert keys(days) == ["W20270302"]


def test_a_course_longer_than_its_window_has_unknown_days():
    days = OfferDays(not_before=date(2027, 3, 1), not_after=date(2027, 3, 5), duration_days=30)
    (one,) = candidates_of(days)
    assert (one.key, one.start, one.not_before, one.not_after) == (
        "U1",
        None,
        days.not_before,
        days.not_after,
    )


def test_an_offer_without_days_gives_one_candidate_or_as_many_as_it_says():
    assert keys(OfferDays()) == ["U1"]
    assert keys(OfferDays(max_sessions=3)) == ["U1", "U2", "U3"]
    assert len(keys(OfferDays(max_sessions=40))) == MAX_CANDIDATES


def test_undated_candidates_carry_what_is_known_of_their_days():
    (one,) = candidates_of(OfferDays(not_after=date(2027, 6, 30)))
    assert (one.start, one.end, one.not_before, one.not_after) == (None, None, None, date(2027, 6, 30))


def test_dated_sessions_keep_their_keys_and_withdrawn_ones_give_none():
    days = OfferDays(
        sessions=(
            DatedSession("S1", date(2027, 3, 1), date(2027, 3, 5)),
            DatedSession("S2", date(2027, 4, 1), date(2027, 4, 5), is_withdrawn=True),
            DatedSession("S3", date(2027, 5, 1), None),
        ),
        not_after=date(2027, 12, 31),
    )
    first, third = candidates_of(days)
    assert (first.key, first.start, first.end, first.not_after) == (
        "S1",
        date(2027, 3, 1),
        date(2027, 3, 5),
        None,
    )
    assert (third.key, third.end, third.not_after) == ("S3", None, date(2027, 12, 31))


def test_an_offer_whose_sessions_are_all_withdrawn_gives_none():
    assert keys(OfferDays(sessions=(DatedSession("S1", is_withdrawn=True),))) == []


def test_a_withdrawn_mark_on_a_cut_session_takes_away_that_session_alone():
    marked = replace(SPRING, sessions=(DatedSession("W20270315", is_withdrawn=True),))
    assert keys(marked) == [key for key in keys(SPRING) if key != "W20270315"]


def test_a_course_that_ended_before_the_round_opens_is_history():
    days = OfferDays(
        sessions=(
            DatedSession("S1", date(2026, 3, 1), date(2026, 3, 5)),
            DatedSession("S2", date(2026, 12, 28), date(2027, 1, 8)),
        )
    )
    assert keys(days, opens_on=date(2027, 1, 1)) == ["S2"]
    assert keys(days, opens_on=date(2027, 1, 1), kept={"S1"}) == ["S1", "S2"]
    assert keys(replace(SPRING), opens_on=date(2027, 4, 1))[0] == "W20270405"
    assert keys(replace(SPRING), opens_on=date(2027, 6, 1)) == []


def test_a_session_that_a_live_match_holds_stays_a_candidate_whatever_the_offer_says_now():
    later = replace(SPRING, not_before=date(2027, 4, 1))
    assert "W20270308" not in keys(later)
    kept = next(one for one in candidates_of(later, kept={"W20270308"}) if one.key == "W20270308")
    assert (kept.start, kept.end) == (date(2027, 3, 8), date(2027, 3, 12))
    dated = OfferDays(sessions=(DatedSession("S1", date(2027, 3, 1), date(2027, 3, 5)),))
    assert keys(dated, kept={"W20270308"}) == ["S1", "W20270308"]
    assert keys(OfferDays(max_sessions=1), kept={"U2"}) == ["U1", "U2"]


def test_kept_sessions_count_among_the_twelve_and_push_out_their_neighbours():
    weekly = OfferDays(not_before=date(2027, 1, 4), not_after=date(2027, 3, 26), duration_days=5)
    assert len(keys(weekly)) == MAX_CANDIDATES
    found = keys(weekly, kept={"W20270106"})
    assert len(found) == MAX_CANDIDATES
    assert "W20270106" in found
    assert "W20270104" not in found


def test_how_many_may_run_is_as_stated_else_all_dated_sessions_or_one():
    dated = OfferDays(sessions=(DatedSession("S1"), DatedSession("S2")))
    assert sessions_that_may_run(dated) is None
    assert sessions_that_may_run(replace(dated, max_sessions=1)) == 1
    assert sessions_that_may_run(YEAR) == 1
    assert sessions_that_may_run(replace(YEAR, max_sessions=4)) == 4
    assert sessions_that_may_run(OfferDays()) == 1


def test_keys_tell_what_they_are():
    assert [is_generated(key) for key in ("S1", "W20270405", "U1", "U0", "Week")] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert has_unknown_days("U12")
    assert not has_unknown_days("W20270405")


def test_a_sessions_id_is_read_back_to_its_key():
    assert key_of_session("O-0001", session_code("O-0001", "W20270405")) == "W20270405"
    with pytest.raises(ValueError, match="not one of offer"):
        key_of_session("O-0001", "O-0002-S1")


@given(
    first=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    length=st.integers(0, 1200),
    duration=st.integers(1, 200),
    kept=st.sets(st.dates(date(2026, 1, 1), date(2032, 1, 1)), max_size=5),
)
def test_any_window_gives_between_one_and_twelve_candidates_within_it(first, length, duration, kept):
    days = OfferDays(not_before=first, not_after=first + timedelta(days=length), duration_days=duration)
    kept_keys = {f"W{day:%Y%m%d}" for day in kept}
    found = candidates_of(days, kept=kept_keys)
    assert len({one.key for one in found}) == len(found)
    assert kept_keys <= {one.key for one in found}
    assert 1 <= len(found) <= MAX_CANDIDATES + 1
    for one in found:
        if one.start is not None and one.key not in kept_keys:
            assert first <= one.start
            assert one.end <= first + timedelta(days=length)


@pytest.mark.parametrize(
    ("key", "duration", "days"),
    [
        ("W20270405", 5, (date(2027, 4, 5), date(2027, 4, 9))),
        ("W20270405", 1, (date(2027, 4, 5), date(2027, 4, 5))),
        ("W20270405", None, (date(2027, 4, 5), None)),
        ("U1", 5, (None, None)),
        ("S1", 5, (None, None)),
    ],
)
def test_the_key_of_a_session_from_a_window_and_the_duration_tell_its_days(key, duration, days):
    assert days_of_key(key, duration) == days
