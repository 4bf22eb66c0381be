"""Since when evaluations have been active, and stopping them when their provider key is refused."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0008_automatic_evaluation"
down_revision = "0007_evaluation_reports"

_INSTANT = sa.DateTime(timezone=True)
_ACTIVE = sa.text("active_since IS NOT NULL")
_REASONS = (
    "status_reason IN ('trial_limit_reached', 'model_not_allowed', 'provider_key_deleted', "
    "'provider_key_invalid', 'provider_key_required', 'hog_error')"
)


def upgrade() -> None:
    op.add_column("evaluations", sa.Column("active_since", _INSTANT))
    _date_active_evaluations()
    if op.get_bind().dialect.name == "sqlite":
        _set_reports_aside()
        _change_checks()
        _put_reports_back()
    else:
        _change_checks()
    op.create_index(
        "ix_evaluations_active",
        "evaluations",
        ["project_id", "created_at"],
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )


def _date_active_evaluations() -> None:
    # Nothing has judged live traffic before this step: what came earlier is not theirs.
    evaluations = sa.table("evaluations", sa.column("status"), sa.column("active_since", _INSTANT))
    op.execute(
        sa.update(evaluations)
        .where(evaluations.c.status == sa.literal("active", sa.String()))
        .values(active_since=datetime.now(UTC))
    )


def _change_checks() -> None:
    with op.batch_alter_table("evaluations") as evaluations:
        evaluations.drop_constraint(op.f("ck_evaluations_status_reason"), type_="check")
        evaluations.create_check_constraint(op.f("ck_evaluations_status_reason"), _REASONS)
        evaluations.create_check_constraint(
            op.f("ck_evaluations_active_since_agrees"),
            "(status = 'active') = (active_since IS NOT NULL)",
        )


def _set_reports_aside() -> None:
    # SQLite gets a copy of the table. Dropping the old one deletes its rows first, to which reports refer.
    op.execute("CREATE TEMPORARY TABLE reports_aside AS SELECT * FROM evaluation_reports")
    op.execute("DELETE FROM evaluation_reports")


def _put_reports_back() -> None:
    op.execute("INSERT INTO evaluation_reports SELECT * FROM reports_aside")
    op.execute("DROP TABLE reports_aside")
