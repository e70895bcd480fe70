"""The reference lists hold together, and say where they come from."""

import re

import pytest

from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES, PARTICIPANT_KINDS
from lcm_service.services.data_files import DATA_FOLDER, codes_in, names_in, read_rows

ROOT = DATA_FOLDER.parent.parent


def column(name: str, heading: str) -> list[str]:
    return [row[heading] for row in read_rows(name)]


AREAS = {row["code"]: row for row in read_rows("training_areas.csv")}
REAL_AREAS = {code for code, row in AREAS.items() if row["is_area"] == "yes"}


def test_there_are_193_member_states_each_with_a_name_in_six_languages():
    states = [row for row in read_rows("places.csv") if row["is_member_state"] == "yes"]
    assert len(states) == 193
    assert all(set(names_in(row)) == set(LANGUAGES_OF_PAGES) for row in states)


def test_every_code_is_unique_and_has_the_form_of_its_standard():
    for name in ("places.csv", "regions.csv", "training_areas.csv", "missions.csv", "institutions.csv"):
        codes = column(name, "code")
        assert len(codes) == len(set(codes)), name
    assert all(re.fullmatch(r"[A-Z]{3}", code) for code in column("places.csv", "code"))
    assert all(re.fullmatch(r"\d{3}", code) for code in column("places.csv", "m49"))
    assert all(re.fullmatch(r"\d{3}", code) for code in column("regions.csv", "code"))


def test_a_place_names_its_regions_from_wide_to_narrow_and_each_is_listed():
    regions = set(column("regions.csv", "code"))
    wide = {"002", "009", "019", "142", "150"}
    for row in read_rows("places.csv"):
        chain = codes_in(row["regions"])
        assert chain[0] in wide, row["code"]
        assert set(chain) <= regions, row["code"]
        assert not wide & set(chain[1:]), row["code"]
    kenya = next(row for row in read_rows("places.csv") if row["code"] == "KEN")
    assert kenya["regions"] == "002|202|014"


def test_every_region_has_a_name_in_six_languages_and_a_place():
    used = {code for row in read_rows("places.csv") for code in codes_in(row["regions"])}
    for row in read_rows("regions.csv"):
        assert set(names_in(row)) == set(LANGUAGES_OF_PAGES), row["code"]
        assert row["code"] in used, row["code"]


def test_every_training_area_has_six_names_and_a_reason_for_being_an_area_or_not():
    for row in AREAS.values():
        assert set(names_in(row)) == set(LANGUAGES_OF_PAGES), row["code"]
        assert row["is_area"] in {"yes", "no"}
        assert row["because"].endswith("."), row["code"]
        assert row["source"], row["code"]
        assert set(codes_in(row["attested"])) <= set(LANGUAGES_OF_PAGES)


@pytest.mark.parametrize(
    "code", ["PDT", "INDUCTION", "IN-MISSION", "TOT", "E-LEARN", "PCRS", "SOFA", "GENERAL", "LCM", "EQUIP"]
)
def test_a_phase_a_mode_a_register_and_an_agreement_are_no_areas(code):
    assert AREAS[code]["is_area"] == "no"


def test_a_substitute_joins_two_different_areas_with_a_fit_and_a_reason():
    for row in read_rows("area_substitutes.csv"):
        assert {row["need_area"], row["session_area"]} <= REAL_AREAS, row
        assert row["need_area"] != row["session_area"]
        assert 1 <= int(row["fit"]) <= 99
        assert row["reason"].endswith(".")


def test_a_mission_is_at_listed_places_and_the_one_that_ends_says_when():
    places = set(column("places.csv", "code"))
    missions = {row["code"]: row for row in read_rows("missions.csv")}
    assert all(set(codes_in(row["places"])) <= places and row["source"] for row in missions.values())
    assert missions["UNIFIL"]["ends_on"] == "2026-12-31"


def test_an_institution_is_of_a_known_kind_and_says_why_it_is_listed():
    for row in read_rows("institutions.csv"):
        assert row["kind"] in PARTICIPANT_KINDS
        assert row["name_en"]
        assert row["because"].endswith(".")


def test_every_data_file_is_described():
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    files = [path.name for path in DATA_FOLDER.iterdir() if path.is_file()]
    assert [name for name in sorted(files) if f"`{name}`" not in page] == []


def test_ocha_s_table_keeps_its_notice():
    notice = (DATA_FOLDER / "NOTICE.md").read_text(encoding="utf-8")
    for words in (
        "Countries & Territories Taxonomy",
        "Office for the Coordination",
        "Copyright (c) 2016 Michael Rans",
    ):
        assert words in notice
