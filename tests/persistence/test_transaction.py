"""One use case, one commit: all of it or nothing."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from lcm_service.domain.errors import Conflict, Stale
from lcm_service.persistence.database import db, fresh_session, transaction
from lcm_service.persistence.tables import Participant, Person, Question, Round
from tests import factories

pytestmark = pytest.mark.usefixtures("app")


def count(table) -> int:
    return db.session.query(table).count()


def test_what_a_use_case_writes_is_committed_together():
    with transaction() as session:
        session.add(Participant(code="XAA", kind="member_state", names={"en": "A"}))
        session.add(Participant(code="XBB", kind="member_state", names={"en": "B"}))
    db.session.rollback()
    assert count(Participant) == 2


def test_an_error_takes_everything_back():
    def fail_half_way():
        with transaction() as session:
            session.add(Participant(code="XAA", kind="member_state", names={"en": "A"}))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert count(Participant) == 0


def test_a_use_case_opens_one_transaction_and_no_second_inside():
    def open_two():
        with transaction() as session:
            session.add(Participant(code="XAA", kind="member_state", names={"en": "A"}))
            with transaction():
                pass

    with pytest.raises(RuntimeError):
        open_two()
    assert count(Participant) == 0
    with transaction() as session:
        session.add(Participant(code="XAA", kind="member_state", names={"en": "A"}))
    assert count(Participant) == 1


def test_what_was_read_before_is_read_again_inside():
    round = factories.make_round("R")
    with db.engine.begin() as other:
        other.execute(text("UPDATE round SET title = 'Changed by another', version = 2"))
    with transaction():
        assert round.title == "Changed by another"


def test_a_fresh_session_reads_anew_and_the_callers_is_back_whatever_happens():
    row = factories.make_participant("XAA")
    before, known = db.session(), dict(row.names)
    with fresh_session():
        with transaction() as session:
            session.query(Participant).one().names = {"en": "Another"}
        assert db.session() is not before
        with fresh_session():
            assert db.session.query(Participant).one().names == {"en": "Another"}
    assert db.session() is before
    assert row.names == known
    with pytest.raises(ZeroDivisionError), fresh_session():
        raise ZeroDivisionError
    assert db.session() is before
    db.session.remove()
    with fresh_session():
        assert count(Participant) == 1
    assert not db.session.registry.has()


def test_no_fresh_session_inside_a_transaction():
    with pytest.raises(RuntimeError), transaction(), fresh_session():
        pass


def test_a_write_over_somebody_elses_version_is_stale():
    round = factories.make_round("R")

    def write_what_was_read():
        with transaction() as session:
            assert round.version == 1
            # As another connection would; SQLite lets no other write while this use case runs.
            is_sqlite = db.engine.dialect.name == "sqlite"
            with db.engine.begin() if not is_sqlite else nullcontext(session.connection()) as other:
                other.execute(text("UPDATE round SET version = 7"))
            round.title = "Mine"

    with pytest.raises(Stale):
        write_what_was_read()


def test_moments_come_back_in_utc_whatever_zone_they_were_given_in():
    moment = datetime(2027, 3, 1, 12, tzinfo=timezone(timedelta(hours=3)))
    factories.make_round("R", created_at=moment)
    db.session.expire_all()
    stored = db.session.query(Round).one().created_at
    assert (stored, stored.tzinfo) == (moment, UTC)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(Exception, match="time zone"):
        factories.make_round("R", created_at=datetime(2027, 3, 1))
    db.session.rollback()


def test_unknown_is_null_in_the_database_and_nothing_is_an_empty_list():
    unknown = factories.make_offer(requires=None)
    nothing = factories.make_offer(requires=[])
    rows = dict(map(tuple, db.session.execute(text("SELECT reference, requires IS NULL FROM offer"))))
    assert (bool(rows[unknown.reference]), bool(rows[nothing.reference])) == (True, False)


@pytest.mark.parametrize(
    "row",
    [
        lambda: Participant(code="XAA", kind="kingdom", names={}),
        lambda: Person(email="a@example.org", name="A", role="emperor"),
        lambda: Person(email="a@example.org", name="A", role="observer", participant_id=99),
        lambda: Question(round_id=99, record_kind="need", record_reference="N-1", field="level"),
    ],
    ids=["kind", "role", "participant", "round"],
)
def test_the_database_itself_refuses_other_words_and_references_to_nothing(row):
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(row())


def test_of_two_that_wait_for_each_other_one_is_done_and_the_other_is_told_to_try_again(app):
    """Each holds a round and wants the other's: PostgreSQL ends one; on SQLite they follow each other."""
    codes = [factories.make_round(code).code for code in ("R1", "R2")]
    is_sqlite = db.engine.dialect.name == "sqlite"
    both_hold = Barrier(2)

    def take_both(first, second):
        with app.app_context():
            try:
                with transaction() as session:
                    session.execute(update(Round).where(Round.code == first).values(title="Taken"))
                    if not is_sqlite:
                        both_hold.wait()
                    session.execute(update(Round).where(Round.code == second).values(title="Taken"))
                return "done"
            except Conflict as refusal:
                return refusal.message
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as threads:
        ended = sorted(threads.map(take_both, codes, reversed(codes)))
    if is_sqlite:
        assert ended == ["done", "done"]
    else:
        assert ended == [
            "Others were writing at the same moment, and nothing of this was saved. Try again.",
            "done",
        ]


def test_a_database_that_stays_locked_is_told_in_words(app):
    if db.engine.dialect.name != "sqlite":
        limit = "SET LOCAL lock_timeout = '50ms'"
        hold = "SELECT * FROM round FOR UPDATE"
    else:
        limit, hold = "SELECT 1", "BEGIN IMMEDIATE"
    factories.make_round("R")
    db.session.rollback()

    def write_title():
        with transaction() as session:
            session.execute(text(limit))
            session.execute(update(Round).values(title="Wanted"))

    with db.engine.connect() as other:
        other.execute(text(hold))
        if db.engine.dialect.name == "sqlite":
            db.session.execute(text("PRAGMA busy_timeout=50"))
        with pytest.raises(Conflict, match="Try again"):
            write_title()
        other.rollback()
    db.session.remove()
