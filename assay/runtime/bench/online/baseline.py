"""Runs the usual way (`per_event`) on stores, a Temporal server and Hog processes of the engine's kind."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from assay.adapters.event_writer import BlockEventWriter
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationSpec,
    EvaluationType,
    OutputType,
    RunEvaluationInput,
)
from assay.contracts.events import Event, EventRef
from assay.domain.capture import normalise
from assay.ports import HogRunner
from assay.runtime.bench.online.actions import billable_actions
from assay.runtime.bench.online.ledger import ledger
from assay.runtime.bench.online.per_event import PerEvent, PerEventActivities
from assay.runtime.bench.online.traffic import PROGRAM, generations
from assay.runtime.hog import hog_processes
from assay.runtime.settings import Settings
from assay.runtime.stores import Stores, migrate_stores, open_stores
from assay.runtime.temporal_client import connect_child
from assay.runtime.temporal_server import temporal_server

_QUEUE = "bench-per-event"
_PROJECT = 1
_CONCURRENCY = 50
_WARM_UP = 100
_INSERT = 1_000
_THREADS = 32
"""As many as the engine has."""


@dataclass(frozen=True, slots=True)
class _Bench:
    client: Client
    stores: Stores
    hog: HogRunner


async def run(events: int) -> dict[str, Any]:
    """Judge events with one workflow each, 50 at a time, which is where its rate is highest.

    Returns:
        Verdicts per second from the first start to the last end, and billable actions per verdict.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
    targets = _events(_WARM_UP + events)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        async with _bench(data_dir) as bench:
            for first in range(0, len(targets), _INSERT):
                await asyncio.to_thread(bench.stores.events.insert, targets[first : first + _INSERT])
            evaluation = await _evaluation(bench)
            await _judged(bench.client, evaluation, targets[:_WARM_UP])
            began = time.perf_counter()
            await _judged(bench.client, evaluation, targets[_WARM_UP:])
            seconds = time.perf_counter() - began
            actions = await billable_actions(bench.client, ["bench-per-event"])
        with ledger(data_dir) as stored:
            stored.verdicts_on(_PROJECT, [target.uuid for target in targets])
    return {
        "events": events,
        "concurrency": _CONCURRENCY,
        "verdicts_per_second": round(events / seconds, 1),
        "actions_per_verdict": round(actions.total() / len(targets), 2),
    }


@asynccontextmanager
async def _bench(data_dir: Path) -> AsyncIterator[_Bench]:
    settings = Settings(data_dir=data_dir)
    async with (
        temporal_server(data_dir, port=0, ui_port=0) as server,
        open_stores(settings) as stores,
    ):
        await migrate_stores(settings, stores)
        client = await connect_child(server)
        hog, writer = hog_processes(settings), BlockEventWriter(stores.events)
        steps = PerEventActivities(registry=stores.registry, events=stores.events, writer=writer, hog=hog)
        try:
            async with Worker(
                client,
                task_queue=_QUEUE,
                workflows=[PerEvent],
                activities=[steps.fetch_evaluation, steps.judge, steps.write],
            ):
                yield _Bench(client, stores, hog)
        finally:
            await writer.aclose()
            await hog.close()


async def _evaluation(bench: _Bench) -> Evaluation:
    program = await bench.hog.compile(PROGRAM, owner="bench")
    spec = EvaluationSpec(
        name="Bench",
        enabled=True,
        evaluation_type=EvaluationType.HOG,
        evaluation_config={"source": PROGRAM, "bytecode": program.bytecode},
        output_type=OutputType.BOOLEAN,
        output_config={"allows_na": False},
    )
    return await bench.stores.registry.evaluations.create(_PROJECT, spec, created_by=None)


async def _judged(client: Client, evaluation: Evaluation, targets: Sequence[Event]) -> None:
    waiting = iter(targets)

    async def starter() -> None:
        for target in waiting:
            run = RunEvaluationInput(
                project_id=_PROJECT,
                evaluation_id=evaluation.id,
                evaluation_name=evaluation.name,
                evaluation_type=evaluation.evaluation_type,
                target=EventRef.of(target),
                trigger="",
                requested_at=target.timestamp,
            )
            await client.execute_workflow(
                PerEvent.run, run, id=f"{evaluation.id}-{target.uuid}", task_queue=_QUEUE
            )

    await asyncio.gather(*(starter() for _ in range(_CONCURRENCY)))


def _events(count: int) -> list[Event]:
    now = datetime.now(UTC)
    found = [normalise(raw, project_id=_PROJECT, received_at=now) for raw in generations(count)]
    return [event for event in found if isinstance(event, Event)]
