"""To be written."""

revision = "0007_evaluation_reports"
down_revision = "0006_reviews"


def upgrade() -> None:
    pass
