"""`POST sentiment`: who may ask, how often, and what becomes of what fails."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from api_shim.answers import result_of
from api_shim.routes import sentiment
from assay.adapters.clickhouse import ClickHouseEventStore
from assay.errors import ProviderKeyRequired, RequestRejected, SetupError, StoreUnavailable
from tests.api.answers.sentiment.conversations import (
    NEUTRAL,
    URL,
    ask,
    generation,
    new_trace,
    said,
)
from tests.harness.api import error
from tests.harness.sentiment import ScriptedSentiment, SentimentWorld, sentiment_world


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (RequestRejected("no such parameter"), 500),
        (ProviderKeyRequired("There is no key for a model provider."), 400),
    ],
    ids=["the model", "the key"],
)
async def test_a_model_that_fails(
    client: httpx.AsyncClient, world: SentimentWorld, failure: Exception, status: int
) -> None:
    trace = new_trace()
    world.stores.events.insert([generation(trace, said("Works +"))])
    world.model.failures = [failure]
    response = await client.post(URL, json={"ids": [trace]})
    assert (response.status_code, response.json()) == (status, {"error": str(failure)})
    assert (await ask(client, trace))[trace]["label"] == "positive"


async def test_a_model_that_is_not_installed_is_asked_again(
    client: httpx.AsyncClient, world: SentimentWorld
) -> None:
    trace = new_trace()
    world.stores.events.insert([generation(trace, said("Works +"))])
    world.model.failures = [SetupError("onnxruntime is not installed.")]
    assert (await ask(client, trace))[trace]["label"] == "positive"


async def test_what_could_not_be_classified_is_told_for_its_id_alone(
    tmp_path: Path, events: ClickHouseEventStore, temporal: Client
) -> None:
    good, bad = new_trace(), new_trace()
    texts = [f"text {n}" for n in range(40)]  # two questions to a language model
    events.insert([generation(good, said("Works +")), generation(bad, said(*texts))])
    async with sentiment_world(tmp_path, events, temporal, ScriptedSentiment("llm")) as world:
        world.model.failures = [None, RequestRejected("It was flagged.")]
        async with world.client() as client:
            results = await ask(client, good)
            results |= await ask(client, bad)
            assert results[good]["label"] == "positive"
            assert results[bad] == {"error": "It was flagged."}
            assert len(world.model.asked[0]) == 1
            again = await ask(client, good, bad)
    assert again[bad]["message_count"] == 40
    assert sum(world.model.counts.values()) - 41 == len(world.model.asked[1])


async def test_a_store_that_is_away(client: httpx.AsyncClient, world: SentimentWorld) -> None:
    class Away:
        def of_traces(self, *arguments: Any, **options: Any) -> None:
            raise StoreUnavailable("The event store did not answer.")

    async with world.client(inputs=Away()) as lost:
        response = await lost.post(URL, json={"ids": ["a"]})
    assert response.status_code == 500
    assert "did not answer" in response.json()["error"]


@pytest.mark.parametrize("refresh", [False, True])
async def test_who_waits_too_long_is_told(
    client: httpx.AsyncClient, world: SentimentWorld, monkeypatch: pytest.MonkeyPatch, refresh: bool
) -> None:
    trace = new_trace()
    world.stores.events.insert([generation(trace, said("Works +"))])
    world.model.open.clear()
    with monkeypatch.context() as hurried:
        hurried.setattr(sentiment, "result_of", partial(result_of, patience_seconds=0.1))
        response = await client.post(URL, json={"ids": [trace], "force_refresh": refresh})
    assert response.status_code == 504
    assert ("without force_refresh" in response.json()["error"]) == refresh
    world.model.open.set()
    assert (await ask(client, trace))[trace]["label"] == "positive"


async def test_consent_is_needed_where_texts_leave(
    tmp_path: Path, events: ClickHouseEventStore, temporal: Client
) -> None:
    async with sentiment_world(tmp_path, events, temporal, ScriptedSentiment("llm")) as world:
        trace = new_trace()
        events.insert([generation(trace, said("Works +"))])
        async with world.client() as client:
            assert (await ask(client, trace))[trace]["label"] == "positive"
            await world.api.registry.access.set_ai_consent(False)
            response = await client.post(URL, json={})
    assert response.status_code == 403
    assert response.json()["code"] == "permission_denied"


async def test_consent_is_not_needed_where_they_stay(
    client: httpx.AsyncClient, world: SentimentWorld
) -> None:
    await world.api.registry.access.set_ai_consent(False)
    assert await ask(client, "unknown") == {"unknown": NEUTRAL}


async def test_who_may_ask(world: SentimentWorld) -> None:
    async with world.client(key=None) as stranger:
        assert (await stranger.post(URL, json={})).status_code == 401
    async with world.client(key=await world.api.new_key("llm_analytics:read")) as reader:
        assert (await reader.post(URL, json={})).status_code == 403
    async with world.client(key=await world.api.new_key("llm_analytics:write")) as writer:
        assert (await writer.post(URL, json={})).status_code == 400


async def test_requests_are_limited(world: SentimentWorld) -> None:
    async with world.client(throttle=True) as client:
        statuses = [(await client.post(URL, json={})).status_code for _ in range(121)]
        assert statuses == [400] * 120 + [429]
        limited = await client.post(URL, json={})
    assert limited.json() == error("throttled_error", "throttled", limited.json()["detail"], None)
    assert "Retry-After" in limited.headers
