"""Runs of clustering jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0013_clustering_runs"
down_revision = "0012_sentiment"

# A step is history: it spells out what the schema was, and imports nothing that may change later.
_INSTANT = sa.DateTime(timezone=True)
_IS_RUNNING = sa.text("status = 'running'")

_CHECKS = {
    "window_ordered": "window_start <= window_end",
    "end_agrees": "(status = 'running') = (finished_at IS NULL)",
    "next_cluster_id_not_negative": "next_cluster_id >= 0",
    "level": "level IN ('trace', 'generation', 'evaluation')",
    "trigger": "\"trigger\" IN ('scheduled', 'manual')",
    "status": "status IN ('running', 'completed', 'skipped', 'failed')",
}


def upgrade() -> None:
    op.create_table(
        "clustering_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("job_name", sa.Text(), nullable=False),
        sa.Column("level", sa.String(40), nullable=False),
        sa.Column("trigger", sa.String(40), nullable=False),
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("window_start", _INSTANT, nullable=False),
        sa.Column("window_end", _INSTANT, nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("previous", sa.Uuid()),
        sa.Column("next_cluster_id", sa.Integer(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("cost_usd", sa.Double()),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("finished_at", _INSTANT),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_clustering_runs_{name}"))
            for name, rule in _CHECKS.items()
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_clustering_runs_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_clustering_runs"),
    )
    for columns in (["project_id", "started_at"], ["project_id", "job_id", "level", "window_end"]):
        op.create_index(f"ix_clustering_runs_{'_'.join(columns)}", "clustering_runs", columns)
    op.create_index(
        "ix_clustering_runs_running",
        "clustering_runs",
        ["started_at"],
        sqlite_where=_IS_RUNNING,
        postgresql_where=_IS_RUNNING,
    )
