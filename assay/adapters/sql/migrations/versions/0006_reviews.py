"""To be written."""

revision = "0006_reviews"
down_revision = "0005_clustering"


def upgrade() -> None:
    pass
