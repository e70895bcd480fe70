"""Two records that may be one and the same: of each condition, a pair that passes and one that just fails."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from lcm_service.domain.sent_twice import may_be_the_same, spans_of

DAY = date(2027, 4, 5)
NEXT = DAY + timedelta(days=1)
COMMON: dict[str, Any] = {
    "participant_id": 1,
    "round_id": 1,
    "subject": "training",
    "title": "First aid",
    "areas": ["FIRST-AID", "C-IED"],
}
DAYS: dict[str, dict[str, Any]] = {
    "need": {"earliest": DAY, "latest": DAY, "level": "basic"},
    "offer": {
        "not_before": DAY,
        "not_after": DAY,
        "level": "basic",
        "sessions": [],
    },
    "support": {"usable_from": DAY, "usable_to": DAY, "kind": "funds"},
}
KINDS = sorted(DAYS)


def record(kind: str, /, **values: Any) -> Any:
    return SimpleNamespace(**(COMMON | DAYS[kind] | values))


def session(start: date | None, end: date | None, *, is_withdrawn: bool = False) -> Any:
    return SimpleNamespace(starts_on=start, ends_on=end, is_withdrawn=is_withdrawn)


def are_alike(kind: str, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """The same whichever of them is older."""
    pair = record(kind, **one), record(kind, **other)
    answers = {may_be_the_same(kind, *pair), may_be_the_same(kind, *reversed(pair))}
    assert len(answers) == 1
    return answers.pop()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_words_sent_twice_are_alike(kind: str) -> None:
    assert are_alike(kind, {}, {})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "changed", [{"participant_id": 2}, {"round_id": 2}, {"subject": "equipment"}], ids=lambda one: min(one)
)
def test_records_of_two_participants_rounds_or_kinds_of_help_are_two(
    kind: str, changed: dict[str, Any]
) -> None:
    assert not are_alike(kind, {}, changed)


def test_funds_are_no_venue() -> None:
    assert not are_alike("support", {}, {"kind": "venue"})


@pytest.mark.parametrize(
    ("areas", "expected"),
    [(["C-IED", "UXO"], True), (["any"], True), (["UXO"], False)],
)
def test_they_have_one_area_in_common(areas: list[str], expected: bool) -> None:
    assert are_alike("need", {}, {"areas": areas}) is expected


@pytest.mark.parametrize(
    ("title", "level", "expected"),
    [
        ("  first   AID ", "advanced", True),
        ("Medical course", "basic", True),
        ("Medical course", "advanced", False),
        ("Medical course", None, False),
    ],
)
def test_title_or_level_is_the_same(title: str, level: str | None, expected: bool) -> None:
    assert are_alike("need", {}, {"title": title, "level": level}) is expected


def test_two_levels_that_nobody_has_stated_are_not_the_same_level() -> None:
    assert not are_alike("need", {"level": None}, {"level": None, "title": "Medical course"})
    assert not are_alike("support", {}, {"title": "Medical course"})


@pytest.mark.parametrize(("title", "expected"), [("First aid", True), ("Medical course", False)])
def test_where_one_says_nothing_of_its_areas_the_title_alone_counts(title: str, expected: bool) -> None:
    assert are_alike("need", {}, {"areas": None, "title": title}) is expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (DAY, NEXT, True),
        (NEXT, NEXT, False),
        (None, NEXT, True),
        (NEXT, None, False),
        (DAY, None, True),
        (None, None, True),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_their_days_overlap_or_may_overlap(
    kind: str, first: date | None, last: date | None, expected: bool
) -> None:
    columns = [name for name in DAYS[kind] if name not in ("level", "kind", "sessions")]
    assert are_alike(kind, {}, dict(zip(columns, (first, last), strict=True))) is expected


def test_one_session_of_an_offer_that_overlaps_is_enough_and_a_withdrawn_one_is_none() -> None:
    one = {"sessions": [session(NEXT, NEXT), session(DAY, DAY)]}
    assert are_alike("offer", one, {"sessions": [session(DAY, DAY)]})
    gone = {"sessions": [session(NEXT, NEXT), session(DAY, DAY, is_withdrawn=True)]}
    assert not are_alike("offer", gone, {"sessions": [session(DAY, DAY)]})
    assert spans_of("offer", record("offer", **gone)) == [(NEXT, NEXT)]
    assert spans_of("offer", record("offer")) == [(DAY, DAY)]
