"""To be written."""

revision = "0005_clustering"
down_revision = "0004_provider_keys"


def upgrade() -> None:
    pass
