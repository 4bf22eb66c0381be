"""Integrations in the registry, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from assay.adapters.sql import BootstrapResult, SqlRegistry
from assay.contracts.integrations import Integration, IntegrationKind
from assay.errors import FieldError, ProviderKeyUnreadable, StoreRejected
from assay.ports import Registry
from tests.stores.registry.support import count, execute

PROJECT = 1
TOKEN = "xoxb-1234-a-token-that-must-not-be-seen"
SLACK = IntegrationKind.SLACK


async def add(
    registry: Registry, name: str = "Acme", token: str = TOKEN, project: int = PROJECT
) -> Integration:
    return await registry.integrations.add(project, SLACK, name=name, token=SecretStr(token))


async def token_of(registry: Registry, integration: Integration) -> str:
    token = await registry.integrations.token(integration.project_id, integration.id)
    assert token is not None
    return token.get_secret_value()


async def test_what_is_stored_comes_back(registry: Registry) -> None:
    added = await add(registry, "Größe")
    assert (added.project_id, added.kind, added.name, added.masked) == (
        PROJECT,
        SLACK,
        "Größe",
        "xoxb...seen",
    )
    assert await registry.integrations.get(PROJECT, added.id) == added
    assert await token_of(registry, added) == TOKEN


async def test_the_token_is_not_in_the_database(blank: SqlRegistry, registry: Registry) -> None:
    await add(registry)
    async with blank.database.read() as session:
        connection = await session.connection()
        stored = (await connection.exec_driver_sql("SELECT * FROM integrations")).one()
    assert TOKEN not in repr(stored)
    assert TOKEN.encode() not in bytes(stored.sealed)


async def test_adding_again_changes_the_token_and_nothing_else(registry: Registry) -> None:
    first = await add(registry)
    again = await add(registry, token="xoxb-another-one")
    assert again == first.model_copy(update={"masked": "xoxb...-one"})
    assert await token_of(registry, first) == "xoxb-another-one"


async def test_racing_additions_make_one_integration(
    blank: SqlRegistry, registry: Registry, second: Registry
) -> None:
    added = await asyncio.gather(
        *(add(each, token=f"xoxb-{number}") for number in range(5) for each in (registry, second))
    )
    assert {each.id for each in added} == {added[0].id}
    assert await count(blank, "integrations") == 1
    assert await token_of(registry, added[0]) in {f"xoxb-{number}" for number in range(5)}


async def test_they_are_listed_oldest_first(registry: Registry) -> None:
    added = [await add(registry, name) for name in ("C", "A", "B")]
    await add(registry, "A", token="xoxb-renewed-token")
    found = await registry.integrations.list(PROJECT)
    assert [each.id for each in found] == [each.id for each in added]


async def test_one_that_was_removed_never_comes_back_as_another(registry: Registry) -> None:
    first = await add(registry)
    assert await registry.integrations.remove(PROJECT, first.id)
    assert not await registry.integrations.remove(PROJECT, first.id)
    assert await registry.integrations.get(PROJECT, first.id) is None
    assert await registry.integrations.token(PROJECT, first.id) is None
    assert (await add(registry)).id != first.id


async def test_no_project_sees_another_ones(registry: Registry) -> None:
    other = (await registry.access.create_project("Other")).id
    mine, theirs = await add(registry), await add(registry, token="xoxb-theirs-alone", project=other)
    assert mine.id != theirs.id
    assert await registry.integrations.get(other, mine.id) is None
    assert await registry.integrations.token(other, mine.id) is None
    assert not await registry.integrations.remove(other, mine.id)
    assert await registry.integrations.list(other) == [theirs]
    assert await token_of(registry, mine) == TOKEN


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 2**70])
async def test_numbers_that_are_no_ids_are_unknown(registry: Registry, number: int) -> None:
    assert await registry.integrations.get(PROJECT, number) is None
    assert await registry.integrations.token(PROJECT, number) is None
    assert not await registry.integrations.remove(PROJECT, number)


async def test_what_cannot_be_stored_is_refused(registry: Registry) -> None:
    for name in ("", "x" * 256):
        with pytest.raises(StoreRejected):
            await add(registry, name)
    with pytest.raises(StoreRejected):
        await add(registry, project=99)
    for name, token in (("\0", TOKEN), ("Acme", "xoxb-\0")):
        with pytest.raises(FieldError):
            await add(registry, name, token)


@pytest.mark.parametrize("moved", ["name", "project", "box"])
async def test_a_token_moved_to_another_row_or_project_does_not_open(
    blank: SqlRegistry, start: BootstrapResult, moved: str
) -> None:
    other = (await blank.access.create_project("Other")).id
    mine, theirs = await add(blank), await add(blank, "Theirs", project=other)
    statement = {
        "name": "UPDATE integrations SET name = 'Renamed' WHERE id = :id",
        "project": f"UPDATE integrations SET project_id = {other} WHERE id = :id",
        "box": f"UPDATE integrations SET sealed = (SELECT sealed FROM integrations WHERE id = {theirs.id})"
        " WHERE id = :id",
    }[moved]
    await execute(blank, statement, id=mine.id)
    with pytest.raises(ProviderKeyUnreadable) as unreadable:
        await blank.integrations.token(other if moved == "project" else PROJECT, mine.id)
    assert str(mine.id) in unreadable.value.detail
    assert await token_of(blank, theirs) == TOKEN
