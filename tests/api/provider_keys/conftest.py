from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from assay.adapters.sql.access import key_row
from assay.adapters.sql.tables import MembershipRole, MembershipRow, UserRow
from assay.contracts.access import Project
from tests.api.llm_analytics import Api
from tests.harness.api import ApiWorld
from tests.harness.providers import ScriptedProviders


@pytest.fixture
async def member(world: ApiWorld, providers: ScriptedProviders, project: Project) -> AsyncIterator[Api]:
    """The same project as an ordinary member of the organisation sees it, with a key of scope `*`."""
    secret = f"phx_{uuid4()}"
    async with world.registry.database.write() as session:
        user = UserRow(
            uuid=uuid4(), email=f"{uuid4()}@example.com", first_name="", last_name="", is_active=True
        )
        session.add(user)
        await session.flush()
        session.add(
            MembershipRow(
                user_id=user.id, organization_id=project.organization_id, role=MembershipRole.MEMBER
            )
        )
        session.add(
            key_row(
                user_id=user.id,
                key_hash=world.registry.hasher.hash(secret),
                scopes=["*"],
                project_ids=None,
                label="member",
            )
        )
    async with world.client(key=secret, providers=providers) as client:
        yield Api(client, project)
