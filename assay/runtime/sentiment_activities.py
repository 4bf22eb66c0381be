"""The activities of sentiment, with what they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from activities.sentiment import SentimentActivities
from assay.ports import SentimentModel
from assay.runtime.stores import Stores
from assay.temporal.queues import TaskQueue


def sentiment_activities(
    stores: Stores, model: SentimentModel
) -> Mapping[TaskQueue, Sequence[Callable[..., Any]]]:
    """The activities of each queue; the workflow chooses the queue by the model."""
    sentiment = SentimentActivities(artifacts=stores.registry.artifacts, model=model)
    return {TaskQueue.COMPUTE: [sentiment.classify], TaskQueue.LLM: [sentiment.classify]}
