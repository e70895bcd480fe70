"""The exercise is made up, complete, to scale, and the same for the same seed."""

from collections import Counter

import pytest

from lcm_service.domain.completeness import missing_fields
from lcm_service.domain.record_rules import faults_of
from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES
from lcm_service.persistence.tables import Need, Offer, OfferSession, Support
from lcm_service.services.data_files import codes_in, names_in, read_rows
from lcm_service.services.exercise import SEED, make_exercise, read_cases
from lcm_service.services.exercise_records import NEEDS_DRAWN, read_courses
from lcm_service.services.exercise_world import read_participants

RECORDS = make_exercise()
PARTICIPANTS = {one.code: one for one in read_participants()}
AREAS = {row["code"] for row in read_rows("training_areas.csv") if row["is_area"] == "yes"}
REGIONS = {row["code"] for row in read_rows("exercise_regions.csv")}
GROUPS = {code for row in read_rows("exercise_participants.csv") for code in codes_in(row["groups"])}
CODES = {*PARTICIPANTS, *REGIONS, *GROUPS}
NEEDS = [record for record in RECORDS if record.kind == "need"]
OFFERS = [record for record in RECORDS if record.kind == "offer"]
SUPPORTS = [record for record in RECORDS if record.kind == "support"]


def codes_of(record) -> set[str]:
    """Every code of a participant, place, region or group that a record holds."""
    fields = record.fields
    held = [record.participant, fields.get("place_code"), fields.get("trainees_place")]
    for name in ("only", "except", "partners", "places"):
        held += fields.get(name) or []
    held += [session.get("place_code") for session in fields.get("sessions", ())]
    return {code for code in held if code is not None} - {"any"}


def test_no_code_of_the_exercise_belongs_to_a_country_or_area():
    real = {row["code"] for row in read_rows("places.csv")}
    used = set().union(*(codes_of(record) for record in RECORDS))
    assert used <= CODES
    assert not (used | CODES) & real
    # What ISO 3166 keeps for private use, and codes that are too long or have digits.
    assert all("XAA" <= code <= "XZZ" or code in REGIONS for code in CODES)


def test_every_participant_and_region_has_a_name_in_six_languages_that_says_exercise():
    rows = [*read_rows("exercise_participants.csv"), *read_rows("exercise_regions.csv")]
    for row in rows:
        assert set(names_in(row)) == set(LANGUAGES_OF_PAGES), row["code"]
        assert "Exercise" in row["name_en"]
    assert len({row["name_ar"] for row in rows}) == len(rows)


def test_the_same_seed_gives_the_same_records_and_another_seed_others():
    assert make_exercise(SEED) == RECORDS
    assert make_exercise(SEED + 1) != RECORDS


def test_the_exercise_has_the_size_of_a_round():
    assert 55 <= len(NEEDS) <= 65
    assert 60 <= sum(len(record.fields.get("sessions", ())) for record in OFFERS) <= 80
    assert len(SUPPORTS) == 12
    assert 25 <= len(PARTICIPANTS) <= 30


def test_courses_and_groups_are_to_scale():
    for record in OFFERS:
        seats = record.fields["seats"]
        assert seats is None or 10 <= seats <= 40
        for session in record.fields.get("sessions", ()):
            days = (session["ends_on"] - session["starts_on"]).days + 1
            assert 5 <= days <= 42
            assert session["starts_on"].weekday() == 0
    assert all(4 <= record.fields["seats_asked"] <= 24 for record in NEEDS)


def test_no_record_contradicts_itself_and_every_area_is_listed():
    for record in RECORDS:
        assert faults_of(record.kind, record.fields) == {}, record
        assert set(record.fields.get("areas") or ()) <= AREAS, record


def row_of(record):
    """The row that the record becomes, not stored."""
    fields = {name: value for name, value in record.fields.items() if name != "sessions"}
    common = {"state": "submitted", "subject": "training"}
    if record.kind == "offer":
        rows = [
            OfferSession(key=f"S{number}", is_withdrawn=False, **one)
            for number, one in enumerate(record.fields.get("sessions", ()), 1)
        ]
        return Offer(**common, **fields, sessions=rows)
    return {"need": Need, "support": Support}[record.kind](**common, **fields)


def test_nothing_is_left_to_ask_but_in_the_records_that_show_it():
    asked = {record.fields["title"] for record in RECORDS if missing_fields(record.kind, row_of(record))}
    assert asked == {
        "Seminar for senior leaders",
        "English for staff officers",
        "Funds of which the sum is still to be decided",
    }


def test_seats_and_priority_of_every_need_are_recognised_and_never_above_what_was_asked():
    for record in NEEDS:
        assert 1 <= record.recognised["seats_recognised"] <= record.fields["seats_asked"]
        assert record.recognised["priority_recognised"]
    assert any(record.recognised.get("recognition_reason") for record in NEEDS)


def test_a_title_names_one_deliberate_case():
    titles = Counter(record.fields["title"] for record in NEEDS[NEEDS_DRAWN:])
    assert max(titles.values()) == 1
    named = {
        title
        for case in read_cases()
        for title in [
            *case.get("unmet", ()),
            *case.get("placed", ()),
            *case.get("bridged", ()),
            *case.get("conditional", ()),
        ]
    }
    assert named <= set(titles)


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case["shows"])
def test_a_deliberate_case_says_what_a_plan_has_to_make_of_it(case):
    assert {"unmet", "placed", "bridged", "conditional", "contended"} & set(case)


@pytest.mark.parametrize("course", read_courses(), ids=lambda course: course.area)
def test_a_course_of_the_table_is_offered_and_needed(course):
    assert any(course.area in record.fields["areas"] for record in OFFERS)
    assert any(course.area in record.fields["areas"] for record in NEEDS)
