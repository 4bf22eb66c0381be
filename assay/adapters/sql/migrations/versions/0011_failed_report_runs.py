"""Report runs that ended without a report are told from those that go on."""

from alembic import op

revision = "0011_failed_report_runs"
down_revision = "0010_artifacts"

_STATUSES = "generation_status IN ('pending', 'completed', 'metrics_unavailable', 'failed')"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _set_what_refers_aside()
        _change_check()
        _put_it_back()
    else:
        _change_check()


def _change_check() -> None:
    with op.batch_alter_table("report_runs") as runs:
        runs.drop_constraint(op.f("ck_report_runs_generation_status"), type_="check")
        runs.create_check_constraint(op.f("ck_report_runs_generation_status"), _STATUSES)


def _set_what_refers_aside() -> None:
    # SQLite gets a copy of the table. Dropping the old one deletes its rows first, to which these refer.
    op.execute("CREATE TEMPORARY TABLE deliveries_aside AS SELECT * FROM report_deliveries")
    op.execute("CREATE TEMPORARY TABLE messages_aside AS SELECT * FROM report_messages")
    op.execute("DELETE FROM report_deliveries")
    op.execute("DELETE FROM report_messages")


def _put_it_back() -> None:
    op.execute("INSERT INTO report_deliveries SELECT * FROM deliveries_aside")
    op.execute("INSERT INTO report_messages SELECT * FROM messages_aside")
    op.execute("DROP TABLE deliveries_aside")
    op.execute("DROP TABLE messages_aside")
