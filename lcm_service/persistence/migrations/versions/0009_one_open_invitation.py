"""An address has one invitation that waits: of several, the latest."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None

WAITS = "accepted_at IS NULL AND withdrawn_at IS NULL"


def upgrade() -> None:
    table = sa.table(
        "invitation",
        sa.column("id", sa.Integer()),
        sa.column("email", sa.String()),
        sa.column("withdrawn_at", sa.DateTime()),
    )
    latest = sa.select(sa.func.max(table.c.id)).where(sa.text(WAITS)).group_by(table.c.email)
    now = datetime.now(UTC).replace(tzinfo=None)
    op.execute(table.update().where(sa.text(WAITS), table.c.id.not_in(latest)).values(withdrawn_at=now))
    op.create_index(
        "uq_invitation_open",
        "invitation",
        ["email"],
        unique=True,
        sqlite_where=sa.text(WAITS),
        postgresql_where=sa.text(WAITS),
    )


def downgrade() -> None:
    op.drop_index("uq_invitation_open", table_name="invitation")
