"""Cases of `sentiment-batch`: computed, asked of a language model, partly classified, not at all.

Partly: because a batch fails (`incomplete`), or because the model refuses some texts (`refused`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.worker import Worker

from assay.contracts.sentiment import ClassifyTexts, SentimentBatchInput, TextsClassified
from assay.errors import ProviderKeyRefused, RateLimited, RequestRejected
from assay.temporal.queues import TaskQueue
from workflows.sentiment import SentimentBatch

_TEXTS = 610
_REFUSED = ProviderKeyRefused("The provider refuses the project's active key.")


@dataclass
class _Classifying:
    """The activity as it is to turn out.

    Attributes:
        failures: what the next batches fail with, or why each lacks a text; None: they do not.
    """

    failures: list[Exception | str | None] = field(default_factory=list)

    @activity.defn(name="classify-texts")
    async def classify(self, given: ClassifyTexts) -> TextsClassified:
        failure = self.failures.pop(0) if self.failures else None
        if isinstance(failure, Exception):
            raise failure
        size = given.stop - given.start
        return TextsClassified(asked=size - (2 if failure else 1), found=1, problem=failure or "")


_RUNS: Mapping[str, tuple[str, tuple[Exception | str | None, ...]]] = {
    "computed": ("lexicon", ()),
    "asked": ("llm", (None, RateLimited("slow down"))),
    "incomplete": ("llm", (None, None, RequestRejected("It was flagged."))),
    "refused": ("llm", (None, "It was flagged.")),
    "failed": ("onnx", (_REFUSED, _REFUSED, _REFUSED)),
}


def _sentiment(name: str) -> Any:
    """A batch from its start to its end."""

    async def record(client: Client) -> WorkflowHandle[Any, Any]:
        backend, failures = _RUNS[name]
        activities = _Classifying(list(failures))
        queue = TaskQueue.LLM if backend == "llm" else TaskQueue.COMPUTE
        work = SentimentBatchInput(
            project_id=1, digest="d" * 64, texts=_TEXTS, backend=backend, model="1", refresh=name == "asked"
        )
        async with (
            Worker(client, task_queue=TaskQueue.MAIN, workflows=[SentimentBatch]),
            Worker(client, task_queue=queue, activities=[activities.classify], max_concurrent_activities=1),
        ):
            handle = await client.start_workflow(
                SentimentBatch.run, work, id=f"history-sentiment-{name}", task_queue=TaskQueue.MAIN
            )
            with contextlib.suppress(WorkflowFailureError):
                await handle.result()
        return handle

    return record


SENTIMENT: Mapping[str, Mapping[str, Any]] = {"sentiment-batch": {name: _sentiment(name) for name in _RUNS}}
"""Workflow type → name of the case → the case."""
