"""Clustering configurations and jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0005_clustering"
down_revision = "0004_provider_keys"

# A step is history: it spells out what the schema was, and imports nothing that may change later.
_INSTANT = sa.DateTime(timezone=True)
_JSON_TEXT = sa.JSON().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "clustering_configs",
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_filters", sa.JSON(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_clustering_configs_project_id"),
        sa.PrimaryKeyConstraint("project_id", name="pk_clustering_configs"),
    )
    op.create_table(
        "clustering_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("analysis_level", sa.String(40), nullable=False),
        sa.Column("event_filters", _JSON_TEXT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("ck_clustering_jobs_name_length")),
        sa.CheckConstraint(
            "analysis_level IN ('trace', 'generation', 'evaluation')",
            name=op.f("ck_clustering_jobs_analysis_level"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_clustering_jobs_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_clustering_jobs"),
        sa.UniqueConstraint("project_id", "name", name="uq_clustering_jobs_project_id_name"),
    )
