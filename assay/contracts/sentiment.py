"""Sentiment: what a model says of a text, and the messages of the workflow `sentiment-batch`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import Field

from assay.contracts.base import Contract, HistoryContract

Share = Annotated[float, Field(ge=0, le=1)]


class SentimentLabel(StrEnum):
    """How somebody feels; in the order that decides between equal scores."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class SentimentScores(Contract):
    """What a model says of one text: probabilities, which make one together."""

    positive: Share
    neutral: Share
    negative: Share


class SentimentSource(Contract):
    """Who classifies texts here.

    Attributes:
        backend: `lexicon`, `onnx` or `llm`.
        model: which model it is, and which version: answers of different models are not mixed.
        is_third_party: whether texts leave the installation.
    """

    backend: str
    model: str
    is_third_party: bool


class AnalysisLevel(StrEnum):
    """What an id names, and a result is about."""

    TRACE = "trace"
    GENERATION = "generation"


class GenerationInput(NamedTuple):
    """What a captured generation was asked.

    Attributes:
        input: JSON of `$ai_input`, as it was captured; empty if it has none.
    """

    uuid: UUID
    input: str


class LatestGeneration(NamedTuple):
    """The newest generation of a trace, of those that pass a filter.

    Attributes:
        input: JSON of `$ai_input`; None if there is none, or if it is too long to be sent.
        last_at, first_at: when the newest and the oldest of them happened; aware.
    """

    uuid: UUID
    trace_id: str
    input: str | None
    model: str | None
    distinct_id: str
    last_at: datetime
    first_at: datetime


class SentimentBatchInput(HistoryContract):
    """Texts to classify.

    Attributes:
        digest: the texts are kept under it, each once.
        texts: how many they are.
        backend, model: who is to classify them.
        refresh: whether also those that were classified already.
    """

    project_id: int
    digest: str
    texts: int
    backend: str
    model: str
    refresh: bool = False


class ClassifyTexts(HistoryContract):
    """One batch of them: from `start`, the first being 0, to before `stop`."""

    work: SentimentBatchInput
    start: int
    stop: int


class TextsClassified(HistoryContract):
    """What came of a batch.

    Attributes:
        asked: how many texts the model has classified.
        found: how many had been classified already.
        problem: why the others have no scores; empty if there are no others.
    """

    asked: int
    found: int
    problem: str = ""


class SentimentBatchResult(HistoryContract):
    """The end of a workflow.

    Attributes:
        classified: how many texts have scores now, those that had some before included.
        problem: why the others have none; empty if there are no others.
        run: id of the workflow run, which marks the scores that it asked for.
    """

    classified: int
    problem: str = ""
    run: str = ""


class StoredScores(Contract):
    """The scores of a text as they are kept.

    Attributes:
        run: id of the workflow run that asked for them: who classifies anew finds what it did itself.
    """

    scores: SentimentScores
    run: str
