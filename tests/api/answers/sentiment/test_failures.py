"""`POST sentiment`: who may ask, how often, and what becomes of what fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from temporalio.client import Client

from api_shim import sentiment_work
from api_shim.answers import result_of, result_under_way
from assay.adapters.clickhouse import ClickHouseEventStore
from assay.errors import (
    ModelNotFound,
    ProviderKeyRequired,
    ProviderUnavailable,
    RequestRejected,
    SetupError,
    StoreUnavailable,
)
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
        (ModelNotFound("There is no model of that name."), 500),
        (ProviderKeyRequired("There is no key for a model provider."), 400),
    ],
    ids=["the model", "its name", "the key"],
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


@pytest.mark.parametrize("where", ["the model", "its name"])
async def test_a_model_that_is_not_installed_is_asked_again(
    client: httpx.AsyncClient, world: SentimentWorld, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    trace = new_trace()
    world.stores.events.insert([generation(trace, said("Works +"))])
    missing = SetupError("onnxruntime is not installed.")
    if where == "the model":
        world.model.failures = [missing]
    else:
        told = [missing]

        def name(model: ScriptedSentiment) -> str:
            if told:
                raise told.pop()
            return "scripted-1"

        del world.model.name
        monkeypatch.setattr(ScriptedSentiment, "name", property(name), raising=False)
    assert (await ask(client, trace))[trace]["label"] == "positive"


@pytest.mark.parametrize(
    "failure",
    [RequestRejected("It was flagged."), ProviderKeyRequired("There is no key.")],
    ids=["the model", "the key"],
)
async def test_what_is_known_is_told_beside_what_fails(
    client: httpx.AsyncClient, world: SentimentWorld, failure: Exception
) -> None:
    good, bad = new_trace(), new_trace()
    world.stores.events.insert([generation(good, said("Works +")), generation(bad, said("Broke -"))])
    known = await ask(client, good)
    world.model.failures = [failure]
    assert await ask(client, good, bad) == known | {bad: {"error": str(failure)}}


async def test_a_failed_refresh_is_not_answered_with_what_was_known(
    client: httpx.AsyncClient, world: SentimentWorld
) -> None:
    trace = new_trace()
    world.stores.events.insert([generation(trace, said("Works +"))])
    await ask(client, trace)
    world.model.failures = [RequestRejected("It was flagged.")]
    response = await client.post(URL, json={"ids": [trace], "force_refresh": True})
    assert (response.status_code, response.json()) == (500, {"error": "It was flagged."})


@pytest.fixture
async def asking(
    tmp_path: Path, events: ClickHouseEventStore, temporal: Client
) -> AsyncIterator[SentimentWorld]:
    """A world whose model is asked, question by question."""
    async with sentiment_world(tmp_path, events, temporal, ScriptedSentiment("llm")) as world:
        yield world


@pytest.mark.parametrize("refresh", [False, True])
async def test_a_text_that_is_refused_costs_its_own_question(asking: SentimentWorld, refresh: bool) -> None:
    good, bad = new_trace(), new_trace()
    texts = [f"text {n}" for n in range(140)]  # six batches
    asking.stores.events.insert(
        [
            generation(good, said("Works +")),
            *(generation(bad, said(*texts[at : at + 35]), minutes=at) for at in range(0, 140, 35)),
        ]
    )
    asking.model.flagged = {"text 0", "text 77"}
    async with asking.client() as client:
        results = await ask(client, good, bad, force_refresh=refresh)
        assert results[good]["label"] == "positive"
        assert results[bad] == {"error": "It was flagged."}
        # In halves: of 25 texts, one is alone after at most six questions, and the others need five.
        assert len(asking.model.asked) <= 6 + 2 * 10
        asking.model.asked.clear()
        assert (await ask(client, bad))[bad] == {"error": "It was flagged."}
        assert sorted(map(sorted, asking.model.asked)) == [["text 0"], ["text 0", "text 77"], ["text 77"]]
        asking.model.flagged = set()
        assert (await ask(client, bad))[bad]["message_count"] == 140


async def test_a_model_that_refuses_everything_is_not_asked_about_each_text(asking: SentimentWorld) -> None:
    trace = new_trace()
    texts = [f"text {n}" for n in range(25)]
    asking.stores.events.insert([generation(trace, said(*texts))])
    asking.model.flagged = set(texts)
    async with asking.client() as client:
        response = await client.post(URL, json={"ids": [trace]})
    assert (response.status_code, response.json()) == (500, {"error": "It was flagged."})
    assert len(asking.model.asked) < 10


async def test_what_was_answered_is_kept_when_another_question_fails(asking: SentimentWorld) -> None:
    trace = new_trace()
    texts = [f"{n} {'x' * 1_990}" for n in range(25)]  # one batch, four questions
    asking.stores.events.insert([generation(trace, said(*texts))])
    asking.model.failures = [None, ProviderUnavailable("The provider is away.")]
    async with asking.client() as client:
        assert (await ask(client, trace))[trace]["message_count"] == 25
    failed = set(asking.model.asked[1])
    assert 0 < len(failed) < 10
    assert asking.model.counts == {text: 1 + (text in failed) for text in texts}


async def test_a_store_that_is_away(client: httpx.AsyncClient, world: SentimentWorld) -> None:
    class Away:
        def of_traces(self, *arguments: Any, **options: Any) -> None:
            raise StoreUnavailable("The event store did not answer.")

    async with world.client(inputs=Away()) as lost:
        response = await lost.post(URL, json={"ids": ["a"]})
    assert response.status_code == 500
    assert "did not answer" in response.json()["error"]


@pytest.mark.parametrize(
    ("refresh", "known"),
    [(False, False), (True, False), (True, True)],
    ids=["usual", "refresh", "refresh of what is known"],
)
async def test_who_waits_too_long_is_told_how_to_get_the_result(
    client: httpx.AsyncClient,
    world: SentimentWorld,
    monkeypatch: pytest.MonkeyPatch,
    refresh: bool,
    known: bool,
) -> None:
    trace, text = new_trace(), f"Works + {uuid4()}"
    world.stores.events.insert([generation(trace, said(text))])
    if known:
        await ask(client, trace)
        world.model.asked.clear()
    world.model.open.clear()
    with monkeypatch.context() as hurried:
        hurried.setattr(sentiment_work, "result_of", partial(result_of, patience_seconds=0.1))
        hurried.setattr(sentiment_work, "result_under_way", partial(result_under_way, patience_seconds=0.1))
        for again in range(2):
            body = {"ids": [trace], "force_refresh": refresh and not again}
            response = await client.post(URL, json=body)
            assert response.status_code == 504
            assert ("without force_refresh" in response.json()["error"]) == body["force_refresh"]
    world.model.open.set()
    assert (await ask(client, trace))[trace]["label"] == "positive"
    assert world.model.counts == {text: 1}


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
