"""Messages of the outbox become deliveries, one for each person whom they concern."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox_message") as batch_op:
        # Nothing was ever sent before this.
        batch_op.alter_column("sent_at", new_column_name="handed_on_at", existing_type=sa.DateTime())
        batch_op.drop_column("attempts")
    op.create_table(
        "mail_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("given_up_at", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outbox_message.id"], name=op.f("fk_mail_delivery_message_id_outbox_message")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_delivery_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_delivery")),
        sa.UniqueConstraint("message_id", "person_id", name=op.f("uq_mail_delivery_message_id")),
    )
    op.create_index(op.f("ix_mail_delivery_message_id"), "mail_delivery", ["message_id"])
    op.create_index("ix_mail_delivery_due", "mail_delivery", ["person_id", "sent_at", "due_at"])


def downgrade() -> None:
    op.drop_table("mail_delivery")
    with op.batch_alter_table("outbox_message") as batch_op:
        batch_op.alter_column("handed_on_at", new_column_name="sent_at", existing_type=sa.DateTime())
        batch_op.add_column(sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
