"""`/evaluation_backfills/` while Temporal is away."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from assay.adapters.hog.processes import HogProcesses
from tests.api.evaluation_backfills.test_evaluation_backfills import a_backfill
from tests.harness.api import api_world
from tests.harness.temporal import dev_server


async def test_nothing_is_acknowledged_while_temporal_is_away(
    hog: HogProcesses, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with dev_server() as away:
        pass
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('away')}/registry.sqlite"
    async with api_world(url) as world, world.client(temporal=away, hog=hog) as client:
        client.base_url = client.base_url.join("/api/environments/1/")
        body = await a_backfill(client)
        responses = await asyncio.gather(
            client.post("evaluation_backfills/", json=body),
            client.get("evaluation_backfills/"),
            client.get(f"evaluation_backfills/{uuid4()}/"),
            client.post(f"evaluation_backfills/{uuid4()}/pause/"),
        )
    assert [response.status_code for response in responses] == [503] * 4
    assert {response.json()["code"] for response in responses} == {"service_unavailable"}
