from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from api_shim.app import create_app
from assay.adapters.clickhouse import ClickHouseClusteringArtefacts, ClickHouseEventStore
from assay.adapters.clickhouse.server import open_server
from assay.contracts.clustering_runs import Cluster, ClusteringRun, ClusterLabel, LabelSource
from tests.api.cluster_pages.conftest import MakeRun
from tests.api.cluster_pages.stored import clusters, clusters_before, items, placements
from tests.harness.api import ApiWorld, api_world
from tests.harness.clickhouse_http import clickhouse_server
from tests.harness.serving import served


@pytest.fixture(scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiWorld]:
    """The API on one database: a browser does not see which."""
    folder = tmp_path_factory.mktemp("browser-world")
    async with api_world(f"sqlite+aiosqlite:///{folder}/registry.sqlite") as world:
        yield world


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseClusteringArtefacts]:
    """An event store in a process of its own: one process has one engine, and other tests may have it."""
    with clickhouse_server(tmp_path_factory.mktemp("cluster-events")) as url:
        connection = open_server(f"{url}/assay")
        ClickHouseEventStore(connection).migrate()
        yield ClickHouseClusteringArtefacts(connection)
        connection.close()


@pytest.fixture
async def origin(world: ApiWorld, artefacts: ClickHouseClusteringArtefacts) -> AsyncIterator[str]:
    """Where a real server serves the pages, while it does."""
    async with served(create_app(world.deps(clustering_artefacts=artefacts))) as origin:
        yield origin


@pytest.fixture
async def stored_run(make_run: MakeRun, artefacts: ClickHouseClusteringArtefacts) -> ClusteringRun:
    """The run of the example, with all that it leaves in the event store."""
    run = await make_run()
    store(artefacts, run, clusters())
    assert run.previous is not None
    store(artefacts, run.model_copy(update={"id": run.previous}), clusters_before())
    artefacts.put_items(run.project_id, run.id, items())
    artefacts.put_placements(run.project_id, run.id, placements())
    return run


@pytest.fixture
async def wide_run(make_run: MakeRun, artefacts: ClickHouseClusteringArtefacts) -> ClusteringRun:
    """A run with everything that can be too wide, and with all its clusters in one place."""
    run = await make_run(job_name="n" * 200, parameters={"p" * 90: "v" * 200})
    store(artefacts, run, [_wide(each) for each in clusters()])
    long = [each.model_copy(update={"text": "t" * 700, "title": "u" * 300}) for each in items()]
    artefacts.put_items(run.project_id, run.id, long)
    artefacts.put_placements(run.project_id, run.id, placements())
    return run


def _wide(cluster: Cluster) -> Cluster:
    name = "WWWWWW MMMMMM @@@@ 返品の送料について " + "x" * 200
    label = ClusterLabel(title=name, description=f"- {'y' * 300}", source=LabelSource.MODEL)
    shape = cluster.shape.model_copy(update={"x": 9.0, "keywords": ("k" * 120,)})
    return cluster.model_copy(update={"label": label, "shape": shape})


def store(artefacts: ClickHouseClusteringArtefacts, run: ClusteringRun, found: list[Cluster]) -> None:
    """Store clusters and what is known of them."""
    artefacts.put_shapes(run.project_id, run.id, [each.shape for each in found])
    artefacts.put_labels(run.project_id, run.id, {each.shape.id: each.label for each in found if each.label})
    artefacts.put_histories(
        run.project_id, run.id, {each.shape.id: each.history for each in found if each.history}
    )
    artefacts.put_metrics(
        run.project_id, run.id, {each.shape.id: each.metrics for each in found if each.metrics}
    )
