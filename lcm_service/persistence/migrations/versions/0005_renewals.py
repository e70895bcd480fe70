"""A forgotten password can be renewed, by an address that is good once."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "password_renewal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_password_renewal_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_renewal")),
        sa.UniqueConstraint("code_sha256", name=op.f("uq_password_renewal_code_sha256")),
    )
    op.create_index(op.f("ix_password_renewal_person_id"), "password_renewal", ["person_id"])


def downgrade() -> None:
    op.drop_table("password_renewal")
