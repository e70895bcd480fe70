"""What suits a wish, what does not, and what nobody has said: each with the nearest that is otherwise."""

from dataclasses import replace
from datetime import date

import pytest

from lcm_service.domain.catalogue import Course, Sitting, Wish, open_questions

MARCH = date(2027, 3, 15)
HERE = Sitting((date(2027, 3, 31), date(2027, 4, 2)), {"002"})
COURSE = Course(areas=["C-IED"], languages=["fr"], sittings=[HERE])


@pytest.mark.parametrize(
    "wish",
    [
        Wish(),
        Wish(area="C-IED"),
        Wish(language="fr"),
        Wish(month=MARCH),
        Wish(month=date(2027, 4, 1)),
        Wish(region="002"),
        Wish("C-IED", "fr", MARCH, "002"),
    ],
)
def test_a_course_suits_what_it_says(wish):
    assert open_questions(COURSE, wish) == ()


@pytest.mark.parametrize(
    "wish",
    [
        Wish(area="EOD"),
        Wish(language="en"),
        Wish(month=date(2027, 2, 28)),
        Wish(month=date(2027, 5, 1)),
        Wish(region="019"),
        Wish("C-IED", "fr", MARCH, "019"),
    ],
)
def test_one_part_that_does_not_suit_is_enough(wish):
    assert open_questions(COURSE, wish) is None


def test_what_nobody_has_said_is_named_and_hides_nothing():
    silent = Course(None, None, [Sitting(None, None)])
    assert open_questions(silent, Wish("C-IED", "fr", MARCH, "002")) == (
        "areas",
        "languages",
        "dates",
        "place",
    )
    assert open_questions(silent, Wish(language="fr")) == ("languages",)
    assert open_questions(replace(silent, languages=["en"]), Wish(area="C-IED", language="fr")) is None


def test_any_suits_everything():
    course = Course(["any"], ["any"], [replace(HERE, regions={"any"})])
    assert open_questions(course, Wish("EOD", "en", MARCH, "019")) == ()


@pytest.mark.parametrize(
    ("span", "answer"),
    [
        ((None, date(2027, 3, 1)), ()),
        ((None, date(2027, 2, 28)), None),
        ((date(2027, 3, 31), None), ()),
        ((date(2027, 4, 1), None), None),
    ],
)
def test_a_window_may_be_open_at_an_end(span, answer):
    assert open_questions(replace(COURSE, sittings=[replace(HERE, span=span)]), Wish(month=MARCH)) == answer


def test_a_session_without_days_leaves_other_months_open():
    course = replace(COURSE, sittings=[HERE, replace(HERE, span=None)])
    assert open_questions(course, Wish(month=date(2027, 6, 1))) == ("dates",)
    assert open_questions(course, Wish(month=MARCH)) == ()


def test_a_session_without_a_place_leaves_other_regions_open():
    course = replace(COURSE, sittings=[HERE, replace(HERE, regions=None)])
    assert open_questions(course, Wish(region="019")) == ("place",)
    assert open_questions(course, Wish(region="002")) == ()


def test_days_and_place_are_those_of_one_session():
    there = Sitting((date(2027, 6, 7), date(2027, 6, 11)), {"019"})
    course = replace(COURSE, sittings=[HERE, there])
    june = date(2027, 6, 1)
    assert open_questions(course, Wish(month=MARCH, region="002")) == ()
    assert open_questions(course, Wish(month=june, region="019")) == ()
    assert open_questions(course, Wish(month=MARCH, region="019")) is None
    assert open_questions(course, Wish(month=june, region="002")) is None


def test_what_may_come_to_the_trainees_is_hidden_in_no_region():
    course = replace(COURSE, sittings=[replace(HERE, may_be_elsewhere=True)])
    assert open_questions(course, Wish(region="002")) == ()
    assert open_questions(course, Wish(region="019")) == ("place",)


def test_what_is_not_held_any_more_suits_nothing():
    assert open_questions(replace(COURSE, sittings=[]), Wish()) is None
