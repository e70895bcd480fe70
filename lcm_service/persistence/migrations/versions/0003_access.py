"""Sign-ins, second factors, invitations and delegations become records; tokens get a scope."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROLES = "('focal_point', 'coordinator', 'observer', 'administrator')"


def upgrade() -> None:
    _create_invitations()
    _create_sign_ins()
    _create_second_factors()
    # A server's default, because rows are there already. The table is not made anew, for others point at it.
    op.add_column("person", sa.Column("is_lead", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "uq_person_lead",
        "person",
        ["participant_id"],
        unique=True,
        sqlite_where=sa.text("is_lead"),
        postgresql_where=sa.text("is_lead"),
    )
    op.drop_column("person", "sign_in_epoch")
    with op.batch_alter_table("api_token") as batch_op:
        batch_op.add_column(sa.Column("scope", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("taken_back_at", sa.DateTime(), nullable=True))
    # Tokens that were made before could do all that their person may.
    op.execute("UPDATE api_token SET scope = 'act'")
    with op.batch_alter_table("api_token") as batch_op:
        batch_op.alter_column("scope", existing_type=sa.String(length=20), nullable=False)
        batch_op.create_check_constraint(op.f("ck_api_token_scope_word"), "scope IN ('read', 'act')")


def downgrade() -> None:
    # Without these columns a token that was taken back, or was good for reading alone, could do everything.
    op.execute("DELETE FROM api_token WHERE taken_back_at IS NOT NULL OR scope <> 'act'")
    with op.batch_alter_table("api_token") as batch_op:
        batch_op.drop_constraint(op.f("ck_api_token_scope_word"), type_="check")
        batch_op.drop_column("taken_back_at")
        batch_op.drop_column("scope")
    op.add_column("person", sa.Column("sign_in_epoch", sa.Integer(), server_default="0", nullable=False))
    op.drop_index("uq_person_lead", table_name="person")
    op.drop_column("person", "is_lead")
    for table in ("recovery_code", "second_factor", "sign_in", "lead_delegation", "invitation"):
        op.drop_table(table)


def _create_invitations() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("is_lead", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("invited_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(f"role IN {ROLES}", name=op.f("ck_invitation_role_word")),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["person.id"], name=op.f("fk_invitation_invited_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_invitation_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("code_sha256", name=op.f("uq_invitation_code_sha256")),
    )
    op.create_index(op.f("ix_invitation_email"), "invitation", ["email"])
    op.create_index(op.f("ix_invitation_participant_id"), "invitation", ["participant_id"])
    op.create_table(
        "lead_delegation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_lead_delegation_days_in_order")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_lead_delegation_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_delegation")),
    )
    op.create_index(op.f("ix_lead_delegation_person_id"), "lead_delegation", ["person_id"])


def _create_sign_ins() -> None:
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=False),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sign_in_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("key_sha256", name=op.f("uq_sign_in_key_sha256")),
    )
    op.create_index(op.f("ix_sign_in_person_id"), "sign_in", ["person_id"])
    op.create_index(op.f("ix_sign_in_ends_at"), "sign_in", ["ends_at"])


def _create_second_factors() -> None:
    op.create_table(
        "second_factor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("sealed_secret", sa.String(length=300), nullable=False),
        sa.Column("set_up_at", sa.DateTime(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_second_factor_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factor")),
        sa.UniqueConstraint("person_id", name=op.f("uq_second_factor_person_id")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_recovery_code_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("code_sha256", name=op.f("uq_recovery_code_code_sha256")),
    )
    op.create_index(op.f("ix_recovery_code_person_id"), "recovery_code", ["person_id"])
