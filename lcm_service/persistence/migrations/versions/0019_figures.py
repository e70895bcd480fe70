"""Figures of a round for everybody, worked out once; the database itself refuses to change or delete them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "figures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(), nullable=False),
        sa.Column("frozen_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('plan', 'courses')", name=op.f("ck_figures_kind_word")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_figures_round_id_round")),
        sa.ForeignKeyConstraint(["frozen_by_id"], ["person.id"], name=op.f("fk_figures_frozen_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figures")),
        sa.UniqueConstraint("round_id", "kind", name=op.f("uq_figures_round_id")),
    )
    op.create_index(op.f("ix_figures_round_id"), "figures", ["round_id"])
    _refuse_changes()


def downgrade() -> None:
    # Its triggers go with the table; the function is that of the chain of events.
    op.drop_table("figures")


def _refuse_changes() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for name, act, each in (
            ("only_added", "UPDATE OR DELETE", "ROW"),
            ("not_emptied", "TRUNCATE", "STATEMENT"),
        ):
            statement = (
                f"CREATE TRIGGER figures_{name} BEFORE {act} ON figures FOR EACH {each} "
                "EXECUTE FUNCTION refuse_change()"
            )
            connection.execute(sa.text(statement))
        return
    refusal = "BEGIN SELECT RAISE(ABORT, 'figures is only ever added to'); END"
    for act in ("update", "delete"):
        statement = f"CREATE TRIGGER figures_no_{act} BEFORE {act.upper()} ON figures {refusal}"
        connection.execute(sa.text(statement))
    # INSERT OR REPLACE deletes without a word to the trigger above.
    is_there = (
        "EXISTS (SELECT 1 FROM figures WHERE id = NEW.id OR (round_id = NEW.round_id AND kind = NEW.kind))"
    )
    statement = f"CREATE TRIGGER figures_no_replace BEFORE INSERT ON figures WHEN {is_there} {refusal}"
    connection.execute(sa.text(statement))
