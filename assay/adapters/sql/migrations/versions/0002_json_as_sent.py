"""JSON columns keep a document's text, so that it comes back as it was sent.

JSONB lost the order of keys, and wrote a float from 1e16 on as an integer. SQLite has kept the text before.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002_json_as_sent"
down_revision = "0001_access_and_evaluations"

_COLUMNS = {
    "api_keys": ("scopes", "project_ids"),
    "evaluations": ("evaluation_config", "output_config", "conditions"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.alter_column(
                table, column, existing_type=JSONB(), type_=sa.JSON(), postgresql_using=f"{column}::json"
            )
