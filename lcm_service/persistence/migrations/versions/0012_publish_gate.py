"""A plan is put forward by one coordinator, approved by another, and held for a while before it leaves; a
correcting plan tells the sides of what it withdraws.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATE_CHECK = "ck_plan_state_word"
BEFORE = "'draft', 'published', 'superseded', 'discarded'"
AFTER = f"'put_forward', 'approved', {BEFORE}"
PEOPLE = ("put_forward_by_id", "approved_by_id")
MOMENTS = ("put_forward_at", "approved_at", "leaves_at")


def upgrade() -> None:
    op.add_column("match", sa.Column("correction_notice", sa.Text(), nullable=True))
    op.add_column("match", sa.Column("known_notice", sa.Text(), nullable=True))
    op.add_column("round", sa.Column("hold_minutes", sa.Integer(), server_default="30", nullable=False))
    with op.batch_alter_table("plan") as batch_op:
        for column in MOMENTS:
            batch_op.add_column(sa.Column(column, sa.DateTime(), nullable=True))
        for column in PEOPLE:
            batch_op.add_column(sa.Column(column, sa.Integer(), nullable=True))
            batch_op.create_foreign_key(op.f(f"fk_plan_{column}_person"), "person", [column], ["id"])
        batch_op.create_index(op.f("ix_plan_leaves_at"), ["leaves_at"])
        batch_op.drop_constraint(op.f(STATE_CHECK), type_="check")
        batch_op.create_check_constraint(op.f(STATE_CHECK), f"state IN ({AFTER})")


def downgrade() -> None:
    # The earlier service knows no gate: what has not left yet is a draft there, and nobody was told of it.
    op.execute("UPDATE plan SET state = 'draft' WHERE state IN ('put_forward', 'approved')")
    _forget_corrections()
    with op.batch_alter_table("plan") as batch_op:
        batch_op.drop_constraint(op.f(STATE_CHECK), type_="check")
        batch_op.create_check_constraint(op.f(STATE_CHECK), f"state IN ({BEFORE})")
        batch_op.drop_index(op.f("ix_plan_leaves_at"))
        for column in reversed(PEOPLE):
            batch_op.drop_constraint(op.f(f"fk_plan_{column}_person"), type_="foreignkey")
            batch_op.drop_column(column)
        for column in reversed(MOMENTS):
            batch_op.drop_column(column)
    with op.batch_alter_table("round") as batch_op:
        batch_op.drop_column("hold_minutes")
    with op.batch_alter_table("match") as batch_op:
        batch_op.drop_column("known_notice")
        batch_op.drop_column("correction_notice")


def _forget_corrections() -> None:
    """The earlier service reads in a run's choice what is released and held, and nothing else."""
    run = sa.table("run", sa.column("id", sa.Integer), sa.column("choice", sa.JSON))
    connection = op.get_bind()
    for number, choice in connection.execute(sa.select(run.c.id, run.c.choice)).all():
        if choice and "correction" in choice:
            kept = {name: value for name, value in choice.items() if name != "correction"}
            connection.execute(run.update().where(run.c.id == number).values(choice=kept))
