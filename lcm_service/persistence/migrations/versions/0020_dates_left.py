"""An answer to other days keeps when its participant left the session, and a proposal ends where it is too
late.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

CHECK = "ck_date_proposal_end_reason_word"
ENDS_BEFORE = "'left', 'moved', 'records'"


def upgrade() -> None:
    with op.batch_alter_table("date_answer") as batch_op:
        batch_op.add_column(sa.Column("left_at", sa.DateTime(), nullable=True))
    _allow_ends(f"{ENDS_BEFORE}, 'late'")


def downgrade() -> None:
    # The earlier service has no word for it; that it ended is kept.
    op.execute("UPDATE date_proposal SET end_reason = NULL WHERE end_reason = 'late'")
    _allow_ends(ENDS_BEFORE)
    with op.batch_alter_table("date_answer") as batch_op:
        batch_op.drop_column("left_at")


def _allow_ends(words: str) -> None:
    with op.batch_alter_table("date_proposal") as batch_op:
        batch_op.drop_constraint(op.f(CHECK), type_="check")
        batch_op.create_check_constraint(op.f(CHECK), f"end_reason IN ({words})")
