"""The migrations make exactly the tables that the code knows, on both engines, and take them away again."""

import re

import flask_migrate
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect

from lcm_service.persistence.database import Table, db
from tests.fixtures import make_app


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
