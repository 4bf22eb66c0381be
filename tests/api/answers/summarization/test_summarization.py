"""`POST summarization`: what is summarised, what the model is asked, what comes back and how often it is asked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.testing import Reply
from tests.api.answers.summarization.traces import (
    DIAGRAM,
    URL,
    generation,
    prompts,
    schema_of,
    sent_event,
    sent_trace,
    summary,
)
from tests.harness.answers import AnsweringModel, AnswerWorld, answering
from tests.harness.api import error


async def test_a_captured_trace_is_summarised(
    client: httpx.AsyncClient, events: ClickHouseEventStore, model: AnsweringModel
) -> None:
    trace_id, now = str(uuid4()), datetime.now(UTC)
    parent = generation(
        trace_id,
        event="$ai_span",
        timestamp=now - timedelta(minutes=9),
        properties={"$ai_trace_id": trace_id, "$ai_span_id": "plan", "$ai_span_name": "plan"},
    )
    child = generation(trace_id, timestamp=now - timedelta(minutes=8))
    child = child.model_copy(update={"properties": child.properties | {"$ai_parent_id": "plan"}})
    told = generation(
        trace_id,
        event="$ai_trace",
        properties={"$ai_trace_id": trace_id, "$ai_span_name": "Weather bot"},
    )
    about_it = generation(trace_id, event="$ai_trace_summary")
    events.insert([parent, child, told, about_it, generation(str(uuid4()))])
    model.enqueue(answering(summary(refs="L03 - L005, l2")))

    response = await client.post(URL, json={"trace_id": trace_id, "summarize_type": "event"})

    assert response.status_code == 200, response.text
    body = response.json()
    lines = body["text_repr"].split("\n")
    assert lines[0] == "L01: WEATHER BOT"
    assert [line[5:] for line in lines if "[SPAN]" in line or "[GEN]" in line] == [
        "└─ [+] [SPAN] plan",
        "   └─ [+] [GEN] gpt-4o (gpt-4o)",
    ]
    assert "How is the weather?" in body["text_repr"]
    points = [{"text": f"Point {number}", "line_refs": "L3-L5, L2"} for number in range(3)]
    assert body["summary"] == {
        "title": "The weather was asked for",
        "flow_diagram": DIAGRAM,
        "summary_bullets": points,
        "interesting_notes": [],
    }
    assert body["metadata"] == {
        "text_repr_length": len(body["text_repr"]),
        "summarize_type": "trace",
        "model": "gpt-4.1-mini",
    }
    [asked] = model.asked
    assert asked["response_format"]["json_schema"]["strict"] is True
    assert schema_of(asked)["additionalProperties"] is False
    assert "tools" not in asked
    assert f"\n{body['text_repr']}\n" in asked["messages"][1]["content"]


@pytest.mark.parametrize("name", ["$ai_generation", "$ai_span", "$ai_embedding", "$ai_evaluation"])
async def test_a_captured_event_is_summarised(
    client: httpx.AsyncClient, events: ClickHouseEventStore, name: str
) -> None:
    event = generation(str(uuid4()), event=name, timestamp=datetime.now(UTC) - timedelta(days=29))
    events.insert([event])
    response = await client.post(URL, json={"generation_id": str(event.uuid), "summarize_type": "trace"})
    assert response.status_code == 200, response.text
    assert response.json()["metadata"]["summarize_type"] == "event"


async def test_only_the_span_of_time_is_looked_through(
    client: httpx.AsyncClient, events: ClickHouseEventStore
) -> None:
    trace_id, now = str(uuid4()), datetime.now(UTC)
    old = generation(trace_id, "The old answer", timestamp=now - timedelta(days=31))
    young = generation(trace_id, "The young answer", timestamp=now - timedelta(days=3))
    metric = generation(trace_id, event="$ai_metric", timestamp=now - timedelta(days=1))
    events.insert([old, young, metric])

    async def told(**fields: str) -> str:
        response = await client.post(URL, json={"trace_id": trace_id} | fields)
        assert response.status_code == 200, response.text
        return str(response.json()["text_repr"])

    assert "old" not in await told()
    assert "young" in await told(date_from="-4d")
    both = await told(date_from=(now - timedelta(days=31)).date().isoformat())
    assert "old" in both
    assert "young" in both
    assert "young" not in await told(date_from="-40d", date_to="-10d")

    missing = {"trace_id": trace_id, "date_to": "2001-01-01"}
    for body in (
        missing,
        {"trace_id": str(uuid4())},
        {"generation_id": str(old.uuid)},
        {"generation_id": "x"},
    ):
        response = await client.post(URL, json=body)
        assert response.status_code == 404
        assert (response.json()["type"], response.json()["code"]) == ("invalid_request", "not_found")


async def test_a_span_of_time_ends_after_it_begins(client: httpx.AsyncClient) -> None:
    turned = {"trace_id": "t", "date_from": "2026-03-02", "date_to": "2026-03-01"}
    response = await client.post(URL, json=turned)

    assert response.status_code == 400
    assert response.json()["attr"] == "date_to"


async def test_what_is_sent_along_is_summarised(client: httpx.AsyncClient, model: AnsweringModel) -> None:
    response = await client.post(URL, json=sent_trace("It rains.", "It snows."))
    assert response.status_code == 200, response.text
    assert response.json()["text_repr"].startswith("L01: WEATHER BOT\n")

    response = await client.post(URL, json=sent_event() | {"mode": "detailed", "model": "gpt-4o"})
    assert response.json()["metadata"] == {
        "text_repr_length": len(response.json()["text_repr"]),
        "summarize_type": "event",
        "model": "gpt-4o",
    }
    assert [asked["model"] for asked in model.asked] == ["gpt-4.1-mini", "gpt-4o"]
    minimal, detailed = prompts(model.asked)
    assert "3 to 5" in minimal
    assert "5 to 10" in detailed


async def test_without_consent_not_even_the_body_is_read(
    answers: AnswerWorld, client: httpx.AsyncClient, model: AnsweringModel
) -> None:
    await answers.api.registry.access.set_ai_consent(False)
    for url in (URL, f"{URL}batch_check/"):
        response = await client.post(url, content=b"{")
        assert response.status_code == 403
        assert "AI data processing must be approved" in response.json()["detail"]
        assert response.json()["code"] == "permission_denied"
    assert model.asked == []


_NEITHER = {"non_field_errors": ["Send data, trace_id or generation_id."]}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, _NEITHER),
        ({"data": None, "summarize_type": "trace"}, _NEITHER),
        (
            {"data": {}, "trace_id": "t", "summarize_type": "trace"},
            {"non_field_errors": ["Send either data or an id, not both."]},
        ),
        (
            {"trace_id": "t", "generation_id": "g"},
            {"non_field_errors": ["Send either trace_id or generation_id, not both."]},
        ),
        ({"data": {"event": {}}}, {"non_field_errors": ["summarize_type is required with data."]}),
        (
            {"trace_id": "t", "summarize_type": "session", "mode": "long"},
            {
                "summarize_type": ['"session" is not a valid choice.'],
                "mode": ['"long" is not a valid choice.'],
            },
        ),
        (
            {"trace_id": "t", "date_from": "yesterday"},
            {"date_from": ["Not a date, like -30d, 2026-03-29 or 2026-03-29T12:00:00Z."]},
        ),
    ],
    ids=["nothing", "null", "both", "two ids", "no type", "choices", "date"],
)
async def test_bodies_that_break_rules(
    client: httpx.AsyncClient, model: AnsweringModel, body: Any, said: Any
) -> None:
    response = await client.post(URL, json=body)
    assert (response.status_code, response.json()) == (400, said)
    assert model.asked == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("trace", {"trace": {}, "hierarchy": []}),
        ("trace", {"trace": {"id": "t"}}),
        ("trace", {"trace": {"id": "t"}, "hierarchy": {}}),
        ("trace", {"trace": {"name": "t"}, "hierarchy": []}),
        ("event", {"event": {"properties": {}}}),
        ("event", {}),
        ("event", [1]),
    ],
    ids=range(7),
)
async def test_data_of_another_shape(client: httpx.AsyncClient, kind: str, data: Any) -> None:
    response = await client.post(URL, json={"summarize_type": kind, "data": data})
    assert response.status_code == 400
    said = response.json()
    assert said == error("validation_error", "invalid_input", said["detail"])


@pytest.mark.parametrize(
    "properties",
    [{}, {"$ai_input": [], "$ai_output_choices": None}, {"$ai_model": "gpt-4o", "$ai_tools": [1]}],
)
async def test_what_has_no_payload_needs_no_model(
    client: httpx.AsyncClient, model: AnsweringModel, properties: dict[str, Any]
) -> None:
    event = {"id": "e", "event": "$ai_generation", "properties": properties}
    node = {"event": event, "children": []}
    for body in (
        {"summarize_type": "event", "data": {"event": event}},
        {"summarize_type": "trace", "data": {"trace": {"id": "t"}, "hierarchy": [node, node]}},
    ):
        response = await client.post(URL, json=body)
        assert response.status_code == 200, response.text
        said = response.json()["summary"]
        assert said["title"] == "Nothing to summarise"
        assert (said["flow_diagram"], said["interesting_notes"]) == ("", [])
        assert [point["line_refs"] for point in said["summary_bullets"]] == [""]
        assert response.json()["metadata"]["model"] is None
    assert model.asked == []


async def test_the_same_work_is_done_once(client: httpx.AsyncClient, model: AnsweringModel) -> None:
    body = sent_event("It rains.", "event-1")
    first = await client.post(URL, json=body)
    again = await client.post(URL, json=body)
    assert again.json() == first.json()
    assert len(model.asked) == 1

    others = [
        body | {"mode": "detailed"},
        body | {"model": "gpt-4o"},
        sent_event("It snows.", "event-1"),
        sent_event("It rains.", "event-2"),
    ]
    for number, other in enumerate(others, 2):
        assert (await client.post(URL, json=other)).status_code == 200
        assert len(model.asked) == number


async def test_a_refresh_makes_it_anew(client: httpx.AsyncClient, model: AnsweringModel) -> None:
    body = sent_event()
    titles = ["The first", "The second"]
    model.enqueue(*(answering(summary(title=title)) for title in titles))
    said = [
        (await client.post(URL, json=body | {"force_refresh": fresh})).json()["summary"]["title"]
        for fresh in (False, True, False)
    ]
    assert said == ["The first", "The second", "The second"]
    assert len(model.asked) == 2


@pytest.mark.parametrize("fresh", [False, True])
async def test_who_asks_for_the_same_meanwhile_joins(
    answers: AnswerWorld, client: httpx.AsyncClient, model: AnsweringModel, *, fresh: bool
) -> None:
    body = sent_event()
    model.open.clear()
    bodies = [body, body, body | {"force_refresh": fresh}]
    asking = asyncio.gather(*(client.post(URL, json=each) for each in bodies))
    await answers.starts.until(3)
    model.open.set()

    said = [response.json() for response in await asking]

    assert said[0]["summary"]["title"]
    assert said == [said[0]] * 3
    assert len(model.asked) == 1


async def test_another_project_has_summaries_of_its_own(
    answers: AnswerWorld, client: httpx.AsyncClient, model: AnsweringModel
) -> None:
    body = sent_event()
    other = await answers.api.new_project()
    assert (await client.post(URL, json=body)).status_code == 200
    assert (await client.post(URL.replace("/1/", f"/{other.id}/"), json=body)).status_code == 200
    assert len(model.asked) == 2


@pytest.mark.parametrize("path", ["", "/batch_check"])
async def test_a_key_needs_the_scope(answers: AnswerWorld, path: str) -> None:
    key = await answers.api.new_key("llm_analytics:read")
    async with answers.client(key=key) as client:
        assert (await client.post(URL.rstrip("/") + path, json={})).status_code == 403


async def test_both_endpoints_share_their_limits(answers: AnswerWorld) -> None:
    async with answers.client(throttle=True, clock=lambda: 0.0) as client:
        for number in range(50):
            url = URL if number % 2 else f"{URL}batch_check/"
            assert (await client.post(url, json={"trace_ids": 5})).status_code == 400
        for url in (URL, f"{URL}batch_check/"):
            assert (await client.post(url, json={})).status_code == 429


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (Reply(status=400, body={"error": {"message": "no"}}), 500, "work_failed"),
        (Reply(content="  "), 400, "not_possible"),
    ],
)
async def test_failures_of_the_model(
    client: httpx.AsyncClient, model: AnsweringModel, reply: Reply, status: int, code: str
) -> None:
    model.enqueue(reply)
    response = await client.post(URL, json=sent_event())
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["attr"] is None


async def test_a_model_that_there_is_not(client: httpx.AsyncClient, model: AnsweringModel) -> None:
    model.enqueue(Reply(status=404, body={"error": {"message": "no such model"}}))
    response = await client.post(URL, json=sent_event() | {"model": "gpt-0"})
    assert response.status_code == 400
    assert list(response.json()) == ["model"]


async def test_a_trace_that_is_too_large_is_refused(
    client: httpx.AsyncClient, events: ClickHouseEventStore, model: AnsweringModel
) -> None:
    trace_id = str(uuid4())
    events.insert([generation(trace_id, properties={"$ai_trace_id": trace_id}) for _ in range(10_001)])
    response = await client.post(URL, json={"trace_id": trace_id})
    assert response.status_code == 400
    assert "10,001 events" in response.json()["detail"]
    assert model.asked == []
