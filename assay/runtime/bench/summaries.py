"""`assay bench summaries`: from POST to a summary, against the bare model call inside it."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
from pydantic import SecretStr

from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.testing import ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.contracts.models import ModelRequest
from assay.contracts.summarization import SummaryKind, SummaryMode
from assay.domain.summaries.prompts import USUAL_MODEL, summary_question
from assay.domain.summaries.schema import SUMMARY_SCHEMA
from assay.runtime.bench.measure import percentile
from assay.runtime.engine_process import EngineProcess, engine_process
from assay.runtime.settings import prepare_environment_for_litellm

_WARM_UP: Final = 5
_EVENTS: Final = 4
"""Of a trace."""

_URL: Final = "/api/environments/1/llm_analytics/summarization/"


def run(requests: int) -> dict[str, Any]:
    """Ask for summaries of small traces, one after the other, of a loopback model that answers at once.

    Returns:
        Milliseconds of the bare model call; of requests with data, and with ids of captured traces; what they
        take beyond the model call; and of the same requests again, which are answered from what is kept.
    """
    prepare_environment_for_litellm()
    with ScriptedModelServer() as model, tempfile.TemporaryDirectory() as folder:
        settings = {"OPENAI_API_KEY": "scripted", "OPENAI_BASE_URL": model.base_url, "ASSAY_THROTTLE": "off"}
        with engine_process(Path(folder), settings) as engine:
            return asyncio.run(_measure(engine, model, requests))


async def _measure(engine: EngineProcess, model: ScriptedModelServer, requests: int) -> dict[str, Any]:
    bare = await _bare_model_calls(model, requests)
    headers = {"Authorization": f"Bearer {engine.api_key}"}
    async with httpx.AsyncClient(base_url=engine.api_url, headers=headers, timeout=60) as client:
        captured = await _captured(client, engine.token, _WARM_UP + requests)

        async def summarise(body: dict[str, Any]) -> None:
            (await client.post(_URL, json=body)).raise_for_status()

        by_data = [_sent() for _ in range(_WARM_UP + requests)]
        by_id = [{"trace_id": trace_id} for trace_id in captured]
        seconds = {
            "with_data": (await _timed(summarise, by_data))[_WARM_UP:],
            "with_id": (await _timed(summarise, by_id))[_WARM_UP:],
            "with_data_again": await _timed(summarise, by_data[_WARM_UP:]),
            "with_id_again": await _timed(summarise, by_id[_WARM_UP:]),
        }
    middle = percentile(bare, 50)
    return {
        "requests": requests,
        "bare_model_call_ms": _milliseconds(bare),
        **{f"{name}_ms": _milliseconds(taken) for name, taken in seconds.items()},
        "overhead_p50_ms": {
            name: round((percentile(seconds[name], 50) - middle) * 1000, 1)
            for name in ("with_data", "with_id")
        },
        "ratio_p50": round(percentile(seconds["with_data"], 50) / middle, 1),
    }


async def _bare_model_calls(model: ScriptedModelServer, requests: int) -> list[float]:
    access = HouseAccess(api_key=SecretStr("scripted"), base_url=model.base_url, api_version=None)
    llm = LiteLLM({Provider.OPENAI: access})
    await asyncio.to_thread(llm.warm_up)

    async def call(number: int) -> None:
        question = summary_question(
            f"L1: What is {number} times two?\nL2: It is {number * 2}.",
            kind=SummaryKind.TRACE,
            mode=SummaryMode.MINIMAL,
            from_notes=False,
            boundary=secrets.token_hex(16),
        )
        await llm.complete(
            ModelRequest(
                provider=Provider.OPENAI,
                model=USUAL_MODEL,
                messages=question,
                schema_name="summary",
                json_schema=SUMMARY_SCHEMA,
                timeout_seconds=30,
            )
        )

    return (await _timed(call, range(_WARM_UP + requests)))[_WARM_UP:]


async def _timed[T](work: Callable[[T], Awaitable[None]], items: Sequence[T]) -> list[float]:
    seconds = []
    for item in items:
        began = time.monotonic()
        await work(item)
        seconds.append(time.monotonic() - began)
    return seconds


def _sent() -> dict[str, Any]:
    """A request with a trace of its own."""
    trace_id = str(uuid4())
    nodes = [{"event": event, "children": []} for event in _events(trace_id)]
    return {"summarize_type": "trace", "data": {"trace": {"id": trace_id}, "hierarchy": nodes}}


async def _captured(client: httpx.AsyncClient, token: str, count: int) -> list[str]:
    """Capture traces; their ids."""
    traces = [str(uuid4()) for _ in range(count)]
    at = datetime.now(UTC).isoformat()
    batch = [
        {
            "event": event["event"],
            "uuid": event["id"],
            "distinct_id": "bench",
            "timestamp": at,
            "properties": event["properties"],
        }
        for trace_id in traces
        for event in _events(trace_id)
    ]
    (await client.post("/batch/", json={"api_key": token, "batch": batch})).raise_for_status()
    return traces


def _events(trace_id: str) -> list[dict[str, Any]]:
    return [
        {
            "id": str(uuid4()),
            "event": "$ai_generation",
            "properties": {
                "$ai_trace_id": trace_id,
                "$ai_input": [{"role": "user", "content": f"What is {number} times two?"}],
                "$ai_output_choices": [{"role": "assistant", "content": f"It is {number * 2}."}],
            },
        }
        for number in range(_EVENTS)
    ]


def _milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    return {f"p{at}": round(percentile(seconds, at) * 1000, 1) for at in (50, 99)}
