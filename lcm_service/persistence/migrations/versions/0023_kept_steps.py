"""Drafts remember which steps of their form were kept."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLES = ("need", "offer", "support")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("kept_steps", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("kept_steps")
