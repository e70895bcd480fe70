"""Values of one record that contradict each other: each rule, where it just holds and where it just fails."""

from datetime import date, timedelta

import pytest

from lcm_service.domain.record_rules import faults_of, recognition_faults

DAY = date(2027, 3, 1)
NEXT = DAY + timedelta(days=1)

# kind, what holds, what fails, and the field at which it is said
RULES = [
    ("need", {"earliest": DAY, "latest": DAY}, {"earliest": NEXT, "latest": DAY}, "latest"),
    ("need", {"seats_asked": 5, "women": 5}, {"seats_asked": 5, "women": 6}, "women"),
    ("need", {"seats_asked": 5, "min_group": 5}, {"seats_asked": 5, "min_group": 6}, "min_group"),
    ("need", {"areas": ["any"]}, {"areas": ["any", "EOD"]}, "areas"),
    ("need", {"languages": None}, {"languages": []}, "languages"),
    ("offer", {"not_before": DAY, "not_after": DAY}, {"not_before": NEXT, "not_after": DAY}, "not_after"),
    ("offer", {"seats": 5, "min_seats": 5}, {"seats": 5, "min_seats": 6}, "min_seats"),
    (
        "offer",
        {"seats": 5, "max_per_recipient": 5},
        {"seats": 5, "max_per_recipient": 6},
        "max_per_recipient",
    ),
    (
        "offer",
        {"not_before": DAY, "not_after": NEXT, "duration_days": 2},
        {"not_before": DAY, "not_after": NEXT, "duration_days": 3},
        "duration_days",
    ),
    (
        "offer",
        {"sessions": [{"starts_on": DAY, "ends_on": DAY}]},
        {"sessions": [{"starts_on": NEXT, "ends_on": DAY}]},
        "sessions",
    ),
    (
        "offer",
        {"min_seats": 5, "sessions": [{"seats": 5}]},
        {"min_seats": 5, "sessions": [{"seats": 4}]},
        "sessions",
    ),
    (
        "offer",
        {"not_before": DAY, "sessions": [{"starts_on": DAY, "is_withdrawn": True}]},
        {"not_before": DAY, "sessions": [{"starts_on": DAY}]},
        "not_before",
    ),
    (
        "offer",
        {"requires": [{"kind": "funds", "per_seat": 0}]},
        {"requires": [{"kind": "funds"}]},
        "requires",
    ),
    ("offer", {"requires": []}, {"only": []}, "only"),
    ("support", {"usable_from": DAY, "usable_to": DAY}, {"usable_from": NEXT, "usable_to": DAY}, "usable_to"),
    ("support", {"places": ["any"]}, {"places": ["any", "KEN"]}, "places"),
]


def record(kind, values):
    return {"title": "T", "kind": "funds", **values}


@pytest.mark.parametrize(("kind", "holds", "fails", "field"), RULES)
def test_a_rule_holds_to_its_limit_and_fails_one_step_beyond(kind, holds, fails, field):
    assert faults_of(kind, record(kind, holds)) == {}
    assert list(faults_of(kind, record(kind, fails))) == [field]


@pytest.mark.parametrize("kind", ["need", "offer", "support"])
def test_of_what_is_unknown_nothing_is_wrong_but_a_missing_name(kind):
    assert faults_of(kind, record(kind, {})) == {}
    assert "title" in faults_of(kind, {"kind": "funds"})


def test_every_contradiction_is_said_at_once():
    values = {"earliest": NEXT, "latest": DAY, "seats_asked": 1, "women": 2, "areas": []}
    assert set(faults_of("need", record("need", values))) == {"latest", "women", "areas"}


@pytest.mark.parametrize(
    ("seats", "min_group", "fails"), [(5, 5, False), (4, 5, True), (None, 5, False), (4, None, False)]
)
def test_recognised_seats_hold_the_smallest_group(seats, min_group, fails):
    assert bool(recognition_faults({"min_group": min_group}, seats, "high", None)) == fails
