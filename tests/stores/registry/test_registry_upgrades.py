"""A registry of the first version, brought up to date: its rows stay, and every rule holds for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import IntegrityError

from assay.adapters.sql import SqlRegistry, migrate, open_registry
from assay.adapters.sql.database import connect
from assay.errors import StoreUnavailable
from tests.stores.registry.databases import Databases
from tests.stores.registry.support import SECRETS

type Row = Mapping[str, Any]

FIRST = "0001_access_and_evaluations"
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
ORGANIZATION, USER_UUID, KEY, VERDICT, PROVIDER_KEY = (UUID(int=number) for number in range(1, 6))
ACTIVE, PAUSED, ERROR, CODE = (UUID(int=number) for number in range(11, 15))
TYPES: dict[type, sa.types.TypeEngine[Any]] = {
    UUID: sa.Uuid(),
    datetime: sa.DateTime(timezone=True),
    dict: sa.JSON(),
    list: sa.JSON(),
    bool: sa.Boolean(),
}


def evaluation(id_: UUID, status: str, **changes: Any) -> Row:
    return {
        "id": id_,
        "project_id": 1,
        "name": "Größe",
        "name_folded": "grösse",
        "description": "",
        "description_folded": "",
        "enabled": status == "active",
        "status": status,
        "status_reason": "hog_error" if status == "error" else None,
        "evaluation_type": "llm_judge",
        "evaluation_config": {"prompt": "Is it „polite“?"},
        "output_type": "boolean",
        "output_config": {"allows_na": False},
        "conditions": [{"id": "all", "rollout_percentage": 12.5, "properties": []}],
        "provider": None,
        "model": None,
        "provider_key_id": None,
        "deleted": False,
        "version": 3,
        "created_at": NOW,
        "updated_at": NOW,
        "created_by_id": 7,
    } | changes


def current(id_: UUID, status: str, **changes: Any) -> Row:
    """An evaluation as the newest schema holds it."""
    active_since = NOW if status == "active" else None
    return {**evaluation(id_, status), "active_since": active_since, **changes}


ROWS: dict[str, list[Row]] = {
    "organizations": [{"id": ORGANIZATION, "name": "Acme", "ai_consent": True}],
    "users": [
        {
            "id": 7,
            "uuid": USER_UUID,
            "email": "ada@example.com",
            "first_name": "Ada",
            "last_name": "",
            "distinct_id": None,
            "is_email_verified": None,
            "is_active": True,
        }
    ],
    "memberships": [{"user_id": 7, "organization_id": ORGANIZATION, "role": "owner"}],
    "projects": [{"id": 1, "organization_id": ORGANIZATION, "name": "First", "token": "phc_first"}],
    "api_keys": [
        {
            "id": KEY,
            "user_id": 7,
            "label": "ci",
            "key_hash": "0" * 64,
            "scopes": ["*"],
            "project_ids": [1],
            "created_at": NOW,
            "last_used_at": None,
            "revoked_at": NOW,
        }
    ],
    "evaluations": [
        evaluation(ACTIVE, "active", provider="openai", model="gpt-5-mini"),
        evaluation(PAUSED, "paused", deleted=True, created_by_id=None),
        evaluation(ERROR, "error"),
        evaluation(CODE, "active", evaluation_type="hog", evaluation_config={"source": "return true"}),
    ],
    "trial_evaluations": [
        {"project_id": 1, "verdict_event_id": VERDICT, "reserved_at": NOW, "confirmed": True}
    ],
}
"""Rows of every table of the first step, parents first."""

NEW_PROVIDER_KEY: Row = {
    "id": PROVIDER_KEY,
    "project_id": 1,
    "created_at": NOW,
    "updated_at": NOW,
    "provider": "openai",
    "name": "Key",
    "state": "ok",
    "sealed": b"box",
    "sealed_with": "secret",
    "masked": "****",
    "version": 1,
}

REPORT: Row = {
    "id": UUID(int=21),
    "project_id": 1,
    "evaluation_id": ACTIVE,
    "frequency": "scheduled",
    "rrule": "FREQ=DAILY",
    "starts_at": NOW,
    "timezone_name": "Europe/Zurich",
    "delivery_targets": [{"type": "email", "value": "größe@example.com", "weight": 1.0}],
    "max_sample_size": 200,
    "enabled": True,
    "deleted": False,
    "report_prompt_guidance": "007",
    "cooldown_minutes": 60,
    "daily_run_cap": 10,
    "created_at": NOW,
    "updated_at": NOW,
    "created_by_id": 7,
}

RUN: Row = {
    "id": UUID(int=31),
    "project_id": 1,
    "report_id": UUID(int=21),
    "evaluation_id": ACTIVE,
    "trigger": "manual",
    "period_start": NOW,
    "period_end": NOW,
    "content": '{"title":"Größe","sections":[]}',
    "content_size": 31,
    "generation_status": "completed",
    "delivery_status": "pending",
    "delivery_errors": "[]",
    "created_at": NOW,
}

OF_RUNS: dict[str, Row] = {
    "report_deliveries": {
        "run_id": RUN["id"],
        "recipient_key": "email:a@b.c",
        "project_id": 1,
        "kind": "email",
        "address": "a@b.c",
        "receipt": "{}",
        "is_done": False,
        "updated_at": NOW,
    },
    "report_messages": {"run_id": RUN["id"], "number": 0, "project_id": 1, "message": "{}"},
}
"""A row of every table that refers to runs."""

BROKEN: dict[str, tuple[str, Row]] = {
    "status that disagrees": ("evaluations", current(UUID(int=99), "active", enabled=False)),
    "unknown status": ("evaluations", current(UUID(int=99), "asleep")),
    "unknown reason": ("evaluations", current(UUID(int=99), "error", status_reason="weather")),
    "active since never": ("evaluations", current(UUID(int=99), "active", active_since=None)),
    "active while paused": ("evaluations", current(UUID(int=99), "paused", active_since=NOW)),
    "unknown type": ("evaluations", current(UUID(int=99), "active", evaluation_type="oracle")),
    "unknown output": ("evaluations", current(UUID(int=99), "active", output_type="poem")),
    "unknown provider": ("evaluations", current(UUID(int=99), "active", provider="acme", model="m")),
    "half a model": ("evaluations", current(UUID(int=99), "active", provider="openai")),
    "no name": ("evaluations", current(UUID(int=99), "active", name="")),
    "no version": ("evaluations", current(UUID(int=99), "active", version=0)),
    "same id": ("evaluations", current(ACTIVE, "active")),
    "no such project": ("evaluations", current(UUID(int=99), "active", project_id=99)),
    "no such author": ("evaluations", current(UUID(int=99), "active", created_by_id=99)),
    "no such provider key": (
        "evaluations",
        current(UUID(int=99), "active", provider="openai", model="m", provider_key_id=UUID(int=99)),
    ),
    "unknown role": ("memberships", ROWS["memberships"][0] | {"role": "guest"}),
    "short hash": ("api_keys", ROWS["api_keys"][0] | {"id": UUID(int=99), "key_hash": "0"}),
    "same token": ("projects", ROWS["projects"][0] | {"id": 99}),
    "trial of no project": ("trial_evaluations", ROWS["trial_evaluations"][0] | {"project_id": 99}),
}


@pytest.fixture
async def first_version(empty_url: str) -> str:
    """URL of a database with the schema of the first step and rows in all of its tables."""
    await in_connection(empty_url, to_first_step)
    tables = await in_connection(empty_url, lambda connection: sa.inspect(connection).get_table_names())
    assert {*tables} - {"alembic_version"} == {*ROWS}
    for table, rows in ROWS.items():
        for row in rows:
            await in_connection(empty_url, inserting(table, row))
    return empty_url


async def test_rows_of_the_first_version_stay_as_they_were(first_version: str) -> None:
    before = await in_connection(first_version, stored)
    assert {table: len(rows) for table, rows in before.items()} == {
        table: len(rows) for table, rows in ROWS.items()
    }

    await migrate(first_version)

    assert await in_connection(first_version, stored) == before


async def test_rules_hold_for_a_registry_that_was_upgraded(first_version: str) -> None:
    await migrate(first_version)

    accepted = [name for name, (table, row) in BROKEN.items() if not await refused(first_version, table, row)]

    assert accepted == []
    for number, (status, reason) in enumerate(
        [("paused", None), ("active", None), ("error", "provider_key_invalid")]
    ):
        fine = current(UUID(int=99 + number), status, status_reason=reason)
        assert not await refused(first_version, "evaluations", fine)


async def test_references_are_kept_for_a_registry_that_was_upgraded(first_version: str) -> None:
    await migrate(first_version)
    await in_connection(first_version, inserting("provider_keys", NEW_PROVIDER_KEY))
    judging = current(UUID(int=99), "active", provider="openai", model="m", provider_key_id=PROVIDER_KEY)
    await in_connection(first_version, inserting("evaluations", judging))

    for statement in ("DELETE FROM provider_keys", "DELETE FROM users"):
        await in_connection(first_version, executing(statement))
    with pytest.raises(IntegrityError):
        await in_connection(first_version, executing("DELETE FROM projects"))

    evaluations = (await in_connection(first_version, stored))["evaluations"]
    assert len(evaluations) == len(ROWS["evaluations"]) + 1
    assert {(row["provider_key_id"], row["created_by_id"]) for row in evaluations} == {(None, None)}


async def test_what_is_active_has_been_since_the_upgrade(first_version: str) -> None:
    before = datetime.now(UTC)

    await migrate(first_version)

    registry = open_registry(first_version, secrets=SECRETS)
    by_id = {each.id: each for each in await registry.evaluations.active(1)}
    paused = await registry.evaluations.get(1, ERROR)
    await registry.close()
    assert {*by_id} == {ACTIVE, CODE}
    for each in by_id.values():
        assert each.active_since is not None
        assert before <= each.active_since <= datetime.now(UTC)
    assert paused is not None
    assert paused.active_since is None


@pytest.mark.parametrize("step", ["0007_evaluation_reports", "0008_automatic_evaluation"])
async def test_reports_stay_while_the_table_that_they_refer_to_is_copied(empty_url: str, step: str) -> None:
    await in_connection(empty_url, lambda connection: to_step(connection, step))
    active_since = {} if step.startswith("0007") else {"active_since": NOW}
    for table, rows in ROWS.items():
        for row in rows:
            more = active_since if row.get("status") == "active" else {}
            await in_connection(empty_url, inserting(table, row | more))
    await in_connection(empty_url, inserting("evaluation_reports", REPORT))
    everything = executing("SELECT * FROM evaluation_reports")
    before = await in_connection(empty_url, lambda connection: everything(connection).all())

    await migrate(empty_url)

    assert await in_connection(empty_url, lambda connection: everything(connection).all()) == before
    with pytest.raises(IntegrityError):  # and they still refer to it
        await in_connection(empty_url, executing("DELETE FROM evaluations"))


async def test_what_belongs_to_runs_stays_while_their_table_is_copied(empty_url: str) -> None:
    await in_connection(empty_url, lambda connection: to_step(connection, "0009_report_runs"))
    for table, rows in ROWS.items():
        for row in rows:
            more = {"active_since": NOW} if row.get("status") == "active" else {}
            await in_connection(empty_url, inserting(table, row | more))
    for table, row in {"evaluation_reports": REPORT, "report_runs": RUN, **OF_RUNS}.items():
        await in_connection(empty_url, inserting(table, row))
    everything = [executing(f"SELECT * FROM {table}") for table in ("report_runs", *OF_RUNS)]
    before = [await in_connection(empty_url, lambda each, read=read: read(each).all()) for read in everything]

    await migrate(empty_url)

    after = [await in_connection(empty_url, lambda each, read=read: read(each).all()) for read in everything]
    assert after == before
    with pytest.raises(IntegrityError):  # and they still refer to it
        await in_connection(empty_url, executing("DELETE FROM report_runs"))


async def test_runs_refer_to_what_was_there_before_the_upgrade(first_version: str) -> None:
    await migrate(first_version)
    await in_connection(first_version, inserting("projects", ROWS["projects"][0] | {"id": 9, "token": "x"}))
    await in_connection(first_version, inserting("evaluation_reports", REPORT))

    for broken in ({"evaluation_id": UUID(int=99)}, {"report_id": UUID(int=99)}, {"project_id": 9}):
        assert await refused(first_version, "report_runs", RUN | broken)
    await in_connection(first_version, inserting("report_runs", RUN))
    for table, row in OF_RUNS.items():
        assert await refused(first_version, table, row | {"run_id": UUID(int=99)})
        assert await refused(first_version, table, row | {"project_id": 9})
        await in_connection(first_version, inserting(table, row))
    for table in ("report_runs", "evaluation_reports", "evaluations"):
        with pytest.raises(IntegrityError):
            await in_connection(first_version, executing(f"DELETE FROM {table}"))


async def test_a_process_that_stays_up_during_an_upgrade_finds_its_feet(
    postgresql_databases: Databases,
) -> None:
    """A statement that a connection prepared before does not fit the new columns: once, then it is made anew."""
    async with postgresql_databases.empty() as url:
        await in_connection(url, to_first_step)
        registry = open_registry(url, secrets=SECRETS)
        await asyncio.gather(*(read(registry) for _ in range(3)))

        await migrate(url)

        with pytest.raises(StoreUnavailable):
            await read(registry)
        await asyncio.gather(*(read(registry) for _ in range(3)))
        await registry.close()


async def read(registry: SqlRegistry) -> None:
    assert await registry.access.authenticate("phx_nobody") is None


async def refused(url: str, table: str, row: Row) -> bool:
    try:
        await in_connection(url, inserting(table, row))
    except IntegrityError:
        return True
    return False


async def in_connection(url: str, action: Callable[[sa.Connection], Any]) -> Any:
    engine = connect(url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(action)
    finally:
        await engine.dispose()


def to_first_step(connection: sa.Connection) -> None:
    to_step(connection, FIRST)


def to_step(connection: sa.Connection, step: str) -> None:
    config = Config()
    config.set_main_option("script_location", "assay.adapters.sql:migrations")
    config.attributes.update(connection=connection, applied=[])
    command.upgrade(config, step)


def inserting(table: str, row: Row) -> Callable[[sa.Connection], object]:
    columns = (sa.column(name, TYPES.get(type(value))) for name, value in row.items())
    statement = sa.insert(sa.table(table, *columns)).values(row)
    return lambda connection: connection.execute(statement)


def executing(statement: str) -> Callable[[sa.Connection], sa.CursorResult[Any]]:
    return lambda connection: connection.execute(sa.text(statement))


def stored(connection: sa.Connection) -> dict[str, list[dict[str, Any]]]:
    """What the tables of the first step hold, as the driver tells it."""
    found = {}
    for table, rows in ROWS.items():
        columns = ", ".join(rows[0])
        result = connection.execute(
            sa.text(f"SELECT {columns} FROM {table} ORDER BY {columns.split(',')[0]}")
        )
        found[table] = [dict(row) for row in result.mappings()]
    return found
