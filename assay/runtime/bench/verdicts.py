"""`assay bench verdicts`: from POST to a recorded verdict, against the bare model call inside it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from pydantic import SecretStr
from temporalio.client import Client

from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.testing import ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.contracts.models import ModelMessage, ModelRequest
from assay.domain.judging import verdict_schema
from assay.runtime.bench.measure import percentile, resident_megabytes
from assay.runtime.engine_process import EngineProcess, engine_process
from assay.runtime.settings import prepare_environment_for_litellm
from assay.temporal.plugin import AssayPlugin

_WARM_UP = 5
_CONCURRENCY = 8


def run(runs: int) -> dict[str, Any]:
    """Judge `runs` generations one after the other, then as many at concurrency 8, on a loopback model.

    Returns:
        Seconds until the engine (with model access) was ready, and its resident megabytes then; milliseconds
        of the first verdict, and of the following ones from POST to the end of the workflow (the verdict is
        stored by then); the same for the bare litellm call, their ratio, and verdicts per second.
    """
    prepare_environment_for_litellm()
    with ScriptedModelServer() as model, tempfile.TemporaryDirectory() as folder:
        settings = {"OPENAI_API_KEY": "scripted", "OPENAI_BASE_URL": model.base_url, "ASSAY_THROTTLE": "off"}
        began = time.monotonic()
        with engine_process(Path(folder), settings) as engine:
            ready = time.monotonic() - began
            memory = resident_megabytes(engine.process.pid)
            return {
                "ready_seconds": round(ready, 2),
                "ready_megabytes_total": round(sum(memory.values())),
                **asyncio.run(_measure(engine, model, runs)),
            }


async def _measure(engine: EngineProcess, model: ScriptedModelServer, runs: int) -> dict[str, Any]:
    bare = await _bare_model_calls(model, runs)
    temporal = await Client.connect(engine.temporal_address, plugins=[AssayPlugin()])
    headers = {"Authorization": f"Bearer {engine.api_key}"}
    async with httpx.AsyncClient(base_url=engine.api_url, headers=headers, timeout=60) as client:
        evaluation_id = await _evaluation(client)
        targets = await _targets(client, engine.token, _WARM_UP + 2 * runs)

        async def verdict(target: dict[str, str]) -> None:
            body = {"evaluation_id": evaluation_id, **target}
            response = await client.post("/api/environments/1/evaluation_runs/", json=body)
            response.raise_for_status()
            handle = temporal.get_workflow_handle(response.json()["workflow_id"])
            await handle.result(rpc_timeout=timedelta(seconds=60))

        first = (await _timed(verdict, targets[:_WARM_UP]))[0]
        serial = await _timed(verdict, targets[_WARM_UP : _WARM_UP + runs])
        began = time.monotonic()
        await _concurrently(verdict, targets[_WARM_UP + runs :])
        seconds = time.monotonic() - began
    return {
        "runs": runs,
        "first_verdict_ms": round(first * 1000, 1),
        "verdict_ms": _milliseconds(serial),
        "bare_model_call_ms": _milliseconds(bare),
        "ratio_p50": round(percentile(serial, 50) / percentile(bare, 50), 1),
        "verdicts_per_second_at_concurrency_8": round(runs / seconds, 1),
    }


async def _bare_model_calls(model: ScriptedModelServer, runs: int) -> list[float]:
    access = HouseAccess(api_key=SecretStr("scripted"), base_url=model.base_url, api_version=None)
    llm = LiteLLM({Provider.OPENAI: access})
    await asyncio.to_thread(llm.warm_up)
    request = ModelRequest(
        provider=Provider.OPENAI,
        model="gpt-5-mini",
        messages=(ModelMessage(role="user", content="Is this a good answer? Yes."),),
        schema_name="verdict",
        json_schema=verdict_schema(allows_na=False),
        timeout_seconds=30,
    )

    async def call(_: object) -> None:
        await llm.complete(request)

    await _timed(call, range(_WARM_UP))
    return await _timed(call, range(runs))


async def _timed[T](work: Callable[[T], Awaitable[None]], items: Sequence[T]) -> list[float]:
    seconds = []
    for item in items:
        began = time.monotonic()
        await work(item)
        seconds.append(time.monotonic() - began)
    return seconds


async def _concurrently[T](work: Callable[[T], Awaitable[None]], items: Sequence[T]) -> None:
    gate = asyncio.Semaphore(_CONCURRENCY)

    async def one(item: T) -> None:
        async with gate:
            await work(item)

    await asyncio.gather(*(one(item) for item in items))


async def _evaluation(client: httpx.AsyncClient) -> str:
    response = await client.post(
        "/api/environments/1/evaluations/",
        json={
            "name": "Bench",
            "evaluation_type": "llm_judge",
            "evaluation_config": {"prompt": "Pass if the answer helps."},
            "output_type": "boolean",
            "output_config": {},
        },
    )
    response.raise_for_status()
    evaluation_id: str = response.json()["id"]
    return evaluation_id


async def _targets(client: httpx.AsyncClient, token: str, count: int) -> list[dict[str, str]]:
    at = datetime.now(UTC).isoformat()
    events = [
        {
            "event": "$ai_generation",
            "uuid": str(uuid4()),
            "distinct_id": "bench",
            "timestamp": at,
            "properties": {
                "$ai_trace_id": f"trace-{number}",
                "$ai_input": [{"role": "user", "content": f"What is {number} times two?"}],
                "$ai_output_choices": [{"role": "assistant", "content": f"It is {number * 2}."}],
            },
        }
        for number in range(count)
    ]
    response = await client.post("/batch/", json={"api_key": token, "batch": events})
    response.raise_for_status()
    return [{"target_event_id": str(event["uuid"]), "timestamp": at} for event in events]


def _milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    return {f"p{at}": round(percentile(seconds, at) * 1000, 1) for at in (50, 99)}
