"""Datasets and their items."""

import sqlalchemy as sa
from alembic import op

revision = "0003_datasets"
down_revision = "0002_json_as_sent"

# A step is history: it spells out what the schema was, and imports nothing that may change later.
_INSTANT = sa.DateTime(timezone=True)
_JSON_TEXT = sa.JSON().with_variant(sa.Text(), "sqlite")
_FOLDED_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _create_datasets()
    _create_dataset_items()


def _create_datasets() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", _FOLDED_TEXT, nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("description_folded", _FOLDED_TEXT, nullable=False),
        sa.Column("metadata", _JSON_TEXT),
        sa.Column("metadata_folded", _FOLDED_TEXT, nullable=False),
        sa.Column("deleted", sa.Boolean()),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("created_by_id", sa.Integer()),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 400", name=op.f("ck_datasets_name_length")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name="fk_datasets_created_by_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_datasets_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_datasets"),
        sa.UniqueConstraint("id", "project_id", name="uq_datasets_id_project_id"),
    )
    for column in ("created_at", "updated_at"):
        op.create_index(f"ix_datasets_project_id_{column}", "datasets", ["project_id", column])


def _create_dataset_items() -> None:
    op.create_table(
        "dataset_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.Column("input", _JSON_TEXT),
        sa.Column("output", _JSON_TEXT),
        sa.Column("metadata", _JSON_TEXT),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("ref_trace_id", sa.Text()),
        sa.Column("ref_timestamp", _INSTANT),
        sa.Column("ref_source_id", sa.Text()),
        sa.Column("deleted", sa.Boolean()),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("created_by_id", sa.Integer()),
        *(
            sa.CheckConstraint(f"length({column}) <= 255", name=op.f(f"ck_dataset_items_{column}_length"))
            for column in ("ref_trace_id", "ref_source_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name="fk_dataset_items_created_by_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id", "project_id"],
            ["datasets.id", "datasets.project_id"],
            name="fk_dataset_items_dataset_id",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_dataset_items_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_dataset_items"),
    )
    for column in ("project_id", "dataset_id"):
        op.create_index(f"ix_dataset_items_{column}_created_at", "dataset_items", [column, "created_at"])
