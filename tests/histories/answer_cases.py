"""Cases of `evaluation-summary` and `translation`: models that answer while somebody waits."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.worker import Worker

from assay.contracts.evaluation_summaries import (
    AskAboutRuns,
    AskedAboutRuns,
    EvaluationSummaryInput,
    FinishSummary,
)
from assay.contracts.translation import TextTranslated, TranslateText, TranslationInput
from assay.errors import AnswerUnusable, ModelNotFound, RateLimited
from assay.temporal.queues import TaskQueue
from workflows.evaluation_summaries import EvaluationSummary
from workflows.translations import Translation

_DIGEST = "d" * 64
_ASKED = AskedAboutRuns(
    answer="a" * 64, model="gpt-5-mini", input_tokens=900, output_tokens=80, cost_usd=0.01
)
_WRONG = _ASKED.model_copy(
    update={"answer": "b" * 64, "problems": ("It cites ids of other runs.",), "faults": 2}
)
_WORSE = _WRONG.model_copy(update={"answer": "c" * 64, "faults": 9})
_USELESS = _WRONG.model_copy(update={"is_usable": False})
_TRANSLATED = TextTranslated(digest=_DIGEST, is_usable=True, model="gpt-4.1-mini", cost_usd=0.001)
_NO_TRANSLATION = TextTranslated(digest=_DIGEST, is_usable=False, model="gpt-4.1-mini")


@dataclass
class _Summarising:
    """The activities of a summary.

    Attributes:
        outcomes: of the next questions; then: good answers.
        is_lost: whether the summary cannot be made from them.
    """

    outcomes: list[AskedAboutRuns | Exception] = field(default_factory=list)
    is_lost: bool = False

    @activity.defn(name="ask-about-runs")
    async def ask(self, given: AskAboutRuns) -> AskedAboutRuns:
        outcome = self.outcomes.pop(0) if self.outcomes else _ASKED
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @activity.defn(name="finish-evaluation-summary")
    async def finish(self, given: FinishSummary) -> None:
        if self.is_lost:
            raise AnswerUnusable("There is nothing in it.")


@dataclass
class _Translating:
    """The activity of a translation."""

    outcomes: list[TextTranslated | Exception] = field(default_factory=list)

    @activity.defn(name="translate-text")
    async def translate(self, given: TranslateText) -> TextTranslated:
        outcome = self.outcomes.pop(0) if self.outcomes else _TRANSLATED
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


_UNKNOWN = ModelNotFound("no such model: gpt-0")
_SUMMARIES: Mapping[str, tuple[tuple[int, ...], Callable[[], _Summarising]]] = {
    "at-once": ((), _Summarising),
    "in-parts": ((19, 19, 20, 19, 19, 20), lambda: _Summarising([RateLimited("slow down")])),
    "mended": ((), lambda: _Summarising([_WRONG])),
    "made-worse": ((), lambda: _Summarising([_WRONG, _WORSE])),
    "not-mended": ((), lambda: _Summarising([_WRONG, _UNKNOWN])),
    "unusable": ((), lambda: _Summarising([_USELESS, _USELESS])),
    "failed": ((15, 15), lambda: _Summarising([_UNKNOWN, _UNKNOWN])),
    "lost": ((), lambda: _Summarising(is_lost=True)),
}
_TRANSLATIONS: Mapping[str, Callable[[], _Translating]] = {
    "translated": _Translating,
    "asked-again": lambda: _Translating([_NO_TRANSLATION]),
    "unusable": lambda: _Translating([_NO_TRANSLATION, _NO_TRANSLATION]),
    "failed": lambda: _Translating([_UNKNOWN]),
}


def _summary(name: str) -> Any:
    """A summary from its start to its end."""

    async def record(client: Client) -> WorkflowHandle[Any, Any]:
        parts, scripted = _SUMMARIES[name]
        activities = scripted()
        work = EvaluationSummaryInput(
            project_id=1, evaluation_id=UUID(int=1), digest=_DIGEST, runs=sum(parts) or 12, parts=parts
        )
        async with (
            Worker(
                client,
                task_queue=TaskQueue.MAIN,
                workflows=[EvaluationSummary],
                activities=[activities.finish],
            ),
            Worker(client, task_queue=TaskQueue.LLM, activities=[activities.ask]),
        ):
            handle = await client.start_workflow(
                EvaluationSummary.run,
                work,
                id=f"history-evaluation-summary-{name}",
                task_queue=TaskQueue.MAIN,
            )
            with contextlib.suppress(WorkflowFailureError):
                await handle.result()
        return handle

    return record


def _translation(name: str) -> Any:
    """A translation from its start to its end."""

    async def record(client: Client) -> WorkflowHandle[Any, Any]:
        activities = _TRANSLATIONS[name]()
        async with (
            Worker(client, task_queue=TaskQueue.MAIN, workflows=[Translation]),
            Worker(client, task_queue=TaskQueue.LLM, activities=[activities.translate]),
        ):
            handle = await client.start_workflow(
                Translation.run,
                TranslationInput(project_id=1, digest=_DIGEST, target_language="de"),
                id=f"history-translation-{name}",
                task_queue=TaskQueue.MAIN,
            )
            with contextlib.suppress(WorkflowFailureError):
                await handle.result()
        return handle

    return record


ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "evaluation-summary": {name: _summary(name) for name in _SUMMARIES},
    "translation": {name: _translation(name) for name in _TRANSLATIONS},
}
"""Workflow type → name of the case → the case."""
