"""`assay backfill` as people call it, against a served API, real Temporal and a scripted world."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from temporalio.client import Client

from api_shim.app import create_app
from assay.adapters.hog.processes import HogProcesses
from assay.contracts.evaluation_batches import ClaimedPage
from assay.runtime import http_server
from assay.runtime.cli import cli
from assay.temporal.ids import evaluation_batch_id
from tests.harness.api import KEY, ApiWorld, api_world, judge
from tests.harness.engine import environment
from tests.harness.temporal import dev_server
from tests.workflows.backfill_world import WAIT, ScriptedBatch, World, a_tally
from tests.workflows.scripted_batches import until

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass
class Desk:
    """A person's shell, an API and what is behind it."""

    folder: Path
    url: str
    evaluation: str
    temporal: Client
    scripted: World

    async def assay(self, *options: str, key: str | None = KEY) -> tuple[int, str, str]:
        """Run `assay backfill` to its end: exit code, output, errors."""
        arguments = ["backfill", "--url", self.url, *options]
        variables = {"ASSAY_API_KEY": key, "COLUMNS": "200"}
        done = await asyncio.to_thread(CliRunner().invoke, cli, arguments, env=variables)
        return done.exit_code, done.stdout, done.stderr

    async def begin(self, *options: str) -> asyncio.subprocess.Process:
        """Run it in a process, which can be interrupted."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "assay", "backfill", "--url", self.url, *options),
            env=environment(self.folder, ASSAY_API_KEY=KEY),
            stdout=asyncio.subprocess.PIPE,
        )

    async def judge_all(self) -> None:
        """Let all batches that wait come to their end."""
        for given in self.scripted.batches:
            batch = self.temporal.get_workflow_handle(evaluation_batch_id(given.batch.ref))
            await batch.signal(ScriptedBatch.judged, a_tally(given.batch.size))


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiWorld]:
    async with api_world(f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('desk')}/registry.sqlite") as world:
        yield world


@pytest.fixture
async def desk(world: ApiWorld, hog: HogProcesses, tmp_path: Path) -> AsyncIterator[Desk]:
    scripted = World(history=800)
    async with dev_server() as temporal, scripted.workers(temporal):
        listener = http_server.bind("127.0.0.1", 0)
        app = create_app(world.deps(temporal=temporal, hog=hog))
        async with http_server.serve(app, listener), world.client(temporal=temporal, hog=hog) as client:
            conditions = [{"id": "all", "rollout_percentage": 100, "properties": []}]
            created = await client.post("/api/environments/1/evaluations/", json=judge(conditions=conditions))
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            yield Desk(tmp_path, url, created.json()["id"], temporal, scripted)


async def test_a_backfill_is_watched_to_its_end(desk: Desk) -> None:
    code, out, err = await desk.assay("--evaluation", desk.evaluation, "--since", "7d")
    assert (code, err) == (0, "")
    assert re.match(rf"Backfill {_UUID}: Polite, \S+Z to \S+Z\.\n", out)
    assert "100 %, 800 judged, $8.0000" in out
    assert "Completed: 800 judged (800 pass), 0 judged or claimed before, 0 not admitted.\n" in out
    assert "80,000 tokens in, 8,000 out, $8.0000.\n" in out
    [page] = desk.scripted.pages
    assert (page.until - page.since).total_seconds() == pytest.approx(7 * 86_400, abs=60)


async def test_ctrl_c_leaves_it_to_go_on_and_commands_reach_it(desk: Desk) -> None:
    desk.scripted.tallies = [WAIT] * 4
    watching = await desk.begin("--evaluation", desk.evaluation, "--since", "2026-11-01")
    await until(lambda: len(desk.scripted.batches) == 4)
    assert watching.stdout is not None
    first_line = (await watching.stdout.readline()).decode()
    [backfill_id] = re.findall(_UUID, first_line)
    await asyncio.sleep(0.5)  # it draws
    watching.send_signal(signal.SIGINT)
    out, _ = await asyncio.wait_for(watching.communicate(), 40)
    assert watching.returncode == 130
    assert f"Watch it: assay backfill --watch {backfill_id} --url {desk.url}\n" in out.decode()

    code, out_text, _ = await desk.assay("--pause", backfill_id)
    assert (code, out_text.splitlines()[0]) == (
        0,
        "Paused: 0 judged, 0 judged or claimed before, 0 not admitted, 800 outstanding.",
    )
    assert f"Go on: assay backfill --resume {backfill_id}" in out_text
    code, _, err = await desk.assay("--watch", backfill_id)
    assert (code, err) == (1, "")
    code, _, _ = await desk.assay("--resume", backfill_id)
    assert code == 0
    code, _, err = await desk.assay("--resume", backfill_id)
    assert (code, err) == (1, "Error: The backfill is not paused: it is running.\n")
    code, out_text, _ = await desk.assay("--cancel", backfill_id)
    assert (code, out_text.startswith("Cancelling: ")) == (0, True)
    await desk.judge_all()
    code, out_text, _ = await desk.assay("--watch", backfill_id)
    assert code == 1
    assert "Cancelled: 800 judged (800 pass)" in out_text


async def test_a_backfill_that_pauses_itself_ends_the_watch_and_says_why(desk: Desk) -> None:
    desk.scripted.page_faults = [ClaimedPage(stopped="hog_error")]
    code, out, _ = await desk.assay("--evaluation", desk.evaluation, "--since", "24h", "--until", "1h")
    assert code == 1
    assert "Paused (hog_error): 0 judged" in out
    assert "Go on: assay backfill --resume " in out


async def test_it_can_be_started_without_waiting(desk: Desk) -> None:
    code, out, _ = await desk.assay("--evaluation", desk.evaluation, "--since", "2w", "--no-wait")
    assert code == 0
    assert "Watch it: assay backfill --watch " in out


async def test_errors_name_the_option(desk: Desk) -> None:
    window = ("--evaluation", desk.evaluation, "--since", "7d")
    for options, key, told in (
        (("--since", "7d"), KEY, "Missing option '--evaluation'."),
        (("--evaluation", desk.evaluation), KEY, "Missing option '--since'."),
        (window, None, "Missing option '--api-key'"),
        ((*window, "--until", "8d"), KEY, "Invalid value for '--until': "),
        (("--evaluation", desk.evaluation, "--since", "tomorrow"), KEY, "Invalid value for '--since': "),
        ((*window, "--watch", desk.evaluation), KEY, "or one of --watch"),
        (("--evaluation", "7", "--since", "7d"), KEY, "Invalid value for '--evaluation': "),
    ):
        code, _, err = await desk.assay(*options, key=key)
        assert (code, told in err) == (2, True), err
    for options, key, told in (
        (("--watch", desk.evaluation), KEY, "Not found."),
        ((*window, "--url", "http://127.0.0.1:1"), KEY, "does not answer"),
        (window, "phx_wrong", "invalid"),
    ):
        code, _, err = await desk.assay(*options, key=key)
        assert (code, told in err) == (1, True), err
    assert desk.scripted.pages == []
