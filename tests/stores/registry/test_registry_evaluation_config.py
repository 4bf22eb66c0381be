"""The evaluation settings of projects, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest

from assay.contracts.lists import ListQuery
from assay.errors import NotPossible
from assay.ports import Registry
from tests.stores.registry.provider_keys import (
    REFUSED,
    SECRET,
    access,
    active_key,
    store,
)


async def test_settings_are_made_once_however_many_look_first(registry: Registry, second: Registry) -> None:
    found = await asyncio.gather(
        *(each.evaluation_config.get(1) for _ in range(5) for each in (registry, second))
    )
    assert len({config.created_at for config in found}) == 1
    assert found[0].active_provider_key is None


async def test_the_active_key_is_set_and_opened(registry: Registry) -> None:
    assert await registry.evaluation_config.open_active_key(1) is None
    key = await store(registry)

    config = await registry.evaluation_config.set_active_key(1, key.id)

    assert config.active_provider_key == key
    assert config.updated_at >= config.created_at
    opened = await registry.evaluation_config.open_active_key(1)
    assert opened is not None
    assert opened.access.api_key.get_secret_value() == SECRET


async def test_a_key_that_is_not_ok_cannot_be_made_active_and_is_not_opened(registry: Registry) -> None:
    active, other = await store(registry, active=True), await store(registry)
    for key in (active, other):
        await registry.provider_keys.report(1, key.id, REFUSED, version=1)

    with pytest.raises(NotPossible, match="invalid"):
        await registry.evaluation_config.set_active_key(1, other.id)
    assert await active_key(registry) == active.id
    assert await registry.evaluation_config.open_active_key(1) is None


async def test_several_set_the_active_key_at_once(registry: Registry, second: Registry) -> None:
    keys = [await store(registry) for _ in range(4)]
    await asyncio.gather(
        *(
            (registry, second)[number % 2].evaluation_config.set_active_key(1, key.id)
            for number, key in enumerate(keys)
        ),
        second.provider_keys.create(1, "New", access(), created_by=None, set_as_active=True),
    )
    _, stored = await registry.provider_keys.list(1, ListQuery())
    assert await active_key(registry) in {key.id for key in stored}
