"""Conversations whose sentiment is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from assay.contracts.events import Event

URL = "/api/environments/1/llm_analytics/sentiment/"
GENERATIONS = f"{URL}generations/"

NEUTRAL = {
    "label": "neutral",
    "score": 0.0,
    "scores": {"positive": 0.0, "neutral": 0.0, "negative": 0.0},
    "messages": {},
    "message_count": 0,
}
LIKED = {
    "label": "positive",
    "score": 0.8,
    "scores": {"positive": 0.8, "neutral": 0.15, "negative": 0.05},
}
DISLIKED = {
    "label": "negative",
    "score": 0.8,
    "scores": {"positive": 0.05, "neutral": 0.15, "negative": 0.8},
}


def said(*texts: str) -> list[dict[str, str]]:
    """Messages of a user, each answered."""
    return [
        message
        for text in texts
        for message in ({"role": "user", "content": text}, {"role": "assistant", "content": "So so."})
    ]


def generation(trace_id: str, asked: Any, *, minutes: float = 60, **properties: Any) -> Event:
    """A generation that was captured so many minutes ago."""
    return Event(
        project_id=1,
        event="$ai_generation",
        uuid=uuid4(),
        distinct_id="user",
        timestamp=datetime.now(UTC) - timedelta(minutes=minutes),
        properties={"$ai_trace_id": trace_id, "$ai_model": "gpt-5", "$ai_input": asked} | properties,
    )


def new_trace() -> str:
    """An id that no other test uses."""
    return f"trace-{uuid4()}"


async def ask(client: httpx.AsyncClient, *ids: str | int, **more: Any) -> dict[str, Any]:
    """The results of a request that succeeds."""
    response = await client.post(URL, json={"ids": ids} | more)
    assert response.status_code == 200, response.text
    results: dict[str, Any] = response.json()["results"]
    return results
