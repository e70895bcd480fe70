"""Rows of a sheet are kept all at once, once, and by the same checks as a record of a form."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotSignedIn
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, Need, OutboxMessage, Participant, Person, Sheet
from lcm_service.services import accounts, records, sheets
from lcm_service.services.forgetting import forget_what_is_over
from lcm_service.services.sheets import Row
from tests import factories
from tests.service.test_two_at_once import at_once

STORED = [{"row": number, "cells": {}, "faults": {}} for number in (3, 4)]
CONTENT = {"columns": ["title"], "strange": [], "rows": STORED}
ROWS = [Row(3, {"title": "First aid", "areas": None}), Row(4, {"title": "Radio", "areas": ["C-IED"]})]


@pytest.fixture
def owner(app):
    factories.make_area("C-IED")
    factories.make_round("R2027")
    return factories.make_actor()


def store(actor, code=None):
    return sheets.store_sheet(actor, "need", code or actor.participant_code, "R2027", CONTENT).key


def count(table):
    found = db.session.scalar(select(func.count()).select_from(table))
    db.session.rollback()
    return found


def test_all_rows_become_drafts_with_an_event_each_and_no_message(owner):
    sheet = sheets.keep_rows(owner, store(owner), ROWS)
    needs = db.session.scalars(select(Need).order_by(Need.id)).all()
    assert [one.state for one in needs] == ["draft", "draft"]
    assert [(one["row"], one["reference"]) for one in sheet.kept] == [
        (3, needs[0].reference),
        (4, needs[1].reference),
    ]
    assert sheet.content["rows"] == []
    assert (count(AuditEvent), count(OutboxMessage)) == (2, 0)


def test_where_one_row_cannot_be_written_none_is(owner, monkeypatch):
    key, write = store(owner), records.trace

    def fail_at_the_second(session, actor, action, record, fields, **facts):
        if record.title == "Radio":
            raise RuntimeError("The power went out.")
        write(session, actor, action, record, fields, **facts)

    monkeypatch.setattr(records, "trace", fail_at_the_second)
    with pytest.raises(RuntimeError):
        sheets.keep_rows(owner, key, ROWS)
    assert (count(Need), count(AuditEvent)) == (0, 0)
    monkeypatch.undo()
    assert len(sheets.keep_rows(owner, key, ROWS).kept) == 2


def test_a_row_that_breaks_a_rule_stays_and_the_others_are_kept(owner):
    faulty = Row(4, {"title": "Radio", "areas": ["NO-SUCH"]})
    key = store(owner)
    finding = sheets.look_over(owner, sheets.find_sheet(owner, key), [ROWS[0], faulty])[4]
    assert list(finding.faults) == ["areas"]
    sheet = sheets.keep_rows(owner, key, [ROWS[0], faulty])
    assert [one["row"] for one in sheet.kept] == [3]
    assert [row["row"] for row in sheet.content["rows"]] == [4]


def test_a_field_of_the_system_is_no_field_of_a_row(owner):
    sheet = sheets.keep_rows(owner, store(owner), [Row(3, {"title": "First aid", "seats_recognised": 9})])
    assert (sheet.kept, count(Need)) == (None, 0)


def test_of_many_presses_at_once_one_makes_the_records(app, owner):
    keys = [store(owner), store(owner)]
    results = at_once(app, [lambda key=key: sheets.keep_rows(owner, key, ROWS) for key in keys * 4])
    assert not [one for one in results if isinstance(one, Exception) and not isinstance(one, Conflict)]
    assert count(Need) == 2
    kept = db.session.scalars(select(Sheet.kept)).all()
    assert sorted(len(one or ()) for one in kept) == [0, 2]


def test_a_press_of_which_nothing_comes_leaves_the_sheet_as_it_is(owner):
    key = store(owner)
    sheet = sheets.keep_rows(owner, key, ROWS, shown={77})
    assert (sheet.kept, sheet.content["rows"], count(Need)) == (None, STORED, 0)
    assert len(sheets.keep_rows(owner, key, ROWS, shown={3, 4}).kept) == 2


def test_nobody_stores_rows_for_others_or_in_a_round_that_is_closed(owner):
    other = factories.make_participant("XOT")
    with pytest.raises(NotAllowed):
        store(owner, other.code)
    for role in ("observer", "administrator"):
        with pytest.raises(NotAllowed):
            store(factories.make_actor(role), other.code)
    factories.make_round("closed", state="closed")
    with pytest.raises(Conflict):
        sheets.store_sheet(owner, "need", owner.participant_code, "closed", CONTENT)
    with pytest.raises(NotFound):
        sheets.store_sheet(owner, "need", owner.participant_code, "none", CONTENT)
    assert count(Sheet) == 0


def test_a_sheet_is_found_by_its_person_alone(owner):
    key = store(owner)
    participant = db.session.get(Participant, owner.participant_id)
    others = [factories.make_actor("focal_point", participant), factories.make_actor("coordinator"), SYSTEM]
    for other in (*others, factories.make_actor()):
        for act in (sheets.find_sheet, sheets.discard_sheet, lambda one, at: sheets.keep_rows(one, at, ROWS)):
            with pytest.raises(NotFound) as refusal:
                act(other, key)
            assert refusal.value.message == sheets.GONE
    assert sheets.find_sheet(owner, key).key == key


def test_what_a_person_sent_goes_with_its_day_and_with_the_person(app, owner):
    store(owner)
    person = db.session.scalars(select(Sheet)).one().person_id
    email = db.session.get(Person, person).email
    accounts.erase_person(SYSTEM, email)
    assert count(Sheet) == 0
    other = factories.make_actor()
    key = store(other)
    db.session.query(Sheet).update({"expires_at": utc_now() - timedelta(seconds=1)})
    db.session.commit()
    with pytest.raises(NotFound):
        sheets.keep_rows(other, key, ROWS)
    forget_what_is_over(SYSTEM)
    assert (count(Sheet), count(Need)) == (0, 0)


def test_who_is_erased_at_this_moment_leaves_no_sheet(app, owner):
    """The request was let in before: its person is gone when the sheet is stored."""
    email = db.session.get(Person, owner.person_id).email
    db.session.rollback()
    results = at_once(
        app,
        [lambda: accounts.erase_person(SYSTEM, email), *[lambda: store(owner)] * 3],
        refusals=(NotSignedIn, Conflict),
    )
    assert results[0] is None
    assert count(Sheet) == 0
    with pytest.raises(NotSignedIn):
        store(owner)
    assert count(Sheet) == 0


def test_of_sheets_sent_at_once_no_more_are_left_than_there_may_be(app, owner):
    at_once(app, [lambda: store(owner)] * 8)
    assert count(Sheet) == sheets.MOST_SHEETS


def test_a_coordinator_submits_and_its_participant_is_told(owner):
    coordinator = factories.make_actor("coordinator")
    sheets.keep_rows(owner, store(owner), ROWS[:1])
    sheet = sheets.keep_rows(coordinator, store(coordinator, owner.participant_code), ROWS)
    # The draft that says the same is not told of: its row is a new record for who cannot know of it.
    assert len(sheet.kept) == 2
    assert "draft" not in json.dumps(sheet.kept)
    assert count(OutboxMessage) == 2
