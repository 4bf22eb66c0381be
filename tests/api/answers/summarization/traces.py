"""Traces to summarise."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from assay.adapters.testing import Reply
from assay.contracts.events import Event
from tests.harness.answers import answering

URL = "/api/environments/1/llm_analytics/summarization/"
CHECK = f"{URL}batch_check/"
DIAGRAM = 'flowchart TD\nA["Asked"] --> B["Answered"]'


def generation(trace_id: str, said: str = "It rains.", **changes: Any) -> Event:
    """A generation that was captured an hour ago."""
    fields: dict[str, Any] = {
        "project_id": 1,
        "event": "$ai_generation",
        "uuid": uuid4(),
        "distinct_id": "user",
        "timestamp": datetime.now(UTC) - timedelta(hours=1),
        "properties": {
            "$ai_trace_id": trace_id,
            "$ai_model": "gpt-4o",
            "$ai_input": [{"role": "user", "content": "How is the weather?"}],
            "$ai_output_choices": [{"role": "assistant", "content": said}],
        },
    }
    return Event(**(fields | changes))


def sent_event(said: str = "It rains.", event_id: str | None = None) -> dict[str, Any]:
    """A request body with an event of its own."""
    event = generation("none", said)
    data = {"id": event_id or str(event.uuid), "event": event.event, "properties": event.properties}
    return {"summarize_type": "event", "data": {"event": data}}


def sent_trace(*said: str, trace_id: str | None = None) -> dict[str, Any]:
    """A request body with a trace of its own."""
    nodes = [sent_event(each)["data"] | {"children": []} for each in said]
    trace = {"id": trace_id or str(uuid4()), "properties": {"$ai_span_name": "Weather bot"}}
    return {"summarize_type": "trace", "data": {"trace": trace, "hierarchy": nodes}}


def summary(bullets: int = 3, refs: str = "L1", **changes: Any) -> dict[str, Any]:
    """A right answer to a question for a minimal summary."""
    answer = {
        "title": "The weather was asked for",
        "flow_diagram": DIAGRAM,
        "summary_bullets": [{"text": f"Point {number}", "line_refs": refs} for number in range(bullets)],
        "interesting_notes": [],
    }
    return answer | changes


def notes_or_summary(body: dict[str, Any]) -> Reply:
    """A model that reads pieces, and summarises what it noted: it refers to the first line it sees."""
    shown = body["messages"][1]["content"]
    if "notes" in schema_of(body)["properties"]:
        lines = numbers_in(shown)
        text = f"Saw {len(lines)} lines"
        return answering({"notes": [{"text": text, "line_refs": f"L{min(lines)}-L{max(lines)}"}]})
    found = re.search(r"^(?:- \[(L\d+)|(L\d+): )", shown, re.MULTILINE)
    assert found is not None
    return answering(summary(refs=found[1] or found[2]))


def schema_of(body: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema that a question asks for."""
    schema: dict[str, Any] = body["response_format"]["json_schema"]["schema"]
    return schema


def is_for_notes(body: dict[str, Any]) -> bool:
    """Whether notes are asked for."""
    return "notes" in schema_of(body)["properties"]


def numbers_in(shown: str) -> list[int]:
    """The numbers of the lines that a question shows, or of those that the notes in it are about."""
    found = re.findall(r"^L(\d+): ", shown, re.MULTILINE) or re.findall(r"L(\d+)", shown)
    return [int(number) for number in found]


def prompts(asked: Sequence[dict[str, Any]]) -> list[str]:
    """What questions say, system and user."""
    return [json.dumps(body["messages"], ensure_ascii=False) for body in asked]
