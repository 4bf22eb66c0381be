"""Nothing acknowledged is lost, and nothing is paid for twice, when a process is killed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from assay.adapters.testing import ScriptedModelServer
from tests.harness.engine import api_client, engine
from tests.harness.read_events import read_events
from tests.stories.test_main_path import capture, create_evaluation, result_of, start_run

_DIES_BEFORE_ITS_FIRST_VERDICT = """
import os, signal
from assay.adapters.clickhouse import ClickHouseEventStore
from assay.runtime.cli import main

insert = ClickHouseEventStore.insert

def insert_or_die(self, events):
    if any(event.event == "$ai_evaluation" for event in events):
        os.kill(os.getpid(), signal.SIGKILL)
    return insert(self, events)

ClickHouseEventStore.insert = insert_or_die
import sys
sys.argv = ["assay", "dev"]
main()
"""


async def test_killed_between_judging_and_recording(data_dir: Path, model: ScriptedModelServer) -> None:
    settings = {"OPENAI_API_KEY": "sk-scripted", "OPENAI_BASE_URL": model.base_url}
    command = [sys.executable, "-c", _DIES_BEFORE_ITS_FIRST_VERDICT]
    with engine(data_dir, command, **settings) as doomed, api_client(doomed) as client:
        target = capture(doomed.api_url)
        workflow_id = start_run(client, create_evaluation(client), target)
        doomed.process.wait(30)
    assert doomed.process.returncode == -9
    assert len(model.requests) == 1

    with engine(data_dir, **settings) as revived:
        result = await result_of(revived, workflow_id)

    assert result.verdict is True
    assert len(model.requests) == 1
    verdicts = read_events(data_dir, "$ai_evaluation")
    assert [row["uuid"] for row in verdicts] == [str(result.verdict_event_id)]


async def test_killed_right_after_the_start_was_acknowledged(
    data_dir: Path, model: ScriptedModelServer
) -> None:
    settings = {"OPENAI_API_KEY": "sk-scripted", "OPENAI_BASE_URL": model.base_url}
    with engine(data_dir, **settings) as doomed, api_client(doomed) as client:
        evaluation = create_evaluation(client)
        target = capture(doomed.api_url)
        workflow_id = start_run(client, evaluation, target)
        doomed.kill()

    with engine(data_dir, **settings) as revived, api_client(revived) as client:
        assert client.get(f"/evaluations/{evaluation['id']}/").json()["name"] == evaluation["name"]
        result = await result_of(revived, workflow_id)

    assert result.verdict is True
    assert len(read_events(data_dir, "$ai_generation")) == 1
    assert len(read_events(data_dir, "$ai_evaluation")) == 1
    # The one window: the answer was under way when the process died.
    assert len(model.requests) <= 2


def test_a_restart_ends_the_orphaned_temporal_server(data_dir: Path) -> None:
    with engine(data_dir) as doomed:
        orphan = int((data_dir / "temporal.pid").read_text())
        doomed.kill()
    with engine(data_dir) as revived:
        assert int((data_dir / "temporal.pid").read_text()) != orphan
        assert revived.process.poll() is None
    deadline = time.monotonic() + 5
    while Path(f"/proc/{orphan}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{orphan}").exists()
