"""Bring the schema up to date.

A migration is a numbered file in `schema/`, applied in order of its name and recorded in
`schema_migrations`. ClickHouse has neither transactional DDL nor locks, so two processes that start together
may both apply the same file, and a process may die half-way. That is harmless because of one rule: **every
statement of a migration can be run again** (`IF NOT EXISTS`, `IF EXISTS`, `ADD COLUMN IF NOT EXISTS` …).
A file that has been released never changes.
"""

from __future__ import annotations

import re
from importlib.resources import files

from assay.adapters.clickhouse.connection import Connection

_CREATE_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations
(
    name String,
    applied_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY name
"""

_END_OF_STATEMENT = re.compile(r";[ \t]*$", re.MULTILINE)


def migrate(connection: Connection) -> list[str]:
    """Apply the migrations that the store does not know yet.

    Returns:
        Their names, in order.

    Raises:
        StoreUnavailable: the store failed or refused a statement; calling again goes on from there.
    """
    connection.command(_CREATE_LEDGER)
    known = {row["name"] for row in connection.query("SELECT name FROM schema_migrations")}
    applied = []
    for name, sql in sorted(_migrations().items()):
        if name in known:
            continue
        for statement in _statements(sql):
            connection.command(statement)
        connection.insert("schema_migrations", {"name": "String"}, [[name]])
        applied.append(name)
    return applied


def _migrations() -> dict[str, str]:
    folder = files(__package__) / "schema"
    return {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    }


def _statements(sql: str) -> list[str]:
    """The statements of a file; each ends with a semicolon at the end of a line."""
    return [statement.strip() for statement in _END_OF_STATEMENT.split(sql) if statement.strip()]
