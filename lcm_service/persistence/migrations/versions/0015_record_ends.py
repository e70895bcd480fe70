"""Records know whether their note still vouches for them, and of which last day their owner was reminded."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("need", "offer", "support")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("authenticated_at", sa.DateTime(), nullable=True))
        op.add_column(table, sa.Column("reminded_of", sa.Date(), nullable=True))
        rows = sa.table(table, sa.column("state"), sa.column("authenticated_at"), sa.column("changed_at"))
        vouched_for = rows.c.state == "authenticated"
        op.execute(rows.update().where(vouched_for).values(authenticated_at=rows.c.changed_at))


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch_op:
            for column in ("reminded_of", "authenticated_at"):
                batch_op.drop_column(column)
