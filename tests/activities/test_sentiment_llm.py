"""How texts feel, as a language model says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from activities.judge_models import JudgeModels
from activities.model_answers import ModelAnswers
from activities.model_gate import ModelGate
from activities.sentiment_llm import LlmSentiment
from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.domain.sentiment.questions import MOST_TEXTS
from assay.errors import AnswerUnusable, ProviderKeyRequired, ProviderUnavailable
from tests.activities.world import PROJECT, World


def llm_sentiment(world: World, model: str | None = None, *, house: bool = True) -> LlmSentiment:
    access = HouseAccess(api_key=SecretStr("sk-house"), base_url=world.model.base_url, api_version=None)
    asks = LiteLLM({Provider.OPENAI: access} if house else {})
    answers = ModelAnswers(
        artifacts=world.registry.artifacts,
        models=JudgeModels(world.registry, asks),
        gate=ModelGate(asks, maximum=8),
    )
    return LlmSentiment(answers, model)


def reply(rows: Sequence[tuple[float, float, float]]) -> Reply:
    """Positive, neutral and negative for each text."""
    labels = ("positive", "neutral", "negative")
    entries: list[dict[str, Any]] = [
        {"number": number, **dict(zip(labels, row, strict=True))} for number, row in enumerate(rows, 1)
    ]
    return Reply(content=json.dumps({"texts": entries}))


async def test_a_model_is_asked_about_all_texts_at_once_but_not_about_blank_ones(
    world: World, model: ScriptedModelServer
) -> None:
    model.enqueue(reply([(0.8, 0.2, 0), (1, 1, 2)]))
    found = await llm_sentiment(world).classify(PROJECT, ["", "I love it", " \n", "no way"])
    assert [(one.positive, one.neutral, one.negative) for one in found] == [
        (0, 1, 0),
        (0.8, 0.2, 0),
        (0, 1, 0),
        (0.25, 0.25, 0.5),
    ]
    [request] = model.requests
    assert request.body["model"] == "gpt-4.1-mini"
    assert request.body["response_format"]["json_schema"]["name"] == "sentiment"
    assert "TEXT3" not in request.body["messages"][1]["content"]


async def test_nobody_is_asked_about_nothing(world: World, model: ScriptedModelServer) -> None:
    assert await llm_sentiment(world).classify(PROJECT, []) == []
    assert [one.neutral for one in await llm_sentiment(world).classify(PROJECT, [" "])] == [1]
    assert not model.requests


async def test_many_texts_are_several_questions(world: World, model: ScriptedModelServer) -> None:
    rows = [(number + 1.0, 0.0, 1.0) for number in range(MOST_TEXTS)]
    model.enqueue(reply(rows), reply(rows))
    texts = [f"text number {number}" for number in range(2 * MOST_TEXTS)]
    found = await llm_sentiment(world).classify(PROJECT, texts)
    expected = [(number + 1) / (number + 2) for number in range(MOST_TEXTS)]
    assert [one.positive for one in found] == pytest.approx([*expected, *expected])
    asked = sorted(request.body["messages"][1]["content"].count("text number") for request in model.requests)
    assert asked == [MOST_TEXTS, MOST_TEXTS]


async def test_an_answer_of_no_use_is_asked_for_once_more(world: World, model: ScriptedModelServer) -> None:
    model.enqueue(Reply(content="It is fine."), reply([(0, 0, 1)]))
    [found] = await llm_sentiment(world).classify(PROJECT, ["bad"])
    assert found.negative == 1
    first, second = (request.body["messages"] for request in model.requests)
    assert "It was no JSON." in second[0]["content"]
    assert first[1]["content"] != second[1]["content"]  # another boundary


async def test_and_not_a_third_time(world: World, model: ScriptedModelServer) -> None:
    model.enqueue(Reply(content="It is fine."), reply([(0, 0, 1), (0, 0, 1)]))
    with pytest.raises(AnswerUnusable, match="not one entry for each of the 1 texts") as failure:
        await llm_sentiment(world).classify(PROJECT, ["bad"])
    assert not failure.value.retryable
    assert len(model.requests) == 2


async def test_a_failure_of_one_question_is_that_of_all(world: World, model: ScriptedModelServer) -> None:
    model.enqueue(*[Reply(status=503)] * 4)
    with pytest.raises(ProviderUnavailable):
        await llm_sentiment(world).classify(PROJECT, ["a"] * 4 * MOST_TEXTS)


async def test_without_a_key_there_is_nobody_to_ask(world: World, model: ScriptedModelServer) -> None:
    with pytest.raises(ProviderKeyRequired):
        await llm_sentiment(world, house=False).classify(PROJECT, ["a"])


async def test_the_operator_chooses_the_model(world: World, model: ScriptedModelServer) -> None:
    model.enqueue(reply([(1, 0, 0)]))
    sentiment = llm_sentiment(world, "gpt-4.1")
    await sentiment.classify(PROJECT, ["good"])
    assert model.requests[0].body["model"] == "gpt-4.1"
    assert sentiment.is_third_party
    assert "gpt-4.1" in sentiment.name
