"""Callers, keys, projects and the bootstrap, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from assay.adapters.sql import BootstrapResult, SqlRegistry, bootstrap, open_registry
from assay.errors import NotFound, SetupError, StoreUnavailable
from assay.ports import Registry
from tests.stores.registry.support import SECRETS, count, execute


async def first_start(registry: SqlRegistry, **changes: Any) -> BootstrapResult:
    defaults: dict[str, Any] = {
        "api_key": None,
        "project_token": None,
        "user_email": "ada@example.com",
        "ai_consent": True,
    }
    return await bootstrap(registry, **(defaults | changes))


async def test_the_first_start_shows_a_key_once(blank: SqlRegistry) -> None:
    first = await first_start(blank)
    again = await first_start(blank)

    assert (first.created, again.created) == (True, False)
    assert (first.project.id, again.project) == (1, first.project)
    assert first.project.token.startswith("phc_")
    assert first.new_api_key is not None
    assert first.new_api_key.startswith("phx_")
    assert again.new_api_key is None
    principal = await blank.access.authenticate(first.new_api_key)
    assert principal is not None
    assert (principal.scopes, principal.project_ids, principal.current_project_id) == (("*",), None, 1)
    assert principal.user.email == "ada@example.com"
    organization = await blank.access.organization(first.project.organization_id)
    assert organization is not None
    assert organization.ai_consent is True


async def test_given_credentials_are_taken_and_never_stored(blank: SqlRegistry) -> None:
    result = await first_start(blank, api_key="a-key-of-mine", project_token="a-token-of-mine")
    assert (result.new_api_key, result.project.token) == (None, "a-token-of-mine")
    assert await blank.access.authenticate("a-key-of-mine") is not None
    async with blank.database.read() as session:
        hashes = (await session.scalars(text("SELECT key_hash FROM api_keys"))).all()
    assert all("a-key-of-mine" not in value for value in hashes)

    await first_start(blank, api_key="a-key-of-mine", ai_consent=False)
    assert await count(blank, "api_keys") == 1
    later = await first_start(blank, api_key="another-key", project_token="another-token")
    assert later.project.token == "another-token"
    assert await blank.access.project_by_token("a-token-of-mine") is None
    assert await blank.access.authenticate("another-key") is not None
    organization = await blank.access.organization(result.project.organization_id)
    assert organization is not None
    assert organization.ai_consent is True


async def test_two_first_starts_at_once_make_one_project(blank: SqlRegistry, url: str) -> None:
    other = open_registry(url, secrets=SECRETS)
    try:
        results = await asyncio.gather(*(first_start(each) for _ in range(3) for each in (blank, other)))
    finally:
        await other.close()
    assert [result.created for result in results].count(True) == 1
    assert len({result.project.token for result in results}) == 1
    assert await count(blank, "projects") == 1


async def test_a_key_is_limited_to_its_project_and_scopes(registry: Registry) -> None:
    other = await registry.access.create_project("Other")
    key, secret = await registry.access.create_key(
        project_id=other.id, scopes=["evaluation:read", "dataset:write"], label="ci"
    )
    principal = await registry.access.authenticate(secret)
    assert principal is not None
    assert principal.key_id == key.id
    assert principal.scopes == ("evaluation:read", "dataset:write")
    assert (principal.project_ids, principal.current_project_id) == ((other.id,), other.id)


async def test_secrets_are_random_and_only_whole_ones_work(registry: Registry) -> None:
    made = [await registry.access.create_key(project_id=1, scopes=["*"], label="") for _ in range(3)]
    secrets = {secret for _, secret in made}
    assert len(secrets) == 3
    assert all(len(secret) >= 40 for secret in secrets)
    for wrong in ("", "phx_", made[0][1][:-1], made[0][1] + "x", made[0][1].upper(), "é", "\x00"):
        assert await registry.access.authenticate(wrong) is None


async def test_a_revoked_key_stops_at_once(registry: Registry) -> None:
    key, secret = await registry.access.create_key(project_id=1, scopes=["*"], label="ci")
    assert await registry.access.revoke_key(key.id) is True
    assert await registry.access.revoke_key(key.id) is False
    assert await registry.access.revoke_key(uuid4()) is False
    assert await registry.access.authenticate(secret) is None
    assert key.id not in {listed.id for listed in await registry.access.list_keys()}


async def test_keys_of_an_inactive_user_do_not_work(blank: SqlRegistry, start: BootstrapResult) -> None:
    assert start.new_api_key is not None
    await execute(blank, "UPDATE users SET is_active = false")
    assert await blank.access.authenticate(start.new_api_key) is None


async def test_use_is_recorded_once_an_hour(blank: SqlRegistry, start: BootstrapResult) -> None:
    assert start.new_api_key is not None

    async def last_used() -> Any:
        await blank.access.authenticate(start.new_api_key or "")
        [key] = await blank.access.list_keys()
        return key.last_used_at

    first = await last_used()
    assert first is not None
    assert await last_used() == first
    await execute(blank, "UPDATE api_keys SET last_used_at = '2020-01-01 00:00:00+00:00'")
    assert (await last_used()) > first


async def test_secrets_rotate_without_invalidating_keys(
    blank: SqlRegistry, start: BootstrapResult, url: str
) -> None:
    assert start.new_api_key is not None
    for secrets, works in ((("new", *SECRETS), True), (("new",), False)):
        rotated = open_registry(url, secrets=secrets)
        try:
            assert (await rotated.access.authenticate(start.new_api_key) is not None) is works
        finally:
            await rotated.close()


async def test_projects(registry: Registry) -> None:
    made = await registry.access.create_project("Support bot")
    assert made.id > 1
    assert await registry.access.project(made.id) == made
    assert await registry.access.project_by_token(made.token) == made
    for missing in (0, -1, 10**12):
        assert await registry.access.project(missing) is None
    for missing in ("", "phc_", "\x00"):
        assert await registry.access.project_by_token(missing) is None
    with pytest.raises(NotFound):
        await registry.access.create_key(project_id=10**12, scopes=["*"], label="")


async def test_consent_is_recorded(registry: Registry) -> None:
    assert (await registry.access.set_ai_consent(False)).ai_consent is False
    assert (await registry.access.set_ai_consent(True)).ai_consent is True


async def test_an_empty_registry_says_what_to_do(blank: SqlRegistry) -> None:
    with pytest.raises(SetupError, match="assay migrate"):
        await blank.access.create_project("x")


async def test_an_unreachable_database_is_a_store_that_is_not_available() -> None:
    registry = open_registry("postgresql+asyncpg://nobody@127.0.0.1:1/none", secrets=SECRETS)
    try:
        with pytest.raises(StoreUnavailable):
            await registry.ping()
    finally:
        await registry.close()
