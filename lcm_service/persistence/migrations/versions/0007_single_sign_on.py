"""People may sign in by an identity provider, once they have linked their account with one there."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sign_in", sa.Column("is_by_provider", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "authentication_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_authentication_request_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authentication_request")),
        sa.UniqueConstraint("key_sha256", name=op.f("uq_authentication_request_key_sha256")),
    )
    op.create_index(op.f("ix_authentication_request_person_id"), "authentication_request", ["person_id"])
    op.create_index(op.f("ix_authentication_request_ends_at"), "authentication_request", ["ends_at"])
    op.create_table(
        "provider_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject_sha256", sa.String(length=64), nullable=False),
        sa.Column("linked_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_provider_link_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_link")),
        sa.UniqueConstraint("person_id", name=op.f("uq_provider_link_person_id")),
        sa.UniqueConstraint("issuer", "subject_sha256", name=op.f("uq_provider_link_issuer")),
    )


def downgrade() -> None:
    # A sign-in that the provider vouched for would else pass for one by the password.
    op.execute("DELETE FROM sign_in WHERE is_by_provider")
    op.drop_table("provider_link")
    op.drop_table("authentication_request")
    op.drop_column("sign_in", "is_by_provider")
