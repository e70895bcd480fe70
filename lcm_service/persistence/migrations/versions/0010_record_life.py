"""Records are acknowledged, authenticated by a note verbale, and given back with questions."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("need", "offer", "support")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("acknowledged_at", sa.DateTime(), nullable=True))
        op.add_column(table, sa.Column("note_reference", sa.String(length=300), nullable=True))
        op.add_column(table, sa.Column("note_date", sa.Date(), nullable=True))
        op.add_column(table, sa.Column("return_questions", sa.Text(), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch_op:
            for column in ("return_questions", "note_date", "note_reference", "acknowledged_at"):
                batch_op.drop_column(column)
