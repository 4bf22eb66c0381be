from __future__ import annotations

from activities.consent import has_ai_consent
from tests.activities.world import PROJECT, World


async def test_an_organisation_consents_for_its_projects(world: World) -> None:
    access = world.registry.access
    assert await has_ai_consent(access, PROJECT)
    assert not await has_ai_consent(access, 4711)

    await access.set_ai_consent(False)
    assert not await has_ai_consent(access, PROJECT)
