"""Artifacts: texts that work is about, and what models made of them."""

import sqlalchemy as sa
from alembic import op

revision = "0010_artifacts"
down_revision = "0009_report_runs"

# A step is history: it spells out what the schema was, and imports nothing that may change later.
_INSTANT = sa.DateTime(timezone=True)
_KINDS = "'text', 'summary', 'summary_part', 'evaluation_summary', 'evaluation_summary_part', 'translation'"


def upgrade() -> None:
    op.create_table(
        "artifacts",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_artifacts_digest_length")),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_artifacts_kind")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_artifacts_project_id"),
        sa.PrimaryKeyConstraint("project_id", "kind", "digest", name="pk_artifacts"),
    )
    op.create_index(
        "ix_artifacts_project_id_kind_subject_variant_created_at",
        "artifacts",
        ["project_id", "kind", "subject", "variant", "created_at"],
    )
    op.create_index("ix_artifacts_expires_at", "artifacts", ["expires_at"])
