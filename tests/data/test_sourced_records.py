"""Every field of a sourced record can be traced to words of its source; what no source says is unknown.

The readings below are the only ways in which words became values. A field whose words give another value, or
a field for which there is no reading, fails.
"""

from collections.abc import Callable
from datetime import date

import pytest

from lcm_service.domain.record_fields import ACTIVITY_FIELDS, RECORD_FIELDS
from lcm_service.domain.vocabulary import SUBJECTS
from lcm_service.services.data_files import codes_in, read_document, read_rows
from lcm_service.services.sourced_records import ROUND, host_of, source_lines, source_of

ENTRIES = {entry["record"]: entry for entry in read_document("sourced_records.json")}
LINES = source_lines()
AREAS = {row["code"]: row["is_area"] == "yes" for row in read_rows("training_areas.csv")}
PLACES = {row["code"] for row in read_rows("places.csv")}
PARTICIPANTS = PLACES | {row["code"] for row in read_rows("institutions.csv")}
REGIONS = {row["code"] for row in read_rows("regions.csv")}
RECORDS = {name: entry for name, entry in ENTRIES.items() if entry["becomes"] not in {"context", "nothing"}}
FIELDS = [(name, field) for name, entry in RECORDS.items() for field in entry["fields"]]

# Which value the quoted words stand for, where it is more than the words themselves.
MEANS = {
    ("basis", "expressed_by_state"): "self_declared",
    ("phase", "pre-deployment training"): "pre_deployment",
    ("phase", "in pre-deployment training"): "pre_deployment",
    ("subject", "UN recognition of its peacekeeping training programmes"): "recognition",
    ("subject", "institutional support"): "institutional_support",
    ("subject", "Piloting of a network"): "institutional_support",
    ("subject", "for ISR capabilities"): "institutional_support",
    ("subject", "for aviation support"): "institutional_support",
    ("subject", "solar hybrid pilot"): "equipment",
    ("subject", "high-demand enabling capabilities"): "institutional_support",
    ("level", "train-the-trainer courses"): "trainer",
    ("personnel", "UN peacekeeping troops"): ["troops"],
    ("personnel", "for troops preparing to deploy"): ["troops"],
    ("women_only", "train women police in Zambia and women military in Ghana"): True,
    ("women_only", "female military officer course"): True,
    ("mode", "provider's centre"): "provider_centre",
    ("mode", "regional centre"): "regional_centre",
    ("mode", "in-person at host country"): "regional_centre",
    ("mode", "online"): "online",
    ("mode", "mobile training team"): "mobile_team",
    ("mode", "mobile training team in mission"): "mobile_team",
    ("mode", "mobile training team / in-mission"): "mobile_team",
    ("place_code", "Hammelburg, Germany"): "DEU",
    ("place_code", "Hamburg, Germany"): "DEU",
    ("place_code", "Japan"): "JPN",
    ("place_code", "Entebbe, Uganda"): "UGA",
    ("place_code", "Beni, DRC (MONUSCO)"): "COD",
    ("place_code", "Panchkhal, Nepal"): "NPL",
    ("place_code", "Rajendrapur, Bangladesh"): "BGD",
    ("only", "for UN headquarters personnel"): ["UN"],
    ("only", "UN DPO, DOS and DMSPC"): ["UN", "UN-DOS-TPP"],
    ("only", "EMP Bamako; Peace Operations Training Institute"): ["EMP-BAMAKO", "POTI"],
    ("only", "for African partners"): ["002"],
    ("partners", "France with Uganda and the UN"): ["UGA", "UN"],
    ("kind", "funding_pledge"): "funds",
    ("kind", "in funding"): "funds",
    ("state", "scheduled_course"): "planned",
    ("state", "pledge"): "planned",
    ("state", "project approved"): "planned",
    ("state", "funded_project_recipient"): "running",
    ("state", "evaluation page"): "delivered",
    ("first_month", "2025 (second half)"): "2025-07-01",
    ("last_month", "2025 (second half)"): "2025-12-01",
    # "The next year", said in December 2021; "within five years", said in September 2015.
    ("first_month", "the next year"): "2022-01-01",
    ("last_month", "the next year"): "2022-12-01",
    ("last_month", "within five years"): "2020-09-01",
}
READINGS: dict[str, Callable[[str], object]] = {
    "areas": lambda words: [code for code in codes_in(words) if AREAS[code]],
    "languages": lambda words: sorted(codes_in(words)),
    "only": lambda words: words.split(";"),
    "max_sessions": int,
    "seats": int,
    "first_month": lambda words: f"{words[:7]}-01",
    "last_month": lambda words: f"{words[:7]}-01",
    **dict.fromkeys(
        (
            "audience",
            "prior_support",
            "implementer",
            "venue",
            "un_standard",
            "recognised_until",
            "amount_as_stated",
            "provider_as_stated",
            "recipient_as_stated",
            "provider_code",
            "recipient_code",
        ),
        str,
    ),
}


def reading_of(field: str, words: str) -> object:
    if (field, words) in MEANS:
        return MEANS[field, words]
    return READINGS[field](words)


@pytest.mark.parametrize(("record", "field"), FIELDS)
def test_a_field_says_what_its_words_say(record, field):
    entry = ENTRIES[record]
    column, words = entry["read_from"][field]
    assert words, "a field that nobody stated must be left out"
    assert words in LINES[record][column]
    assert entry["fields"][field] == reading_of(field, words)


def test_every_line_of_the_sources_is_accounted_for_once_and_says_why():
    assert [entry["record"] for entry in read_document("sourced_records.json")] == list(LINES)
    assert all(entry["because"].strip().endswith(".") for entry in ENTRIES.values())
    assert {entry["becomes"] for entry in ENTRIES.values()} == {
        "need",
        "offer",
        "support",
        "activity",
        "context",
        "nothing",
    }


def test_only_what_a_state_says_of_itself_is_a_need():
    needs = {record for record, entry in ENTRIES.items() if entry["becomes"] == "need"}
    assert needs == {record for record, line in LINES.items() if line["type"] == "expressed_by_state"}
    assert len(needs) == 8


def test_the_owner_of_a_record_is_the_participant_of_its_line():
    for record, entry in RECORDS.items():
        if entry["becomes"] == "activity":
            continue
        stated = LINES[record]["participant"]
        if stated:
            assert entry["participant"] == stated
        else:
            assert entry["participant"] in PARTICIPANTS - PLACES


def test_fields_are_those_of_the_records_and_every_code_is_listed():
    known = {**RECORD_FIELDS, "activity": ACTIVITY_FIELDS}
    for record, entry in RECORDS.items():
        fields = entry["fields"]
        assert set(fields) == set(entry["read_from"]) <= set(known[entry["becomes"]]), record
        assert all(AREAS[code] for code in fields.get("areas", ())), record
        assert fields.get("areas") != []
        codes = [*fields.get("only", ()), *fields.get("partners", ())]
        assert set(codes) <= PARTICIPANTS | REGIONS, record
        assert fields.get("subject", "training") in SUBJECTS


def test_where_a_part_of_an_offer_has_no_subject_its_areas_are_unknown():
    """A list of areas is read as complete: GENERAL or a phase beside an area leaves a part open."""
    for record, entry in RECORDS.items():
        codes = set(codes_in(LINES[record]["areas"]))
        if "GENERAL" in codes or (entry["becomes"] == "offer" and codes & {"PDT", "IN-MISSION"}):
            assert "areas" not in entry["fields"], record


def test_no_sum_of_money_becomes_a_quantity_unless_it_is_exact_and_in_us_dollars():
    """None is: each is "nearly" or "over", in euros, for several purposes, or in unnamed dollars."""
    supports = [entry for entry in ENTRIES.values() if entry["becomes"] == "support"]
    assert len(supports) == 11
    assert not [entry for entry in supports if "quantity" in entry["fields"]]


def test_a_course_that_ended_before_the_round_opens_is_history():
    for record, line in LINES.items():
        if line["type"] == "scheduled_course":
            assert ENTRIES[record]["becomes"] == "activity"
            last = ENTRIES[record]["fields"].get("last_month", "2024-01-01")
            assert date.fromisoformat(last) < ROUND["opens_on"]


def test_a_number_is_seats_only_where_the_source_counts_seats_of_a_course():
    for record, entry in RECORDS.items():
        if "seats" in entry["fields"]:
            assert LINES[record]["number_unit"] == "seats"


def test_every_source_has_a_publisher_and_only_the_publisher_s_own_page_is_linked():
    publishers = {row["host"]: row for row in read_rows("publishers.csv")}
    used = {host_of(address) for line in LINES.values() for address in line["address"].split(" ; ")}
    assert used == set(publishers)
    for line in LINES.values():
        source = source_of(line)
        assert source["publisher"]
        assert source["kind"]
        assert source["as_stated"].startswith(line["statement"])
        is_original = publishers[host_of(line["address"].split(" ; ")[0])]["is_original"] == "yes"
        assert (source["url"] is not None) == is_original
