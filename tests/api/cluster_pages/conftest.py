from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from assay.contracts.access import Project
from assay.contracts.clustering_runs import ClusteringRun, ClusteringRunStatus
from assay.domain.signed_links import LINK_LIFETIME, Page, PageLinks
from tests.api.cluster_pages.stored import UNTIL, a_run
from tests.harness.api import SECRETS, ApiWorld

MakeRun = Callable[..., Awaitable[ClusteringRun]]


def signed(run: ClusteringRun, expires: datetime | None = None) -> str:
    """The link to a run, with the secrets that the API has."""
    ends = expires or datetime.now(UTC) + LINK_LIFETIME
    return PageLinks(SECRETS).sign(Page.CLUSTERS, run.id, ends)


@pytest.fixture
def make_run(world: ApiWorld, project: Project) -> MakeRun:
    """Store a run in the test's own project, after another one, and have it end as `fields` say."""
    runs = world.registry.clustering_runs

    async def store(run: ClusteringRun) -> ClusteringRun:
        if run.status is ClusteringRunStatus.QUEUED:
            return await runs.enqueue(run.model_copy(update={"finished_at": None}))
        opened = await runs.open(
            run.model_copy(update={"status": ClusteringRunStatus.RUNNING, "finished_at": None})
        )
        if run.status is not ClusteringRunStatus.RUNNING:
            assert await runs.close(run)
        return run.model_copy(update={"previous": opened.previous})

    async def make_run(*, is_first: bool = False, **fields: Any) -> ClusteringRun:
        if not is_first:
            await store(a_run(uuid4(), project.id, window_end=UNTIL - timedelta(days=1)))
        return await store(a_run(uuid4(), project.id, **fields))

    return make_run
