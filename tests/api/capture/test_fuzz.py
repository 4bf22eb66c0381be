"""Whatever arrives, ingestion answers for it: never a 5xx, and what it says is stored can be read."""

from __future__ import annotations

import gzip
import json
import zlib
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.domain.json_values import storable
from tests.api.capture.running import CaptureServer
from tests.api.capture.server import TOKEN

PATHS = st.sampled_from(
    ["/batch/", "/e/", "/capture/", "/i/v0/ai/batch/", "/i/v1/analytics/events", "/flags/"]
)
ENCODINGS = st.sampled_from([None, "gzip", "deflate", "zstd", "br", "identity"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800") | st.just(TOKEN),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)
NAMES = st.sampled_from(
    [
        "$ai_trace_id", "$ai_session_id", "$session_id", "$ai_parent_id", "$ai_evaluation_id", "$ai_model",
        "$ai_target_event_id", "$ai_evaluation_result", "$ai_evaluation_applicable", "$ai_total_cost_usd",
        "$ai_latency", "$ai_input", "$ai_output", "$ai_output_choices", "$ai_tools", "a", "a.b", "",
        "a\0b", "`",
    ]
) | st.text(max_size=5)  # fmt: skip
PROPERTIES = st.dictionaries(NAMES, JSON, max_size=6)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from(["$ai_generation", "a\0b", "'"]) | JSON,
        "distinct_id": st.sampled_from(["u", "a\0b", 5]) | JSON,
        "uuid": st.uuids().map(str) | JSON,
        "timestamp": st.datetimes().map(str) | st.integers() | JSON,
        "offset": st.integers() | JSON,
        "properties": PROPERTIES | JSON,
        "options": JSON,
        "$set": JSON,
    },
)
PATIENT = settings(deadline=None, max_examples=75, suppress_health_check=[HealthCheck.too_slow])


def post(server: CaptureServer, path: str, body: bytes, encoding: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    if encoding:
        headers["Content-Encoding"] = encoding
    response = server.client.post(path, content=body, headers=headers)
    assert response.status_code < 500, response.text
    return response.json()


@PATIENT
@given(path=PATHS, body=st.binary(), encoding=ENCODINGS)
def test_any_bytes(server: CaptureServer, path: str, body: bytes, encoding: str | None) -> None:
    post(server, path, body, encoding)
    compressed = zlib.compress(body) if encoding == "deflate" else gzip.compress(body)
    post(server, path, compressed, encoding)


@PATIENT
@given(path=PATHS, value=JSON | EVENTS | st.lists(EVENTS | JSON, max_size=4))
def test_any_json(server: CaptureServer, path: str, value: object) -> None:
    post(server, path, json.dumps(value).encode())
    answer = post(server, path, json.dumps({"api_key": TOKEN, "batch": value}).encode())
    # The store itself never finds fault with what normalisation let through.
    refused = answer.get("refused", [])
    assert "refused_by_store" not in {item["code"] for item in refused}


@PATIENT
@given(batch=st.lists(PROPERTIES, min_size=1, max_size=6))
def test_what_was_accepted_is_stored_unchanged(server: CaptureServer, batch: list[dict[str, Any]]) -> None:
    trace_id = str(uuid4())
    now = datetime.now(UTC).isoformat()
    sent = {str(uuid4()): properties | {"$ai_trace_id": trace_id} for properties in batch}
    events = [
        {"event": "$ai_span", "distinct_id": "u", "uuid": uuid, "timestamp": now, "properties": properties}
        for uuid, properties in sent.items()
    ]
    body = json.dumps({"api_key": TOKEN, "batch": events}).encode()
    assert post(server, "/batch/", body) == {"status": "Ok"}
    stored = {event["uuid"]: event["properties"] for event in server.trace(trace_id)}
    assert stored == {uuid: storable(properties, levels=64) for uuid, properties in sent.items()}
