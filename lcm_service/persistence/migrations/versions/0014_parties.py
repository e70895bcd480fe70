"""The owners of supports confirm their part of a session before the recipients confirm."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATES = "'planned', 'asked', 'confirmed', 'declined', 'released', 'lapsed'"


def upgrade() -> None:
    op.create_table(
        "part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("session_code", sa.String(length=80), nullable=False),
        sa.Column("support_reference", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("per_seat", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("put_at", sa.DateTime(), nullable=True),
        sa.Column("quantity_asked", sa.Integer(), nullable=False),
        sa.Column("seats_asked", sa.Integer(), nullable=False),
        sa.Column("quantity_confirmed", sa.Integer(), nullable=False),
        sa.Column("refuses_more", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("answer_by", sa.DateTime(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_part_state_word")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_part_round_id_round")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_part_plan_id_plan")),
        sa.ForeignKeyConstraint(
            ["support_reference"], ["support.reference"], name=op.f("fk_part_support_reference_support")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_part_decided_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part")),
        sa.UniqueConstraint("round_id", "session_code", "support_reference", name=op.f("uq_part_round_id")),
    )
    for column in ("round_id", "support_reference", "answer_by"):
        op.create_index(op.f(f"ix_part_{column}"), "part", [column])
    with op.batch_alter_table("match") as batch_op:
        batch_op.add_column(
            sa.Column("awaits_parties", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("met_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    # The earlier service does not wait for other parties; what was agreed stays agreed.
    with op.batch_alter_table("match") as batch_op:
        batch_op.drop_column("met_at")
        batch_op.drop_column("awaits_parties")
    op.drop_table("part")
