"""Records know whether their note still vouches for them, since when they are circulated, and of which last day
their owner was reminded.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = ("need", "offer", "support")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("authenticated_at", sa.DateTime(), nullable=True))
        op.add_column(table, sa.Column("circulated_at", sa.DateTime(), nullable=True))
        op.add_column(table, sa.Column("reminded_of", sa.Date(), nullable=True))
        rows = sa.table(table, sa.column("state"), sa.column("authenticated_at"), sa.column("changed_at"))
        vouched_for = rows.c.state == "authenticated"
        op.execute(rows.update().where(vouched_for).values(authenticated_at=rows.c.changed_at))
    # Until now nobody was told who would read of a need by that consent: it is asked for anew.
    op.execute("UPDATE need SET visibility_consent = NULL WHERE visibility_consent")


def downgrade() -> None:
    # The earlier service would show a draft to everybody: nothing is shown, and nothing thrown away, unasked.
    drafts = [
        table
        for table in TABLES
        if op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {table} WHERE state = 'draft'"))  # noqa: S608
    ]
    if drafts:
        raise RuntimeError(
            f"There are drafts among the records ({', '.join(drafts)}), which the earlier version would show to "
            "everybody. Have them sent or discarded before you go back to it."
        )
    # The earlier service knows no step that leads to or from these.
    for table in TABLES:
        rows = sa.table(
            table, sa.column("state"), sa.column("authenticated_at"), sa.column("acknowledged_at")
        )
        was = sa.case((rows.c.authenticated_at.is_not(None), "authenticated"), else_="acknowledged")
        op.execute(rows.update().where(rows.c.state == "circulated").values(state=was))
        op.execute(rows.update().where(rows.c.state == "expired").values(state="withdrawn"))
    for table in TABLES:
        with op.batch_alter_table(table) as batch_op:
            for column in ("reminded_of", "circulated_at", "authenticated_at"):
                batch_op.drop_column(column)
