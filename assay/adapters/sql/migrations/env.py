"""How Alembic runs a migration. It executes this file; nothing imports it.

The caller hands over an open transaction and commits it, so all steps take effect together or not at all.
"""

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo

from assay.adapters.sql.tables import Base


def _record(
    ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]
) -> None:
    context.config.attributes["applied"].append(step.up_revision_id)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    on_version_apply=_record,
)
context.run_migrations()
