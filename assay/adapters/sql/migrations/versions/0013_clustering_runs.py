"""Runs of clustering jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0013_clustering_runs"
down_revision = "0012_sentiment"

# A step is history: it spells out what the schema was, and imports nothing that may change later.
_INSTANT = sa.DateTime(timezone=True)

_UNDER_WAY = "status IN ('queued', 'running')"
_RUNNING = "status = 'running'"

_CHECKS = {
    "window_ordered": "window_start <= window_end",
    "end_agrees": f"({_UNDER_WAY}) = (finished_at IS NULL)",
    "next_cluster_id_not_negative": "next_cluster_id >= 0",
    "level": "level IN ('trace', 'generation', 'evaluation')",
    "trigger": "\"trigger\" IN ('scheduled', 'manual')",
    "status": "status IN ('queued', 'running', 'completed', 'skipped', 'failed')",
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
    _index("ix_clustering_runs_under_way", "started_at", where=_UNDER_WAY)
    _index("uq_clustering_runs_running", "project_id", "job_id", "level", where=_RUNNING, unique=True)
    without_job = f"{_RUNNING} AND job_id IS NULL"
    _index("uq_clustering_runs_running_without_job", "project_id", "level", where=without_job, unique=True)


def _index(name: str, *columns: str, where: str, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        "clustering_runs",
        [*columns],
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )
