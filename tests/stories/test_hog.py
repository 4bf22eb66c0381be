"""Hog evaluations as a user meets them: tried out, saved, run, and stopped when the program is at fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from assay.contracts.evaluations import RunEvaluationResult
from assay.runtime.engine_process import EngineProcess
from assay.temporal.search_attributes import OUTCOME
from tests.harness.engine import api_client, engine
from tests.harness.read_events import read_events
from tests.stories.test_main_path import capture, connect, create_evaluation, result_of

SHORT_ENOUGH = """
let text := evaluation_events[1].output_text
print('characters:', length(text))
return length(text) < 40
"""


def hog(source: str, **output_config: bool) -> dict[str, Any]:
    return {
        "name": "Short enough",
        "evaluation_type": "hog",
        "evaluation_config": {"source": source},
        "output_config": output_config,
    }


async def run(
    running: EngineProcess, client: httpx.Client, evaluation: dict[str, Any], target: dict[str, Any]
) -> tuple[RunEvaluationResult, str]:
    """The result of a run, and the outcome that the Temporal UI can be asked for."""
    response = client.post("/evaluation_runs/", json={"evaluation_id": evaluation["id"], **target})
    assert response.status_code == 200, response.text
    workflow_id = response.json()["workflow_id"]
    assert workflow_id.startswith("llma-hog-eval-")
    result = await result_of(running, workflow_id)
    description = await (await connect(running)).get_workflow_handle(workflow_id).describe()
    return result, description.typed_search_attributes[OUTCOME]


async def test_a_program_is_tried_out_run_and_stopped(data_dir: Path) -> None:
    with engine(data_dir) as running, api_client(running) as client:
        brief = capture(running.api_url, answer="Click it.")
        long = capture(running.api_url, answer="It depends. " * 20)
        tried = client.post("/evaluations/test_hog/", json={"source": SHORT_ENOUGH}).json()["results"]
        good = create_evaluation(client, **hog(SHORT_ENOUGH))
        picky = create_evaluation(client, **hog("return jsonParse(output).score > 3"))
        faulty = create_evaluation(client, **hog("print('before') return 'yes'"))
        undecided = create_evaluation(client, **hog("return null", allows_na=True))

        passed = await run(running, client, good, brief)
        failed = await run(running, client, good, long)
        not_applicable = await run(running, client, undecided, brief)
        unfit = await run(running, client, picky, brief)
        stopped = await run(running, client, faulty, brief)
        listed = client.get("/evaluations/").json()["results"]
        assert running.stop() == 0

    assert {row["event_uuid"]: (row["result"], row["reasoning"]) for row in tried} == {
        brief["target_event_id"]: (True, "characters: 9"),
        long["target_event_id"]: (False, "characters: 240"),
    }
    runs = [passed, failed, not_applicable, unfit, stopped]
    assert [outcome for _, outcome in runs] == ["pass", "fail", "not_applicable", "skipped", "skipped"]
    assert [result.reasoning for result, _ in runs[:3]] == ["characters: 9", "characters: 240", ""]
    assert unfit[0].skip_reason == "hog_input_error"
    assert "Runtime error: line 1, column " in unfit[0].reasoning
    assert (stopped[0].skip_reason, stopped[0].verdict_event_id) == ("hog_error", None)
    assert "string: 'yes'" in stopped[0].reasoning
    assert {it["id"]: (it["status"], it["status_reason"]) for it in listed} == {
        good["id"]: ("active", None),
        picky["id"]: ("active", None),
        undecided["id"]: ("active", None),
        faulty["id"]: ("error", "hog_error"),
    }
    stored = {row["uuid"]: row["properties"] for row in read_events(data_dir, "$ai_evaluation")}
    assert set(stored) == {str(result.verdict_event_id) for result, _ in runs[:4]}
    assert stored[str(passed[0].verdict_event_id)]["$ai_evaluation_runtime"] == "hog"
