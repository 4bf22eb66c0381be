"""What models say of texts is an artifact."""

from alembic import op

revision = "0012_sentiment"
down_revision = "0011_failed_report_runs"

_KINDS = (
    "'text', 'summary', 'summary_part', 'evaluation_summary', 'evaluation_summary_part', 'translation', "
    "'sentiment', 'cluster_labels'"
)


def upgrade() -> None:
    with op.batch_alter_table("artifacts") as artifacts:
        artifacts.drop_constraint(op.f("ck_artifacts_kind"), type_="check")
        artifacts.create_check_constraint(op.f("ck_artifacts_kind"), f"kind IN ({_KINDS})")
