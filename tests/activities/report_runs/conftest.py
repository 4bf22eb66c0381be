from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from assay.contracts.evaluations import Evaluation
from tests.activities.report_run_world import ReportWorld
from tests.activities.world import World


@pytest.fixture
async def reports(world: World) -> AsyncIterator[ReportWorld]:
    made = ReportWorld(world)
    yield made
    await made.writer.aclose()


@pytest.fixture
async def evaluation(world: World) -> Evaluation:
    return await world.evaluation()
