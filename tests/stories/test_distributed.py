"""The distributed mode: API and workers as processes of their own over shared services."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import clickhouse_connect
import httpx
from temporalio.client import Client

from assay.adapters.testing import ScriptedModelServer
from assay.contracts.evaluations import RunEvaluationResult
from tests.harness.clickhouse_http import clickhouse_server
from tests.harness.engine import API_KEY, environment
from tests.harness.postgres import private_postgres
from tests.harness.temporal import dev_server
from tests.stories.test_main_path import capture, create_evaluation, start_run


@contextmanager
def process(settings: dict[str, str], *command: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """An `assay` command that serves; yields it and the first line that it printed."""
    running = subprocess.Popen(
        [sys.executable, "-m", "assay", *command], env=settings, stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert line, f"assay {' '.join(command)} ended with {running.wait(10)}"
        yield running, line
    finally:
        if running.poll() is None:
            running.terminate()
        running.wait(30)


async def test_a_killed_worker_costs_neither_a_verdict_nor_a_second_call(
    data_dir: Path, tmp_path: Path, model: ScriptedModelServer
) -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(private_postgres())
        clickhouse = f"{stack.enter_context(clickhouse_server(tmp_path / 'clickhouse'))}/assay"
        async with dev_server() as temporal, postgres.database() as database_url:
            settings = environment(
                data_dir,
                TEMPORAL_ADDRESS=temporal.service_client.config.target_host,
                ASSAY_DATABASE_URL=database_url,
                ASSAY_CLICKHOUSE_URL=clickhouse,
                ASSAY_SECRET_KEYS="a-secret-shared-by-all-processes",
                OPENAI_API_KEY="sk-scripted",
                OPENAI_BASE_URL=model.base_url,
            )
            for _ in range(2):  # repeating it is safe
                done = subprocess.run(
                    [sys.executable, "-m", "assay", "migrate"],
                    env=settings,
                    check=False,
                    capture_output=True,
                    text=True,
                )
                assert done.returncode == 0, done.stderr
            _, announced = stack.enter_context(process(settings, "api"))
            found = re.search(r"http://\S+", announced)
            assert found, announced
            stack.enter_context(process(settings, "worker", "--queue", "assay-llm"))
            result = await _judged_by_the_second_worker(temporal, settings, found[0], clickhouse)

    assert result.verdict is True
    assert len(model.requests) == 1


async def _judged_by_the_second_worker(
    temporal: Client, settings: dict[str, str], api_url: str, clickhouse: str
) -> RunEvaluationResult:
    """Start a run; kill the first worker once the judge has answered; let a second one finish."""
    client = httpx.Client(
        base_url=f"{api_url}/api/environments/1", headers={"Authorization": f"Bearer {API_KEY}"}, timeout=30
    )
    with client, process(settings, "worker", "--queue", "assay") as (first, _):
        assert client.get(f"{api_url}/readyz").json()["status"] == "ok"
        evaluation = create_evaluation(client)
        workflow_id = start_run(client, evaluation, capture(api_url))
        handle = temporal.get_workflow_handle(workflow_id, result_type=RunEvaluationResult)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    with process(settings, "worker", "--queue", "assay"):
        result = await handle.result(rpc_timeout=timedelta(seconds=60))
    address = urlsplit(clickhouse)
    store = clickhouse_connect.get_client(host=address.hostname, port=address.port or 0, username="default")
    rows = store.query("SELECT uuid FROM assay.events FINAL WHERE event = '$ai_evaluation'").result_rows
    store.close()
    assert [str(row[0]) for row in rows] == [str(result.verdict_event_id)]
    return result
