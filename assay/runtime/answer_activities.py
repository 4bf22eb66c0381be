"""The activities of features where a model answers while somebody waits, with what they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from activities.evaluation_summaries import EvaluationSummaryActivities
from activities.judge_models import JudgeModels
from activities.model_answers import ModelAnswers
from activities.model_gate import ModelGate
from activities.summarization import SummarizationActivities
from activities.translation import TranslationActivities
from assay.runtime.stores import Stores
from assay.temporal.queues import TaskQueue


def answer_activities(
    stores: Stores, *, models: JudgeModels, gate: ModelGate
) -> Mapping[TaskQueue, Sequence[Callable[..., Any]]]:
    """The activities of each queue.

    Args:
        models, gate: shared with judging, whose keys are used.
    """
    artifacts = stores.registry.artifacts
    answers = ModelAnswers(artifacts=artifacts, models=models, gate=gate)
    translations = TranslationActivities(answers=answers, artifacts=artifacts)
    summaries = EvaluationSummaryActivities(answers=answers, artifacts=artifacts)
    summarization = SummarizationActivities(answers=answers, artifacts=artifacts)
    return {
        TaskQueue.MAIN: [
            summaries.finish,
            summarization.split,
        ],
        TaskQueue.LLM: [
            summaries.ask,
            translations.translate,
            summarization.ask_summary,
            summarization.ask_notes,
        ],
    }
