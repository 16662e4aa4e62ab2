"""What a governance centre runs: procedures beside a case, the centre, visits, activities, bulletins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LADDER = "rung in ('urge', 'supervise', 'yellow', 'red', 'interview', 'account')"


def upgrade() -> None:
    op.create_table(
        "duty",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("resident", sa.String(length=16), nullable=False),
        sa.Column("sign", sa.String(length=4), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=True),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("text_en", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("type", sa.String(length=32), nullable=True),
        sa.Column("service", sa.String(length=16), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("preset", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    with op.batch_alter_table("duty", schema=None) as batch_op:
        batch_op.create_index("uq_duty_code", ["district_id", "code"], unique=True)

    op.create_table(
        "rung_points",
        sa.Column(
            "district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("rung", sa.String(length=12), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("set_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.CheckConstraint("points between 0 and 100", name=op.f("ck_rung_points_points_in_range")),
        sa.PrimaryKeyConstraint("district_id", "rung", name=op.f("pk_rung_points")),
    )
    op.create_table(
        "activity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("place_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("recorded_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.Column("struck_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("struck_by", sa.String(length=64), nullable=True),
        sa.Column("struck_why", sa.String(length=200), nullable=True),
        sa.CheckConstraint("(struck_at is null) = (struck_why is null)", name=op.f("ck_activity_struck_with_reason")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_activity_amount_positive")),
        sa.CheckConstraint("until is null or until >= held_on", name=op.f("ck_activity_until_after_begin")),
        sa.ForeignKeyConstraint(["place_unit_id"], ["unit.id"], name=op.f("fk_activity_place_unit_id_unit")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_activity_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.create_index("ix_activity_kind", ["district_id", "kind", "held_on"], unique=False)
        batch_op.create_index("ix_activity_unit", ["unit_id", "held_on"], unique=False)

    op.create_table(
        "bulletin",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("tree_size", sa.Integer(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("issued_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "period in ('month', 'quarter', 'half', 'year', 'range')", name=op.f("ck_bulletin_period_known")
        ),
        sa.CheckConstraint("ends_on >= begins_on", name=op.f("ck_bulletin_ends_after_begin")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_bulletin_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin")),
    )
    with op.batch_alter_table("bulletin", schema=None) as batch_op:
        batch_op.create_index("uq_bulletin", ["unit_id", "period", "begins_on", "edition"], unique=True)

    op.create_table(
        "centre_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("centre_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("issued_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.String(length=64), nullable=False),
        sa.Column("preset", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind in ('post', 'rule')", name=op.f("ck_centre_rule_kind_known")),
        sa.ForeignKeyConstraint(["centre_id"], ["unit.id"], name=op.f("fk_centre_rule_centre_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_centre_rule")),
    )
    with op.batch_alter_table("centre_rule", schema=None) as batch_op:
        batch_op.create_index("uq_centre_rule", ["centre_id", "code", "edition"], unique=True)

    op.create_table(
        "contact_card",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("enterprise", sa.String(length=100), nullable=False),
        sa.Column("centre_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issued_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.String(length=64), nullable=False),
        sa.Column("revoked_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["centre_id"], ["unit.id"], name=op.f("fk_contact_card_centre_id_unit")),
        sa.ForeignKeyConstraint(["contact_unit_id"], ["unit.id"], name=op.f("fk_contact_card_contact_unit_id_unit")),
        sa.ForeignKeyConstraint(["place_unit_id"], ["unit.id"], name=op.f("fk_contact_card_place_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_card")),
    )
    with op.batch_alter_table("contact_card", schema=None) as batch_op:
        batch_op.create_index("ix_contact_card_issued", ["district_id", "issued_at"], unique=False)
        batch_op.create_index("uq_contact_card_number", ["number"], unique=True)
        batch_op.create_index("uq_contact_card_token", ["token_hash"], unique=True)

    op.create_table(
        "resident",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("centre_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("days", sa.String(length=64), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("preset", sa.Boolean(), nullable=False),
        sa.CheckConstraint("mode in ('long_term', 'key', 'public_welfare')", name=op.f("ck_resident_mode_known")),
        sa.ForeignKeyConstraint(["centre_id"], ["unit.id"], name=op.f("fk_resident_centre_id_unit")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_resident_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident")),
    )
    with op.batch_alter_table("resident", schema=None) as batch_op:
        batch_op.create_index(
            "uq_resident",
            ["centre_id", "unit_id"],
            unique=True,
            sqlite_where=sa.text("until is null"),
            postgresql_where=sa.text("until is null"),
        )

    op.create_table(
        "room",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("centre_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("preset", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["centre_id"], ["unit.id"], name=op.f("fk_room_centre_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
    )
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.create_index("uq_room_code", ["centre_id", "code"], unique=True)

    op.create_table(
        "service_window",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("centre_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("preset", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["centre_id"], ["unit.id"], name=op.f("fk_service_window_centre_id_unit")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_service_window_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_window")),
    )
    with op.batch_alter_table("service_window", schema=None) as batch_op:
        batch_op.create_index("uq_window_code", ["centre_id", "code"], unique=True)

    op.create_table(
        "activity_case",
        sa.Column("activity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.Column("linked_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("linked_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_activity_case_activity_id_activity")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_activity_case_case_id_cases")),
        sa.PrimaryKeyConstraint("activity_id", "case_id", name=op.f("pk_activity_case")),
    )
    with op.batch_alter_table("activity_case", schema=None) as batch_op:
        batch_op.create_index("ix_activity_case_case", ["case_id"], unique=False)

    op.create_table(
        "procedure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("instance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_by", sa.String(length=64), nullable=False),
        sa.Column("opened_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=True),
        sa.Column("previous_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lapses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ended_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.CheckConstraint("(ended_at is null) = (outcome is null)", name=op.f("ck_procedure_ended_how")),
        sa.CheckConstraint("ended_at is null or ended_at >= opened_at", name=op.f("ck_procedure_ended_after_opened")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_procedure_case_id_cases")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_procedure_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure")),
    )
    with op.batch_alter_table("procedure", schema=None) as batch_op:
        batch_op.create_index("ix_procedure_case", ["case_id"], unique=False)
        batch_op.create_index("ix_procedure_instance", ["instance_id"], unique=False)
        batch_op.create_index("ix_procedure_unit", ["district_id", "kind", "unit_id", "opened_at"], unique=False)
        batch_op.create_index(
            "uq_procedure_mediation",
            ["case_id"],
            unique=True,
            sqlite_where=sa.text("ended_at is null and kind = 'mediation'"),
            postgresql_where=sa.text("ended_at is null and kind = 'mediation'"),
        )

    op.create_table(
        "visit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("instance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("centre_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_by", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("matter", sa.String(length=32), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("received_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=True),
        sa.Column("rating", sa.String(length=16), nullable=True),
        sa.Column("words_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("channel in ('walk_in', 'call', 'card', 'online')", name=op.f("ck_visit_channel_known")),
        sa.CheckConstraint("heads > 0", name=op.f("ck_visit_somebody_came")),
        sa.ForeignKeyConstraint(["card_id"], ["contact_card.id"], name=op.f("fk_visit_card_id_contact_card")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_visit_case_id_cases")),
        sa.ForeignKeyConstraint(["centre_id"], ["unit.id"], name=op.f("fk_visit_centre_id_unit")),
        sa.ForeignKeyConstraint(["words_id"], ["sealed_text.id"], name=op.f("fk_visit_words_id_sealed_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index("ix_visit_centre", ["centre_id", "received_at"], unique=False)
        batch_op.create_index(
            "ix_visit_open",
            ["centre_id", "id"],
            unique=False,
            sqlite_where=sa.text("closed_at is null"),
            postgresql_where=sa.text("closed_at is null"),
        )
        batch_op.create_index("uq_visit_number", ["number"], unique=True)

    op.create_table(
        "agreement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("oral", sa.Boolean(), nullable=False),
        sa.Column("signatures", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("signed_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("perform_by", sa.Date(), nullable=False),
        sa.Column("confirmation", sa.String(length=12), nullable=False),
        sa.Column("confirm_by", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("applied_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("court_no", sa.String(length=64), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("performed", sa.Boolean(), nullable=True),
        sa.Column("visited_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("words_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "confirmation in ('open', 'applied', 'not_wanted', 'not_allowed', 'lapsed', 'confirmed', 'rejected')",
            name=op.f("ck_agreement_confirmation_known"),
        ),
        sa.CheckConstraint("applied_at is null or applied_at <= confirm_by", name=op.f("ck_agreement_applied_in_time")),
        sa.CheckConstraint("oral or signatures >= 2", name=op.f("ck_agreement_signed_or_oral")),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], name=op.f("fk_agreement_procedure_id_procedure")),
        sa.ForeignKeyConstraint(["words_id"], ["sealed_text.id"], name=op.f("fk_agreement_words_id_sealed_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    with op.batch_alter_table("agreement", schema=None) as batch_op:
        batch_op.create_index("ix_agreement_case", ["case_id"], unique=False)
        batch_op.create_index("uq_agreement_procedure", ["procedure_id"], unique=True)

    op.create_table(
        "consultation",
        sa.Column(
            "procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("lead_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("minutes_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["sealed_text.id"], name=op.f("fk_consultation_decision_id_sealed_text")
        ),
        sa.ForeignKeyConstraint(["lead_unit_id"], ["unit.id"], name=op.f("fk_consultation_lead_unit_id_unit")),
        sa.ForeignKeyConstraint(
            ["minutes_id"], ["sealed_text.id"], name=op.f("fk_consultation_minutes_id_sealed_text")
        ),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name=op.f("fk_consultation_procedure_id_procedure")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["sealed_text.id"], name=op.f("fk_consultation_subject_id_sealed_text")
        ),
        sa.PrimaryKeyConstraint("procedure_id", name=op.f("pk_consultation")),
    )
    op.create_table(
        "decision_task",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("overdue_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=64), nullable=True),
        sa.Column("words_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name=op.f("fk_decision_task_procedure_id_procedure")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_decision_task_unit_id_unit")),
        sa.ForeignKeyConstraint(["words_id"], ["sealed_text.id"], name=op.f("fk_decision_task_words_id_sealed_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_task")),
    )
    with op.batch_alter_table("decision_task", schema=None) as batch_op:
        batch_op.create_index("ix_decision_task_procedure", ["procedure_id"], unique=False)
        batch_op.create_index("ix_decision_task_unit", ["unit_id", "due_at"], unique=False)
        batch_op.create_index(
            "ix_decision_task_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("done_at is null and overdue_at is null"),
            postgresql_where=sa.text("done_at is null and overdue_at is null"),
        )

    op.create_table(
        "guidance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("route", sa.String(length=16), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("told_by", sa.String(length=64), nullable=False),
        sa.Column("words_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "route in ('litigation', 'arbitration', 'administrative', 'petition', 'enforcement')",
            name=op.f("ck_guidance_route"),
        ),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], name=op.f("fk_guidance_procedure_id_procedure")),
        sa.ForeignKeyConstraint(["words_id"], ["sealed_text.id"], name=op.f("fk_guidance_words_id_sealed_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guidance")),
    )
    with op.batch_alter_table("guidance", schema=None) as batch_op:
        batch_op.create_index("ix_guidance_procedure", ["procedure_id"], unique=False)

    op.create_table(
        "mediation",
        sa.Column(
            "procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("suit", sa.String(length=8), nullable=False),
        sa.Column("consented_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("mediator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("with_lawyer", sa.Boolean(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("route", sa.String(length=8), nullable=True),
        sa.CheckConstraint(
            "kind in ('people', 'industry', 'administrative', 'professional', 'judicial')",
            name=op.f("ck_mediation_kind_known"),
        ),
        sa.CheckConstraint("origin in ('act', 'court', 'desk', 'hand_over')", name=op.f("ck_mediation_origin_known")),
        sa.CheckConstraint(
            "route is null or route in ('protect', 'mediate', 'strike')", name=op.f("ck_mediation_route_known")
        ),
        sa.CheckConstraint("suit in ('none', 'ordinary', 'simple')", name=op.f("ck_mediation_suit_known")),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], name=op.f("fk_mediation_procedure_id_procedure")),
        sa.PrimaryKeyConstraint("procedure_id", name=op.f("pk_mediation")),
    )
    with op.batch_alter_table("mediation", schema=None) as batch_op:
        batch_op.create_index("ix_mediation_case", ["case_id"], unique=False)
        batch_op.create_index("ix_mediation_mediator", ["mediator_id"], unique=False)

    op.create_table(
        "mediation_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("with_expert", sa.Boolean(), nullable=False),
        sa.Column("words_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name=op.f("fk_mediation_session_procedure_id_procedure")
        ),
        sa.ForeignKeyConstraint(
            ["words_id"], ["sealed_text.id"], name=op.f("fk_mediation_session_words_id_sealed_text")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mediation_session")),
    )
    with op.batch_alter_table("mediation_session", schema=None) as batch_op:
        batch_op.create_index("ix_mediation_session", ["procedure_id"], unique=False)

    op.create_table(
        "opinion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("invited_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("given_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("will_attend", sa.Boolean(), nullable=True),
        sa.Column("attended", sa.Boolean(), nullable=True),
        sa.Column("words_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("(state = 'given') = (given_at is not null)", name=op.f("ck_opinion_given_has_time")),
        sa.CheckConstraint("state in ('invited', 'given', 'absent')", name=op.f("ck_opinion_state_known")),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], name=op.f("fk_opinion_procedure_id_procedure")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_opinion_unit_id_unit")),
        sa.ForeignKeyConstraint(["words_id"], ["sealed_text.id"], name=op.f("fk_opinion_words_id_sealed_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion")),
    )
    with op.batch_alter_table("opinion", schema=None) as batch_op:
        batch_op.create_index("ix_opinion_unit", ["unit_id", "invited_at"], unique=False)
        batch_op.create_index("uq_opinion", ["procedure_id", "unit_id"], unique=True)

    op.create_table(
        "supervision_meeting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("supervision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("adopted", sa.Boolean(), nullable=True),
        sa.Column("recorded_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.Column("words_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("kind in ('interview', 'account')", name=op.f("ck_supervision_meeting_kind_known")),
        sa.ForeignKeyConstraint(
            ["supervision_id"], ["supervision.id"], name=op.f("fk_supervision_meeting_supervision_id_supervision")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_supervision_meeting_unit_id_unit")),
        sa.ForeignKeyConstraint(
            ["words_id"], ["sealed_text.id"], name=op.f("fk_supervision_meeting_words_id_sealed_text")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_meeting")),
    )
    with op.batch_alter_table("supervision_meeting", schema=None) as batch_op:
        batch_op.create_index("ix_supervision_meeting", ["supervision_id"], unique=False)

    op.create_table(
        "visit_window",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("visit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("window_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("service", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=32), nullable=True),
        sa.Column("opened_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("served_by", sa.String(length=64), nullable=True),
        sa.Column("eligible", sa.Boolean(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("words_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("(ended_at is null) = (outcome is null)", name=op.f("ck_visit_window_ended_how")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_window_visit_id_visit")),
        sa.ForeignKeyConstraint(
            ["window_id"], ["service_window.id"], name=op.f("fk_visit_window_window_id_service_window")
        ),
        sa.ForeignKeyConstraint(["words_id"], ["sealed_text.id"], name=op.f("fk_visit_window_words_id_sealed_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_window")),
    )
    with op.batch_alter_table("visit_window", schema=None) as batch_op:
        batch_op.create_index("ix_visit_window_service", ["district_id", "service", "opened_at"], unique=False)
        batch_op.create_index("ix_visit_window_visit", ["visit_id"], unique=False)

    op.create_table(
        "whistle",
        sa.Column(
            "procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("words_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "reason in ('beyond_means', 'joint_enforcement', 'emergency')", name=op.f("ck_whistle_reason_lawful")
        ),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], name=op.f("fk_whistle_procedure_id_procedure")),
        sa.ForeignKeyConstraint(["words_id"], ["sealed_text.id"], name=op.f("fk_whistle_words_id_sealed_text")),
        sa.PrimaryKeyConstraint("procedure_id", name=op.f("pk_whistle")),
    )
    op.create_table(
        "whistle_call",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("procedure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("called_at", engine.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("refused_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_late", sa.Boolean(), nullable=True),
        sa.Column("silent_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ruling", sa.String(length=12), nullable=True),
        sa.Column("arrived_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("arrived_late", sa.Boolean(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("fed_back_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("released_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("left_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("left_early_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("rated_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("words_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "fed_back_at is null or arrived_at is not null", name=op.f("ck_whistle_call_arrived_before_fed_back")
        ),
        sa.CheckConstraint(
            "left_at is null or released_at is not null", name=op.f("ck_whistle_call_released_before_left")
        ),
        sa.CheckConstraint("ruling is null or refused_at is not null", name=op.f("ck_whistle_call_ruled_when_refused")),
        sa.CheckConstraint("score is null or score between 1 and 5", name=op.f("ck_whistle_call_score_in_range")),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name=op.f("fk_whistle_call_procedure_id_procedure")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_whistle_call_unit_id_unit")),
        sa.ForeignKeyConstraint(["words_id"], ["sealed_text.id"], name=op.f("fk_whistle_call_words_id_sealed_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whistle_call")),
    )
    with op.batch_alter_table("whistle_call", schema=None) as batch_op:
        batch_op.create_index("ix_whistle_call_unit", ["unit_id", "called_at"], unique=False)
        batch_op.create_index("uq_whistle_call", ["procedure_id", "unit_id"], unique=True)

    op.create_table(
        "petition",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("visit_window_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("representatives", sa.Integer(), nullable=False),
        sa.Column("registered_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("told_at", engine.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("representatives <= 5", name=op.f("ck_petition_five_representatives")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_petition_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["visit_window_id"], ["visit_window.id"], name=op.f("fk_petition_visit_window_id_visit_window")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition")),
    )
    with op.batch_alter_table("petition", schema=None) as batch_op:
        batch_op.create_index("uq_petition_window", ["visit_window_id"], unique=True)

    # Reminders wait for office hours.
    op.add_column("outbox", sa.Column("not_before", engine.db.UtcDateTime(timezone=True), nullable=True))

    # A second warning before a right is lost.
    op.add_column("deadline", sa.Column("last_call_at", engine.db.UtcDateTime(timezone=True), nullable=True))
    op.add_column("deadline", sa.Column("resumed_at", engine.db.UtcDateTime(timezone=True), nullable=True))
    op.add_column("deadline", sa.Column("resumed_seconds", sa.Integer(), nullable=True))
    op.add_column("deadline", sa.Column("resumed_days", sa.Integer(), nullable=True))
    op.add_column("deadline", sa.Column("last_called_at", engine.db.UtcDateTime(timezone=True), nullable=True))

    # The ladder gets two more rungs, and a silent department a supervision of its own beside that of the owner.
    with op.batch_alter_table("supervision") as batch_op:
        batch_op.drop_constraint(op.f("ck_supervision_rung_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_supervision_rung_known"), _LADDER)
        batch_op.add_column(
            sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("held_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.drop_index("uq_supervision_open")
    for name, columns, what in (
        ("uq_supervision_of_owner", ["case_id", "issuer_id"], "ended_at is null and subject_id is null"),
        (
            "uq_supervision_of_unit",
            ["case_id", "issuer_id", "subject_id"],
            "ended_at is null and subject_id is not null",
        ),
    ):
        op.create_index(
            name, "supervision", columns, unique=True, sqlite_where=sa.text(what), postgresql_where=sa.text(what)
        )
