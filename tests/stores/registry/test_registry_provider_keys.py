"""Provider keys in the registry, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.config import Config
from pydantic import SecretStr
from sqlalchemy import Connection, text, update

from assay.adapters.sql import BootstrapResult, SqlRegistry, migrate, open_registry
from assay.adapters.sql.database import connect
from assay.adapters.sql.tables import ProviderKeyRow
from assay.contracts.evaluations import (
    Provider,
)
from assay.contracts.lists import ListQuery
from assay.contracts.provider_keys import (
    KeyCheck,
    KeyState,
    ProviderKeyChange,
)
from assay.errors import Conflict, FieldError, NotFound
from assay.ports import Registry
from tests.stores.registry.provider_keys import (
    NEW_SECRET,
    REFUSED,
    SECRET,
    access,
    judge,
    secret_of,
    store,
)
from tests.stores.registry.support import SECRETS, execute

# Storing and reading


async def test_a_key_comes_back_without_its_secret_and_opens_with_it(registry: Registry) -> None:
    author = await registry.access.first_user()
    created = await registry.provider_keys.create(1, "Production", access(), created_by=author.id)

    assert (created.state, created.version, created.masked) == (KeyState.OK, 1, "sk-p...seen")
    assert created.created_by is not None
    assert created.created_by.role_at_organization == "owner"
    assert await registry.provider_keys.get(1, created.id) == created
    assert SECRET not in repr(created)
    opened = await registry.provider_keys.open(1, created.id)
    assert opened is not None
    assert opened.access.api_key.get_secret_value() == SECRET
    assert SECRET not in repr(opened)


async def test_azure_keeps_its_endpoint_and_version(registry: Registry) -> None:
    created = await store(
        registry,
        provider=Provider.AZURE_OPENAI,
        azure_endpoint="https://acme.openai.azure.com",
        api_version="2024-10-21",
    )
    opened = await registry.provider_keys.open(1, created.id)
    assert opened is not None
    assert (opened.access.azure_endpoint, opened.access.api_version) == (
        "https://acme.openai.azure.com",
        "2024-10-21",
    )


async def test_no_column_holds_the_secret(blank: SqlRegistry, start: BootstrapResult) -> None:
    key = await store(blank, active=True)
    await judge(blank, key)
    await blank.provider_keys.report(1, key.id, REFUSED, version=1)

    async with blank.database.read() as session:
        for table in ("provider_keys", "evaluation_configs", "evaluations"):
            for row in await session.execute(text(f"SELECT * FROM {table}")):
                for value in row:
                    shown = value if isinstance(value, bytes) else str(value).encode()
                    assert SECRET.encode() not in shown


async def test_the_same_secret_is_sealed_differently_each_time(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    await store(blank)
    await store(blank)
    async with blank.database.read() as session:
        boxes = (await session.scalars(text("SELECT sealed FROM provider_keys"))).all()
    assert len(set(map(bytes, boxes))) == 2


async def test_lists_are_of_one_project_newest_first_in_pages(registry: Registry) -> None:
    other = (await registry.access.create_project("Other")).id
    await store(registry, project=other)
    made = [(await store(registry, name=f"{number}")).name for number in range(3)]

    count, page = await registry.provider_keys.list(1, ListQuery(limit=2))

    assert (count, [key.name for key in page]) == (3, made[:0:-1])


async def test_no_project_sees_or_changes_the_keys_of_another(registry: Registry) -> None:
    key = await store(registry)
    other = (await registry.access.create_project("Other")).id
    keys = registry.provider_keys

    assert await keys.get(other, key.id) is None
    assert await keys.open(other, key.id) is None
    assert await keys.change(other, key.id, ProviderKeyChange(name="x")) is None
    assert not (await keys.report(other, key.id, REFUSED, version=1)).told
    assert await keys.recheck(other, key.id, REFUSED, version=1) is None
    assert await keys.dependents(other, key.id) is None
    assert await keys.assign(other, key.id, [uuid4()], enable=True) is None
    assert await keys.delete(other, key.id) is None
    with pytest.raises(NotFound):
        await registry.evaluation_config.set_active_key(other, key.id)
    assert await keys.get(1, key.id) == key


async def test_what_the_database_cannot_hold_is_a_field_error(registry: Registry) -> None:
    with pytest.raises(FieldError) as refused:
        await store(registry, name="a\x00b")
    assert refused.value.attr == "name"
    with pytest.raises(FieldError) as refused:
        await store(registry, secret="sk-\ud800")
    assert refused.value.attr == "api_key"


@pytest.mark.parametrize(
    "change",
    [
        "name = ''",
        "state = 'fine'",
        "version = 0",
        "error_message = 'but it is ok'",
        "azure_endpoint = 'https://acme.openai.azure.com'",
        "provider = 'azure_openai'",
    ],
)
async def test_the_database_itself_refuses_what_cannot_be(
    blank: SqlRegistry, start: BootstrapResult, change: str
) -> None:
    await store(blank)
    with pytest.raises(Exception, match=r"(?i)rule|constraint|refuse"):
        await execute(blank, f"UPDATE provider_keys SET {change}")


# Changing


async def test_a_new_secret_is_ok_and_a_version(registry: Registry) -> None:
    key = await store(registry)
    await registry.provider_keys.report(1, key.id, REFUSED, version=1)

    changed = await registry.provider_keys.change(
        1, key.id, ProviderKeyChange(api_key=SecretStr(NEW_SECRET)), checked=1
    )

    assert changed is not None
    assert (changed.state, changed.error_message, changed.version) == (KeyState.OK, None, 2)
    assert changed.masked == "sk-p...ther"
    assert changed.updated_at > key.updated_at
    assert await secret_of(registry, key) == NEW_SECRET


async def test_a_new_name_leaves_state_and_version(registry: Registry) -> None:
    key = await store(registry)
    await registry.provider_keys.report(1, key.id, REFUSED, version=1)

    changed = await registry.provider_keys.change(1, key.id, ProviderKeyChange(name="Spare"))

    assert changed is not None
    assert (changed.name, changed.state, changed.version) == ("Spare", KeyState.INVALID, 1)
    assert changed.error_message == REFUSED.error_message


async def test_another_azure_endpoint_makes_the_state_unknown(registry: Registry) -> None:
    key = await store(
        registry,
        provider=Provider.AZURE_OPENAI,
        azure_endpoint="https://acme.openai.azure.com",
        api_version="2024-10-21",
    )
    await registry.provider_keys.report(1, key.id, REFUSED, version=1)

    changed = await registry.provider_keys.change(1, key.id, ProviderKeyChange(api_version="2025-01-01"))

    assert changed is not None
    assert (changed.state, changed.error_message, changed.version) == (KeyState.UNKNOWN, None, 2)
    assert (changed.azure_endpoint, changed.api_version) == (key.azure_endpoint, "2025-01-01")
    assert await secret_of(registry, key) == SECRET


async def test_a_check_of_another_version_changes_nothing(registry: Registry) -> None:
    key = await store(registry)
    changed = await registry.provider_keys.change(
        1, key.id, ProviderKeyChange(api_key=SecretStr(NEW_SECRET)), checked=1
    )
    assert changed is not None

    with pytest.raises(Conflict):
        await registry.provider_keys.change(
            1, key.id, ProviderKeyChange(api_key=SecretStr(SECRET)), checked=1
        )
    with pytest.raises(Conflict):
        await registry.provider_keys.recheck(1, key.id, REFUSED, version=1)
    assert not (await registry.provider_keys.report(1, key.id, REFUSED, version=1)).told
    assert await registry.provider_keys.get(1, key.id) == changed


async def test_of_many_new_secrets_at_once_one_is_stored(registry: Registry, second: Registry) -> None:
    key = await store(registry)

    async def change(each: Registry, number: int) -> str | None:
        secret = SecretStr(f"sk-of-writer-{number}")
        try:
            await each.provider_keys.change(1, key.id, ProviderKeyChange(api_key=secret), checked=1)
        except Conflict:
            return None
        return secret.get_secret_value()

    stored = await asyncio.gather(*(change((registry, second)[number % 2], number) for number in range(8)))

    assert [secret for secret in stored if secret] == [await secret_of(registry, key)]


async def test_a_check_that_was_asked_for_outlasts_what_older_runs_report(registry: Registry) -> None:
    key = await store(registry)
    assert (await registry.provider_keys.report(1, key.id, REFUSED, version=key.version)).told

    checked = await registry.provider_keys.recheck(
        1, key.id, KeyCheck(state=KeyState.OK), version=key.version
    )

    assert checked is not None
    assert (checked.key.state, checked.key.error_message) == (KeyState.OK, None)
    assert not (await registry.provider_keys.report(1, key.id, REFUSED, version=key.version)).told
    assert await registry.provider_keys.get(1, key.id) == checked.key


async def test_use_is_noted_at_most_once_a_minute(blank: SqlRegistry, start: BootstrapResult) -> None:
    key = await store(blank)
    assert key.last_used_at is None
    await blank.provider_keys.record_use(key)
    first = await blank.provider_keys.get(1, key.id)
    await blank.provider_keys.record_use(key)  # as a process does that has not seen the first note
    assert first is not None
    await blank.provider_keys.record_use(first)
    assert await blank.provider_keys.get(1, key.id) == first
    assert first.last_used_at is not None

    async with blank.database.write() as session:
        await session.execute(update(ProviderKeyRow).values(last_used_at=datetime(2026, 1, 1, tzinfo=UTC)))
    stale = await blank.provider_keys.get(1, key.id)
    assert stale is not None
    await blank.provider_keys.record_use(stale)
    again = await blank.provider_keys.get(1, key.id)
    assert again is not None
    assert again.last_used_at is not None
    assert again.last_used_at >= first.last_used_at


# The migration


async def test_evaluations_of_before_survive_the_step(empty_url: str) -> None:
    await _run(empty_url, lambda connection: _upgrade(connection, "0003_datasets"))
    await _run(empty_url, _insert_an_evaluation)

    await migrate(empty_url)

    registry = open_registry(empty_url, secrets=SECRETS)
    found = await registry.evaluations.get(1, UUID(int=7))
    await registry.close()
    assert found is not None
    assert (found.name, found.status, found.output_config) == ("Old", "active", {"allows_na": True})


async def _run(url: str, action: Any) -> None:
    engine = connect(url)
    async with engine.begin() as connection:
        await connection.run_sync(action)
    await engine.dispose()


def _upgrade(connection: Connection, step: str) -> None:
    config = Config()
    config.set_main_option("script_location", "assay.adapters.sql:migrations")
    config.attributes.update(connection=connection, applied=[])
    command.upgrade(config, step)


def _insert_an_evaluation(connection: Connection) -> None:
    organization, evaluation = UUID(int=1).hex, UUID(int=7).hex
    for statement in (
        f"INSERT INTO organizations VALUES ('{organization}', 'o', true)",
        f"INSERT INTO projects (id, organization_id, name, token) VALUES (1, '{organization}', 'p', 't')",
        "INSERT INTO evaluations (id, project_id, name, name_folded, description, description_folded, enabled,"
        " status, evaluation_type, evaluation_config, output_type, output_config, conditions, deleted, version,"
        f" created_at, updated_at) VALUES ('{evaluation}', 1, 'Old', 'old', '', '', true, 'active', 'llm_judge',"
        " '{\"prompt\": \"p\"}', 'boolean', '{\"allows_na\": true}', '[]', false, 1,"
        " '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
    ):
        connection.exec_driver_sql(statement)
