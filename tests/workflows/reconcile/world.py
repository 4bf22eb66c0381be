"""The activities of `reconcile` on real stores, and shortcuts to what happens in a project."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.batch_runs import BatchRuns
from activities.evaluation_states import EvaluationStates
from activities.evaluation_streams import EvaluationStreamActivities
from activities.reconcile import ReconcileActivities
from activities.streams import Streams
from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.clickhouse.evaluation_targets import ClickHouseEvaluationTargets
from assay.adapters.sql import SqlRegistry
from assay.contracts.evaluation_batches import (
    Arrival,
    BatchRef,
    Claim,
    ClaimedBatch,
    EvaluationBatchInput,
    EvaluationStreamInput,
    Origin,
    Place,
    Position,
)
from assay.contracts.evaluations import Evaluation, EvaluationSpec
from assay.contracts.events import EVALUATION, GENERATION, Event
from assay.contracts.reconcile import Findings, ProjectMark, RepairInput, Repairs, SurveyInput
from assay.domain.evaluations import verdict_event_id
from assay.domain.sampling import AUTOMATIC, claims
from assay.temporal.ids import evaluation_batch_id, evaluation_stream_id
from assay.temporal.queues import TaskQueue
from tests.workflows.reconcile.stand_ins import Batch, Stream

LATER = timedelta(minutes=10)
"""From what was just written until a survey: long enough that it counts as missing."""


class World:
    """A project of its own, with shortcuts to what happens in it."""

    def __init__(
        self, project_id: int, registry: SqlRegistry, events: ClickHouseEventStore, client: Client
    ) -> None:
        self.project_id = project_id
        self.registry = registry
        self.client = client
        self._events = events
        self.targets = ClickHouseEvaluationTargets(events._connection)
        self._states = EvaluationStates(registry)

    def activities(self, *, page: int = 5_000) -> ReconcileActivities:
        return ReconcileActivities(
            registry=self.registry,
            targets=self.targets,
            states=self._states,
            streams=Streams(self.client),
            runs=BatchRuns(self.client),
            page=page,
        )

    @asynccontextmanager
    async def workers(self) -> AsyncIterator[None]:
        claiming = EvaluationStreamActivities(
            registry=self.registry, targets=self.targets, states=self._states
        )
        async with Worker(
            self.client,
            task_queue=TaskQueue.MAIN,
            workflows=[Stream, Batch],
            activities=[claiming.claim_page],
        ):
            yield

    async def survey(
        self, mark: ProjectMark | None = None, *, after: timedelta = LATER, gaps: int = 50, page: int = 5_000
    ) -> Findings:
        """What is wrong some time after now."""
        now = datetime.now(UTC) + after
        day = ProjectMark(compared=now - timedelta(days=1), swept=now - timedelta(days=1))
        given = SurveyInput(now=now, marks={self.project_id: mark or day}, gaps=gaps)
        survey = await ActivityEnvironment().run(self.activities(page=page).survey, given)
        [found] = survey.findings
        return found

    async def repair(self, found: Findings) -> Repairs:
        order = RepairInput(
            project_id=found.project_id,
            gaps=found.gaps,
            lost=found.lost,
            wake=bool(found.stream_fault),
            sweeps=found.sweeps,
        )
        return await ActivityEnvironment().run(self.activities().repair, order)

    async def evaluation(self, **changes: Any) -> Evaluation:
        spec = {
            "name": "Short enough",
            "enabled": True,
            "evaluation_type": "hog",
            "evaluation_config": {"source": "return true"},
            "output_type": "boolean",
            "output_config": {"allows_na": False},
            "conditions": ({"id": "all", "rollout_percentage": 100, "properties": []},),
        }
        return await self.registry.evaluations.create(
            self.project_id, EvaluationSpec.model_validate(spec | changes), created_by=None
        )

    async def change(self, evaluation: Evaluation, **changes: Any) -> Evaluation:
        def changed(stored: Evaluation) -> EvaluationSpec:
            values = {name: getattr(stored, name) for name in EvaluationSpec.model_fields}
            return EvaluationSpec.model_validate(values | changes)

        stored = await self.registry.evaluations.update(self.project_id, evaluation.id, changed)
        assert stored is not None
        return stored

    def generations(self, count: int) -> list[Event]:
        """Generations that arrive now."""
        events = [
            Event(
                project_id=self.project_id,
                event=GENERATION,
                uuid=uuid4(),
                distinct_id="user",
                timestamp=datetime.now(UTC) - timedelta(minutes=1),
                properties={"$ai_model": "gpt-5"},
            )
            for _ in range(count)
        ]
        self._events.insert(events)
        return events

    def claim(
        self, evaluation: Evaluation, count: int, *, origin: Origin = Origin.LIVE, dispatch: str = ""
    ) -> list[Claim]:
        """Claims that are made now, without events behind them."""
        now = datetime.now(UTC)
        arrivals = [Arrival(uuid=uuid4(), timestamp=now, ingested_at=now, size=9) for _ in range(count)]
        made = list(claims(evaluation, arrivals, dispatch_id=dispatch or str(uuid4()), origin=origin))
        self.targets.claim(made)
        return made

    def judge(self, *claimed: Claim, version: int | None = None) -> None:
        """Write the verdicts of claims, of another version if one is given."""
        self._events.insert(
            [
                Event(
                    project_id=self.project_id,
                    event=EVALUATION,
                    uuid=verdict_event_id(
                        project_id=self.project_id,
                        evaluation_id=claim.batch.evaluation_id,
                        version=version or claim.evaluation_version,
                        target=claim.target,
                        trigger=AUTOMATIC,
                    ),
                    distinct_id="user",
                    timestamp=claim.timestamp,
                    properties={},
                )
                for claim in claimed
            ]
        )

    async def start_batch(self, ref: BatchRef) -> WorkflowHandle[Any, None]:
        given = EvaluationBatchInput(batch=self.batch(ref), origin=Origin.LIVE)
        return await self.client.start_workflow(
            Batch.run, given, id=evaluation_batch_id(ref), task_queue=TaskQueue.MAIN
        )

    async def start_stream(
        self, place: Place | None, *evaluations: Evaluation, in_flight: tuple[ClaimedBatch, ...] = ()
    ) -> WorkflowHandle[Stream, None]:
        positions = {
            evaluation.id: Position(since=place.ingested_at, place=place)
            for evaluation in evaluations
            if place is not None
        }
        return await self.client.start_workflow(
            Stream.run,
            EvaluationStreamInput(project_id=self.project_id, positions=positions, in_flight=in_flight),
            id=self.stream_id,
            task_queue=TaskQueue.MAIN,
        )

    @property
    def stream_id(self) -> str:
        return evaluation_stream_id(self.project_id)

    def stream(self) -> WorkflowHandle[Stream, None]:
        return self.client.get_workflow_handle_for(Stream.run, self.stream_id)

    async def batch_is_running(self, ref: BatchRef) -> bool:
        run = await BatchRuns(self.client).latest(ref)
        return run is not None and run.closed_at is None

    @staticmethod
    def batch(ref: BatchRef) -> ClaimedBatch:
        return ClaimedBatch(ref=ref, evaluation_name="Short enough", evaluation_type="hog", size=1)

    async def last_arrival(self) -> Place:
        place = await asyncio.to_thread(self.targets.last_arrival, self.project_id)
        assert place is not None
        return place


def refs(found: Findings) -> dict[BatchRef, int]:
    """The batches of gaps, and their targets without a verdict."""
    return {gap.batch.ref: gap.batch.size for gap in found.gaps}


def ids(found: Findings) -> set[UUID]:
    """The evaluations that hold the mark back."""
    return {hold.evaluation_id for hold in found.mark.held}
