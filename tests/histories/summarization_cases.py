"""Cases of `summarization`: read at once, mended, in pieces, not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from assay.contracts.summarization import (
    AnswerStep,
    AskNotes,
    AskSummary,
    SplitResult,
    SplitText,
    SummarizationInput,
    SummaryKind,
    SummaryMode,
    TextRef,
)
from assay.errors import ModelNotFound
from assay.temporal.ids import answer_id
from assay.temporal.queues import TaskQueue
from workflows.summarization import Summarization

_ROOM = 10_000


@dataclass
class Scripted:
    """The activities as they are to turn out.

    Attributes:
        summaries: what the questions for a summary come to, in order; then: all is well.
        notes: likewise, of the questions for notes.
        pieces: how many a text makes.
        note_characters: length of the notes on a piece.
    """

    summaries: list[AnswerStep | Exception] = field(default_factory=list)
    notes: list[AnswerStep] = field(default_factory=list)
    pieces: int = 3
    note_characters: int = 2_000

    @activity.defn(name="split-summary-text")
    async def split(self, given: SplitText) -> SplitResult:
        size = given.text.characters // self.pieces
        return SplitResult(
            pieces=tuple(
                TextRef(digest=f"{given.text.digest}/{number}", characters=size)
                for number in range(self.pieces)
            )
        )

    @activity.defn(name="ask-summary")
    async def ask_summary(self, given: AskSummary) -> AnswerStep:
        step = self.summaries.pop(0) if self.summaries else answered()
        if isinstance(step, Exception):
            raise step
        return step

    @activity.defn(name="ask-summary-notes")
    async def ask_notes(self, given: AskNotes) -> AnswerStep:
        if self.notes:
            return self.notes.pop(0)
        kept = TextRef(digest="notes", characters=min(self.note_characters, given.longest))
        return answered(kept=kept)


def answered(**changes: Any) -> AnswerStep:
    """A question that was answered."""
    values = {"model": "gpt-4.1-mini", "input_tokens": 900, "output_tokens": 80, "cost_usd": 0.001}
    return AnswerStep.model_validate(values | changes)


TOO_LONG = AnswerStep(room=_ROOM)
WRONG = answered(problems=("The title has 11 words; it may have 10.",))

_RUNS: Mapping[str, Callable[[], Scripted]] = {
    "at-once": Scripted,
    "mended": lambda: Scripted(summaries=[WRONG]),
    "pieces": lambda: Scripted(summaries=[TOO_LONG], notes=[WRONG], pieces=7),
    "condensed": lambda: Scripted(summaries=[TOO_LONG, TOO_LONG], pieces=12),
    "halved": lambda: Scripted(summaries=[TOO_LONG], notes=[AnswerStep(room=_ROOM // 2)], pieces=2),
    "failed": lambda: Scripted(summaries=[ModelNotFound("no such model: gpt-0")]),
}


def some_work(**changes: Any) -> SummarizationInput:
    """A trace that is to be summarised."""
    values = {
        "project_id": 1,
        "kind": SummaryKind.TRACE,
        "mode": SummaryMode.MINIMAL,
        "digest": uuid4().hex * 2,
        "text_digest": uuid4().hex * 2,
        "text_length": 60_000,
        "subject": "trace-1",
        "variant": "trace/minimal/",
    }
    return SummarizationInput.model_validate(values | changes)


def _summarization(name: str) -> Any:
    async def record(client: Client) -> WorkflowHandle[Any, Any]:
        scripted, work = _RUNS[name](), some_work()
        async with (
            Worker(client, task_queue=TaskQueue.MAIN, workflows=[Summarization], activities=[scripted.split]),
            Worker(
                client,
                task_queue=TaskQueue.LLM,
                activities=[scripted.ask_summary, scripted.ask_notes],
                max_concurrent_activities=1,
            ),
        ):
            handle = await client.start_workflow(
                Summarization.run, work, id=answer_id("summarization", work.digest), task_queue=TaskQueue.MAIN
            )
            await asyncio.gather(handle.result(), return_exceptions=True)
        return handle

    return record


SUMMARIES: Mapping[str, Mapping[str, Any]] = {"summarization": {name: _summarization(name) for name in _RUNS}}
"""Workflow type → name of the case → the case."""
