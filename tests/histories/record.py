"""Record one history per case of each workflow type, as JSON beside this file.

Run with `make histories`, on purpose only: a recorded history is the promise that runs started by an
earlier version still replay. Add a case for new behaviour; leave the old files where they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowFailureError
from temporalio.worker import Worker

from assay.contracts.evaluations import StatusReason
from assay.errors import ModelNotFound, RateLimited
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import EVALUATION, PROJECT, TRIGGER, pairs
from tests.harness.temporal import dev_server
from tests.workflows.scripted_activities import (
    ScriptedActivities,
    a_hog_judgement,
    a_hog_run,
    a_judgement,
    a_run,
)
from workflows.evaluations import RunEvaluation

FOLDER = Path(__file__).parent

_TRIAL = StatusReason.TRIAL_LIMIT_REACHED
_HOG_ERROR = StatusReason.HOG_ERROR
RUN_EVALUATION = {
    "pass": lambda: ScriptedActivities(a_judgement()),
    "from-ledger": lambda: ScriptedActivities(a_judgement(already_recorded=True)),
    "retried": lambda: ScriptedActivities(
        RateLimited("slow down", retry_after=1), a_judgement(verdict=False)
    ),
    "trial-limit": lambda: ScriptedActivities(
        a_judgement(verdict=None, skip_reason=_TRIAL.value, disable_reason=_TRIAL)
    ),
    "failed": lambda: ScriptedActivities(ModelNotFound("no such model: gpt-0")),
    "hog-pass": lambda: ScriptedActivities(a_hog_judgement()),
    "hog-skipped": lambda: ScriptedActivities(a_hog_judgement(verdict=None, skip_reason="hog_input_error")),
    "hog-error": lambda: ScriptedActivities(
        a_hog_judgement(verdict=None, skip_reason=_HOG_ERROR.value, disable_reason=_HOG_ERROR)
    ),
}


async def _record(client: Client, case: str) -> None:
    activities = RUN_EVALUATION[case]()
    run = a_hog_run() if case.startswith("hog-") else a_run()
    async with (
        Worker(client, task_queue=TaskQueue.MAIN, workflows=[RunEvaluation], activities=activities.all),
        Worker(client, task_queue=TaskQueue.LLM, activities=activities.all),
        Worker(client, task_queue=TaskQueue.COMPUTE, activities=activities.all),
    ):
        handle = await client.start_workflow(
            RunEvaluation.run,
            run,
            id=f"history-{case}",
            task_queue=TaskQueue.MAIN,
            search_attributes=pairs(
                (PROJECT, str(run.project_id)), (EVALUATION, str(run.evaluation_id)), (TRIGGER, "manual")
            ),
        )
        with contextlib.suppress(WorkflowFailureError):
            await handle.result()
    history = await handle.fetch_history()
    folder = FOLDER / "run-evaluation"
    folder.mkdir(exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y-%m-%d}-{case}.json"
    path.write_text(json.dumps(_portable(history.to_json_dict()), indent=1) + "\n")


def _portable(value: Any) -> Any:
    """The history without stack traces: they name folders of the machine that recorded it."""
    if isinstance(value, dict):
        return {key: _portable(item) for key, item in value.items() if key not in ("stackTrace", "identity")}
    return [_portable(item) for item in value] if isinstance(value, list) else value


async def _main() -> None:
    async with dev_server() as client:
        for case in RUN_EVALUATION:
            await _record(client, case)


if __name__ == "__main__":
    asyncio.run(_main())
