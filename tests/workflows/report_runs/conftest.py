from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.activities.conftest import events, model, provider, registry, world
from tests.activities.report_run_world import ReportWorld
from tests.activities.world import World

__all__ = ["events", "model", "provider", "registry", "reports", "world"]


@pytest.fixture
async def reports(world: World) -> AsyncIterator[ReportWorld]:
    made = ReportWorld(world)
    yield made
    await made.writer.aclose()
