"""Cases of `summarization-window`: items of every fate, several hours, none, no sample, a summary of others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.summarization_windows import SkipReason, SummarizationWindowInput, WindowProgress
from assay.domain.summary_windows import HOUR, first_mark
from assay.errors import ModelNotFound, StoreRejected, StoreUnavailable, UnsupportedFilter
from assay.temporal.ids import answer_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue
from tests.histories.summarization_cases import some_work
from tests.workflows.scripted_windows import REF, ScriptedWindow, digest, sampled
from workflows.summarization import Summarization
from workflows.summarization_windows import SummarizationWindow


def _mixed() -> ScriptedWindow:
    return ScriptedWindow(
        plans=[sampled("made", "there", "large", "unknown", "bare")],
        cached=["there"],
        skips={"large": SkipReason.TRACE_TOO_LARGE},
        faults={
            ("record", "made"): [StoreUnavailable("away")],
            ("ask", "unknown"): [ModelNotFound("no such model: gpt-0")],
            ("embed", "bare"): [StoreRejected("a defect")],
        },
    )


def _generations() -> ScriptedWindow:
    items = [f"generation-{number}" for number in range(12)]
    return ScriptedWindow(plans=[sampled(*items, level=AnalysisLevel.GENERATION)])


_RUNS: Mapping[str, tuple[int, Callable[[], ScriptedWindow]]] = {
    "mixed": (1, _mixed),
    "generations": (1, _generations),
    "gap": (2, ScriptedWindow),
    "idle": (0, ScriptedWindow),
    "skipped": (1, lambda: ScriptedWindow(plans=[sampled(skip=SkipReason.NO_CONSENT)])),
    "failed": (1, lambda: ScriptedWindow(plans=[UnsupportedFilter("The property filter 1 has no key.")])),
    "joined": (1, lambda: ScriptedWindow(plans=[sampled("joined")])),
}


def _window(name: str) -> Any:
    async def record(client: Client) -> WorkflowHandle[Any, Any]:
        hours, scripted = _RUNS[name]
        mark = first_mark(datetime.now(UTC)) - (hours - 1) * HOUR
        other = await client.start_workflow(
            Summarization.run,
            some_work(digest=digest("joined")),
            id=answer_id("summarization", digest("joined")),
            task_queue="nobody",
        )
        async with scripted().workers(client):
            handle = await client.start_workflow(
                SummarizationWindow.run,
                SummarizationWindowInput(ref=REF, progress=WindowProgress(mark=mark)),
                id=f"history-summarization-window-{uuid4()}",
                task_queue=TaskQueue.MAIN,
                priority=fair(Rank.SUMMARIES, REF.project_id),
            )
            await asyncio.gather(handle.result(), return_exceptions=True)
        await other.terminate()
        # Of a gap, the execution that continued as new.
        return client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id)

    return record


WINDOWS: Mapping[str, Mapping[str, Any]] = {"summarization-window": {name: _window(name) for name in _RUNS}}
"""Workflow type → name of the case → the case."""
