"""Days, moments and numbers as each reader writes them."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_babel import force_locale

from lcm_service.web import showing


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", ("24 Nov 2026", "24 November 2026", "24 Nov 2026, 14:18 UTC", "11,400", "November 2026")),
        (
            "fr",
            ("24 nov. 2026", "24 novembre 2026", "24 nov. 2026, 14:18 UTC", "11\u202f400", "novembre 2026"),
        ),
    ],
)
def test_days_and_numbers_are_written_as_the_united_nations_writes_them_in_each_language(
    at_work: Flask, language: str, shown: tuple[str, ...]
) -> None:
    day, now = date(2026, 11, 24), datetime(2026, 11, 24, 14, 18, 31, tzinfo=UTC)
    with at_work.test_request_context(), force_locale(language):
        assert shown == (
            showing.day(day),
            showing.day(day.isoformat(), "long"),
            showing.moment(now),
            showing.number(11_400),
            showing.month(day),
        )


def test_english_pages_say_english_and_not_a_country(at_work: Flask) -> None:
    page = at_work.test_client().get("/", headers={"Accept-Language": "en"}).text
    assert '<html lang="en" dir="ltr">' in page


def test_a_list_has_the_comma_of_the_readers_script_and_shows_what_was_typed_as_text(at_work: Flask) -> None:
    for language, shown in (("en", "A, &lt;b&gt;"), ("ar", "A، &lt;b&gt;")):
        with at_work.test_request_context(), force_locale(language):
            assert showing.in_one_line(["A", "<b>"]) == shown
