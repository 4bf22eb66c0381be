"""Evaluation reports."""

import sqlalchemy as sa
from alembic import op

revision = "0007_evaluation_reports"
down_revision = "0006_reviews"

# A step is history: it spells out what the schema was, and imports nothing that may change later.
_INSTANT = sa.DateTime(timezone=True)
_CHECKS = {
    "frequency_complete": (
        "(frequency = 'every_n' AND trigger_threshold IS NOT NULL AND next_delivery_date IS NULL)"
        " OR (frequency = 'scheduled' AND rrule <> '' AND starts_at IS NOT NULL)"
    ),
    "rrule_length": "length(rrule) <= 512",
    "timezone_name_length": "length(timezone_name) BETWEEN 1 AND 64",
    "max_sample_size_positive": "max_sample_size >= 1",
    "trigger_threshold_range": "trigger_threshold BETWEEN 10 AND 10000",
    "cooldown_minutes_range": "cooldown_minutes BETWEEN 60 AND 1440",
    "daily_run_cap_range": "daily_run_cap BETWEEN 1 AND 24",
    "frequency": "frequency IN ('every_n', 'scheduled')",
}


def upgrade() -> None:
    # What reports refer to, so that no report is about another project's evaluation.
    op.create_index("ix_evaluations_id_project_id", "evaluations", ["id", "project_id"], unique=True)
    op.create_table(
        "evaluation_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("frequency", sa.String(40), nullable=False),
        sa.Column("rrule", sa.Text(), nullable=False),
        sa.Column("starts_at", _INSTANT),
        sa.Column("timezone_name", sa.Text(), nullable=False),
        sa.Column("next_delivery_date", _INSTANT),
        sa.Column("delivery_targets", sa.JSON(), nullable=False),
        sa.Column("max_sample_size", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("last_delivered_at", _INSTANT),
        sa.Column("report_prompt_guidance", sa.Text(), nullable=False),
        sa.Column("trigger_threshold", sa.Integer()),
        sa.Column("cooldown_minutes", sa.Integer(), nullable=False),
        sa.Column("daily_run_cap", sa.Integer(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("created_by_id", sa.Integer()),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_evaluation_reports_{name}"))
            for name, rule in _CHECKS.items()
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name="fk_evaluation_reports_created_by_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id", "project_id"],
            ["evaluations.id", "evaluations.project_id"],
            name="fk_evaluation_reports_evaluation_id",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_evaluation_reports_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_evaluation_reports"),
    )
    op.create_index(
        "ix_evaluation_reports_project_id_created_at", "evaluation_reports", ["project_id", "created_at"]
    )
    op.create_index("ix_evaluation_reports_evaluation_id", "evaluation_reports", ["evaluation_id"])
