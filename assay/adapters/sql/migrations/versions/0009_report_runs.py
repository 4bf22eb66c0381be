"""Runs of evaluation reports with their deliveries and transcripts, and integrations."""

import sqlalchemy as sa
from alembic import op

revision = "0009_report_runs"
down_revision = "0008_automatic_evaluation"

# A step is history: it spells out what the schema was, and imports nothing that may change later.
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    # What runs refer to, so that no run is of another project's report.
    op.create_index(
        "ix_evaluation_reports_id_project_id", "evaluation_reports", ["id", "project_id"], unique=True
    )
    _create_integrations()
    _create_report_runs()
    _create_report_deliveries()
    _create_report_messages()


def _create_integrations() -> None:
    op.create_table(
        "integrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_with", sa.String(16), nullable=False),
        sa.Column("masked", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        *_checks(
            "integrations", {"name_length": "length(name) BETWEEN 1 AND 255", "kind": "kind IN ('slack')"}
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_integrations_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_integrations"),
        sa.UniqueConstraint("project_id", "kind", "name", name="uq_integrations_project_id_kind_name"),
        sqlite_autoincrement=True,
    )


def _create_report_runs() -> None:
    checks = {
        "content_complete": (
            "(content IS NULL) = (generation_status IS NULL) AND (content IS NULL) = (content_size = 0)"
        ),
        "period_ordered": "period_start <= period_end",
        "trigger": "\"trigger\" IN ('manual', 'scheduled', 'threshold')",
        "generation_status": "generation_status IN ('pending', 'completed', 'metrics_unavailable')",
        "delivery_status": "delivery_status IN ('pending', 'delivered', 'partial_failure', 'failed')",
    }
    op.create_table(
        "report_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("trigger", sa.String(40), nullable=False),
        sa.Column("period_start", _INSTANT, nullable=False),
        sa.Column("period_end", _INSTANT, nullable=False),
        sa.Column("content", sa.Text()),
        sa.Column("content_size", sa.Integer(), nullable=False),
        sa.Column("generation_status", sa.String(40)),
        sa.Column("delivery_status", sa.String(40), nullable=False),
        sa.Column("delivery_errors", sa.Text(), nullable=False),
        sa.Column("model", sa.Text()),
        sa.Column("cost_usd", sa.Double()),
        sa.Column("created_at", _INSTANT, nullable=False),
        *_checks("report_runs", checks),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_report_runs_project_id"),
        sa.ForeignKeyConstraint(
            ["report_id", "project_id"],
            ["evaluation_reports.id", "evaluation_reports.project_id"],
            name="fk_report_runs_report_id",
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id", "project_id"],
            ["evaluations.id", "evaluations.project_id"],
            name="fk_report_runs_evaluation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_report_runs"),
        sa.UniqueConstraint("id", "project_id", name="uq_report_runs_id_project_id"),
    )
    op.create_index("ix_report_runs_report_id_created_at", "report_runs", ["report_id", "created_at"])
    for column in ("evaluation_id", "created_at"):
        op.create_index(f"ix_report_runs_{column}", "report_runs", [column])


def _create_report_deliveries() -> None:
    checks = {
        "recipient_key_length": "length(recipient_key) BETWEEN 1 AND 300",
        "recipient_complete": "(kind = 'slack') = (integration_id IS NOT NULL)",
        "outcome_agrees": "error IS NULL OR NOT is_done",
        "kind": "kind IN ('email', 'slack')",
    }
    op.create_table(
        "report_deliveries",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_key", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("integration_id", sa.Integer()),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("updated_at", _INSTANT, nullable=False),
        *_checks("report_deliveries", checks),
        _of_run("report_deliveries"),
        sa.PrimaryKeyConstraint("run_id", "recipient_key", name="pk_report_deliveries"),
    )


def _create_report_messages() -> None:
    op.create_table(
        "report_messages",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("input_tokens", sa.Integer()),
        sa.Column("output_tokens", sa.Integer()),
        sa.Column("cost_usd", sa.Double()),
        *_checks("report_messages", {"number_not_negative": "number >= 0"}),
        _of_run("report_messages"),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_report_messages"),
    )


def _checks(table: str, rules: dict[str, str]) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in rules.items()]


def _of_run(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["run_id", "project_id"], ["report_runs.id", "report_runs.project_id"], name=f"fk_{table}_run_id"
    )
