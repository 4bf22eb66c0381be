"""Sentiment of many messages at once through a whole engine, and how quickly it answers others meanwhile."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx

from assay.runtime.bench.measure import percentile
from assay.runtime.engine_process import EngineProcess, engine_process

_TRACES_A_REQUEST: Final = 5
_GENERATIONS_A_TRACE: Final = 4
_MESSAGES_A_GENERATION: Final = 50
_MESSAGES_A_REQUEST: Final = _TRACES_A_REQUEST * _GENERATIONS_A_TRACE * _MESSAGES_A_GENERATION
_WORDS: Final = "the good bad card order not working great love hate slow please fix it now invoice page"
_WORDS_A_MESSAGE: Final = 50

_REST_SECONDS: Final = 3
_LOOK_EVERY_SECONDS: Final = 0.02
_ROUTES: Final = {"healthz": "/healthz", "list": "/api/environments/1/evaluations/?limit=1"}


def run(requests: int) -> dict[str, Any]:
    """Ask for the sentiment of 1,000 new messages with each of so many requests at once, then once more.

    Returns:
        Seconds until all are answered, when the messages are new and when they are known; milliseconds of
        `/healthz` and of a list at rest and during both (p50, p99, worst).
    """
    settings = {"ASSAY_THROTTLE": "off"}
    with tempfile.TemporaryDirectory() as folder, engine_process(Path(folder), settings) as engine:
        return asyncio.run(_measure(engine, requests))


async def _measure(engine: EngineProcess, requests: int) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {engine.api_key}"}
    async with httpx.AsyncClient(base_url=engine.api_url, headers=headers, timeout=120) as client:
        # One more, so that everything has been started and imported.
        warm, *traces = [await _captured(client, engine.token) for _ in range(1 + requests)]
        await _asked(client, [warm])
        rest = await _answering(client, asyncio.sleep(_REST_SECONDS))
        new = await _answering(client, _asked(client, traces))
        known = await _answering(client, _asked(client, traces))
    return {
        "requests": requests,
        "messages": requests * _MESSAGES_A_REQUEST,
        "at_rest": rest,
        "new_messages": new,
        "known_messages": known,
    }


async def _captured(client: httpx.AsyncClient, token: str) -> list[str]:
    """The ids of traces for one request."""
    traces = [str(uuid4()) for _ in range(_TRACES_A_REQUEST)]
    for trace in traces:
        batch = [_generation(trace, age) for age in range(_GENERATIONS_A_TRACE)]
        (await client.post("/batch/", json={"api_key": token, "batch": batch})).raise_for_status()
    return traces


def _generation(trace: str, age: int) -> dict[str, Any]:
    chance = random.Random(f"{trace} {age}")
    said = (
        " ".join(chance.choices(_WORDS.split(), k=_WORDS_A_MESSAGE)) for _ in range(_MESSAGES_A_GENERATION)
    )
    return {
        "event": "$ai_generation",
        "uuid": str(uuid4()),
        "distinct_id": "somebody",
        "timestamp": (datetime.now(UTC) - timedelta(minutes=1 + age)).isoformat(),
        "properties": {
            "$ai_trace_id": trace,
            "$ai_input": [{"role": "user", "content": text} for text in said],
        },
    }


async def _asked(client: httpx.AsyncClient, requests: Sequence[Sequence[str]]) -> None:
    """Ask for all at once."""
    url = "/api/environments/1/llm_analytics/sentiment/"
    for response in await asyncio.gather(*(client.post(url, json={"ids": ids}) for ids in requests)):
        results = response.raise_for_status().json()["results"]
        counted = sum(each["message_count"] for each in results.values())
        if counted != _MESSAGES_A_REQUEST:
            raise AssertionError(f"{counted} messages were classified, and not {_MESSAGES_A_REQUEST}.")


async def _answering(client: httpx.AsyncClient, work: Awaitable[None]) -> dict[str, Any]:
    """How long work takes, and other requests meanwhile."""
    began = time.monotonic()
    task = asyncio.ensure_future(work)
    looking = [asyncio.create_task(_times(client, path, task)) for path in _ROUTES.values()]
    await task
    seconds = time.monotonic() - began
    times = [await each for each in looking]
    return {"seconds": round(seconds, 2), **dict(zip(_ROUTES, map(_summary, times), strict=True))}


async def _times(client: httpx.AsyncClient, path: str, task: asyncio.Future[Any]) -> list[float]:
    seconds = []
    while not task.done():
        began = time.monotonic()
        (await client.get(path)).raise_for_status()
        seconds.append(time.monotonic() - began)
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    return seconds


def _summary(seconds: Sequence[float]) -> dict[str, float]:
    return {
        "p50_ms": round(percentile(seconds, 50) * 1000, 1),
        "p99_ms": round(percentile(seconds, 99) * 1000, 1),
        "worst_ms": round(max(seconds) * 1000, 1),
    }
