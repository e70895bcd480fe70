"""The migrations make exactly the tables that the code knows, on both engines, and take them away again."""

import re

import flask_migrate
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text

from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import Table, db, transaction
from lcm_service.persistence.tables import Match
from lcm_service.services import audit, decisions
from lcm_service.services.trail import record_event
from tests import factories
from tests.fixtures import make_app
from tests.service import matching_rounds as rounds

# The migration before the one that leaves an address one invitation that waits.
BEFORE_ONE_INVITATION = "0006"


def test_migrations_and_tables_say_the_same(app):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []


def words_of(check: str) -> frozenset[str]:
    return frozenset(re.findall(r"'([^']+)'", check))


def test_migrations_write_every_check_with_its_words(app):
    inspector = inspect(db.engine)
    for table in Table.metadata.sorted_tables:
        checks = [rule for rule in table.constraints if isinstance(rule, CheckConstraint)]
        declared = {(rule.name, words_of(str(rule.sqltext))) for rule in checks}
        written = {
            (rule["name"], words_of(rule["sqltext"])) for rule in inspector.get_check_constraints(table.name)
        }
        assert written == declared, table.name


def test_a_downgrade_leaves_nothing_and_an_upgrade_brings_all_back(database_url):
    app = make_app(database_url)
    with app.app_context():
        flask_migrate.upgrade()
        everything = set(inspect(db.engine).get_table_names())
        assert everything == {*Table.metadata.tables, "alembic_version"}
        db.session.remove()
        flask_migrate.downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
        flask_migrate.upgrade()
        assert set(inspect(db.engine).get_table_names()) == everything
        db.engine.dispose()


def test_of_several_invitations_of_one_address_the_latest_waits(database_url):
    app = make_app(database_url)
    add = text(
        "INSERT INTO invitation (email, name, role, is_lead, language, code_sha256, created_at, expires_at, "
        "accepted_at) VALUES (:email, 'N', 'observer', :no, 'en', :code, :at, :at, :accepted_at)"
    )
    with app.app_context():
        flask_migrate.upgrade(revision=BEFORE_ONE_INVITATION)
        for number, (email, accepted_at) in enumerate(
            [("a@x", None), ("a@x", "2026-01-02 03:04:05"), ("a@x", None), ("b@x", None), ("a@x", None)]
        ):
            values = {"email": email, "code": str(number), "accepted_at": accepted_at, "no": False}
            db.session.execute(add, values | {"at": "2026-01-02 03:04:05"})
        db.session.commit()
        db.session.remove()
        flask_migrate.upgrade()
        query = text("SELECT code_sha256 FROM invitation WHERE accepted_at IS NULL AND withdrawn_at IS NULL")
        assert sorted(db.session.scalars(query)) == ["3", "4"]
        db.session.remove()
        db.engine.dispose()


def test_events_that_are_there_are_chained_and_can_be_added_to_before_and_after(database_url):
    app = make_app(database_url)
    add = (
        "INSERT INTO audit_event ({id}at, actor_role, action, record_kind, record_reference, fields, facts) "
        "VALUES ({value}:at, 'system', 'load', 'need', :reference, :fields, :facts)"
    )
    fields = '["title"]'
    rows = [
        ("2026-01-02 03:04:05.600000", "N-é", '{"b": 1, "a": [1e3, null]}'),
        ("2026-01-02 03:04:05.000000", "N-Київ", None),
        ("2026-01-02 03:04:05.123456", "N-3", "null"),
    ]
    with app.app_context():
        flask_migrate.upgrade(revision="0001")
        for number, (at, reference, facts) in zip((2, 5, 9), rows, strict=True):
            values = {"id": number, "at": at, "reference": reference, "fields": fields, "facts": facts}
            db.session.execute(text(add.format(id="id, ", value=":id, ")), values)
        db.session.commit()
        db.session.remove()
        flask_migrate.upgrade()
        report = audit.verify_audit(SYSTEM, [])
        assert (report.events, report.faults) == (3, [])
        with transaction() as session:
            record_event(session, SYSTEM, "note", "round", "R", ["title"], {"version": 1})
        assert audit.verify_audit(SYSTEM, []).faults == []
        db.session.remove()
        flask_migrate.downgrade(revision="0001")
        at, reference, facts = rows[0]
        values = {"at": at, "reference": reference, "fields": fields, "facts": facts}
        db.session.execute(text(add.format(id="", value="")), values)
        db.session.commit()
        db.session.remove()
        flask_migrate.upgrade()
        report = audit.verify_audit(SYSTEM, [])
        assert (report.events, report.faults) == (5, [])
        db.session.remove()
        db.engine.dispose()


def test_matches_that_both_sides_saw_count_as_put_to_the_provider_when_they_were_published(database_url):
    app = make_app(database_url)
    with app.app_context():
        flask_migrate.upgrade()
        actor, round_ = rounds.coordinator(), factories.make_round()
        for _ in range(2):
            factories.make_need(round=round_, seats_asked=12)
        factories.make_offer(round=round_)
        rounds.publish(actor, rounds.solve_round(actor, round_), put=False)
        first, second = decisions.list_matches(actor, round_.code)
        decisions.consent_to_match(actor, second.id, second.version, on_behalf=True)
        db.session.remove()
        flask_migrate.downgrade(revision="0010")
        # What no provider was asked about is given up: the earlier service would show it to it.
        kept = "SELECT id, state FROM match ORDER BY id"
        assert db.session.execute(text(kept)).all() == [(first.id, "released"), (second.id, "proposed")]
        db.session.remove()
        flask_migrate.upgrade()
        row = db.session.get(Match, second.id)
        assert (row.state, row.put_to_provider_at, row.seats_put) == (
            "proposed",
            row.created_at,
            second.seats,
        )
        assert (row.put_by_id, row.known_state) == (None, None)
        assert decisions.find_match(actor, second.id).consent.is_recorded is False
        db.session.remove()
        db.engine.dispose()
