"""`POST sentiment`: what is classified, what comes back, and how often the model is asked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from assay.adapters.clickhouse import ClickHouseEventStore
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.domain.sentiment.batches import text_digest
from assay.errors import TimedOut
from tests.api.answers.sentiment.conversations import (
    DISLIKED,
    LIKED,
    NEUTRAL,
    URL,
    ask,
    generation,
    new_trace,
    said,
)
from tests.harness.sentiment import ScriptedSentiment, SentimentWorld, sentiment_world


@pytest.mark.parametrize("url", [URL, URL.removesuffix("/"), URL.replace("environments", "projects")])
async def test_a_trace_is_the_mean_of_all_its_messages(
    client: httpx.AsyncClient, world: SentimentWorld, url: str
) -> None:
    trace = new_trace()
    first = generation(trace, said("Works +"), minutes=9)
    second = generation(trace, said("Works +", "Broke -", "Broke again -"), minutes=8)
    world.stores.events.insert([first, second])

    response = await client.post(url, json={"ids": [trace]})

    assert response.status_code == 200
    assert response.json() == {
        "results": {
            trace: {
                "label": "positive",
                "score": 0.425,
                "scores": {"positive": 0.425, "neutral": 0.15, "negative": 0.425},
                "messages": {
                    f"{second.uuid}:0": LIKED,
                    f"{second.uuid}:2": DISLIKED,
                    f"{second.uuid}:4": DISLIKED,
                    f"{first.uuid}:0": LIKED,
                },
                "message_count": 4,
            }
        },
        "metadata": {"backend": "lexicon", "model": "scripted-1"},
    }
    assert world.model.counts == {"Works +": 1, "Broke -": 1, "Broke again -": 1}


async def test_a_generation_by_its_uuid(client: httpx.AsyncClient, world: SentimentWorld) -> None:
    one = generation("", [{"role": "system", "content": "Be kind."}, *said("Works +")])
    other = generation("", "Broke -")
    world.stores.events.insert([one, other])

    results = await ask(client, str(one.uuid), str(other.uuid), analysis_level="generation")

    assert results == {
        str(one.uuid): LIKED | {"messages": {"1": LIKED}, "message_count": 1},
        str(other.uuid): DISLIKED | {"messages": {"0": DISLIKED}, "message_count": 1},
    }


async def test_what_nobody_said_is_neutral(client: httpx.AsyncClient, world: SentimentWorld) -> None:
    silent = new_trace()
    tool = [{"role": "user", "content": [{"type": "tool_result", "content": "42 +"}]}]
    world.stores.events.insert([generation(silent, tool)])

    assert await ask(client, silent, "unknown", f" {silent} ") == {silent: NEUTRAL, "unknown": NEUTRAL}
    ids = [str(uuid4()), "no uuid"]
    assert await ask(client, *ids, analysis_level="generation") == dict.fromkeys(ids, NEUTRAL)
    assert world.model.asked == []
    assert world.starts.count == 0


async def test_what_was_classified_is_not_classified_again(
    client: httpx.AsyncClient, world: SentimentWorld
) -> None:
    trace, other = new_trace(), new_trace()
    one = generation(trace, said("Works +", "Broke -"))
    world.stores.events.insert([one, generation(other, said("Broke -", "New"))])

    before = await ask(client, trace)
    assert await ask(client, trace) == before
    by_uuid = await ask(client, str(one.uuid), analysis_level="generation")
    assert by_uuid[str(one.uuid)]["messages"] == {
        key.partition(":")[2]: message for key, message in before[trace]["messages"].items()
    }
    await ask(client, other)

    assert world.model.counts == {"Works +": 1, "Broke -": 1, "New": 1}
    assert world.starts.count == 2


async def test_a_changed_trace_is_never_answered_as_it_was(
    client: httpx.AsyncClient, world: SentimentWorld
) -> None:
    trace = new_trace()
    one = generation(trace, said("Works +"))
    world.stores.events.insert([one])
    assert (await ask(client, trace))[trace]["label"] == "positive"
    changed = one.properties | {"$ai_input": said("Broke -")}
    world.stores.events.insert([one.model_copy(update={"properties": changed})])
    assert (await ask(client, trace))[trace]["label"] == "negative"


async def test_a_refresh_asks_again_and_is_remembered(
    client: httpx.AsyncClient, world: SentimentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = new_trace()
    world.stores.events.insert([generation(trace, said("Works +"))])
    await ask(client, trace)

    async def dislikes(project_id: int, texts: list[str]) -> Any:
        return await ScriptedSentiment().classify(project_id, ["-" for _ in texts])

    monkeypatch.setattr(world.model, "classify", dislikes)
    assert (await ask(client, trace))[trace]["label"] == "positive"
    assert (await ask(client, trace, force_refresh="yes"))[trace]["label"] == "negative"
    assert (await ask(client, trace))[trace]["label"] == "negative"


@pytest.mark.parametrize("refresh", [False, True])
async def test_an_attempt_that_comes_again_finds_what_was_paid_for(
    client: httpx.AsyncClient, world: SentimentWorld, monkeypatch: pytest.MonkeyPatch, refresh: bool
) -> None:
    trace = new_trace()
    world.stores.events.insert([generation(trace, said("Works +", "Broke -"))])
    if refresh:
        await ask(client, trace)
        world.model.asked.clear()
    artifacts = type(world.stores.registry.artifacts)
    put_all, stored = artifacts.put_all, []

    async def put_and_fail(self: Any, made: list[Artifact]) -> None:
        await put_all(self, made)
        if made[0].kind is ArtifactKind.SENTIMENT:
            stored.append(made)
            raise TimedOut("The worker went away.")

    monkeypatch.setattr(artifacts, "put_all", put_and_fail)
    assert (await ask(client, trace, force_refresh=refresh))[trace]["message_count"] == 2
    assert world.model.counts == {"Works +": 1, "Broke -": 1}
    assert len(stored) == 1


async def test_two_who_ask_at_once_share_the_work(client: httpx.AsyncClient, world: SentimentWorld) -> None:
    trace = new_trace()
    world.stores.events.insert([generation(trace, said("Works +"))])
    world.model.open.clear()
    asking = [asyncio.create_task(ask(client, trace)) for _ in range(2)]
    await world.starts.until(2)
    world.model.open.set()
    one, other = [await each for each in asking]
    assert one == other
    assert world.model.counts == {"Works +": 1}


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
async def test_who_asks_while_it_is_made_anew_waits_for_that(
    client: httpx.AsyncClient, world: SentimentWorld, known: bool
) -> None:
    trace, text = new_trace(), f"Works + {uuid4()}"
    world.stores.events.insert([generation(trace, said(text))])
    if known:
        await ask(client, trace)
        world.model.asked.clear()
    before = world.starts.count
    world.model.open.clear()
    refreshing = [asyncio.create_task(ask(client, trace, force_refresh=True)) for _ in range(2)]
    await world.starts.until(before + 2)
    plain = asyncio.create_task(ask(client, trace))
    assert not (await asyncio.wait([plain], timeout=0.3))[0]
    world.model.open.set()
    assert await plain == await refreshing[0] == await refreshing[1]
    assert world.model.counts == {text: 1}
    assert world.starts.count == before + 2


async def test_what_is_known_needs_no_temporal(client: httpx.AsyncClient, world: SentimentWorld) -> None:
    class Away:
        def __getattr__(self, name: str) -> Any:
            raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")

    trace = new_trace()
    world.stores.events.insert([generation(trace, said("Works +"))])
    before = await ask(client, trace)
    async with world.client(temporal=Away()) as lost:
        assert await ask(lost, trace) == before


async def test_the_same_request_joins_however_far_the_work_is(
    tmp_path: Path, events: ClickHouseEventStore, temporal: Client
) -> None:
    trace = new_trace()
    texts = [f"text {n}" for n in range(45)]  # two questions to a language model
    events.insert([generation(trace, said(*texts))])
    async with sentiment_world(tmp_path, events, temporal, ScriptedSentiment("llm")) as world:
        world.model.open.clear()
        world.model.free = 1
        digests = [text_digest(world.model.source, text) for text in texts]
        async with world.client() as client, asyncio.timeout(30):
            first = asyncio.create_task(ask(client, trace))
            artifacts = world.stores.registry.artifacts
            while not await artifacts.get_all(1, ArtifactKind.SENTIMENT, digests):  # noqa: ASYNC110  (a table)
                await asyncio.sleep(0.01)
            second = asyncio.create_task(ask(client, trace))
            await world.starts.until(2)
            world.model.open.set()
            assert await first == await second
    assert (len(world.model.asked), set(world.model.counts.values())) == (2, {1})


@pytest.mark.parametrize(
    ("dates", "label"),
    [
        ({}, "positive"),
        ({"date_from": None, "date_to": None}, "positive"),
        ({"date_from": "-30d"}, "negative"),
        ({"date_from": "-1h"}, "neutral"),
        ({"date_from": "nonsense", "date_to": "nonsense"}, "positive"),
        ({"date_from": "", "date_to": " "}, "positive"),
        ({"date_from": "-30d", "date_to": "-8d"}, "negative"),
        ({"date_from": "all"}, "negative"),
        ({"date_from": " all ", "date_to": "all"}, "negative"),
        ({"date_to": "all"}, "positive"),
        ({"date_from": "-1d", "date_to": "-8d"}, "neutral"),
    ],
    ids=[
        "usual",
        "null",
        "a month",
        "an hour",
        "no dates",
        "empty",
        "before",
        "all",
        "all, to all",
        "to all",
        "reversed",
    ],
)
async def test_the_span_of_time(
    client: httpx.AsyncClient, world: SentimentWorld, dates: dict[str, Any], label: str
) -> None:
    trace, day = new_trace(), 24 * 60
    old = generation(trace, ["x", *said("Broke -", "Broke -", "Broke -")], minutes=9 * day)
    new = generation(trace, said("Works +"), minutes=2 * day)
    world.stores.events.insert([old, new])
    assert (await ask(client, trace, **dates))[trace]["label"] == label
    by_uuid = await ask(client, str(old.uuid), analysis_level="generation", **dates)
    assert by_uuid[str(old.uuid)]["message_count"] == (3 if label == "negative" else 0)


async def test_a_date_means_its_whole_day(client: httpx.AsyncClient, world: SentimentWorld) -> None:
    trace = new_trace()
    world.stores.events.insert([generation(trace, said("Works +"), minutes=0)])
    today = datetime.now(UTC).date()
    days = {"date_from": str(today - timedelta(days=1)), "date_to": str(today)}
    assert (await ask(client, trace, **days))[trace]["message_count"] == 1


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({}, {"ids": ["This field is required."]}),
        ({"ids": []}, {"ids": ["This list may not be empty."]}),
        ({"ids": ["a"] * 6}, {"ids": ["Ensure this field has no more than 5 elements."]}),
        ({"ids": "a"}, {"ids": ['Expected a list of items but got type "str".']}),
        ({"ids": ["a", " "]}, {"ids": {"1": ["This field may not be blank."]}}),
        (
            {"ids": None, "analysis_level": "session", "force_refresh": "maybe"},
            {
                "ids": ["This field may not be null."],
                "analysis_level": ['"session" is not a valid choice.'],
                "force_refresh": ["Must be a valid boolean."],
            },
        ),
    ],
    ids=["missing", "empty", "too many", "no list", "blank", "several"],
)
async def test_bad_input(client: httpx.AsyncClient, body: dict[str, Any], refused: dict[str, Any]) -> None:
    response = await client.post(URL, json=body)
    assert (response.status_code, response.json()) == (400, refused)


async def test_numbers_and_five_ids_are_fine(client: httpx.AsyncClient) -> None:
    assert list(await ask(client, 1, 2, 3, 4, 5, unknown=True)) == ["1", "2", "3", "4", "5"]


async def test_texts_are_in_no_history(
    client: httpx.AsyncClient, world: SentimentWorld, temporal: Client
) -> None:
    trace = new_trace()
    world.stores.events.insert([generation(trace, said("correct horse battery staple"))])
    await ask(client, trace)
    runs = [each async for each in temporal.list_workflows("WorkflowType = 'sentiment-batch'")]
    histories = [
        (await temporal.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()).to_json()
        for run in runs
    ]
    assert histories
    assert not any("horse" in history or trace in history for history in histories)
    assert all(run.id.startswith("sentiment-") for run in runs)
