"""`POST summarization/batch_check`: which traces have summaries that still hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from assay.adapters.clickhouse import ClickHouseEventStore
from tests.api.answers.summarization.traces import CHECK, URL, generation, sent_event, sent_trace, summary
from tests.harness.answers import AnsweringModel, answering


async def titles(client: httpx.AsyncClient, *trace_ids: str, **fields: Any) -> list[tuple[str, str]]:
    response = await client.post(CHECK, json={"trace_ids": trace_ids, **fields})
    assert response.status_code == 200, response.text
    found = response.json()["summaries"]
    assert all(each["cached"] is True for each in found)
    return [(each["trace_id"], each["title"]) for each in found]


async def test_summaries_are_told_in_the_order_of_the_request(
    client: httpx.AsyncClient, events: ClickHouseEventStore, model: AnsweringModel
) -> None:
    captured, sent, unknown = str(uuid4()), "x" * 300, str(uuid4())
    events.insert([generation(captured)])
    event = sent_event()
    model.enqueue(*(answering(summary(title=title)) for title in ("Captured", "Sent", "Event")))
    for body in ({"trace_id": captured}, sent_trace("Hi", trace_id=sent), event):
        assert (await client.post(URL, json=body)).status_code == 200
    asked = len(model.asked)

    found = await titles(client, unknown, sent, captured, event["data"]["event"]["id"], sent)

    assert found == [(sent, "Sent"), (captured, "Captured"), (sent, "Sent")]
    assert await titles(client, captured, mode="detailed") == []
    assert await titles(client, captured, model="gpt-4o") == []
    assert await titles(client, captured, model="") == [(captured, "Captured")]
    assert await titles(client) == []
    assert len(model.asked) == asked


async def test_a_trace_that_has_changed_has_no_summary(
    client: httpx.AsyncClient, events: ClickHouseEventStore, model: AnsweringModel
) -> None:
    trace_id, first = str(uuid4()), generation("t")
    first = first.model_copy(update={"properties": first.properties | {"$ai_trace_id": trace_id}})
    events.insert([first])
    model.enqueue(*(answering(summary(title=title)) for title in ("One", "Two")))
    assert (await client.post(URL, json={"trace_id": trace_id})).status_code == 200
    assert await titles(client, trace_id) == [(trace_id, "One")]

    events.insert([generation(trace_id, event="$ai_trace_summary")])
    assert await titles(client, trace_id) == [(trace_id, "One")]
    events.insert([generation(trace_id)])
    assert await titles(client, trace_id) == []
    assert (await client.post(URL, json={"trace_id": trace_id})).status_code == 200
    assert await titles(client, trace_id) == [(trace_id, "Two")]

    # The same again is no other text, but who has looked must have looked at it.
    events.insert([first])
    assert await titles(client, trace_id) == []
    assert (await client.post(URL, json={"trace_id": trace_id})).status_code == 200
    assert await titles(client, trace_id) == [(trace_id, "Two")]
    assert len(model.asked) == 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, {"trace_ids": ["This field is required."]}),
        ({"trace_ids": "t"}, {"trace_ids": ['Expected a list of items but got type "str".']}),
        (
            {"trace_ids": ["t"] * 101, "mode": "long"},
            {
                "trace_ids": ["Ensure this field has no more than 100 elements."],
                "mode": ['"long" is not a valid choice.'],
            },
        ),
        ({"trace_ids": ["t", True]}, {"trace_ids": {"1": ["Not a valid string."]}}),
    ],
    ids=range(4),
)
async def test_bodies_that_break_rules(client: httpx.AsyncClient, body: Any, said: Any) -> None:
    response = await client.post(CHECK, json=body)
    assert (response.status_code, response.json()) == (400, said)


async def test_a_summary_of_a_part_is_none_of_the_trace(
    client: httpx.AsyncClient, events: ClickHouseEventStore, model: AnsweringModel
) -> None:
    trace_id, now = str(uuid4()), datetime.now(UTC)
    events.insert([generation(trace_id), generation(trace_id, timestamp=now - timedelta(days=3))])
    model.enqueue(*(answering(summary(title=title)) for title in ("Part", "Whole", "Part anew")))
    part = {"trace_id": trace_id, "date_from": "-1d"}
    assert (await client.post(URL, json=part)).status_code == 200
    assert await titles(client, trace_id) == []
    assert (await client.post(URL, json={"trace_id": trace_id})).status_code == 200
    assert await titles(client, trace_id) == [(trace_id, "Whole")]
    assert (await client.post(URL, json=part | {"force_refresh": True})).status_code == 200
    assert await titles(client, trace_id) == [(trace_id, "Whole")]
