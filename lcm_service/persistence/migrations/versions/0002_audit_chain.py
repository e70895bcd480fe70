"""Chain the audit events, seal the chain, and have the database refuse to change either."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NO_HASH = "0" * 64
# With the column that is the place of a row.
ONLY_ADDED = {"audit_event": "id", "audit_seal": "number"}


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seal")),
    )
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.add_column(sa.Column("previous_sha256", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("sha256", sa.String(length=64), nullable=True))
    number, last = _chain_what_is_there()
    op.get_bind().execute(
        sa.text("INSERT INTO audit_head (id, number, sha256) VALUES (1, :number, :sha256)"),
        {"number": number, "sha256": last},
    )
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.alter_column("previous_sha256", existing_type=sa.String(length=64), nullable=False)
        batch_op.alter_column("sha256", existing_type=sa.String(length=64), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_audit_event_previous_sha256"), ["previous_sha256"])
        batch_op.create_unique_constraint(batch_op.f("uq_audit_event_sha256"), ["sha256"])
    _refuse_changes()


def downgrade() -> None:
    connection = op.get_bind()
    for table in ONLY_ADDED:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"DROP TRIGGER {table}_only_added ON {table}"))
            connection.execute(sa.text(f"DROP TRIGGER {table}_not_emptied ON {table}"))
        else:
            for act in ("update", "delete", "replace"):
                connection.execute(sa.text(f"DROP TRIGGER {table}_no_{act}"))
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("DROP TRIGGER audit_head_only_changed ON audit_head"))
        connection.execute(sa.text("DROP FUNCTION refuse_change()"))
        # What the tables were before gives numbers of its own again.
        connection.execute(
            sa.text(
                "SELECT setval(pg_get_serial_sequence('audit_event', 'id'), "
                "(SELECT coalesce(max(id), 0) + 1 FROM audit_event), false)"
            )
        )
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_audit_event_sha256"), type_="unique")
        batch_op.drop_constraint(batch_op.f("uq_audit_event_previous_sha256"), type_="unique")
        batch_op.drop_column("sha256")
        batch_op.drop_column("previous_sha256")
    op.drop_table("audit_seal")
    op.drop_table("audit_head")


def _chain_what_is_there() -> tuple[int, str]:
    """Number the events without a gap and chain them, over the text that is kept; gives the last number and
    hash.
    """
    connection = op.get_bind()
    texts = "at, fields, facts"
    if connection.dialect.name == "postgresql":
        texts = "to_char(at, 'YYYY-MM-DD HH24:MI:SS.US') AS at, fields::text AS fields, facts::text AS facts"
    query = (
        f"SELECT id, {texts}, actor_id, actor_role, action, record_kind, record_reference FROM audit_event"  # noqa: S608
    )
    number, last = 0, NO_HASH
    for row in connection.execute(sa.text(f"{query} ORDER BY id")).mappings().all():
        number += 1
        names = (
            "at",
            "actor_id",
            "actor_role",
            "action",
            "record_kind",
            "record_reference",
            "fields",
            "facts",
        )
        content = [number, *(row[name] for name in names), last]
        sha256 = hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
        connection.execute(
            sa.text(
                "UPDATE audit_event SET id = :number, previous_sha256 = :last, sha256 = :sha256 WHERE id = "
                ":id"
            ),
            {"number": number, "last": last, "sha256": sha256, "id": row["id"]},
        )
        last = sha256
    return number, last


def _refuse_changes() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.execute(
            sa.text(
                "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$"
            )
        )
        for table in ONLY_ADDED:
            connection.execute(
                sa.text(
                    f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table} "
                    "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
                )
            )
            connection.execute(
                sa.text(
                    f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
                    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
                )
            )
        connection.execute(
            sa.text(
                "CREATE TRIGGER audit_head_only_changed BEFORE DELETE ON audit_head "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
        )
        return
    connection.execute(
        sa.text(
            "CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head "
            "BEGIN SELECT RAISE(ABORT, 'audit_head is only ever changed'); END"
        )
    )
    for table, place in ONLY_ADDED.items():
        refusal = f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        for act in ("update", "delete"):
            statement = f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} {refusal}"
            connection.execute(sa.text(statement))
        # INSERT OR REPLACE deletes without a word to the trigger above.
        same = f"{place} = NEW.{place}"
        if table == "audit_event":
            same += " OR sha256 = NEW.sha256 OR previous_sha256 = NEW.previous_sha256"
        is_there = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of this file
        statement = f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {is_there} {refusal}"
        connection.execute(sa.text(statement))
