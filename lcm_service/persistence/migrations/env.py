"""Run by Alembic inside the application: the database is the application's own."""

from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy import Connection, DateTime, TypeDecorator

from lcm_service.persistence import tables  # noqa: F401 - fills the metadata
from lcm_service.persistence.database import Table, db


def render_plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our column types as the plain ones beneath, so that an old migration never needs today's code."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return "sa.DateTime()" if isinstance(item.impl, DateTime) else "sa.JSON()"
    return False


def run_migrations() -> None:
    """Bring the application's database to the asked revision, all in one transaction."""
    options = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # SQLite changes a table by making it anew, and others may point at it meanwhile; they are looked
            # over at the end. It can be told so outside of a transaction alone.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Table.metadata,
            render_item=render_plain_types,
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()
            _require_whole_references(connection)
        connection.commit()
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _require_whole_references(connection: Connection) -> None:
    """Raise RuntimeError, which takes the migration back, where a row points at one that is not there."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"The migration would leave rows that point nowhere: {broken[:5]}")


run_migrations()
