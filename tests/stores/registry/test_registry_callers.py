"""Rules of the bootstrap and of callers that span several organisations, projects and starts."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from assay.adapters.sql import BootstrapResult, SqlRegistry, bootstrap, open_registry
from assay.adapters.sql.clock import new_id
from assay.adapters.sql.tables import MembershipRole, MembershipRow, OrganizationRow, ProjectRow
from assay.contracts.access import Principal
from assay.errors import SetupError, StoreRejected
from assay.ports import Registry
from tests.stores.registry.support import SECRETS, count, execute


async def later_start(registry: SqlRegistry, **changes: Any) -> BootstrapResult:
    defaults: dict[str, Any] = {"api_key": None, "project_token": None}
    return await bootstrap(
        registry, user_email="somebody.else@example.com", ai_consent=False, **(defaults | changes)
    )


async def caller(registry: SqlRegistry, *, project_id: int | None) -> Principal:
    _, secret = await registry.access.create_key(project_id=project_id, scopes=["*"], label="test")
    principal = await registry.access.authenticate(secret)
    assert principal is not None
    return principal


async def add_organization(registry: SqlRegistry, *, member: bool, project_id: int) -> UUID:
    """A second organisation with one project; the first user is a member or not."""
    organization_id = new_id()
    async with registry.database.write() as session:
        session.add(OrganizationRow(id=organization_id, name="Second", ai_consent=False))
        await session.flush()
        session.add(
            ProjectRow(id=project_id, organization_id=organization_id, name="p", token=f"t{project_id}")
        )
        if member:
            session.add(MembershipRow(user_id=1, organization_id=organization_id, role=MembershipRole.MEMBER))
    return organization_id


async def test_a_revoked_key_does_not_come_back_with_a_restart(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    await later_start(blank, api_key="chosen-by-the-operator")
    principal = await blank.access.authenticate("chosen-by-the-operator")
    assert principal is not None
    await blank.access.revoke_key(principal.key_id)

    await later_start(blank, api_key="chosen-by-the-operator")

    assert await blank.access.authenticate("chosen-by-the-operator") is None


async def test_a_rotated_secret_does_not_store_the_operators_key_twice(
    blank: SqlRegistry, start: BootstrapResult, url: str
) -> None:
    await later_start(blank, api_key="chosen-by-the-operator")
    keys = await count(blank, "api_keys")
    rotated = open_registry(url, secrets=("newest", *SECRETS))

    await later_start(rotated, api_key="chosen-by-the-operator")

    assert await count(blank, "api_keys") == keys
    await rotated.close()


async def test_a_token_of_another_project_is_not_taken_away(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    other = await blank.access.create_project("Other")

    with pytest.raises(SetupError, match=f"project {other.id}"):
        await later_start(blank, project_token=other.token)

    assert await blank.access.project(1) == start.project


async def test_later_starts_leave_people_and_consent_alone(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    user = await blank.access.first_user()

    result = await later_start(blank, api_key="", project_token="")

    assert result == BootstrapResult(start.project, created=False, new_api_key=None)
    assert await blank.access.first_user() == user
    assert await count(blank, "users") == await count(blank, "organizations") == 1
    organization = await blank.access.organization(start.project.organization_id)
    assert organization is not None
    assert organization.ai_consent is True


async def test_project_1_is_project_1_even_after_a_failed_try(blank: SqlRegistry) -> None:
    await execute(blank, "ALTER TABLE api_keys RENAME TO hidden")
    with pytest.raises(Exception, match="cannot be reached"):
        await later_start(blank)
    assert await count(blank, "organizations") == await count(blank, "users") == 0
    await execute(blank, "ALTER TABLE hidden RENAME TO api_keys")

    result = await later_start(blank)

    assert (result.project.id, result.created) == (1, True)
    assert (await blank.access.create_project("Next")).id == 2


async def test_a_caller_reaches_the_organisations_of_its_user(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    joined = await add_organization(blank, member=True, project_id=70)
    await add_organization(blank, member=False, project_id=80)
    first = start.project.organization_id

    everywhere = await caller(blank, project_id=None)
    limited = await caller(blank, project_id=70)
    outside = await caller(blank, project_id=80)

    assert everywhere.organization_ids == limited.organization_ids == (first, joined)
    assert (everywhere.project_ids, everywhere.current_project_id) == (None, 1)
    assert (limited.project_ids, limited.current_project_id) == ((70,), 70)
    assert (outside.project_ids, outside.current_project_id) == ((80,), None)


async def test_a_user_without_memberships_has_no_project(blank: SqlRegistry, start: BootstrapResult) -> None:
    await execute(blank, "DELETE FROM memberships")

    principal = await caller(blank, project_id=None)

    assert (principal.organization_ids, principal.current_project_id) == ((), None)


async def test_keys_are_listed_oldest_first_and_never_with_their_secret(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    made = [
        await blank.access.create_key(project_id=1, scopes=["evaluation:read"], label=str(number))
        for number in range(3)
    ]

    listed = await blank.access.list_keys()

    assert [key.label for key in listed] == ["bootstrap", "0", "1", "2"]
    assert listed[1:] == [key for key, _ in made]
    assert listed[1].user_email == "ada@example.com"
    assert not any(secret in repr(listed) for _, secret in made)


async def test_a_caller_seen_lately_does_not_wait_for_writers(
    blank: SqlRegistry, start: BootstrapResult, second: Registry
) -> None:
    key = start.new_api_key or ""
    await blank.access.authenticate(key)

    async with blank.database.write() as session:
        await session.execute(text("UPDATE api_keys SET label = 'being renamed'"))
        assert await asyncio.wait_for(second.access.authenticate(key), 5) is not None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE api_keys SET key_hash = 'too short'",
        "UPDATE memberships SET role = 'emperor'",
        "UPDATE projects SET token = (SELECT token FROM projects WHERE id = 1)",
        "DELETE FROM organizations",
        "INSERT INTO users (uuid, email, first_name, last_name, is_active)"
        " SELECT '018f2b60000070008000000000000001', email, '', '', true FROM users",
    ],
)
async def test_the_database_keeps_the_rules_of_access(
    blank: SqlRegistry, start: BootstrapResult, statement: str
) -> None:
    await blank.access.create_project("Second")

    with pytest.raises(StoreRejected):
        await execute(blank, statement)
