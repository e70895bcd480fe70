"""A match keeps the plan by which its provider reads it, and until when, since when and how firmly it stood; a
part that is planned anew, in which state its owner reads it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KNOWN_PLAN_KEY = "fk_match_known_plan_id_plan"
KNOWN_STATE_CHECK = "ck_part_known_state_word"
PART_STATES = "'planned', 'asked', 'confirmed', 'declined', 'released', 'lapsed'"


def upgrade() -> None:
    with op.batch_alter_table("match") as batch_op:
        batch_op.add_column(sa.Column("known_plan_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("known_answer_by", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("known_lapsed_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("known_is_firm", sa.Boolean(), nullable=True))
        batch_op.create_foreign_key(op.f(KNOWN_PLAN_KEY), "plan", ["known_plan_id"], ["id"])
    with op.batch_alter_table("part") as batch_op:
        batch_op.add_column(sa.Column("known_state", sa.String(length=40), nullable=True))
        batch_op.create_check_constraint(op.f(KNOWN_STATE_CHECK), f"known_state IN ({PART_STATES})")
    # What providers have read until now was the present plan: nobody can take that back.
    op.execute("UPDATE match SET known_plan_id = plan_id WHERE put_to_provider_at IS NOT NULL")
    op.execute(
        "UPDATE match SET known_answer_by = answer_by, known_lapsed_at = lapsed_at, known_is_firm = is_firm "
        "WHERE known_state IS NOT NULL"
    )


def downgrade() -> None:
    with op.batch_alter_table("part") as batch_op:
        batch_op.drop_constraint(op.f(KNOWN_STATE_CHECK), type_="check")
        batch_op.drop_column("known_state")
    with op.batch_alter_table("match") as batch_op:
        batch_op.drop_constraint(op.f(KNOWN_PLAN_KEY), type_="foreignkey")
        for column in ("known_is_firm", "known_lapsed_at", "known_answer_by", "known_plan_id"):
            batch_op.drop_column(column)
