"""What comes after an agreement: deliveries, what both sides say of them, and the records of courses."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SIDES = "'recipient', 'provider'"
STANDINGS = "'submitted', 'public_sources', 'exercise'"
REASONS = "'provider_called_off', 'trainees_did_not_come', 'travel_or_visa', 'costs', 'security', 'other'"


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("match_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("place_code", sa.String(length=8), nullable=True),
        sa.Column("venue", sa.String(length=300), nullable=True),
        sa.Column("held_from", sa.Date(), nullable=True),
        sa.Column("held_to", sa.Date(), nullable=True),
        sa.Column("seats_used", sa.Integer(), nullable=True),
        sa.Column("women_used", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("reported_side", sa.String(length=40), nullable=True),
        sa.Column("reported_by_id", sa.Integer(), nullable=True),
        sa.Column("reported_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('scheduled', 'delivered', 'not_delivered', 'called_off')",
            name=op.f("ck_delivery_state_word"),
        ),
        sa.CheckConstraint(f"reason IN ({REASONS})", name=op.f("ck_delivery_reason_word")),
        sa.CheckConstraint(f"reported_side IN ({SIDES})", name=op.f("ck_delivery_reported_side_word")),
        sa.ForeignKeyConstraint(["match_id"], ["match.id"], name=op.f("fk_delivery_match_id_match")),
        sa.ForeignKeyConstraint(["place_code"], ["place.code"], name=op.f("fk_delivery_place_code_place")),
        sa.ForeignKeyConstraint(
            ["reported_by_id"], ["person.id"], name=op.f("fk_delivery_reported_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("match_id", name=op.f("uq_delivery_match_id")),
    )
    op.create_table(
        "assessment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("given_by_id", sa.Integer(), nullable=True),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.Column("counted_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(f"side IN ({SIDES})", name=op.f("ck_assessment_side_word")),
        sa.CheckConstraint("answer IN ('yes', 'in_part', 'no')", name=op.f("ck_assessment_answer_word")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_assessment_delivery_id_delivery")
        ),
        sa.ForeignKeyConstraint(
            ["given_by_id"], ["person.id"], name=op.f("fk_assessment_given_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint("delivery_id", "side", name=op.f("uq_assessment_delivery_id")),
    )
    op.create_index(op.f("ix_assessment_delivery_id"), "assessment", ["delivery_id"])
    op.create_table(
        "course_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("standing", sa.String(length=40), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("assessments", sa.Integer(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("replied_at", sa.DateTime(), nullable=True),
        sa.Column("replied_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"standing IN ({STANDINGS})", name=op.f("ck_course_record_standing_word")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["participant.id"], name=op.f("fk_course_record_provider_id_participant")
        ),
        sa.ForeignKeyConstraint(
            ["replied_by_id"], ["person.id"], name=op.f("fk_course_record_replied_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_record")),
        sa.UniqueConstraint("provider_id", "title", "standing", name=op.f("uq_course_record_provider_id")),
    )


def downgrade() -> None:
    # What was reported and said is lost; the audit events tell that it was.
    op.drop_table("course_record")
    op.drop_table("assessment")
    op.drop_table("delivery")
