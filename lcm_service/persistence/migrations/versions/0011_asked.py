"""The recipient is asked first: a provider sees a match once the recipient agrees to be put to it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATE_CHECK = "ck_match_state_word"
KNOWN_CHECK = "ck_match_known_state_word"
BEFORE = "'proposed', 'agreed', 'declined', 'released', 'lapsed'"
AFTER = f"'asked', {BEFORE}"
PUT_BY = "fk_match_put_by_id_person"


def upgrade() -> None:
    with op.batch_alter_table("match") as batch_op:
        batch_op.add_column(sa.Column("put_to_provider_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("seats_put", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("put_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("put_reason", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("put_note", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("known_state", sa.String(length=40), nullable=True))
        batch_op.create_foreign_key(op.f(PUT_BY), "person", ["put_by_id"], ["id"])
        batch_op.drop_constraint(op.f(STATE_CHECK), type_="check")
        batch_op.create_check_constraint(op.f(STATE_CHECK), f"state IN ({AFTER})")
        batch_op.create_check_constraint(op.f(KNOWN_CHECK), f"known_state IN ({AFTER})")
    # Until now both sides saw a match from its publication on. The provider has seen it, and nothing can make
    # that undone; nobody is written down as having agreed to it.
    op.execute("UPDATE match SET put_to_provider_at = created_at, seats_put = seats")


def downgrade() -> None:
    # The earlier service shows every match to both sides. What the provider knows stays as it knows it; what
    # it was never asked about is given up, for nobody agreed that it is asked.
    op.execute(
        "UPDATE match SET state = known_state, seats = seats_put "
        "WHERE state = 'asked' AND known_state IN ('proposed', 'agreed')"
    )
    op.execute("UPDATE match SET state = 'released' WHERE state = 'asked'")
    with op.batch_alter_table("match") as batch_op:
        batch_op.drop_constraint(op.f(KNOWN_CHECK), type_="check")
        batch_op.drop_constraint(op.f(STATE_CHECK), type_="check")
        batch_op.create_check_constraint(op.f(STATE_CHECK), f"state IN ({BEFORE})")
        batch_op.drop_constraint(op.f(PUT_BY), type_="foreignkey")
        for column in (
            "known_state",
            "put_note",
            "put_reason",
            "put_by_id",
            "seats_put",
            "put_to_provider_at",
        ):
            batch_op.drop_column(column)
