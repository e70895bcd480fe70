"""What is still to be asked of a record, in the order in which it is best asked."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from lcm_service.domain import record_fields, vocabulary
from lcm_service.domain.completeness import is_stated, missing_fields

DAY = date(2027, 4, 5)


def record(kind, /, **values):
    fields = [record_fields.column_of(field) for field in record_fields.RECORD_FIELDS[kind]]
    empty = dict.fromkeys(fields) | {"state": "submitted", "subject": "training", "sessions": []}
    return SimpleNamespace(**(empty | values))


def session(**values):
    empty = {"starts_on": None, "ends_on": None, "seats": None, "place_code": None, "is_withdrawn": False}
    return SimpleNamespace(**(empty | values))


def test_of_an_empty_need_everything_is_asked_in_order():
    assert missing_fields("need", record("need")) == vocabulary.NEED_QUESTION_FIELDS


def test_of_an_empty_offer_everything_is_asked_but_a_place_nobody_may_have_to_go_to():
    wanted = tuple(field for field in vocabulary.OFFER_QUESTION_FIELDS if field != "place")
    assert missing_fields("offer", record("offer")) == wanted


@pytest.mark.parametrize("subject", [one for one in vocabulary.SUBJECTS if one != "training"])
@pytest.mark.parametrize("kind", ["need", "offer"])
def test_what_is_paired_by_hand_is_asked_nothing(kind, subject):
    assert missing_fields(kind, record(kind, subject=subject)) == ()


@pytest.mark.parametrize("state", ["withdrawn", "expired"])
def test_a_record_that_ended_is_asked_nothing(state):
    assert missing_fields("need", record("need", state=state)) == ()


@pytest.mark.parametrize(
    ("mode", "is_asked"),
    [
        ("in_country", True),
        ("provider_centre", True),
        ("regional_centre", True),
        ("mobile_team", False),
        ("online", False),
        ("any", False),
        (None, False),
    ],
)
def test_a_place_is_asked_where_trainees_come_to_a_host(mode, is_asked):
    assert ("place" in missing_fields("offer", record("offer", mode=mode))) == is_asked


def days_asked(**values):
    return {"start", "end"} & set(missing_fields("offer", record("offer", **values)))


def test_days_are_stated_by_every_session_or_by_a_window_with_a_duration():
    window = {"not_before": DAY, "not_after": date(2027, 6, 30)}
    assert days_asked() == {"start", "end"}
    assert days_asked(**window) == {"start", "end"}
    assert days_asked(**window, duration_days=5) == set()
    assert days_asked(sessions=[session(starts_on=DAY, ends_on=DAY)]) == set()
    assert days_asked(sessions=[session(starts_on=DAY, ends_on=DAY), session(starts_on=DAY)]) == {"end"}
    # A withdrawn session is asked nothing, and answers nothing.
    assert days_asked(sessions=[session(starts_on=DAY, ends_on=DAY), session(is_withdrawn=True)]) == set()
    assert days_asked(sessions=[session(starts_on=DAY, ends_on=DAY, is_withdrawn=True)]) == {"start", "end"}


def test_seats_are_stated_by_the_offer_or_by_each_of_its_sessions():
    def asks(**values):
        return "seats" in missing_fields("offer", record("offer", **values))

    assert not asks(seats=20)
    assert not asks(sessions=[session(seats=5), session(seats=6)])
    assert asks(sessions=[session(seats=5), session()])
    assert not asks(seats=20, sessions=[session(seats=5), session()])


def test_nothing_required_is_an_answer_and_unknown_is_none():
    assert "requires" not in missing_fields("offer", record("offer", requires=[]))
    assert "requires" in missing_fields("offer", record("offer", requires=None))


def test_no_women_is_an_answer():
    assert "women" not in missing_fields("need", record("need", women=0))


def test_an_owner_has_answered_about_seats_before_anyone_recognises_them():
    assert "seats" not in missing_fields("need", record("need", seats_asked=20))


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ({"kind": "funds"}, ("quantity",)),
        ({"kind": "venue", "quantity": 1}, ()),
        ({"kind": "interpretation"}, ("quantity", "languages")),
        ({"kind": "interpretation", "quantity": 4, "languages": ["fr", "en"]}, ()),
    ],
)
def test_a_support_is_asked_how_much_and_interpretation_between_what(values, asked):
    assert missing_fields("support", record("support", **values)) == asked


@pytest.mark.parametrize("kind", ["need", "offer", "support"])
def test_every_question_of_the_vocabulary_can_be_answered(kind):
    fields = {
        "need": vocabulary.NEED_QUESTION_FIELDS,
        "offer": vocabulary.OFFER_QUESTION_FIELDS,
        "support": vocabulary.SUPPORT_QUESTION_FIELDS,
    }[kind]
    full: dict[str, Any] = {record_fields.column_of(field): 1 for field in record_fields.RECORD_FIELDS[kind]}
    full["sessions"] = [session(starts_on=DAY, ends_on=DAY)]
    assert all(is_stated(kind, record(kind, **full), field) for field in fields)
