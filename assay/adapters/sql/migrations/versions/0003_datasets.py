"""To be written."""

revision = "0003_datasets"
down_revision = "0002_json_as_sent"


def upgrade() -> None:
    pass
