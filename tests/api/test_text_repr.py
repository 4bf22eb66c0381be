"""`POST llm_analytics/text_repr`: events and traces as text."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from api_shim.field_docs import field_docs
from api_shim.schemas.text_repr import TextReprOptions
from assay.contracts.access import Project
from assay.domain.text_repr import Options, format_event
from assay.domain.text_repr.options import DEEPEST
from tests.harness.api import ApiWorld, error

DASHES = "-" * 80
GENERATION: dict[str, Any] = {
    "id": "gen_1",
    "event": "$ai_generation",
    "properties": {
        "$ai_trace_id": "trace_1",
        "$ai_input": [{"role": "user", "content": "Capital of France?"}],
        "$ai_output_choices": [{"message": {"role": "assistant", "content": "Paris, été 😀."}}],
    },
}
SPAN: dict[str, Any] = {"id": "span_1", "event": "$ai_span", "properties": {"$ai_span_name": "plan"}}
TRACE: dict[str, Any] = {
    "trace": {
        "id": "trace_1",
        "properties": {"$ai_trace_id": "trace_1", "$ai_span_name": "bot", "$ai_input_state": "in"},
    },
    "hierarchy": [{"event": SPAN, "children": [{"event": GENERATION}]}],
}


class Texts:
    """Requests for texts."""

    def __init__(self, client: httpx.AsyncClient, project: Project) -> None:
        self.client, self.project = client, project

    async def post(
        self,
        data: Any = GENERATION,
        event_type: Any = "$ai_generation",
        prefix: str = "environments",
        **fields: Any,
    ) -> httpx.Response:
        body = {"event_type": event_type, "data": data} | fields
        return await self.client.post(
            f"/api/{prefix}/{self.project.id}/llm_analytics/text_repr/",
            json={name: it for name, it in body.items() if it is not ...},
        )

    async def text(self, data: Any = GENERATION, event_type: Any = "$ai_generation", **options: Any) -> str:
        response = await self.post(data, event_type, options=options)
        assert response.status_code == 200, response.text
        shown: str = response.json()["text"]
        return shown


@pytest.fixture
def texts(client: httpx.AsyncClient, project: Project) -> Texts:
    return Texts(client, project)


@pytest.mark.parametrize("prefix", ["environments", "projects"])
async def test_a_generation(texts: Texts, prefix: str) -> None:
    response = await texts.post(prefix=prefix)
    shown = f"{DASHES}\n\nINPUT:\n\n[1] USER\n\nCapital of France?\n\n{DASHES}\n\nOUTPUT:\n\n[1] ASSISTANT\n\nParis, été 😀."
    assert response.status_code == 200
    assert list(response.json()) == ["text", "metadata"]
    assert response.json() == {
        "text": shown,
        "metadata": {
            "event_type": "$ai_generation",
            "event_id": "gen_1",
            "trace_id": "trace_1",
            "rendering": "detailed",
            "char_count": len(shown),
            "truncated": False,
        },
    }


@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_slash_at_the_end_is_optional(texts: Texts, slash: str) -> None:
    url = f"/api/projects/@current/llm_analytics/text_repr{slash}"
    response = await texts.client.post(url, json={"event_type": "$ai_span", "data": SPAN})
    assert response.json()["text"] == f"PLAN\n{'=' * 80}"


async def test_a_trace(texts: Texts) -> None:
    response = await texts.post(TRACE, "$ai_trace", options={"collapsed": True})
    shown = f"BOT\n{'=' * 80}\n\n{DASHES}\n\nTRACE HIERARCHY:\n\n└─ [SPAN] plan\n   └─ [GEN] generation"
    assert response.json()["text"] == shown
    assert response.json()["metadata"] | {"char_count": 0} == {
        "event_type": "$ai_trace",
        "event_id": None,
        "trace_id": "trace_1",
        "rendering": "detailed",
        "char_count": 0,
        "truncated": False,
    }


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        ({"id": 7, "properties": {}}, (7, None)),
        ({"id": "e", "properties": {}, "trace_id": "t"}, ("e", "t")),
        ({"id": "e", "properties": {"$ai_trace_id": "p"}, "trace_id": "t"}, ("e", "p")),
        ({"id": "e", "properties": {"$ai_trace_id": {"no": "id"}}}, ("e", None)),
    ],
)
async def test_ids_are_told(texts: Texts, data: Any, ids: tuple[Any, Any]) -> None:
    metadata = (await texts.post(data)).json()["metadata"]
    assert (metadata["event_id"], metadata["trace_id"]) == ids


async def test_an_empty_event_is_an_empty_text(texts: Texts) -> None:
    response = await texts.post({"id": "e", "event": "$ai_generation", "properties": {}})
    assert response.status_code == 200
    assert (response.json()["text"], response.json()["metadata"]["char_count"]) == ("", 0)


async def test_the_name_of_the_event_chooses_the_form(texts: Texts) -> None:
    embedding = {**GENERATION, "event": "$ai_embedding"}
    assert "Embedding vector generated" in await texts.text(embedding, "$ai_span")
    unnamed = {"id": "e", "properties": GENERATION["properties"]}
    assert await texts.text(unnamed, "$ai_span") == await texts.text()


async def test_options_reach_the_text(texts: Texts) -> None:
    long = {"id": "e", "event": "$ai_generation", "properties": {"$ai_output": "ABCDEFGHIJKL\n" * 30}}
    given = {"truncated": "false", "include_line_numbers": 1, "max_length": "400", "unknown": None}
    shown = await texts.text(long, **given)
    assert (
        shown == format_event(long, Options(truncated=False, include_line_numbers=True, max_length=400)).text
    )
    assert (await texts.post(long, options=given)).json()["metadata"]["truncated"] is True
    assert await texts.text(long, truncate_buffer=4, include_markers=False) == (
        f"{DASHES}\n\nOUTPUT:\n\nAB\n\n... (386 chars truncated) ...\n\nL\n"
    )
    tools = {"id": "e", "properties": {"$ai_tools": [{"name": "f"}]}}
    assert "[+] AVAILABLE TOOLS: 1" in await texts.text(
        tools, tools_collapse_threshold=0, include_markers=False
    )
    assert await texts.text(include_metadata=False) == await texts.text()


async def test_depth_and_hierarchy_of_a_trace(texts: Texts) -> None:
    assert (await texts.text(TRACE, "$ai_trace", collapsed=True, max_depth=0)).endswith(
        "└─ [SPAN] plan\n     [... max depth reached]"
    )
    assert (await texts.text(TRACE, "$ai_trace", include_hierarchy=False)).endswith("TRACE INPUT:\n\nin")


async def test_the_published_depth_is_the_deepest() -> None:
    assert f"at most {DEEPEST}" in field_docs(TextReprOptions)["max_depth"]


async def test_the_same_id_with_other_content_is_another_text(texts: Texts) -> None:
    first = await texts.text()
    assert await texts.text({**GENERATION, "properties": {"$ai_output": "x"}}) != first


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        (
            {"event_type": ..., "data": ...},
            {"event_type": ["This field is required."], "data": ["This field is required."]},
        ),
        ({"event_type": "$ai_metric"}, {"event_type": ['"$ai_metric" is not a valid choice.']}),
        ({"data": None}, {"data": ["This field may not be null."]}),
        ({"options": None}, {"options": ["This field may not be null."]}),
        (
            {"options": [1]},
            {"options": {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}},
        ),
        (
            {"options": {"max_length": "long", "truncated": None, "collapsed": 5, "max_depth": 1.5}},
            {
                "options": {
                    "max_length": ["A valid integer is required."],
                    "truncated": ["This field may not be null."],
                    "collapsed": ["Must be a valid boolean."],
                    "max_depth": ["A valid integer is required."],
                }
            },
        ),
    ],
)
async def test_wrong_fields_are_all_told(texts: Texts, fields: dict[str, Any], refusal: Any) -> None:
    response = await texts.post(**fields)
    assert response.status_code == 400
    assert response.json() == refusal


@pytest.mark.parametrize(
    ("event_type", "data", "named"),
    [
        ("$ai_generation", "text", "data"),
        ("$ai_generation", [1], "data"),
        ("$ai_generation", {}, "properties"),
        ("$ai_generation", {"id": "e", "properties": []}, "properties"),
        ("$ai_generation", {"properties": {}}, "'id'"),
        ("$ai_generation", {"id": None, "properties": {}}, "'id'"),
        ("$ai_trace", [1], "data"),
        ("$ai_trace", {"hierarchy": []}, "'trace'"),
        ("$ai_trace", {"trace": {}, "hierarchy": []}, "'trace'"),
        ("$ai_trace", {"trace": {"id": "t"}}, "'hierarchy'"),
        ("$ai_trace", {"trace": {"id": "t"}, "hierarchy": {}}, "'hierarchy'"),
        ("$ai_trace", {"trace": {"name": "t"}, "hierarchy": []}, "'id'"),
    ],
)
async def test_data_that_is_no_event_or_trace(texts: Texts, event_type: str, data: Any, named: str) -> None:
    response = await texts.post(data, event_type)
    assert response.status_code == 400
    body = response.json()
    assert body == error("validation_error", "invalid_input", body["detail"])
    assert named in body["detail"]


def trace_of(*nodes: Any) -> dict[str, Any]:
    return {"trace": {"id": "t"}, "hierarchy": list(nodes)}


@pytest.mark.parametrize(
    ("event_type", "data", "named"),
    [
        ("$ai_span", {"id": [], "properties": {}}, "data.id"),
        ("$ai_span", {**SPAN, "properties": {"$ai_span_name": None}}, "data.properties.$ai_span_name"),
        ("$ai_span", {**SPAN, "properties": {"$ai_span_name": 5}}, "data.properties.$ai_span_name"),
        ("$ai_trace", trace_of("x"), "data.hierarchy[0].event"),
        ("$ai_trace", trace_of({"event": SPAN}, SPAN), "data.hierarchy[1].event"),
        ("$ai_trace", trace_of({"event": SPAN, "children": {}}), "data.hierarchy[0].children"),
        (
            "$ai_trace",
            trace_of({"event": SPAN, "children": [{"event": {"properties": 5}}]}),
            "data.hierarchy[0].children[0].event.properties",
        ),
        (
            "$ai_trace",
            trace_of({"event": {**GENERATION, "properties": {"$ai_latency": "slow"}}}),
            "data.hierarchy[0].event.properties.$ai_latency",
        ),
        ("$ai_trace", {"trace": {"id": "t", "properties": 5}, "hierarchy": []}, "data.trace.properties"),
        ("$ai_trace", {"trace": {"id": "t", "traceName": 5}, "hierarchy": []}, "data.trace.traceName"),
    ],
)
async def test_values_of_the_wrong_type_are_named(
    texts: Texts, event_type: str, data: Any, named: str
) -> None:
    response = await texts.post(data, event_type)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]
    assert response.json()["error"].startswith(f"{named} must be ")


async def test_children_and_properties_of_nodes_are_optional(texts: Texts) -> None:
    data = trace_of({"event": {"event": "$ai_span"}, "children": None}, {"event": {}})
    assert (await texts.text(data, "$ai_trace", collapsed=True)).endswith("├─ [SPAN] span\n└─ [EVENT] event")


async def test_a_form_may_carry_the_event(texts: Texts) -> None:
    response = await texts.client.post(
        "/api/environments/@current/llm_analytics/text_repr/",
        data={"event_type": "$ai_span", "data": '{"id": "e", "event": "$ai_span", "properties": {}}'},
    )
    assert response.json()["text"] == f"SPAN\n{'=' * 80}"


@pytest.mark.parametrize("content", [b"{", b'{"data": "\\ud800"}', b"[" * 200 + b"]" * 200])
async def test_malformed_json(texts: Texts, content: bytes) -> None:
    response = await texts.client.post(
        "/api/environments/@current/llm_analytics/text_repr/",
        content=content,
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 400
    assert (response.json()["type"], response.json()["code"]) == ("invalid_request", "parse_error")


async def test_scopes(world: ApiWorld) -> None:
    url = "/api/environments/1/llm_analytics/text_repr/"
    body = {"event_type": "$ai_span", "data": SPAN}
    statuses = {}
    for scope in ("llm_analytics:read", "llm_analytics:write", "evaluation:write", "*"):
        async with world.client(key=await world.new_key(scope)) as client:
            statuses[scope] = (await client.post(url, json=body)).status_code
    assert statuses == {
        "llm_analytics:read": 403,
        "llm_analytics:write": 200,
        "evaluation:write": 403,
        "*": 200,
    }
    async with world.client(key=None) as client:
        assert (await client.post(url, json=body)).status_code == 401


async def test_other_methods_and_projects(texts: Texts) -> None:
    url = "/api/environments/{}/llm_analytics/text_repr/"
    assert (await texts.client.get(url.format(texts.project.id))).status_code == 405
    assert (await texts.client.post(url.format(999_999), json={})).status_code == 404


async def test_the_121st_request_of_a_minute_is_refused(world: ApiWorld) -> None:
    async with world.client(key=await world.new_key("*"), throttle=True, clock=lambda: 1000.0) as client:
        url = "/api/environments/1/llm_analytics/text_repr/"
        statuses = [(await client.post(url, json={})).status_code for _ in range(121)]
        assert statuses == [400] * 120 + [429]
        assert (await client.get("/api/environments/1/evaluations/")).status_code == 200


async def test_long_traces_keep_nobody_waiting(texts: Texts) -> None:
    """Other requests are answered while a long one is worked on."""
    long = trace_of(
        *({"event": {**SPAN, "properties": {"$ai_input_state": [{"n": 1.5}] * 400}}} for _ in range(400))
    )
    asked = asyncio.create_task(texts.post(long, "$ai_trace"))
    answered = 0
    while not asked.done():
        assert (await texts.client.get("/healthz")).status_code == 200
        answered += 1
        await asyncio.sleep(0)  # a request in the same process suspends nowhere by itself
    assert asked.result().status_code == 200
    assert answered > 1
