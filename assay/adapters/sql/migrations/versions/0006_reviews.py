"""Score definitions and their versions, trace reviews and their scores, review queues and their items."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006_reviews"
down_revision = "0005_clustering"

_INSTANT = sa.DateTime(timezone=True)
_FOLDED_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_LIVE = sa.text("NOT deleted")


def upgrade() -> None:
    _create_score_definitions()
    _create_score_definition_versions()
    _create_trace_reviews()
    _create_trace_review_scores()
    _create_review_queues()
    _create_review_queue_items()


def _create_score_definitions() -> None:
    # The tables refer to each other. SQLite takes a reference to a table that is yet to come and cannot
    # add one later; PostgreSQL is the other way round.
    current_version = sa.ForeignKeyConstraint(
        ["id", "current_version"],
        ["score_definition_versions.definition_id", "score_definition_versions.version"],
        name="fk_score_definitions_current_version",
        deferrable=True,
        initially="DEFERRED",
    )
    op.create_table(
        "score_definitions",
        *_authored_columns(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", _FOLDED_TEXT, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("description_folded", _FOLDED_TEXT, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("current_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('categorical', 'numeric', 'boolean')", name=op.f("ck_score_definitions_kind")
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 255", name=op.f("ck_score_definitions_name_length")),
        *_authored_constraints("score_definitions"),
        *([current_version] if _on_sqlite() else []),
    )
    op.create_index(
        "ix_score_definitions_project_id_name_folded", "score_definitions", ["project_id", "name_folded"]
    )


def _create_score_definition_versions() -> None:
    table = "score_definition_versions"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("created_by_id", sa.Integer()),
        sa.CheckConstraint("version >= 1", name=op.f(f"ck_{table}_version_positive")),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["score_definitions.id"], name=f"fk_{table}_definition_id"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=f"fk_{table}_created_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("definition_id", "version", name=f"uq_{table}_definition_id_version"),
        sa.UniqueConstraint("definition_id", "id", name=f"uq_{table}_definition_id_id"),
    )
    if not _on_sqlite():
        op.create_foreign_key(
            "fk_score_definitions_current_version",
            "score_definitions",
            table,
            ["id", "current_version"],
            ["definition_id", "version"],
            deferrable=True,
            initially="DEFERRED",
        )


def _create_trace_reviews() -> None:
    table = "trace_reviews"
    op.create_table(
        table,
        *_authored_columns(),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("trace_id_folded", _FOLDED_TEXT, nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("comment_folded", _FOLDED_TEXT, nullable=False),
        sa.Column("reviewed_by_id", sa.Integer()),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(trace_id) BETWEEN 1 AND 255", name=op.f(f"ck_{table}_trace_id_length")),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"], ["users.id"], name=f"fk_{table}_reviewed_by_id", ondelete="SET NULL"
        ),
        *_authored_constraints(table),
    )
    _create_live_index("uq_trace_reviews_live_trace", table, "trace_id")
    op.create_index(f"ix_{table}_project_id_updated_at", table, ["project_id", "updated_at"])


def _create_trace_review_scores() -> None:
    table = "trace_review_scores"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.Column("definition_version_id", sa.Uuid(), nullable=False),
        sa.Column("categorical_values", sa.JSON()),
        sa.Column("numeric_micros", sa.BigInteger()),
        sa.Column("boolean_value", sa.Boolean()),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "CASE WHEN categorical_values IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN numeric_micros IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN boolean_value IS NULL THEN 0 ELSE 1 END = 1",
            name=op.f(f"ck_{table}_one_value"),
        ),
        sa.CheckConstraint(
            "numeric_micros BETWEEN -999999999999 AND 999999999999", name=op.f(f"ck_{table}_numeric_digits")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["trace_reviews.id"], name=f"fk_{table}_review_id"),
        sa.ForeignKeyConstraint(
            ["definition_id", "definition_version_id"],
            ["score_definition_versions.definition_id", "score_definition_versions.id"],
            name=f"fk_{table}_definition_id",
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("review_id", "definition_id", name=f"uq_{table}_review_id_definition_id"),
    )
    op.create_index(f"ix_{table}_definition_id", table, ["definition_id"])


def _create_review_queues() -> None:
    table = "review_queues"
    op.create_table(
        table,
        *_authored_columns(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", _FOLDED_TEXT, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 255", name=op.f(f"ck_{table}_name_length")),
        *_authored_constraints(table),
    )
    _create_live_index("uq_review_queues_live_name", table, "name")
    op.create_index(f"ix_{table}_project_id_name_folded", table, ["project_id", "name_folded"])


def _create_review_queue_items() -> None:
    table = "review_queue_items"
    op.create_table(
        table,
        *_authored_columns(),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("trace_id_folded", _FOLDED_TEXT, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(trace_id) BETWEEN 1 AND 255", name=op.f(f"ck_{table}_trace_id_length")),
        sa.ForeignKeyConstraint(["queue_id"], ["review_queues.id"], name=f"fk_{table}_queue_id"),
        *_authored_constraints(table),
    )
    _create_live_index("uq_review_queue_items_live_trace", table, "trace_id")
    op.create_index(f"ix_{table}_queue_id", table, ["queue_id"])
    op.create_index(f"ix_{table}_project_id_created_at", table, ["project_id", "created_at"])


def _authored_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("created_by_id", sa.Integer()),
    ]


def _authored_constraints(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=f"fk_{table}_project_id"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=f"fk_{table}_created_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    ]


def _create_live_index(name: str, table: str, column: str) -> None:
    op.create_index(
        name, table, ["project_id", column], unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    )


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
