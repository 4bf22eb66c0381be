"""`POST sentiment/generations`: the newest generation of each trace, as rows of seven."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import httpx
import pytest

from api_shim.responses import JsonResponse
from api_shim.routes import sentiment
from assay.contracts.wire import iso_utc
from assay.errors import StoreUnavailable
from tests.api.answers.sentiment.conversations import GENERATIONS, generation, new_trace, said
from tests.harness.sentiment import SentimentWorld


def only(trace: str) -> dict[str, Any]:
    """A filter for one trace."""
    return {"key": "$ai_trace_id", "value": trace, "operator": "exact", "type": "event"}


async def rows(client: httpx.AsyncClient, **filters: Any) -> list[list[Any]]:
    response = await client.post(GENERATIONS, json={"filters": filters})
    assert response.status_code == 200, response.text
    assert list(response.json()) == ["results"]
    found: list[list[Any]] = response.json()["results"]
    return found


async def test_rows_of_seven(client: httpx.AsyncClient, world: SentimentWorld) -> None:
    trace = new_trace()
    old, new = (generation(trace, said(text), minutes=at) for text, at in (("old", 9), ("new", 8)))
    bare = generation(new_trace(), None).model_copy(update={"properties": {"$ai_trace_id": new_trace()}})
    world.stores.events.insert([old, new, bare])

    [row] = await rows(client, properties=[only(trace)], filterTestAccounts=True)

    assert row == [
        str(new.uuid),
        trace,
        row[2],
        "gpt-5",
        "user",
        iso_utc(new.timestamp),
        iso_utc(old.timestamp),
    ]
    assert json.loads(row[2]) == said("new")
    [row] = await rows(client, properties=[only(bare.properties["$ai_trace_id"])])
    assert row[2:4] == [None, None]


async def test_the_newest_traces_come_first(client: httpx.AsyncClient, world: SentimentWorld) -> None:
    traces = [new_trace() for _ in range(3)]
    sent = [generation(trace, "x", minutes=-2 - n) for n, trace in enumerate(traces)]
    world.stores.events.insert(sent)
    for body in ({}, {"filters": {}}):
        response = await client.post(GENERATIONS, json=body)
        assert [row[1] for row in response.json()["results"][:3]] == traces[::-1]


async def test_at_most_two_hundred(client: httpx.AsyncClient, world: SentimentWorld) -> None:
    mark = new_trace()
    world.stores.events.insert([generation(new_trace(), "x", mark=mark, minutes=n) for n in range(205)])
    found = await rows(client, properties=[{"key": "mark", "value": mark}])
    assert len(found) == 200
    assert [row[5] for row in found] == sorted((row[5] for row in found), reverse=True)


@pytest.mark.parametrize(
    ("dates", "ages"),
    [
        (None, [1, 9]),
        ({}, [1, 9]),
        ({"date_from": "all"}, [1, 9]),
        ({"date_from": "-7d"}, [1]),
        ({"date_from": None, "date_to": "-2d"}, [9]),
        ({"date_from": "-3d", "date_to": "-2d"}, []),
    ],
    ids=["null", "empty", "all", "a week", "before", "between"],
)
async def test_the_span_of_time(
    client: httpx.AsyncClient, world: SentimentWorld, dates: dict[str, Any] | None, ages: list[int]
) -> None:
    trace = new_trace()
    sent = {age: generation(trace, "x", minutes=age * 24 * 60) for age in (1, 9)}
    world.stores.events.insert(list(sent.values()))
    found = await rows(client, dateRange=dates, properties=[only(trace)])
    if not ages:
        assert found == []
        return
    [row] = found
    assert (row[0], row[6]) == (str(sent[ages[0]].uuid), iso_utc(sent[ages[-1]].timestamp))


@pytest.mark.parametrize(
    ("filters", "problems"),
    [
        ({"colour": "red"}, [("extra_forbidden", ["colour"])]),
        (
            {"dateRange": {"from": "-7d", "date_to": 5}},
            [("string_type", ["dateRange", "date_to"]), ("extra_forbidden", ["dateRange", "from"])],
        ),
        ({"dateRange": {"date_from": "soon"}}, [("value_error", ["dateRange", "date_from"])]),
        ({"filterTestAccounts": "perhaps"}, [("bool_parsing", ["filterTestAccounts"])]),
        ({"properties": {"key": "a"}}, [("list_type", ["properties"])]),
        ({"properties": [{"key": "a", "operator": "like"}]}, [("value_error", ["properties"])]),
        ({"properties": ["a"]}, [("value_error", ["properties"])]),
        ([], [("model_type", [])]),
        ("all", [("model_type", [])]),
    ],
    ids=[
        "unknown key",
        "dates",
        "no date",
        "no boolean",
        "no list",
        "operator",
        "no filter",
        "a list",
        "a text",
    ],
)
async def test_bad_filters(
    client: httpx.AsyncClient, filters: Any, problems: list[tuple[str, list[str]]]
) -> None:
    response = await client.post(GENERATIONS, json={"filters": filters})
    assert response.status_code == 400
    assert list(response.json()) == ["filters"]
    told = response.json()["filters"]
    assert [(each["type"], each["loc"]) for each in told] == problems
    assert all(each["msg"] for each in told)


async def test_null_filters(client: httpx.AsyncClient) -> None:
    response = await client.post(GENERATIONS, json={"filters": None})
    assert (response.status_code, response.json()) == (400, {"filters": ["This field may not be null."]})


async def test_long_answers_are_written_beside_the_loop_and_one_at_a_time(
    client: httpx.AsyncClient, world: SentimentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = asyncio.Semaphore(1)
    seen: list[tuple[bool, bool]] = []

    class Watched(JsonResponse):
        def render(self, content: Any) -> bytes:
            seen.append((threading.current_thread() is threading.main_thread(), reads.locked()))
            return super().render(content)

    monkeypatch.setattr(sentiment, "JsonResponse", Watched)
    async with world.client(large_reads=reads) as watched:
        await rows(watched)
    assert seen == [(False, True)]


async def test_no_match(client: httpx.AsyncClient) -> None:
    assert await rows(client, properties=[only("nobody")]) == []


async def test_a_store_that_is_away(world: SentimentWorld) -> None:
    class Away:
        def latest(self, *arguments: Any, **options: Any) -> None:
            raise StoreUnavailable("The event store did not answer.")

    async with world.client(inputs=Away()) as lost:
        response = await lost.post(GENERATIONS, json={})
    assert response.status_code == 500
    assert "did not answer" in response.json()["error"]


async def test_who_may_ask(world: SentimentWorld) -> None:
    async with world.client(key=None) as stranger:
        assert (await stranger.post(GENERATIONS, json={})).status_code == 401
    async with world.client(key=await world.api.new_key("llm_analytics:read")) as reader:
        assert (await reader.post(GENERATIONS, json={})).status_code == 403
    async with world.client(key=await world.api.new_key("llm_analytics:write")) as writer:
        assert (await writer.post(GENERATIONS, json={})).status_code == 200
