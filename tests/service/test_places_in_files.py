"""Files name the place of now, and of what was held the place where it was, for each match its own."""

from lcm_service.persistence.database import db
from lcm_service.services import deliveries, exports
from tests.service import matching_rounds as rounds
from tests.service.test_dates_hold import begin, open_earlier
from tests.service.test_restated_sessions import PLACE, course, move_to, placed

__all__ = ["course", "placed"]


def test_files_have_the_place_of_now_for_who_stands_there(placed):
    plan_id = placed.match().plan_id

    def written(reader):
        rounds.fresh()
        labels = exports.export_plan(reader, plan_id)["labels"]
        label = labels["sessions"][placed.code]
        rows = exports.export_plan_rows(reader, plan_id)
        assert {row["place"] for row in rows if row["session"] == placed.code} == {label["place"]}
        assert label["place"] in labels["places"]
        return label["place"], label.get("place_before")

    readers = (placed.recipients[0], placed.provider, placed.coordinator)
    assert [written(reader) for reader in readers] == [(PLACE, None)] * 3
    move_to(placed, "XQB")
    assert [written(reader) for reader in readers] == [("XQB", PLACE)] * 3
    report, match = begin(placed), placed.match()
    open_earlier(placed)
    deliveries.report_delivered(placed.provider, match.id, "provider", report, match.version)
    move_to(placed, PLACE)
    # Of two in the session one was held, so each reader reads of the other where the session is now.
    assert written(placed.recipients[0]) == ("XQB", PLACE)
    for reader in readers[1:]:
        rounds.fresh()
        assert exports.export_plan(reader, plan_id)["labels"]["sessions"][placed.code]["place"] == PLACE


def test_a_course_to_come_is_told_where_its_session_is_and_not_where_anothers_was_held(placed):
    report, match = begin(placed), placed.match(0)
    open_earlier(placed)
    planned = {"starts_on": report["held_from"], "ends_on": report["held_to"], "place_code": "XQB"}
    deliveries.schedule_delivery(placed.coordinator, match.id, planned, match.version, on_behalf=True)
    match = placed.match(0)
    deliveries.report_delivered(placed.provider, match.id, "provider", report, match.version)
    plan_id = placed.match(1).plan_id
    for reader in (placed.recipients[1], placed.provider, placed.coordinator):
        rounds.fresh()
        rows = exports.export_plan_rows(reader, plan_id)
        told = {row["need"]: row["place"] for row in rows if row["session"] == placed.code}
        assert told[placed.needs[1].reference] == PLACE
        assert told.get(placed.needs[0].reference, "XQB") == "XQB"


def test_two_courses_of_a_session_that_were_held_apart_have_each_its_place(placed):
    report = begin(placed)
    open_earlier(placed)
    for number, place in ((0, "XQB"), (1, PLACE)):
        match = placed.match(number)
        planned = {"starts_on": report["held_from"], "ends_on": report["held_to"], "place_code": place}
        deliveries.schedule_delivery(placed.coordinator, match.id, planned, match.version, on_behalf=True)
        match = placed.match(number)
        deliveries.report_delivered(placed.provider, match.id, "provider", report, match.version)
    plan_id = placed.match().plan_id
    for reader in (placed.provider, placed.coordinator):
        rounds.fresh()
        rows = exports.export_plan_rows(reader, plan_id)
        held = {row["need"]: row["place"] for row in rows if row["session"] == placed.code}
        assert held == {placed.needs[0].reference: "XQB", placed.needs[1].reference: PLACE}
    # A label says one place for all, so it says that of the session.
    label = exports.export_plan(placed.provider, plan_id)["labels"]["sessions"][placed.code]
    assert label["place"] == PLACE
    db.session.rollback()
