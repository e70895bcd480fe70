"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mission",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("place_codes", sa.JSON(), nullable=False),
        sa.Column("start_year", sa.Integer(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=600), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_mission")),
    )
    op.create_table(
        "place",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("m49", sa.String(length=3), nullable=True),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("is_fictional", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_place")),
    )
    op.create_table(
        "reference_counter",
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_reference_counter")),
    )
    op.create_table(
        "region",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_region")),
    )
    op.create_table(
        "round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("standing", sa.String(length=40), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "standing IN ('submitted', 'public_sources', 'exercise')", name=op.f("ck_round_standing_word")
        ),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_round_state_word")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
        sa.UniqueConstraint("code", name=op.f("uq_round_code")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
    )
    with op.batch_alter_table("sign_in_failure") as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_failure_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_failure_key_sha256"), ["key_sha256"], unique=False)

    op.create_table(
        "training_area",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("area_group", sa.String(length=40), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("paragraphs", sa.String(length=80), nullable=True),
        sa.Column("is_area", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=600), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_training_area")),
    )
    op.create_table(
        "area_substitute",
        sa.Column("need_area", sa.String(length=40), nullable=False),
        sa.Column("session_area", sa.String(length=40), nullable=False),
        sa.Column("fit", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["need_area"], ["training_area.code"], name=op.f("fk_area_substitute_need_area_training_area")
        ),
        sa.ForeignKeyConstraint(
            ["session_area"],
            ["training_area.code"],
            name=op.f("fk_area_substitute_session_area_training_area"),
        ),
        sa.PrimaryKeyConstraint("need_area", "session_area", name=op.f("pk_area_substitute")),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("place_code", sa.String(length=8), nullable=True),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("teams", sa.Integer(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("is_fictional", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('member_state', 'regional_organisation', 'training_institution', 'un_entity')",
            name=op.f("ck_participant_kind_word"),
        ),
        sa.ForeignKeyConstraint(["place_code"], ["place.code"], name=op.f("fk_participant_place_code_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("code", name=op.f("uq_participant_code")),
    )
    op.create_table(
        "question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("record_kind", sa.String(length=20), nullable=False),
        sa.Column("record_reference", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("seats_published", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'answered', 'closed')", name=op.f("ck_question_state_word")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_question_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("round_id", "record_reference", "field", name=op.f("uq_question_round_id")),
    )
    with op.batch_alter_table("question") as batch_op:
        batch_op.create_index(batch_op.f("ix_question_record_reference"), ["record_reference"], unique=False)
        batch_op.create_index(batch_op.f("ix_question_round_id"), ["round_id"], unique=False)

    op.create_table(
        "activity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("provider_code", sa.String(length=40), nullable=True),
        sa.Column("provider_as_stated", sa.String(length=300), nullable=True),
        sa.Column("recipient_code", sa.String(length=40), nullable=True),
        sa.Column("recipient_as_stated", sa.String(length=300), nullable=True),
        sa.Column("areas", sa.JSON(), nullable=True),
        sa.Column("first_month", sa.Date(), nullable=True),
        sa.Column("last_month", sa.Date(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("source", sa.JSON(), nullable=True),
        sa.CheckConstraint(
            "state IN ('delivered', 'running', 'planned')", name=op.f("ck_activity_state_word")
        ),
        sa.ForeignKeyConstraint(
            ["provider_code"], ["participant.code"], name=op.f("fk_activity_provider_code_participant")
        ),
        sa.ForeignKeyConstraint(
            ["recipient_code"], ["participant.code"], name=op.f("fk_activity_recipient_code_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        sa.UniqueConstraint("reference", name=op.f("uq_activity_reference")),
    )
    op.create_table(
        "need",
        sa.Column("areas", sa.JSON(), nullable=True),
        sa.Column("level", sa.String(length=40), nullable=True),
        sa.Column("personnel", sa.JSON(), nullable=True),
        sa.Column("audience", sa.String(length=300), nullable=True),
        sa.Column("phase", sa.String(length=40), nullable=True),
        sa.Column("mission_code", sa.String(length=20), nullable=True),
        sa.Column("deploys_on", sa.Date(), nullable=True),
        sa.Column("trainees_place", sa.String(length=8), nullable=True),
        sa.Column("seats_asked", sa.Integer(), nullable=True),
        sa.Column("seats_recognised", sa.Integer(), nullable=True),
        sa.Column("women", sa.Integer(), nullable=True),
        sa.Column("min_group", sa.Integer(), nullable=True),
        sa.Column("max_groups", sa.Integer(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("earliest", sa.Date(), nullable=True),
        sa.Column("latest", sa.Date(), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=True),
        sa.Column("modes", sa.JSON(), nullable=True),
        sa.Column("priority_asked", sa.String(length=40), nullable=True),
        sa.Column("priority_recognised", sa.String(length=40), nullable=True),
        sa.Column("recognition_reason", sa.Text(), nullable=True),
        sa.Column("basis", sa.String(length=40), nullable=True),
        sa.Column("basis_reference", sa.String(length=300), nullable=True),
        sa.Column("contribution", sa.Text(), nullable=True),
        sa.Column("prior_support", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("visibility_consent", sa.Boolean(), nullable=True),
        sa.Column("source", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "basis IN ('assessment_visit', 'in_mission_evaluation', 'mission_request', 'national_assessment', 'self_declared')",
            name=op.f("ck_need_basis_word"),
        ),
        sa.CheckConstraint(
            "level IN ('basic', 'advanced', 'specialist', 'trainer', 'any')", name=op.f("ck_need_level_word")
        ),
        sa.CheckConstraint(
            "phase IN ('pre_deployment', 'induction', 'in_mission', 'training_of_trainers', 'other')",
            name=op.f("ck_need_phase_word"),
        ),
        sa.CheckConstraint(
            "priority_asked IN ('critical', 'high', 'routine')", name=op.f("ck_need_priority_asked_word")
        ),
        sa.CheckConstraint(
            "priority_recognised IN ('critical', 'high', 'routine')",
            name=op.f("ck_need_priority_recognised_word"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'acknowledged', 'authenticated', 'returned', 'circulated', 'withdrawn', 'expired')",
            name=op.f("ck_need_state_word"),
        ),
        sa.CheckConstraint(
            "subject IN ('training', 'institutional_support', 'equipment', 'recognition')",
            name=op.f("ck_need_subject_word"),
        ),
        sa.ForeignKeyConstraint(
            ["mission_code"], ["mission.code"], name=op.f("fk_need_mission_code_mission")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_need_participant_id_participant")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_need_round_id_round")),
        sa.ForeignKeyConstraint(
            ["trainees_place"], ["place.code"], name=op.f("fk_need_trainees_place_place")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need")),
        sa.UniqueConstraint("reference", name=op.f("uq_need_reference")),
    )
    with op.batch_alter_table("need") as batch_op:
        batch_op.create_index(batch_op.f("ix_need_participant_id"), ["participant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_need_round_id"), ["round_id"], unique=False)

    op.create_table(
        "offer",
        sa.Column("partners", sa.JSON(), nullable=False),
        sa.Column("implementer", sa.String(length=300), nullable=True),
        sa.Column("areas", sa.JSON(), nullable=True),
        sa.Column("level", sa.String(length=40), nullable=True),
        sa.Column("personnel", sa.JSON(), nullable=True),
        sa.Column("women_only", sa.Boolean(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("min_seats", sa.Integer(), nullable=True),
        sa.Column("max_recipients", sa.Integer(), nullable=True),
        sa.Column("max_per_recipient", sa.Integer(), nullable=True),
        sa.Column("max_sessions", sa.Integer(), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=True),
        sa.Column("mode", sa.String(length=40), nullable=True),
        sa.Column("place_code", sa.String(length=8), nullable=True),
        sa.Column("venue", sa.String(length=300), nullable=True),
        sa.Column("only", sa.JSON(), nullable=True),
        sa.Column("except_codes", sa.JSON(), nullable=False),
        sa.Column("occupies_team", sa.Boolean(), nullable=False),
        sa.Column("requires", sa.JSON(), nullable=True),
        sa.Column("not_before", sa.Date(), nullable=True),
        sa.Column("not_after", sa.Date(), nullable=True),
        sa.Column("duration_days", sa.Integer(), nullable=True),
        sa.Column("un_standard", sa.String(length=300), nullable=True),
        sa.Column("recognised_until", sa.Date(), nullable=True),
        sa.Column("costs", sa.JSON(), nullable=True),
        sa.Column("cost_terms", sa.Text(), nullable=True),
        sa.Column("preconditions", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("visibility_consent", sa.Boolean(), nullable=True),
        sa.Column("source", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "level IN ('basic', 'advanced', 'specialist', 'trainer', 'any')", name=op.f("ck_offer_level_word")
        ),
        sa.CheckConstraint(
            "mode IN ('mobile_team', 'in_country', 'provider_centre', 'regional_centre', 'online', 'any')",
            name=op.f("ck_offer_mode_word"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'acknowledged', 'authenticated', 'returned', 'circulated', 'withdrawn', 'expired')",
            name=op.f("ck_offer_state_word"),
        ),
        sa.CheckConstraint(
            "subject IN ('training', 'institutional_support', 'equipment', 'recognition')",
            name=op.f("ck_offer_subject_word"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_offer_participant_id_participant")
        ),
        sa.ForeignKeyConstraint(["place_code"], ["place.code"], name=op.f("fk_offer_place_code_place")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_offer_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("reference", name=op.f("uq_offer_reference")),
    )
    with op.batch_alter_table("offer") as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_participant_id"), ["participant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_offer_round_id"), ["round_id"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("password_hash", sa.String(length=400), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_demonstration", sa.Boolean(), nullable=False),
        sa.Column("sign_in_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(
            "role IN ('focal_point', 'coordinator', 'observer', 'administrator')",
            name=op.f("ck_person_role_word"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_person_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_table(
        "support",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("per_session", sa.Integer(), nullable=True),
        sa.Column("amount_as_stated", sa.String(length=200), nullable=True),
        sa.Column("usable_from", sa.Date(), nullable=True),
        sa.Column("usable_to", sa.Date(), nullable=True),
        sa.Column("only", sa.JSON(), nullable=True),
        sa.Column("areas", sa.JSON(), nullable=True),
        sa.Column("places", sa.JSON(), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("visibility_consent", sa.Boolean(), nullable=True),
        sa.Column("source", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'acknowledged', 'authenticated', 'returned', 'circulated', 'withdrawn', 'expired')",
            name=op.f("ck_support_state_word"),
        ),
        sa.CheckConstraint(
            "subject IN ('training', 'institutional_support', 'equipment', 'recognition')",
            name=op.f("ck_support_subject_word"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_support_participant_id_participant")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_support_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support")),
        sa.UniqueConstraint("reference", name=op.f("uq_support_reference")),
    )
    with op.batch_alter_table("support") as batch_op:
        batch_op.create_index(batch_op.f("ix_support_participant_id"), ["participant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_support_round_id"), ["round_id"], unique=False)

    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_api_token_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_token_prefix")),
    )
    with op.batch_alter_table("api_token") as batch_op:
        batch_op.create_index(batch_op.f("ix_api_token_person_id"), ["person_id"], unique=False)

    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_role", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("record_kind", sa.String(length=20), nullable=False),
        sa.Column("record_reference", sa.String(length=80), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_audit_event_actor_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_event_record_kind"), ["record_kind"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_audit_event_record_reference"), ["record_reference"], unique=False
        )

    op.create_table(
        "offer_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("place_code", sa.String(length=8), nullable=True),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offer_session_offer_id_offer")),
        sa.ForeignKeyConstraint(
            ["place_code"], ["place.code"], name=op.f("fk_offer_session_place_code_place")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_session")),
        sa.UniqueConstraint("offer_id", "key", name=op.f("uq_offer_session_offer_id")),
    )
    with op.batch_alter_table("offer_session") as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_session_offer_id"), ["offer_id"], unique=False)

    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_outbox_message_participant_id_participant")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_outbox_message_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("idempotency_key", sa.String(length=80), nullable=False),
        sa.Column("requested_by_id", sa.Integer(), nullable=True),
        sa.Column("requested_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("lease_until", sa.DateTime(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("time_limit_seconds", sa.Integer(), nullable=False),
        sa.Column("base_plan_id", sa.Integer(), nullable=True),
        sa.Column("base_run_id", sa.Integer(), nullable=True),
        sa.Column("choice", sa.JSON(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("problem_sha256", sa.String(length=64), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=True),
        sa.Column("story", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('match', 'repair', 'scenarios', 'explanation')", name=op.f("ck_run_purpose_word")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_run_state_word")
        ),
        sa.ForeignKeyConstraint(
            ["base_plan_id"], ["plan.id"], name=op.f("fk_run_base_plan_id_plan"), use_alter=True
        ),
        sa.ForeignKeyConstraint(["base_run_id"], ["run.id"], name=op.f("fk_run_base_run_id_run")),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["person.id"], name=op.f("fk_run_requested_by_id_person")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_run_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_run_idempotency_key")),
    )
    with op.batch_alter_table("run") as batch_op:
        batch_op.create_index("ix_run_queue", ["state", "lease_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_run_round_id"), ["round_id"], unique=False)

    op.create_table(
        "plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("problem_sha256", sa.String(length=64), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("explanation", sa.JSON(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("difference", sa.JSON(), nullable=True),
        sa.Column("base_plan_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'published', 'superseded', 'discarded')", name=op.f("ck_plan_state_word")
        ),
        sa.ForeignKeyConstraint(["base_plan_id"], ["plan.id"], name=op.f("fk_plan_base_plan_id_plan")),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["person.id"], name=op.f("fk_plan_published_by_id_person")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_plan_round_id_round")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_plan_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("round_id", "number", name=op.f("uq_plan_round_id")),
        sa.UniqueConstraint("run_id", name=op.f("uq_plan_run_id")),
    )
    with op.batch_alter_table("plan") as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_round_id"), ["round_id"], unique=False)

    op.create_table(
        "match",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("need_reference", sa.String(length=40), nullable=False),
        sa.Column("offer_reference", sa.String(length=40), nullable=False),
        sa.Column("session_code", sa.String(length=80), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("is_firm", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'agreed', 'declined', 'released')", name=op.f("ck_match_state_word")
        ),
        sa.ForeignKeyConstraint(
            ["need_reference"], ["need.reference"], name=op.f("fk_match_need_reference_need")
        ),
        sa.ForeignKeyConstraint(
            ["offer_reference"], ["offer.reference"], name=op.f("fk_match_offer_reference_offer")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_match_plan_id_plan")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_match_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match")),
        sa.UniqueConstraint("round_id", "need_reference", "session_code", name=op.f("uq_match_round_id")),
    )
    with op.batch_alter_table("match") as batch_op:
        batch_op.create_index(batch_op.f("ix_match_need_reference"), ["need_reference"], unique=False)
        batch_op.create_index(batch_op.f("ix_match_offer_reference"), ["offer_reference"], unique=False)
        batch_op.create_index(batch_op.f("ix_match_round_id"), ["round_id"], unique=False)

    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("match_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("answer IN ('confirmed', 'declined')", name=op.f("ck_decision_answer_word")),
        sa.CheckConstraint(
            "side IN ('recipient', 'provider', 'secretariat')", name=op.f("ck_decision_side_word")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_decision_decided_by_id_person")
        ),
        sa.ForeignKeyConstraint(["match_id"], ["match.id"], name=op.f("fk_decision_match_id_match")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("match_id", "side", name=op.f("uq_decision_match_id")),
    )
    with op.batch_alter_table("decision") as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_match_id"), ["match_id"], unique=False)

    # Runs and plans point at each other; SQLite takes the reference ahead of its table, PostgreSQL does not.
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key(op.f("fk_run_base_plan_id_plan"), "run", "plan", ["base_plan_id"], ["id"])


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("fk_run_base_plan_id_plan"), "run")
    with op.batch_alter_table("decision") as batch_op:
        batch_op.drop_index(batch_op.f("ix_decision_match_id"))

    op.drop_table("decision")
    with op.batch_alter_table("match") as batch_op:
        batch_op.drop_index(batch_op.f("ix_match_round_id"))
        batch_op.drop_index(batch_op.f("ix_match_offer_reference"))
        batch_op.drop_index(batch_op.f("ix_match_need_reference"))

    op.drop_table("match")
    with op.batch_alter_table("plan") as batch_op:
        batch_op.drop_index(batch_op.f("ix_plan_round_id"))

    op.drop_table("plan")
    with op.batch_alter_table("run") as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_round_id"))
        batch_op.drop_index("ix_run_queue")

    op.drop_table("run")
    op.drop_table("outbox_message")
    with op.batch_alter_table("offer_session") as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_session_offer_id"))

    op.drop_table("offer_session")
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_event_record_reference"))
        batch_op.drop_index(batch_op.f("ix_audit_event_record_kind"))

    op.drop_table("audit_event")
    with op.batch_alter_table("api_token") as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_person_id"))

    op.drop_table("api_token")
    with op.batch_alter_table("support") as batch_op:
        batch_op.drop_index(batch_op.f("ix_support_round_id"))
        batch_op.drop_index(batch_op.f("ix_support_participant_id"))

    op.drop_table("support")
    op.drop_table("person")
    with op.batch_alter_table("offer") as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_round_id"))
        batch_op.drop_index(batch_op.f("ix_offer_participant_id"))

    op.drop_table("offer")
    with op.batch_alter_table("need") as batch_op:
        batch_op.drop_index(batch_op.f("ix_need_round_id"))
        batch_op.drop_index(batch_op.f("ix_need_participant_id"))

    op.drop_table("need")
    op.drop_table("activity")
    with op.batch_alter_table("question") as batch_op:
        batch_op.drop_index(batch_op.f("ix_question_round_id"))
        batch_op.drop_index(batch_op.f("ix_question_record_reference"))

    op.drop_table("question")
    op.drop_table("participant")
    op.drop_table("area_substitute")
    op.drop_table("training_area")
    with op.batch_alter_table("sign_in_failure") as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_failure_key_sha256"))
        batch_op.drop_index(batch_op.f("ix_sign_in_failure_at"))

    op.drop_table("sign_in_failure")
    op.drop_table("round")
    op.drop_table("region")
    op.drop_table("reference_counter")
    op.drop_table("place")
    op.drop_table("mission")
