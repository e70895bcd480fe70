"""A side proposes other days for a session, and all whose yes is needed answer."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATES = "'proposed', 'put', 'moved', 'refused', 'withdrawn', 'lapsed', 'ended'"
SIDES = "'recipient', 'provider', 'secretariat'"
ENDS = "'left', 'moved', 'records'"
ANSWERS = "'accepted', 'refused'"


def upgrade() -> None:
    op.create_table(
        "session_days",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("session_code", sa.String(length=80), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("moved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_session_days_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_days")),
        sa.UniqueConstraint("round_id", "session_code", name=op.f("uq_session_days_round_id")),
    )
    op.create_index(op.f("ix_session_days_round_id"), "session_days", ["round_id"])
    op.create_table(
        "date_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("session_code", sa.String(length=80), nullable=False),
        sa.Column("match_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("starts_before", sa.Date(), nullable=False),
        sa.Column("ends_before", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.Column("proposed_at", sa.DateTime(), nullable=False),
        sa.Column("put_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("answer_by", sa.DateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_date_proposal_state_word")),
        sa.CheckConstraint(f"side IN ({SIDES})", name=op.f("ck_date_proposal_side_word")),
        sa.CheckConstraint(f"end_reason IN ({ENDS})", name=op.f("ck_date_proposal_end_reason_word")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_date_proposal_round_id_round")),
        sa.ForeignKeyConstraint(["match_id"], ["match.id"], name=op.f("fk_date_proposal_match_id_match")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["participant.id"], name=op.f("fk_date_proposal_author_id_participant")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["participant.id"], name=op.f("fk_date_proposal_provider_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_date_proposal")),
    )
    for column in ("round_id", "match_id", "answer_by"):
        op.create_index(op.f(f"ix_date_proposal_{column}"), "date_proposal", [column])
    op.create_table(
        "date_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(f"answer IN ({ANSWERS})", name=op.f("ck_date_answer_answer_word")),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["date_proposal.id"], name=op.f("fk_date_answer_proposal_id_date_proposal")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_date_answer_participant_id_participant")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_date_answer_decided_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_date_answer")),
        sa.UniqueConstraint("proposal_id", "participant_id", name=op.f("uq_date_answer_proposal_id")),
    )
    op.create_index(op.f("ix_date_answer_proposal_id"), "date_answer", ["proposal_id"])


def downgrade() -> None:
    # The earlier service knows a session by the days of its offer alone. Where some were moved, their matches
    # would be shown on days to which nobody holds, so nothing is taken away before they are settled.
    moved = op.get_bind().execute(sa.text("SELECT count(*) FROM session_days")).scalar_one()
    if moved:
        raise RuntimeError(
            f"{moved} sessions were moved to other days, which the earlier service cannot show. State these "
            "days in their offers and delete the rows of session_days first."
        )
    op.drop_table("date_answer")
    op.drop_table("date_proposal")
    op.drop_table("session_days")
