"""`assay clustering` as people call it, against a served API and real Temporal."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from temporalio.client import Client

from api_shim.app import create_app
from assay.adapters.clickhouse import ClickHouseClusteringArtefacts, open_event_store
from assay.contracts.clustering import AnalysisLevel, ClusteringJobSpec
from assay.contracts.clustering_runs import ClusteringRun, ClusteringRunStatus
from assay.runtime import http_server
from assay.runtime.cli import cli
from tests.api.clustering.runs import find_clusters, finish
from tests.harness.api import KEY, ApiWorld, api_world
from tests.harness.engine import environment
from tests.harness.temporal import dev_server

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass
class Desk:
    """A person's shell, an API and what is behind it; no worker does anything."""

    folder: Path
    url: str
    world: ApiWorld
    artefacts: ClickHouseClusteringArtefacts

    async def assay(self, *options: str, key: str | None = KEY) -> tuple[int, str, str]:
        """Run `assay clustering` to its end: exit code, output, errors."""
        variables = {"ASSAY_API_KEY": key, "COLUMNS": "200"}
        arguments = ["clustering", options[0], "--url", self.url, *options[1:]]
        done = await asyncio.to_thread(CliRunner().invoke, cli, arguments, env=variables)
        return done.exit_code, done.stdout, done.stderr

    async def begin(self, *options: str) -> asyncio.subprocess.Process:
        """Run it in a process, which can be interrupted."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "assay", "clustering", options[0], "--url", self.url, *options[1:]),
            env=environment(self.folder, ASSAY_API_KEY=KEY),
            stdout=asyncio.subprocess.PIPE,
        )

    async def running(self) -> ClusteringRun:
        """The run that somebody has begun."""
        async with asyncio.timeout(40):
            while True:
                if found := await self.world.registry.clustering_runs.under_way(1):
                    return found[0]
                await asyncio.sleep(0.05)

    async def new_job(self, name: str) -> str:
        """The id of a job."""
        spec = ClusteringJobSpec(name=name, analysis_level=AnalysisLevel.GENERATION)
        return str((await self.world.registry.clustering_jobs.create(1, spec)).id)


@pytest.fixture(scope="module")
async def temporal() -> AsyncIterator[Client]:
    async with dev_server() as client:
        yield client


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseClusteringArtefacts]:
    store = open_event_store(url=None, path=tmp_path_factory.mktemp("events"))
    store.migrate()
    yield ClickHouseClusteringArtefacts(store.connection)
    store.close()


@pytest.fixture
async def desk(
    tmp_path: Path, temporal: Client, artefacts: ClickHouseClusteringArtefacts
) -> AsyncIterator[Desk]:
    async with api_world(f"sqlite+aiosqlite:///{tmp_path}/registry.sqlite") as world:
        listener = http_server.bind("127.0.0.1", 0)
        app = create_app(world.deps(temporal=temporal, clustering_artefacts=artefacts))
        async with http_server.serve(app, listener):
            yield Desk(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}", world, artefacts)


async def test_a_run_is_watched_to_its_end_and_shows_its_clusters(desk: Desk) -> None:
    watching = asyncio.create_task(desk.assay("run", "--days", "3", "--label", "try"))
    run = await desk.running()
    assert (run.window_end - run.window_start).days == 3
    assert run.run_id.endswith("_try")
    find_clusters(desk.artefacts, run)
    await finish(desk.world.registry, run)
    code, out, err = await watching
    assert (code, err) == (0, "")
    assert out.startswith(f"Clustering run {run.id} of the project has begun.\n")
    assert "Completed: 5 items of 9, 2 clusters, 1 outliers, in 0:00:42.\n" in out
    assert re.search(r"^ *7 +3 +merged +Refunds \[bold\]wanted +refund, money *$", out, re.MULTILINE)
    assert re.search(
        rf"^Page: {desk.url}/clusters/{run.id}\?expires=\d+&signature=\w+\n\Z", out, re.MULTILINE
    )

    code, out, _ = await desk.assay("show", str(run.id))
    assert (code, "Refunds [bold]wanted" in out) == (0, True)
    code, out, _ = await desk.assay("list")
    assert code == 0
    assert re.search(rf"^ *{run.id} .* the project +completed +5 +2 *$", out, re.MULTILINE)


async def test_ctrl_c_leaves_it_to_go_on_and_a_failure_is_told(desk: Desk) -> None:
    watching = await desk.begin("run")
    assert watching.stdout is not None
    first_line = (await watching.stdout.readline()).decode()
    [run_id] = re.findall(_UUID, first_line)
    await asyncio.sleep(0.5)  # it draws
    watching.send_signal(signal.SIGINT)
    out, _ = await asyncio.wait_for(watching.communicate(), 40)
    assert watching.returncode == 130
    assert f"Look at it: assay clustering show {run_id} --url {desk.url}\n" in out.decode()

    code, out_text, _ = await desk.assay("run", "--no-wait")
    assert (code, f"Clustering run {run_id} of the project is under way." in out_text) == (0, True)
    failed = {"status": ClusteringRunStatus.FAILED, "reason": "store_rejected: It was full."}
    await finish(desk.world.registry, await desk.running(), **failed)
    code, out_text, _ = await desk.assay("show", run_id)
    assert (code, out_text.startswith("Failed (store_rejected: It was full.): ")) == (1, True)
    assert "Page: " not in out_text


async def test_a_job_is_named_or_numbered(desk: Desk) -> None:
    first, second = await desk.new_job("Checkout"), await desk.new_job("Tools")
    code, out, _ = await desk.assay("run", "--job", "Checkout", "--no-wait")
    assert (code, "“Checkout” has begun." in out) == (0, True)
    code, out, _ = await desk.assay("run", "--job", second, "--no-wait")
    assert (code, "“Tools” has begun." in out) == (0, True)
    code, out, _ = await desk.assay("list", "--job", "Tools")
    assert (code, "“Tools”" in out, "“Checkout”" in out) == (0, True, False)
    runs = await desk.world.registry.clustering_runs.under_way(1)
    assert [str(run.job_id) for run in runs] == [first, second]


async def test_a_terminal_obeys_no_name(desk: Desk) -> None:
    job = await desk.new_job("\x1b[31mRed\u202e")
    told = [await desk.assay(*options) for options in (("run", "--job", job, "--no-wait"), ("list",))]
    failed = {"status": ClusteringRunStatus.FAILED, "reason": "model_not_found: \x1b]0;title\x07"}
    run = await desk.running()
    await finish(desk.world.registry, run, **failed)
    told += [await desk.assay(*options) for options in (("show", str(run.id)), ("run", "--job", "\x1b[2J"))]
    assert [code for code, _, _ in told] == [0, 0, 1, 2]
    assert "“ [31mRed ”" in told[0][1]
    assert "“ [31mRed ”" in told[1][1]
    assert not {"\x1b", "\x07", "\u202e"} & set("".join(out + err for _, out, err in told))


async def test_errors_name_the_option(desk: Desk) -> None:
    await desk.new_job("Checkout")
    for options, key, code, told in (
        (("run",), KEY, 2, "Invalid value for '--job': The project has clustering jobs: name one."),
        (("run", "--job", "Nope"), KEY, 2, "there is no job “Nope”; there are: “Checkout”."),
        (("run", "--job", "Checkout", "--days", "0"), KEY, 2, "Invalid value for '--days': "),
        (("run", "--job", "Checkout", "--label", "a b"), KEY, 2, "Invalid value for '--label': "),
        (("run",), None, 2, "Missing option '--api-key'"),
        (("show", "6f2f3754-8f04-54e7-9f77-bef009b634a7"), KEY, 1, "Not found."),
        (("list", "--url", "http://127.0.0.1:1"), KEY, 1, "does not answer"),
        (("list",), "phx_wrong", 1, "invalid"),
    ):
        found, _, err = await desk.assay(*options, key=key)
        assert (found, told in err) == (code, True), err
    assert await desk.world.registry.clustering_runs.under_way(1) == []
