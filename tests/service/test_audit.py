"""The chain of audit events: whatever is done to it is refused by the database or found afterwards."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence import audit_chain
from lcm_service.persistence.audit_chain import NO_HASH, digest
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import AuditEvent, AuditHead, AuditSeal
from lcm_service.services import audit, submissions, trail
from tests import factories
from tests.fixtures import make_app

# ruff: noqa: S608 - the statements of this file are an attacker's.

KEY = bytes(range(32))
PUBLIC = audit.public_key_of(KEY)
REFUSE_CHANGES = {
    "sqlite": [f"audit_event_no_{act}" for act in ("update", "delete", "replace")],
    "postgresql": ["audit_event_only_added", "audit_event_not_emptied"],
}


@pytest.fixture
def app(service_url):
    """A database of its own: what guards the events is taken away in some of these tests."""
    app = make_app(service_url)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def seals_file(tmp_path) -> Path:
    return tmp_path / "seals.jsonl"


def add_events(count: int) -> None:
    with transaction() as session:
        for number in range(count):
            trail.record_event(
                session, SYSTEM, "note", "round", f"R-{number}", ["title"], {"version": number}
            )


def faults(*keys: str, outside: list[audit.SealedHead] | None = None) -> list[tuple[str, int]]:
    db.session.rollback()
    report = audit.verify_audit(SYSTEM, keys or (PUBLIC,), outside or [])
    return [(fault.code, fault.number) for fault in report.faults]


def as_attacker(*statements: str) -> None:
    """Write past the service and the triggers, as one who owns the database can."""
    db.session.rollback()
    with db.engine.connect() as connection:
        engine = connection.dialect.name
        for name in REFUSE_CHANGES[engine]:
            connection.execute(
                text(f"DROP TRIGGER {name}" + (" ON audit_event" if engine != "sqlite" else ""))
            )
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


# -- the chain ----------------------------------------------------------------------------------------------


def test_events_are_numbered_and_chained_in_the_order_in_which_they_were_added(app):
    add_events(3)
    add_events(2)
    rows = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [row.id for row in rows] == [1, 2, 3, 4, 5]
    assert [row.record_reference for row in rows] == ["R-0", "R-1", "R-2", "R-0", "R-1"]
    assert [row.previous_sha256 for row in rows] == [NO_HASH, *(row.sha256 for row in rows[:-1])]
    assert all(digest(row) == row.sha256 for row in rows)
    assert faults() == []


def test_a_chain_without_events_is_whole(app):
    assert faults() == []
    assert audit.seal_chain(SYSTEM, KEY, Path("/nowhere/at/all")) is None


def test_what_is_rolled_back_leaves_no_link(app):
    def fail() -> None:
        with transaction() as session:
            trail.record_event(session, SYSTEM, "note", "round", "R-lost")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    add_events(1)
    assert db.session.scalars(select(AuditEvent.record_reference)).all() == ["R-0"]
    assert faults() == []


def test_an_event_is_recorded_in_a_transaction_and_not_in_a_savepoint(app):
    with pytest.raises(RuntimeError, match="transaction of its use case"):
        trail.record_event(db.session(), SYSTEM, "note", "round", "R")
    with pytest.raises(RuntimeError, match="savepoint"), transaction() as session, session.begin_nested():
        trail.record_event(session, SYSTEM, "note", "round", "R")
    with transaction() as session:
        trail.record_event(session, SYSTEM, "note", "round", "outer")
        with session.begin_nested() as savepoint:
            savepoint.rollback()
    with transaction() as session:
        session.execute(text("SELECT 1"))
        trail.record_event(session, SYSTEM, "note", "round", "undone")
        session.rollback()
    assert db.session.scalars(select(AuditEvent.record_reference)).all() == ["outer"]
    assert faults() == []


def test_a_chain_without_its_head_takes_nothing_more_and_says_so(app):
    add_events(1)
    with pytest.raises(DBAPIError, match="only ever"):
        db.session.execute(text("DELETE FROM audit_head"))
    db.session.rollback()
    is_sqlite = db.engine.dialect.name == "sqlite"
    name = "audit_head_no_delete" if is_sqlite else "audit_head_only_changed ON audit_head"
    as_attacker(f"DROP TRIGGER {name}", "DELETE FROM audit_head")
    with pytest.raises(RuntimeError, match="lost its head"):
        add_events(1)
    assert faults() == [("cut", 1)]


def test_facts_are_hashed_as_the_database_gives_them_back(app):
    facts = {"seats": 3, "naïve": "né à Kyiv, Київ", "nested": {"b": [1, 2.5, None], 7: True}}
    with transaction() as session:
        trail.record_event(session, SYSTEM, "note", "round", "R", ["title"], facts)
        trail.record_event(session, SYSTEM, "note", "round", "R")
    db.session.expire_all()
    assert faults() == []


def test_writers_at_once_make_one_chain(app):
    acts, start = 20, Barrier(20)

    def write(number: int) -> None:
        with app.app_context():
            start.wait()
            for _ in range(5):
                with transaction() as session:
                    trail.record_event(session, SYSTEM, "note", "round", f"R-{number}")
            db.session.remove()

    with ThreadPoolExecutor(acts) as threads:
        list(threads.map(write, range(acts)))
    assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == 5 * acts
    assert faults() == []


def test_a_fork_is_impossible_even_past_the_service(app):
    add_events(2)
    first, second = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))
    values = {
        column.key: getattr(second, column.key)
        for column in AuditEvent.__table__.columns
        if column.key != "id"
    }
    assert second.previous_sha256 == first.sha256
    with pytest.raises((IntegrityError, DBAPIError)):
        db.session.execute(insert(AuditEvent).values(id=3, **(values | {"sha256": "f" * 64})))
    db.session.rollback()


# -- the database refuses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET action = 'other' WHERE id = 1",
        "UPDATE audit_event SET id = 9 WHERE id = 2",
        "DELETE FROM audit_event WHERE id = 2",
        "DELETE FROM audit_event",
        "UPDATE audit_seal SET sha256 = 'f' WHERE number = 2",
        "DELETE FROM audit_seal",
    ],
)
def test_the_database_itself_refuses_to_change_or_delete_what_is_traced(app, seals_file, statement):
    add_events(2)
    audit.seal_chain(SYSTEM, KEY, seals_file)
    with pytest.raises(DBAPIError, match="only ever added to"):
        db.session.execute(text(statement))
    db.session.rollback()
    assert faults() == []


@pytest.mark.parametrize("same", ["id", "sha256", "previous_sha256"])
def test_the_database_refuses_to_replace_or_empty_what_is_traced(app, same):
    add_events(2)
    other = {"id": "9", "sha256": f"'{'e' * 64}'", "previous_sha256": f"'{'d' * 64}'"}
    del other[same]
    taken = ", ".join(other.get(column.key, column.key) for column in AuditEvent.__table__.columns)
    columns = ", ".join(column.key for column in AuditEvent.__table__.columns)
    statement = (
        f"INSERT OR REPLACE INTO audit_event ({columns}) SELECT {taken} FROM audit_event WHERE id = 1"
        if db.engine.dialect.name == "sqlite"
        else "TRUNCATE audit_event"
    )
    with pytest.raises(DBAPIError, match="only ever added to"):
        db.session.execute(text(statement))
    db.session.rollback()
    assert faults() == []


# -- what is found ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "action = 'nota'",
        "actor_role = 'coordinator'",
        "record_reference = 'R-7'",
        "record_kind = 'need'",
        "fields = '[\"titlf\"]'",
        "facts = '{\"version\": 7}'",
        "facts = NULL",
        "at = '2001-01-01 00:00:00'",
    ],
)
def test_a_changed_byte_is_found(app, change):
    add_events(5)
    as_attacker(f"UPDATE audit_event SET {change} WHERE id = 3")
    assert faults() == [("changed", 3)]


def test_a_changed_event_with_a_hash_to_match_breaks_the_link_after_it(app):
    add_events(5)
    row = db.session.get(AuditEvent, 3)
    assert row is not None
    row.action = "forged"
    forged = digest(row)
    db.session.rollback()
    as_attacker(f"UPDATE audit_event SET action = 'forged', sha256 = '{forged}' WHERE id = 3")
    assert faults() == [("unlinked", 4)]


def test_a_missing_event_is_found(app):
    add_events(5)
    as_attacker("DELETE FROM audit_event WHERE id = 3")
    assert faults() == [("missing", 3), ("unlinked", 4)]


def test_a_cut_tail_is_found(app):
    add_events(5)
    as_attacker("DELETE FROM audit_event WHERE id > 3")
    assert faults() == [("cut", 3)]


def test_a_tail_that_is_cut_with_its_head_is_found_by_the_seal(app, seals_file):
    add_events(5)
    audit.seal_chain(SYSTEM, KEY, seals_file)
    third = db.session.get(AuditEvent, 3)
    assert third is not None
    as_attacker(
        "DELETE FROM audit_event WHERE id > 3",
        f"UPDATE audit_head SET number = 3, sha256 = '{third.sha256}'",
    )
    assert faults() == [("cut", 5)]


def test_a_tail_that_is_cut_with_head_and_seal_is_found_by_the_file_alone(app, seals_file):
    add_events(3)
    audit.seal_chain(SYSTEM, KEY, seals_file)
    add_events(2)
    audit.seal_chain(SYSTEM, KEY, seals_file)
    third = db.session.get(AuditEvent, 3)
    assert third is not None
    engine = db.engine.dialect.name
    names = (
        [f"audit_seal_no_{act}" for act in ("update", "delete", "replace")]
        if engine == "sqlite"
        else ["audit_seal_only_added"]
    )
    as_attacker(
        *(f"DROP TRIGGER {name}" + ("" if engine == "sqlite" else " ON audit_seal") for name in names),
        "DELETE FROM audit_event WHERE id > 3",
        f"UPDATE audit_head SET number = 3, sha256 = '{third.sha256}'",
        "DELETE FROM audit_seal WHERE number > 3",
    )
    assert faults() == []
    assert faults(outside=audit.read_seals(seals_file)[0]) == [("cut", 5)]


def test_a_chain_written_anew_is_found_by_its_seal(app, seals_file):
    add_events(4)
    audit.seal_chain(SYSTEM, KEY, seals_file)
    previous, statements = NO_HASH, []
    for row in db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)):
        row.actor_role, row.previous_sha256 = "nobody", previous
        previous = digest(row)
        statements.append(
            f"UPDATE audit_event SET actor_role = 'nobody', previous_sha256 = '{row.previous_sha256}', "
            f"sha256 = '{previous}' WHERE id = {row.id}"
        )
    db.session.rollback()
    as_attacker(*statements, f"UPDATE audit_head SET sha256 = '{previous}'")
    assert faults() == [("rewritten", 4)]


def test_a_seal_of_another_key_or_over_something_else_is_false(app, seals_file):
    add_events(2)
    audit.seal_chain(SYSTEM, bytes(32), seals_file)
    assert faults() == [("false_seal", 2)]
    assert faults(audit.public_key_of(bytes(32))) == []
    add_events(1)
    seal = audit.seal_chain(SYSTEM, KEY, seals_file)
    assert seal is not None
    db.session.rollback()
    with db.engine.connect() as connection:
        moved = {"number": 9, "sha256": "e" * 64, "at": seal.at, "public_key": PUBLIC}
        connection.execute(insert(AuditSeal).values(**moved, signature=seal.signature))
        moved = moved | {"number": 8, "sha256": "d" * 64}
        connection.execute(insert(AuditSeal).values(**moved, signature="not hex and of no use"))
        connection.commit()
    assert faults(PUBLIC, audit.public_key_of(bytes(32))) == [("false_seal", 8), ("false_seal", 9)]


@pytest.mark.parametrize(
    "change",
    [
        "fields = '[ \"title\" ]'",
        'facts = \'{"version": 9, "version": 2}\'',
        'facts = \'{"version": 2, "a": "\\ud800"}\'',
        "facts = 'null'",
    ],
)
def test_what_is_hashed_is_the_text_that_is_kept(app, change):
    add_events(5)
    as_attacker(f"UPDATE audit_event SET {change} WHERE id = 3")
    assert faults() == [("changed", 3)]


UNREADABLE = {
    "sqlite": ("fields = 'no json'", "action = CAST('nota' AS BLOB)", "at = 'garbage'"),
    "postgresql": ("at = 'infinity'", "at = '-infinity'"),
}


def test_what_no_reader_can_make_sense_of_is_found_as_well(app):
    add_events(9)
    changes = UNREADABLE[db.engine.dialect.name]
    as_attacker(
        *(f"UPDATE audit_event SET {change} WHERE id = {2 * n + 1}" for n, change in enumerate(changes))
    )
    assert faults() == [("changed", 2 * n + 1) for n in range(len(changes))]


def test_a_first_event_that_comes_while_the_chain_is_read_is_no_fault(app, monkeypatch):
    read, looks = audit_chain.read_as_stored, []

    def read_and_then_add(session):
        yield from read(session)
        if not looks:
            looks.append(1)
            session.rollback()
            add_events(1)

    monkeypatch.setattr(audit, "read_as_stored", read_and_then_add)
    assert faults() == []
    assert looks


# -- seals --------------------------------------------------------------------------------------------------


def test_a_seal_covers_what_was_added_since_the_last_and_is_in_the_file_as_well(app, seals_file):
    add_events(2)
    first = audit.seal_chain(SYSTEM, KEY, seals_file)
    assert audit.seal_chain(SYSTEM, KEY, seals_file) is None
    add_events(1)
    second = audit.seal_chain(SYSTEM, KEY, seals_file)
    assert audit.read_seals(seals_file) == ([first, second], [])
    report = audit.verify_audit(SYSTEM, [PUBLIC], audit.read_seals(seals_file)[0])
    assert (report.events, report.seals, report.sealed, report.faults) == (3, 2, 3, [])


def test_a_seal_that_cannot_be_kept_outside_is_not_kept_inside(app, tmp_path):
    add_events(1)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"):
        audit.seal_chain(SYSTEM, KEY, tmp_path / "file" / "seals.jsonl")
    assert db.session.scalars(select(AuditSeal)).all() == []


NOT_QUITE = '{"format": "lcm-audit-seal/1", "at": "2027-01-01T00:00:00+00:00", "sha256": "a", '


@pytest.mark.parametrize(
    "line",
    [
        *("{", "[]", "null", "{}", '{"format": "other"}', "[" * 100_000, "\u00ff\u00fe"),
        '{"format": "lcm-audit-seal/1", "at": 3}',
        NOT_QUITE + '"number": "1", "public_key": "b", "signature": "c"}',
        NOT_QUITE + '"number": 1, "public_key": [], "signature": "c"}',
        NOT_QUITE + '"number": 1, "public_key": "b", "signature": 5}',
    ],
)
def test_a_line_that_is_no_seal_is_numbered_and_those_around_it_are_read(app, seals_file, line):
    add_events(1)
    first = audit.seal_chain(SYSTEM, KEY, seals_file)
    with seals_file.open("ab") as file:
        file.write(line.encode("latin-1"))
    add_events(1)
    second = audit.seal_chain(SYSTEM, KEY, seals_file)
    assert audit.read_seals(seals_file) == ([first, second], [2])


@pytest.mark.parametrize("role", ["focal_point", "observer", "coordinator"])
def test_only_administrators_verify_and_only_the_service_seals(app, seals_file, role):
    actor = factories.make_actor(role)
    with pytest.raises(NotAllowed):
        audit.verify_audit(actor, [PUBLIC])
    with pytest.raises(NotAllowed):
        audit.seal_chain(factories.make_actor("administrator"), KEY, seals_file)
    assert audit.verify_audit(factories.make_actor("administrator"), [PUBLIC]).faults == []


# -- a long chain -------------------------------------------------------------------------------------------


def test_a_long_chain_is_verified_and_a_flipped_byte_in_it_found(app, size, record_property):
    events = 100_000 if size == "full" else 3_000
    rows, previous, at = [], NO_HASH, utc_now()
    for number in range(1, events + 1):
        row = AuditEvent(
            id=number,
            at=at + timedelta(microseconds=number),
            actor_role="coordinator",
            action="revise",
            record_kind="need",
            record_reference=f"N-{number:06}",
            fields=["seats", "languages"],
            facts={"version": number},
            previous_sha256=previous,
        )
        row.sha256 = previous = digest(row)
        rows.append({column.key: getattr(row, column.key) for column in AuditEvent.__table__.columns})
    db.session.execute(insert(AuditEvent), rows)
    db.session.execute(update(AuditHead).values(number=events, sha256=previous))
    db.session.commit()
    begun = time.monotonic()
    assert faults() == []
    record_property("seconds", time.monotonic() - begun)
    as_attacker(f"UPDATE audit_event SET record_reference = 'N-x' WHERE id = {events // 2}")
    assert faults() == [("changed", events // 2)]


def test_use_cases_leave_a_whole_chain(app):
    owner = factories.make_actor()
    factories.make_round("R")
    need = submissions.submit_need(owner, owner.participant_code, "R", {"title": "T"})
    submissions.revise_need(owner, need.reference, {"title": "Other"}, 1)
    assert faults() == []
    assert [entry.action for entry in trail.list_events(owner, "need", need.reference)] == [
        "submit",
        "revise",
    ]
    line = json.loads(audit.SealedHead(1, "a", utc_now(), "b", "c").line())
    assert line["format"] == "lcm-audit-seal/1"
