"""What Temporal knows about the work: how far it is, how long its histories are, what they carry."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    ScheduleListActionStartWorkflow,
    WorkflowExecution,
    WorkflowExecutionStatus,
)
from temporalio.service import RPCError

from assay.contracts.evaluation_batches import BatchTally, EvaluationStreamInput
from assay.contracts.reconcile import ReconcileResult
from assay.temporal.plugin import AssayPlugin

_POLL_SECONDS = 0.4
_RPC = timedelta(seconds=3)
_BATCHES = "WorkflowType = 'evaluation-batch'"


@dataclass
class Progress:
    """How far automatic evaluation is.

    Attributes:
        running: batches that have not ended.
        finished: targets of batches that have ended with a verdict for each.
        stopped: targets of batches that ended otherwise, and why.
        idle: the stream waits for nothing.
        mark: changes as long as anything happens.
    """

    running: int = 0
    finished: int = 0
    stopped: dict[str, int] = field(default_factory=dict)
    idle: bool = True
    mark: tuple[int, ...] = ()


class TemporalView:
    """Looks at the workflows of an engine. Use one per connection."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._tallies: dict[str, BatchTally] = {}

    async def progress(self, projects: tuple[int, ...] = (1,)) -> Progress:
        """Look at the batches and streams of some projects.

        Raises:
            RPCError: Temporal, or a worker that is asked, does not answer.
        """
        found = Progress()
        total, finished = 0, dict[str, int]()
        of_these = ", ".join(f"'{project_id}'" for project_id in projects)
        async for execution in self.client.list_workflows(f"{_BATCHES} AND AssayProject IN ({of_these})"):
            total += 1
            if execution.status is WorkflowExecutionStatus.RUNNING:
                found.running += 1
                continue
            tally = await self._tally(execution)
            if tally.stopped is None:
                finished[execution.id] = tally.size
            else:
                found.stopped[tally.stopped] = found.stopped.get(tally.stopped, 0) + tally.size
        found.finished = sum(finished.values())
        sequences = []
        for project_id in projects:
            state = await self._stream(project_id)
            found.idle = found.idle and not state.in_flight
            sequences.append(state.sequence)
        found.mark = (total, found.running, found.finished, *sequences)
        return found

    async def _tally(self, execution: WorkflowExecution) -> BatchTally:
        known = self._tallies.get(execution.run_id)
        if known is None:
            handle = self.client.get_workflow_handle(
                execution.id, run_id=execution.run_id, result_type=BatchTally
            )
            if execution.status is WorkflowExecutionStatus.COMPLETED:
                known = await handle.result(rpc_timeout=_RPC)
            else:
                known = BatchTally(size=0, stopped=str(execution.status))
            self._tallies[execution.run_id] = known
        return known

    async def _stream(self, project_id: int) -> EvaluationStreamInput:
        handle = self.client.get_workflow_handle(f"evaluation-stream-{project_id}")
        state: EvaluationStreamInput = await handle.query(
            "state", result_type=EvaluationStreamInput, rpc_timeout=_RPC
        )
        return state

    async def settle(
        self,
        is_done: Callable[[], bool],
        *,
        targets: int,
        seconds: float,
        quiet_seconds: float = 5.0,
        projects: tuple[int, ...] = (1,),
    ) -> bool:
        """Wait until all targets have their verdicts, or nothing happens any more.

        Args:
            is_done: whether everything is sent.
            quiet_seconds: how long nothing has to happen.

        Returns:
            Whether all have.

        Raises:
            TimeoutError: it goes on and on; says where it stands.
        """
        deadline = time.monotonic() + seconds
        last, since = Progress(), time.monotonic()
        while time.monotonic() < deadline:
            try:
                now = await self.progress(projects)
            except RPCError as error:
                now = Progress(running=-1, stopped={str(error): 1}, mark=(-1,))
            if is_done() and now.running == 0 and now.finished >= targets:
                return True
            if now.mark != last.mark or now.running or not now.idle or not is_done():
                since = time.monotonic()
            elif time.monotonic() - since > quiet_seconds:
                return False
            last = now
            await asyncio.sleep(_POLL_SECONDS)
        raise TimeoutError(
            f"{targets} targets are not done after {seconds:.0f} s: {last}; {await self.why()}"
        )

    async def reconcile(self, *, seconds: float) -> None:
        """Run `reconcile` now instead of when its Schedule says so, and wait for its end."""
        async for schedule in await self.client.list_schedules():
            described = schedule.schedule
            action = None if described is None else described.action
            if isinstance(action, ScheduleListActionStartWorkflow) and action.workflow == "reconcile":
                before = await self._closed_reconciles()
                await self.client.get_schedule_handle(schedule.id).trigger()
                async with asyncio.timeout(seconds):
                    while await self._closed_reconciles() <= before:  # noqa: ASYNC110  (it is elsewhere)
                        await asyncio.sleep(_POLL_SECONDS)
                return
        raise TimeoutError("nothing is going on, and there is no reconcile")

    async def repairs(self) -> dict[str, int]:
        """What all runs of `reconcile` found to do."""
        done: Counter[str] = Counter()
        async for execution in self.client.list_workflows(
            "WorkflowType = 'reconcile' AND ExecutionStatus = 'Completed'"
        ):
            handle = self.client.get_workflow_handle(
                execution.id, run_id=execution.run_id, result_type=ReconcileResult
            )
            totals = (await handle.result()).totals
            done.update(runs=1, redriven=totals.redriven, missed=totals.missed)
            done.update(released=totals.released, woken=totals.woken, failed=totals.failed)
        return dict(done)

    async def _closed_reconciles(self) -> int:
        count = await self.client.count_workflows(
            "WorkflowType = 'reconcile' AND ExecutionStatus != 'Running'"
        )
        return count.count

    async def why(self) -> list[str]:
        """What pending activities of batches failed with last."""
        found = []
        async for execution in self.client.list_workflows(f"{_BATCHES} AND ExecutionStatus = 'Running'"):
            description = await self.client.get_workflow_handle(execution.id).describe()
            found += [
                f"attempt {pending.attempt}: {pending.last_failure.message[:200]}"
                for pending in description.raw_description.pending_activities
            ]
        return found[:3]

    async def histories(self) -> AsyncIterator[History]:
        """The histories of all runs of streams and batches."""
        async for execution in self.client.list_workflows(
            "WorkflowType IN ('evaluation-stream', 'evaluation-batch', 'reconcile')"
        ):
            handle = self.client.get_workflow_handle(execution.id, run_id=execution.run_id)
            events = [event async for event in handle.fetch_history_events()]
            yield History(
                workflow_type=execution.workflow_type,
                events=len(events),
                size=sum(event.ByteSize() for event in events),
                largest_payload=max((len(p.data) for event in events for p in payloads(event)), default=0),
            )


@dataclass(frozen=True, slots=True)
class History:
    """One run; sizes in bytes."""

    workflow_type: str
    events: int
    size: int
    largest_payload: int


def payloads(message: Message) -> Iterator[Payload]:
    """Every payload anywhere in a message."""
    if isinstance(message, Payload):
        yield message
        return
    for descriptor, value in message.ListFields():
        if descriptor.type == FieldDescriptor.TYPE_MESSAGE:
            for part in _parts(value):
                yield from payloads(part)


def _parts(value: Any) -> Iterator[Message]:
    if isinstance(value, Message):
        yield value
    elif hasattr(value, "values"):  # a map
        yield from (part for part in value.values() if isinstance(part, Message))
    else:
        yield from (part for part in value if isinstance(part, Message))


async def temporal_view(address: str) -> TemporalView:
    """Connect to the Temporal of an engine."""
    return TemporalView(await Client.connect(address, plugins=[AssayPlugin()]))
