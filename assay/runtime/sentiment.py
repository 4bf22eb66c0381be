"""The sentiment model that the settings name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from activities.model_answers import ModelAnswers
from activities.sentiment_llm import LlmSentiment, llm_name
from assay.adapters.compute import ComputeProcesses
from assay.adapters.sentiment import LexiconSentiment, OnnxSentiment, fingerprint
from assay.contracts.sentiment import SentimentSource
from assay.domain.sentiment.classifier import lexicon_name
from assay.ports.sentiment import SentimentModel
from assay.runtime.settings import SentimentBackend, Settings, numeric_threads

_ONNX_IDLE_SECONDS = 600.0
"""A large model takes seconds to read."""


def sentiment_source(settings: Settings) -> SentimentSource:
    """Which model that is, for processes that only ask others to use it.

    Raises:
        SetupError: it is a folder that is not there, or not complete.
    """
    backend, model = settings.sentiment_backend, settings.sentiment_model
    if backend is SentimentBackend.LLM:
        return SentimentSource(backend=backend, model=llm_name(model), is_third_party=True)
    name = lexicon_name() if model is None else fingerprint(model)
    return SentimentSource(backend=backend, model=name, is_third_party=False)


@asynccontextmanager
async def sentiment_model(settings: Settings, answers: ModelAnswers) -> AsyncIterator[SentimentModel]:
    """The model, with processes of its own that start when it is first used and end with the block.

    Args:
        answers: asks language models, if that is what the settings name.
    """
    if settings.sentiment_backend is SentimentBackend.LLM:
        yield LlmSentiment(answers, settings.sentiment_model)
        return
    model: SentimentModel
    if settings.sentiment_model is not None:
        compute = ComputeProcesses(
            processes=1, idle_seconds=_ONNX_IDLE_SECONDS, environment=numeric_threads()
        )
        model = OnnxSentiment(compute, settings.sentiment_model)
    else:
        compute = ComputeProcesses(environment=numeric_threads())
        model = LexiconSentiment(compute)
    try:
        yield model
    finally:
        await compute.close()
