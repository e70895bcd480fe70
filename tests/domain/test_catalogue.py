"""What suits a wish, what does not, and what nobody has said: each with the nearest that is otherwise."""

from dataclasses import replace
from datetime import date

import pytest

from lcm_service.domain.catalogue import Course, Wish, open_questions

MARCH = date(2027, 3, 15)
COURSE = Course(
    areas=["C-IED"], languages=["fr"], spans=[(date(2027, 3, 31), date(2027, 4, 2))], regions={"002"}
)


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
    silent = Course(None, None, None, None)
    assert open_questions(silent, Wish("C-IED", "fr", MARCH, "002")) == (
        "areas",
        "languages",
        "dates",
        "place",
    )
    assert open_questions(silent, Wish(language="fr")) == ("languages",)
    assert open_questions(replace(silent, languages=["en"]), Wish(area="C-IED", language="fr")) is None


def test_any_suits_everything():
    course = replace(COURSE, areas=["any"], languages=["any"], regions={"any"})
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
    assert open_questions(replace(COURSE, spans=[span]), Wish(month=MARCH)) == answer


def test_a_session_without_days_leaves_other_months_open():
    course = replace(COURSE, may_be_later=True)
    assert open_questions(course, Wish(month=date(2027, 6, 1))) == ("dates",)
    assert open_questions(course, Wish(month=MARCH)) == ()
