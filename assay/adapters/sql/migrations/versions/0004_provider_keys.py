"""To be written."""

revision = "0004_provider_keys"
down_revision = "0003_datasets"


def upgrade() -> None:
    pass
