"""The operator's secrets: what provider keys and integrations are encrypted under, and how that changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from assay.adapters.sql import BootstrapResult, SqlRegistry, open_registry, rotate_secrets
from assay.adapters.sql.tables import IntegrationRow, ProviderKeyRow
from assay.contracts.integrations import Integration, IntegrationKind
from assay.errors import ProviderKeyUnreadable, SetupError
from tests.stores.registry.provider_keys import NEW_SECRET, SECRET, secret_of, store
from tests.stores.registry.support import execute


@pytest.fixture
async def opening(url: str, start: BootstrapResult) -> AsyncIterator[Any]:
    """Open the registry with other secrets."""
    opened: list[SqlRegistry] = []

    def opening(*secrets: str) -> SqlRegistry:
        opened.append(open_registry(url, secrets=secrets))
        return opened[-1]

    yield opening
    for registry in opened:
        await registry.close()


async def test_all_secrets_decrypt_and_the_first_encrypts(opening: Any) -> None:
    old, both, new = opening("old"), opening("new", "old"), opening("new")
    under_old, under_new = await store(old), await store(both)

    assert await secret_of(both, under_old) == SECRET
    assert await secret_of(new, under_new) == SECRET
    with pytest.raises(ProviderKeyUnreadable) as unreadable:
        await new.provider_keys.open(1, under_old.id)
    assert str(under_old.id) in unreadable.value.detail
    assert await new.provider_keys.get(1, under_old.id) == under_old  # showing it needs no decryption


async def test_a_secret_moved_to_another_row_or_project_does_not_open(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    other = (await blank.access.create_project("Other")).id
    first, second = await store(blank), await store(blank, secret=NEW_SECRET)
    box = "(SELECT sealed FROM provider_keys WHERE masked LIKE '%seen')"
    await execute(blank, f"UPDATE provider_keys SET sealed = {box} WHERE masked LIKE '%ther'")
    with pytest.raises(ProviderKeyUnreadable):
        await blank.provider_keys.open(1, second.id)

    await execute(blank, "UPDATE provider_keys SET project_id = :other", other=other)
    with pytest.raises(ProviderKeyUnreadable):
        await blank.provider_keys.open(other, first.id)


async def test_rotation_brings_every_key_under_the_first_secret(opening: Any) -> None:
    old, both, new = opening("old"), opening("new", "old"), opening("new")
    keys = [await store(old, secret=f"sk-number-{number}") for number in range(3)]
    await store(both)

    assert await rotate_secrets(both) == (3, 0)
    assert await rotate_secrets(both) == (0, 0)

    assert [await secret_of(new, key) for key in keys] == [f"sk-number-{number}" for number in range(3)]
    assert [await new.provider_keys.get(1, key.id) for key in keys] == keys


async def test_rotation_brings_integrations_along(opening: Any) -> None:
    old, both, new = opening("old"), opening("new", "old"), opening("new")
    added = [await connect(old, f"Team {number}") for number in range(3)]
    await connect(both, "Under the new one")
    await store(old)
    with pytest.raises(ProviderKeyUnreadable, match=f"integration {added[0].id} cannot be decrypted here"):
        await new.integrations.token(1, added[0].id)

    assert await rotate_secrets(both) == (4, 0)
    assert await rotate_secrets(both) == (0, 0)

    for each in added:
        token = await new.integrations.token(1, each.id)
        assert token is not None
        assert token.get_secret_value() == f"xoxb-{each.name}"
    assert (await new.integrations.list(1))[:3] == added


async def test_rotations_may_run_at_once(opening: Any) -> None:
    for number in range(4):
        await store(opening("old"))
        await connect(opening("old"), f"Team {number}")

    done = await asyncio.gather(*(rotate_secrets(opening("new", "old")) for _ in range(3)))

    assert sum(rotation.done for rotation in done) == 8


async def test_rotation_refuses_while_a_secret_is_missing(opening: Any) -> None:
    lost, old, both = opening("lost"), opening("old"), opening("new", "old")
    for each in (lost, lost, old):
        await store(each)

    with pytest.raises(SetupError, match="2 provider keys are encrypted"):
        await rotate_secrets(both)
    await connect(lost, "Team")
    with pytest.raises(SetupError, match="2 provider keys and 1 integration are encrypted"):
        await rotate_secrets(both)
    assert (await rotate_secrets(opening("new", "old", "lost"))).done == 4


async def test_rotation_refuses_for_integrations_alone(opening: Any) -> None:
    await connect(opening("lost"), "Team")
    with pytest.raises(SetupError, match="1 integration is encrypted"):
        await rotate_secrets(opening("new", "old"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["old"], ["old", "new"]),
        (["old", "new"], ["new", "old"]),
        (["new", "old"], ["new"]),
    ],
    ids=["new secret appended", "new secret in front", "old secret dropped"],
)
async def test_processes_get_on_during_each_restart_of_a_rotation(
    opening: Any, before: list[str], after: list[str]
) -> None:
    """Each opens and recognises what the other makes, so restarts may take their time."""
    waiting, restarted = opening(*before), opening(*after)

    for maker, user in ((waiting, restarted), (restarted, waiting)):
        assert await secret_of(user, await store(maker)) == SECRET
        assert await knows(user, await new_api_key(maker))


async def test_a_new_secret_at_the_front_at_once_divides_the_processes(opening: Any) -> None:
    """Why a rotation has two restarts."""
    waiting, restarted = opening("old"), opening("new", "old")

    with pytest.raises(ProviderKeyUnreadable):
        await secret_of(waiting, await store(restarted))
    assert not await knows(waiting, await new_api_key(restarted))


async def test_a_whole_rotation(opening: Any) -> None:
    provider_key, old_api_key = await store(opening("old")), await new_api_key(opening("old"))

    both = opening("new", "old")
    assert await rotate_secrets(both) == (1, 0)
    assert await knows(both, old_api_key)
    new_key = await new_api_key(both)

    done = opening("new")
    assert await secret_of(done, provider_key) == SECRET
    assert await knows(done, new_key)
    assert not await knows(done, old_api_key)  # void, as it was not replaced


async def connect(registry: SqlRegistry, name: str) -> Integration:
    return await registry.integrations.add(
        1, IntegrationKind.SLACK, name=name, token=SecretStr(f"xoxb-{name}")
    )


async def new_api_key(registry: SqlRegistry) -> str:
    _, secret = await registry.access.create_key(project_id=None, scopes=["*"], label="test")
    return secret


async def knows(registry: SqlRegistry, api_key: str) -> bool:
    return await registry.access.authenticate(api_key) is not None


async def test_rotation_counts_what_does_not_open(opening: Any) -> None:
    old, both = opening("old"), opening("new", "old")
    await store(old, name="good")
    await store(old, name="altered")
    async with both.database.write() as session:
        altered = update(ProviderKeyRow).where(ProviderKeyRow.name == "altered")
        await session.execute(altered.values(sealed=bytes(40)))
    assert await rotate_secrets(both) == (1, 1)

    await connect(old, "altered")
    async with both.database.write() as session:
        await session.execute(update(IntegrationRow).values(sealed=bytes(40)))
    assert await rotate_secrets(both) == (0, 2)
