"""What the tests of the registry share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from assay.adapters.sql import SqlRegistry
from assay.contracts.evaluations import EvaluationSpec

SECRETS = ("the first secret of this test", "an older one")


def spec(**changes: Any) -> EvaluationSpec:
    """A small judge, disabled unless said otherwise."""
    defaults: dict[str, Any] = {
        "name": "Politeness",
        "evaluation_type": "llm_judge",
        "evaluation_config": {"prompt": "Is it polite?"},
        "output_type": "boolean",
        "output_config": {"allows_na": False},
        "conditions": ({"id": "all", "rollout_percentage": 100, "properties": []},),
    }
    return EvaluationSpec(**(defaults | changes))


async def execute(registry: SqlRegistry, statement: str, **parameters: object) -> None:
    """Run SQL past the repositories."""
    async with registry.database.write() as session:
        await session.execute(text(statement), parameters)


async def count(registry: SqlRegistry, table: str) -> int:
    """Number of rows in a table."""
    async with registry.database.read() as session:
        found = await session.scalar(text(f"SELECT count(*) FROM {table}"))
        return int(found or 0)
