"""The engine that is measured, as its users see it: over HTTP and through the Temporal client."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
from temporalio.client import Client

from assay.runtime.bench.online.actions import billable_actions
from assay.runtime.bench.online.traffic import CONDITIONS, CRITERIA, PROGRAM, batches
from assay.runtime.bench.online.usage import Usage, usage_of
from assay.runtime.engine_process import EngineProcess, clean_environment, engine_process
from assay.temporal.plugin import AssayPlugin

PROJECT = 1

_SETTLE_SECONDS = 8
"""A started engine goes on importing its model client in the background for some seconds."""

_REQUEST_EVENTS = 100
_SENDERS = 8
_POLL_SECONDS = 0.25
_PATIENCE_SECONDS = 60
_WORKFLOWS = ("evaluation-stream", "evaluation-batch")
_VERDICTS = re.compile(r"^assay_verdicts_total\{[^}]*\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Project:
    """Where events go."""

    id: int
    token: str


class Subject:
    """A running engine.

    Args:
        http: a client with an API key of the engine.
    """

    def __init__(self, process: EngineProcess, http: httpx.AsyncClient, temporal: Client) -> None:
        self._process = process
        self._http = http
        self._temporal = temporal
        self.first = Project(PROJECT, process.token)

    async def another_project(self, name: str) -> Project:
        """Make a project with the operator's command."""
        environment = clean_environment(
            self._process.data_dir, api_key=self._process.api_key, token=self._process.token
        )
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "assay", "projects", "create", name],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return Project(int(done.stdout), done.stderr.rpartition(" ")[2].strip())

    async def evaluation(self, project: Project, kind: str) -> None:
        """Make an active evaluation of a project.

        Args:
            kind: `hog`, or `judge`, which asks a model on a key of the project's own.
        """
        body: dict[str, Any] = {
            "name": f"Bench {kind}",
            "enabled": True,
            "evaluation_type": "hog",
            "evaluation_config": {"source": PROGRAM},
            "output_type": "boolean",
            "output_config": {"allows_na": False},
            "conditions": CONDITIONS,
        }
        if kind == "judge":
            key = {"provider": "openai", "name": "Own", "api_key": f"sk-bench-{project.id}"}
            made = await self._post(project, "llm_analytics/provider_keys/", key)
            body |= {
                "evaluation_type": "llm_judge",
                "evaluation_config": {"prompt": CRITERIA},
                "model_configuration": {
                    "provider": "openai",
                    "model": "gpt-5-mini",
                    "provider_key_id": made["id"],
                },
            }
        await self._post(project, "evaluations/", body)

    async def capture(self, project: Project, events: Sequence[Mapping[str, Any]]) -> float:
        """Send events in one request; returns when they were acknowledged, in Unix seconds."""
        return await self._send(orjson.dumps({"api_key": project.token, "batch": events}))

    async def capture_all(self, project: Project, events: list[dict[str, Any]]) -> tuple[float, float]:
        """Send events as quickly as several clients can.

        Returns:
            When the first request was sent, and when the last one was acknowledged, in Unix seconds.
        """
        bodies = iter(
            [
                orjson.dumps({"api_key": project.token, "batch": some})
                for some in batches(events, _REQUEST_EVENTS)
            ]
        )

        async def sender() -> None:
            for body in bodies:
                await self._send(body)

        began = time.time()
        await asyncio.gather(*(sender() for _ in range(_SENDERS)))
        return began, time.time()

    async def verdicts(self) -> int:
        """How many verdicts the engine says that it has stored since its start."""
        answer = await self._http.get("/metrics")
        answer.raise_for_status()
        return round(sum(float(value) for value in _VERDICTS.findall(answer.text)))

    async def until_verdicts(self, count: int) -> float:
        """Wait until so many verdicts are stored; returns when that was seen, in Unix seconds.

        Raises:
            RuntimeError: there were no new ones for a minute; holds what the engine has logged last.
        """
        seen, progress_at = await self.verdicts(), time.monotonic()
        while seen < count:
            await asyncio.sleep(_POLL_SECONDS)
            before, seen = seen, await self.verdicts()
            if seen > before:
                progress_at = time.monotonic()
            if time.monotonic() - progress_at > _PATIENCE_SECONDS:
                raise RuntimeError(
                    f"{seen} of {count} verdicts, and no more come:\n{self._process.logged()[-4000:]}"
                )
        return time.time()

    async def actions(self) -> dict[str, int]:
        """The billable Temporal actions of everything that was evaluated so far, by kind."""
        return dict(await billable_actions(self._temporal, _WORKFLOWS))

    async def batches_closed_at(self) -> dict[str, datetime]:
        """Id of each batch that has ended → when."""
        found = self._temporal.list_workflows("WorkflowType = 'evaluation-batch'")
        return {batch.id: batch.close_time async for batch in found if batch.close_time is not None}

    def usage(self) -> dict[str, Usage]:
        """What its processes have used so far."""
        return usage_of(self._process.process.pid)

    async def _send(self, body: bytes) -> float:
        answer = await self._http.post("/batch/", content=body, headers={"Content-Type": "application/json"})
        answered_at = time.time()
        answer.raise_for_status()
        return answered_at

    async def _post(self, project: Project, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self._http.post(f"/api/environments/{project.id}/{path}", json=body)
        if answer.is_error:
            raise RuntimeError(f"POST {path} answered {answer.status_code}: {answer.text[:500]}")
        made: dict[str, Any] = answer.json()
        return made


@asynccontextmanager
async def subject(data_dir: Path, model_url: str | None = None) -> AsyncIterator[Subject]:
    """An engine for the length of the block, started and at rest.

    Args:
        model_url: where its judges find the model; None if there are none.
    """
    settings = {"ASSAY_THROTTLE": "off"}
    if model_url is not None:
        # The operator's key is there so that litellm is imported at the start; nothing asks on it.
        settings |= {"OPENAI_API_KEY": "sk-of-the-operator", "OPENAI_BASE_URL": model_url}
    with engine_process(data_dir, settings) as process:
        await asyncio.sleep(_SETTLE_SECONDS)
        temporal = await Client.connect(process.temporal_address, plugins=[AssayPlugin()])
        headers = {"Authorization": f"Bearer {process.api_key}"}
        async with httpx.AsyncClient(base_url=process.api_url, headers=headers, timeout=60) as http:
            yield Subject(process, http, temporal)
