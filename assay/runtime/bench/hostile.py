"""`assay bench hostile`: what hostile Hog programs do to a server, against the same server at rest."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx

from assay.runtime.bench.measure import percentile, resident_megabytes
from assay.runtime.engine_process import EngineProcess, engine_process

_CLIENTS: Final = 8
_LONG: Final = 10
_REST_SECONDS: Final = 3
_LOOK_EVERY_SECONDS: Final = 0.02
_WEIGH_EVERY_SECONDS: Final = 0.5

_LONG_EVENTS: Final = "long events"
"""The one whose program is harmless: it asks for ten events of 7 MB."""

PROGRAMS: Final = {
    "endless loop": "while (true) {}",
    "endless recursion": "fun f(x) { return f(x + 1) } return f(1)",
    "doubled text": "let s := output while (true) { s := s || s }",
    "doubled list": "let a := [1] while (true) { a := a + a }",
    "many small values": "let a := [] for (let i := 0; ; i := i + 1) { a := [a, i, [i]] }",
    "shared lists": "let a := [1] for (let i := 0; i < 60; i := i + 1) { a := [a, a] } print(a)",
    "giant integers": "let x := 3 while (true) { x := x * x }",
    "slow expression": "let s := output * 5000 return s =~ '[ab]*a[ab]{400}c'",
    "many expressions": "for (let i := 0; ; i := i + 1) { match(output, f'(\\\\pL|{i})*x') }",
    "print flood": "while (true) { print(output) }",
    "JSON bomb": "return jsonParse('[' * 5000000)",
    "sorting": "for (let i := 0; ; i := i + 1) { arraySort(range(100000)) }",
    "caught for ever": "while (true) { try { throw Error('x') } catch {} }",
    "slow to read": f"return {'1 + ' * 1800}1",
    "slow to read, too": f"return {' or '.join(['output == 1'] * 1000)}",
    "nested beyond reading": "return " + "not " * 3500 + "true",
    _LONG_EVENTS: "return true",
}


def run(seconds: int) -> dict[str, Any]:
    """Let eight clients try out hostile programs for so long while another one asks for `/healthz`.

    Returns:
        Milliseconds of `/healthz` at rest and under attack (p50, p99, worst), megabytes of the server before,
        at most and after, and of everything it started at most; how often each program was answered.
    """
    settings = {"ASSAY_THROTTLE": "off"}
    with tempfile.TemporaryDirectory() as folder, engine_process(Path(folder), settings) as engine:
        return asyncio.run(_measure(engine, seconds))


async def _measure(engine: EngineProcess, seconds: int) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {engine.api_key}"}
    async with httpx.AsyncClient(base_url=engine.api_url, headers=headers, timeout=120) as client:
        await _capture(client, engine.token)
        await _attack(client, time.monotonic() + 1, Counter())  # everything has been started and imported
        before = _own_megabytes(engine)
        rest = await _health(engine.api_url, time.monotonic() + _REST_SECONDS)
        end = time.monotonic() + seconds
        answered: Counter[str] = Counter()
        async with asyncio.TaskGroup() as tasks:
            health = tasks.create_task(_health(engine.api_url, end))
            weighing = tasks.create_task(_weights(engine, end))
            for first in range(_CLIENTS):
                tasks.create_task(_attack(client, end, answered, first))
        after = _own_megabytes(engine)
    return {
        "seconds": seconds,
        "clients": _CLIENTS,
        "healthz_at_rest": rest,
        "healthz_under_attack": health.result(),
        "server_megabytes": {
            "before": before,
            "most": max(own for own, _ in weighing.result()),
            "after": after,
            "most_with_children": max(family for _, family in weighing.result()),
        },
        "answers": dict(sorted(answered.items())),
    }


async def _capture(client: httpx.AsyncClient, token: str) -> None:
    """One short event, which is the newest, and ten long ones."""
    messages = [{"role": "user", "content": "abcdefgh"}] * 180_000
    now = datetime.now(UTC)
    for age, text in enumerate(["ab" * 500, *[messages] * _LONG]):
        event = {
            "event": "$ai_generation",
            "uuid": str(uuid4()),
            "distinct_id": "somebody",
            "timestamp": (now - timedelta(minutes=age)).isoformat(),
            "properties": {"$ai_input": text, "$ai_output_choices": "ba" * 500},
        }
        (await client.post("/batch/", json={"api_key": token, "batch": [event]})).raise_for_status()


async def _attack(client: httpx.AsyncClient, end: float, answered: Counter[str], first: int = 0) -> None:
    """Try programs out in turn; each client begins with another one."""
    for name in itertools.islice(itertools.cycle(PROGRAMS), first * 2, None):
        if time.monotonic() >= end:
            return
        body = {"source": PROGRAMS[name], "sample_count": _LONG if name == _LONG_EVENTS else 1}
        response = await client.post("/api/environments/1/evaluations/test_hog/", json=body)
        answered[f"{name}: {response.status_code}"] += 1


async def _health(url: str, end: float) -> dict[str, float]:
    seconds = []
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        while time.monotonic() < end:
            began = time.monotonic()
            (await client.get("/healthz")).raise_for_status()
            seconds.append(time.monotonic() - began)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
    return {
        "p50_ms": round(percentile(seconds, 50) * 1000, 1),
        "p99_ms": round(percentile(seconds, 99) * 1000, 1),
        "worst_ms": round(max(seconds) * 1000, 1),
    }


async def _weights(engine: EngineProcess, end: float) -> list[tuple[int, int]]:
    """Megabytes of the server alone, and with all that it started."""
    found = []
    while time.monotonic() < end:
        family = await asyncio.to_thread(resident_megabytes, engine.process.pid)
        found.append((_own(family, engine), round(sum(family.values()))))
        await asyncio.sleep(_WEIGH_EVERY_SECONDS)
    return found


def _own_megabytes(engine: EngineProcess) -> int:
    return _own(resident_megabytes(engine.process.pid), engine)


def _own(family: dict[str, float], engine: EngineProcess) -> int:
    return round(next(size for name, size in family.items() if name.endswith(f" {engine.process.pid}")))
