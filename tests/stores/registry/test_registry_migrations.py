from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from assay.adapters.sql import SqlRegistry, migrate, migrations, open_registry
from assay.adapters.sql.database import connect
from assay.adapters.sql.tables import Base
from assay.errors import SetupError, StoreUnavailable
from tests.stores.registry.databases import Databases
from tests.stores.registry.support import SECRETS, execute

STEPS = sorted(step.stem for step in Path(migrations.__path__[0]).glob("versions/0*.py"))

FIRST_START = """
import asyncio, sys
from assay.adapters.sql import bootstrap, migrate, open_registry

async def main(url):
    applied = await migrate(url)
    registry = open_registry(url, secrets=["a secret"])
    result = await bootstrap(
        registry, api_key=None, project_token=None, user_email="a@example.com", ai_consent=True
    )
    await registry.close()
    sys.stdout.write(f"{len(applied)} {result.created:d} {result.project.token}")

sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
asyncio.run(main(sys.argv[1]))
"""


async def test_the_migrations_make_the_schema_of_the_tables(url: str) -> None:
    def differences(connection: Connection) -> list[Any]:
        # SQLite has no identities to compare with: there, AUTOINCREMENT does their work.
        opts = {"compare_server_default": connection.dialect.name != "sqlite"}
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, Base.metadata))

    assert await in_connection(url, differences) == []


async def test_names_checks_and_options_agree_as_well(databases: Databases, url: str) -> None:
    """Alembic's comparison does not look at CHECKs, identities and `ON DELETE` everywhere; this does."""
    async with databases.empty() as other:
        await in_connection(other, Base.metadata.create_all)

        assert await in_connection(url, reflected) == await in_connection(other, reflected)


async def test_a_second_run_changes_nothing(empty_url: str) -> None:
    assert await migrate(empty_url) == STEPS
    before = await in_connection(empty_url, reflected)

    assert await migrate(empty_url) == []
    assert await in_connection(empty_url, reflected) == before


async def test_tasks_may_migrate_at_the_same_time(empty_url: str) -> None:
    applied = await asyncio.gather(*(migrate(empty_url) for _ in range(5)))

    assert sorted(applied) == [[], [], [], [], STEPS]


async def test_a_process_may_migrate_several_registries(databases: Databases) -> None:
    """Alembic keeps its state in globals; runs on different databases must not meet there."""
    async with databases.empty() as one, databases.empty() as two, databases.empty() as three:
        applied = await asyncio.gather(*(migrate(url) for url in (one, two, three) for _ in range(2)))

        assert sorted(applied) == [[], [], [], STEPS, STEPS, STEPS]
        assert await in_connection(one, reflected) == await in_connection(three, reflected)


async def test_processes_may_start_for_the_first_time_together(empty_url: str) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", FIRST_START, empty_url),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for process in processes:  # none starts before all have done their imports
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    outputs = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    reports = [output.decode().split() for output, _ in outputs]

    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert sorted(applied for applied, _, _ in reports) == ["0", "0", "0", str(len(STEPS))]
    assert sorted(created for _, created, _ in reports) == ["0", "0", "0", "1"]
    assert len({token for _, _, token in reports}) == 1


async def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    # The last table of the first step is in the way.
    await in_connection(
        empty_url, lambda connection: run(connection, "CREATE TABLE trial_evaluations (x int)")
    )

    with pytest.raises(StoreUnavailable):
        await migrate(empty_url)

    tables = await in_connection(empty_url, lambda connection: inspect(connection).get_table_names())
    assert tables == ["trial_evaluations"]


async def test_a_newer_schema_is_refused(url: str) -> None:
    registry: SqlRegistry = open_registry(url, secrets=SECRETS)
    await execute(registry, "UPDATE alembic_version SET version_num = '9999_future'")
    await registry.close()

    with pytest.raises(SetupError, match="9999_future"):
        await migrate(url)


async def in_connection(url: str, action: Any) -> Any:
    engine = connect(url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(action)
    finally:
        await engine.dispose()


def run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


def reflected(connection: Connection) -> dict[str, Any]:
    """All that the database knows of its tables, apart from Alembic's own."""
    inspector = inspect(connection)
    return {
        name: {
            "columns": by_name(
                [{**column, "type": repr(column["type"])} for column in inspector.get_columns(name)]
            ),
            "primary key": inspector.get_pk_constraint(name),
            "foreign keys": by_name(inspector.get_foreign_keys(name)),
            "unique": by_name(inspector.get_unique_constraints(name)),
            "checks": by_name(inspector.get_check_constraints(name)),
            "indexes": by_name(map(comparable, inspector.get_indexes(name))),
            "options": inspector.get_table_options(name),
        }
        for name in inspector.get_table_names()
        if name != "alembic_version"
    }


def comparable(index: Any) -> dict[str, Any]:
    """An index with the conditions of partial ones as text: as expressions they equal nothing."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return {**index, "dialect_options": options}


def by_name(parts: Any) -> list[Any]:
    """A list, not a mapping: one that is there twice must be seen twice."""
    return sorted(parts, key=lambda part: str(part["name"]))
