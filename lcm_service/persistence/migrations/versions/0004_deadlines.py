"""Proposals have a deadline, by which silence lets them lapse."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATE_CHECK = "ck_match_state_word"
DAYS = 14


def upgrade() -> None:
    op.add_column("round", sa.Column("answer_days", sa.Integer(), server_default=str(DAYS), nullable=False))
    with op.batch_alter_table("match") as batch_op:
        batch_op.add_column(sa.Column("answer_by", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("reminded_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("lapsed_at", sa.DateTime(), nullable=True))
        batch_op.drop_constraint(op.f(STATE_CHECK), type_="check")
        batch_op.create_check_constraint(
            op.f(STATE_CHECK), "state IN ('proposed', 'agreed', 'declined', 'released', 'lapsed')"
        )
    op.create_index(op.f("ix_match_answer_by"), "match", ["answer_by"])
    _give_days_to_what_waits()


def downgrade() -> None:
    # A state that was not known before: what lapsed is given up.
    op.execute("UPDATE match SET state = 'released' WHERE state = 'lapsed'")
    op.drop_index(op.f("ix_match_answer_by"), table_name="match")
    with op.batch_alter_table("match") as batch_op:
        batch_op.drop_constraint(op.f(STATE_CHECK), type_="check")
        batch_op.create_check_constraint(
            op.f(STATE_CHECK), "state IN ('proposed', 'agreed', 'declined', 'released')"
        )
        batch_op.drop_column("lapsed_at")
        batch_op.drop_column("reminded_at")
        batch_op.drop_column("answer_by")
    op.drop_column("round", "answer_days")


def _give_days_to_what_waits() -> None:
    """Whoever was asked before there were deadlines has the whole time from now."""
    connection = op.get_bind()
    later = f"datetime('now', '+{DAYS} days')"
    if connection.dialect.name == "postgresql":
        later = f"(now() AT TIME ZONE 'utc') + interval '{DAYS} days'"
    connection.execute(sa.text(f"UPDATE match SET answer_by = {later} WHERE state = 'proposed'"))  # noqa: S608
