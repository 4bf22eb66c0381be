"""The main path as a user walks it: SDK → API → Temporal → model → verdict, all of it real."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from posthog import Posthog
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.client import Client, WorkflowExecutionDescription

from assay.adapters.testing import ScriptedModelServer
from assay.contracts.evaluations import RunEvaluationResult
from assay.runtime.engine_process import EngineProcess
from assay.temporal.plugin import AssayPlugin
from assay.temporal.search_attributes import EVALUATION, OUTCOME, PROJECT, TRIGGER
from tests.harness.engine import TOKEN, api_client, engine
from tests.harness.read_events import read_events

GOOD = "Open the sign-in page and choose “Forgot password”; the link works for 30 minutes."


def capture(api_url: str, answer: str = GOOD, **properties: Any) -> dict[str, Any]:
    """Send one generation with the SDK; returns what an evaluation run needs to name it."""
    uuid, timestamp = str(uuid4()), datetime.now(UTC)
    failures: list[Exception] = []
    sdk = Posthog(TOKEN, host=api_url, on_error=lambda error, _batch: failures.append(error))
    sdk.capture_ai(
        "$ai_generation",
        distinct_id="user-1",
        uuid=uuid,
        timestamp=timestamp,
        properties={
            "$ai_trace_id": f"trace-{uuid}",
            "$ai_model": "gpt-5-mini",
            "$ai_input": [{"role": "user", "content": "How do I reset my password?"}],
            "$ai_output_choices": [{"role": "assistant", "content": answer}],
            **properties,
        },
    )
    sdk.shutdown()
    assert not failures
    return {"target_event_id": uuid, "timestamp": timestamp.isoformat()}


def create_evaluation(client: httpx.Client, **changes: Any) -> dict[str, Any]:
    body = {
        "name": "Helpfulness",
        "enabled": True,
        "evaluation_type": "llm_judge",
        "evaluation_config": {"prompt": "Pass if the answer helps. Fail if it is empty or evades."},
        "output_type": "boolean",
        "output_config": {"allows_na": False},
    }
    response = client.post("/evaluations/", json=body | changes)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


def start_run(client: httpx.Client, evaluation: dict[str, Any], target: dict[str, Any]) -> str:
    response = client.post("/evaluation_runs/", json={"evaluation_id": evaluation["id"], **target})
    assert response.status_code == 200, response.text
    assert response.json() == {
        "workflow_id": response.json()["workflow_id"],
        "status": "started",
        "evaluation": {"id": evaluation["id"], "name": evaluation["name"]},
        "target_event_id": target["target_event_id"],
    }
    workflow_id: str = response.json()["workflow_id"]
    prefix = f"llma-llm-eval-{evaluation['id']}-{target['target_event_id']}-manual-"
    assert workflow_id.startswith(prefix)
    assert workflow_id.removeprefix(prefix).isdigit()
    return workflow_id


async def connect(running: EngineProcess) -> Client:
    return await Client.connect(running.temporal_address, plugins=[AssayPlugin()])


async def result_of(running: EngineProcess, workflow_id: str) -> RunEvaluationResult:
    client = await connect(running)
    handle = client.get_workflow_handle(workflow_id, result_type=RunEvaluationResult)
    return await handle.result(rpc_timeout=timedelta(seconds=60))


async def test_a_captured_generation_gets_a_durable_verdict(
    data_dir: Path, model: ScriptedModelServer
) -> None:
    settings = {"OPENAI_API_KEY": "sk-scripted", "OPENAI_BASE_URL": model.base_url}
    with engine(data_dir, **settings) as running, api_client(running) as client:
        evaluation = create_evaluation(client)
        good = capture(running.api_url, **{"$ai_session_id": "session-1"})
        empty = capture(running.api_url, answer="")

        passed = await result_of(running, start_run(client, evaluation, good))
        began = time.monotonic()
        failed_id = start_run(client, evaluation, empty)
        failed = await result_of(running, failed_id)
        seconds = time.monotonic() - began
        description = await (await connect(running)).get_workflow_handle(failed_id).describe()
        assert running.stop() == 0

    assert (passed.verdict, failed.verdict) == (True, False)
    assert seconds < 10  # a hang would be caught; speed is measured by `assay bench verdicts`
    await _assert_a_stranger_can_read(description, evaluation, empty, failed)
    verdicts = {
        row["properties"]["$ai_target_event_id"]: row for row in read_events(data_dir, "$ai_evaluation")
    }
    assert set(verdicts) == {good["target_event_id"], empty["target_event_id"]}
    stored = verdicts[good["target_event_id"]]
    assert stored["uuid"] == str(passed.verdict_event_id)
    assert stored["distinct_id"] == "user-1"
    properties = stored["properties"]
    assert properties["$ai_evaluation_id"] == evaluation["id"]
    assert properties["$ai_evaluation_result"] is True
    assert properties["$ai_evaluation_reasoning"] == passed.reasoning
    assert properties["$ai_trace_id"] == f"trace-{good['target_event_id']}"
    assert properties["$ai_evaluation_key_type"] == "posthog"


async def _assert_a_stranger_can_read(
    description: WorkflowExecutionDescription,
    evaluation: dict[str, Any],
    target: dict[str, Any],
    result: RunEvaluationResult,
) -> None:
    """What ran, for which evaluation and event, the verdict and the reason: all in the Temporal UI."""
    assert description.status == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED
    attributes = description.typed_search_attributes
    assert attributes[PROJECT] == "1"
    assert attributes[EVALUATION] == evaluation["id"]
    assert attributes[OUTCOME] == "fail"
    assert attributes[TRIGGER] == "manual"
    summary, details = await description.static_summary(), await description.static_details()
    assert summary is not None
    assert evaluation["name"] in summary
    assert target["target_event_id"] in summary
    assert details is not None
    assert evaluation["id"] in details
    assert result.reasoning


async def test_no_history_holds_a_body_or_a_prompt(data_dir: Path, model: ScriptedModelServer) -> None:
    settings = {"OPENAI_API_KEY": "sk-scripted", "OPENAI_BASE_URL": model.base_url}
    marker = "only-in-the-body-" + "x" * 300_000
    with engine(data_dir, **settings) as running, api_client(running) as client:
        evaluation = create_evaluation(client, evaluation_config={"prompt": "only-in-the-prompt"})
        workflow_id = start_run(client, evaluation, capture(running.api_url, answer=marker))
        await result_of(running, workflow_id)
        handle = (await connect(running)).get_workflow_handle(workflow_id)
        history = await handle.fetch_history()

    payloads = "".join(str(event) for event in history.events)
    assert "only-in-the-prompt" not in payloads
    assert "x" * 1000 not in payloads
    assert sum(event.ByteSize() for event in history.events) < 32 * 1024


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_and_takes_its_child_along(data_dir: Path, number: signal.Signals) -> None:
    with engine(data_dir) as running:
        child = int((data_dir / "temporal.pid").read_text())
        assert running.stop(number) == 0
        assert not Path(f"/proc/{child}").exists()
        assert not (data_dir / "temporal.pid").exists()
