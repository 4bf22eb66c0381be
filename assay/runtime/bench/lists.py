"""`assay bench lists`: pages of 100 objects over HTTP, against a request that needs no store."""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assay.runtime.bench.measure import percentile
from assay.runtime.engine_process import EngineProcess, engine_process

_STORED = 300
_PAGE = 100
_WARM_UP = 10
_API = "/api/environments/1/"

type Ids = Mapping[str, str]
"""Path of a kind to the id of an object of it."""

_OBJECTS: Mapping[str, Callable[[int, Ids], dict[str, Any]]] = {
    "evaluations/": lambda number, _: {
        "name": f"Evaluation {number}",
        "evaluation_type": "llm_judge",
        "evaluation_config": {"prompt": "Pass if the answer is polite, correct and short. " * 4},
        "output_type": "boolean",
        "conditions": [
            {"id": "production", "properties": [{"key": "env", "value": "production", "operator": "exact"}]}
        ],
    },
    "datasets/": lambda number, _: {"name": f"Dataset {number}", "metadata": {"tier": "gold", "n": number}},
    "dataset_items/": lambda number, made: {
        "dataset": made["datasets/"],
        "input": [{"role": "user", "content": f"Question {number}"}],
        "output": {"role": "assistant", "content": "An answer of one or two sentences. " * 4},
    },
    "llm_analytics/evaluation_reports/": lambda number, made: {
        "evaluation": made["evaluations/"],
        "trigger_threshold": 10 + number,
    },
    "llm_analytics/score_definitions/": lambda number, _: {
        "name": f"Score {number}",
        "kind": "numeric",
        "config": {"min": 0, "max": 10, "step": 0.5},
    },
    "llm_analytics/trace_reviews/": lambda number, made: {
        "trace_id": f"trace-{number}",
        "comment": "Checked.",
        "scores": [{"definition_id": made["llm_analytics/score_definitions/"], "numeric_value": 4.5}],
    },
}
"""What is stored of each kind; later kinds refer to earlier ones."""


def run(requests: int) -> dict[str, Any]:
    """Store 300 objects of each kind, then ask for a page of 100 `requests` times, one after the other.

    Returns:
        For each list the milliseconds of a request (p50, p99) and the size of its answer; the same for
        `/healthz`, and how many times longer the slowest list takes.
    """
    settings = {"ASSAY_THROTTLE": "off"}
    with tempfile.TemporaryDirectory() as folder, engine_process(Path(folder), settings) as engine:
        address = urlsplit(engine.api_url).netloc
        with closing(http.client.HTTPConnection(address)) as connection:
            return _measure(connection, engine, requests)


def _measure(connection: http.client.HTTPConnection, engine: EngineProcess, requests: int) -> dict[str, Any]:
    made: dict[str, str] = {}
    for path, body in _OBJECTS.items():
        for number in range(_STORED):
            created = _answer(connection, engine, "POST", _API + path, body(number, made))
            made[path] = json.loads(created)["id"]
    bare = _timed(connection, engine, "/healthz", requests)
    lists = {path: _timed(connection, engine, f"{_API}{path}?limit={_PAGE}", requests) for path in _OBJECTS}
    slowest = max(found["p50_ms"] for found in lists.values())
    return {
        "requests": requests,
        "objects": _STORED,
        "page": _PAGE,
        "lists": lists,
        "healthz": bare,
        "ratio_p50_slowest_to_healthz": round(slowest / bare["p50_ms"], 1),
    }


def _timed(
    connection: http.client.HTTPConnection, engine: EngineProcess, path: str, requests: int
) -> dict[str, float]:
    seconds = []
    for _ in range(_WARM_UP + requests):
        began = time.perf_counter()
        answer = _answer(connection, engine, "GET", path)
        seconds.append(time.perf_counter() - began)
    measured = seconds[_WARM_UP:]
    return {
        "p50_ms": round(percentile(measured, 50) * 1000, 2),
        "p99_ms": round(percentile(measured, 99) * 1000, 2),
        "bytes": len(answer),
    }


def _answer(
    connection: http.client.HTTPConnection, engine: EngineProcess, method: str, path: str, body: Any = None
) -> bytes:
    headers = {"Authorization": f"Bearer {engine.api_key}", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    answer = response.read()
    if response.status >= 400:
        raise RuntimeError(f"{method} {path} answered {response.status}: {answer[:500]!r}")
    return answer
