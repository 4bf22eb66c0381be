"""Batches on real stores and a scripted provider."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from temporalio.testing import ActivityEnvironment

from activities.batches import MEMORY_BYTES, Batches
from activities.evaluation_states import EvaluationStates
from activities.judge_batches import JudgeBatchActivities
from assay.adapters.clickhouse import ClickHouseEvaluationTargets
from assay.adapters.event_writer import BlockEventWriter
from assay.contracts.evaluation_batches import (
    BatchRef,
    BatchTally,
    Claim,
    ClaimedBatch,
    EvaluationBatchInput,
    Origin,
)
from assay.contracts.evaluations import Evaluation
from assay.contracts.events import EVALUATION, GENERATION, Event
from assay.domain.evaluations import verdict_event_id
from assay.domain.sampling import AUTOMATIC
from tests.activities.world import PROJECT, World

ANSWERS = ("Open the sign-in page.", "")
"""Of the targets, in turn: the scripted judge passes the first and fails the second."""


class CountedTargets(ClickHouseEvaluationTargets):
    """What the batches read.

    Attributes:
        reads: how often claims or events were read.
    """

    reads = 0

    def events(self, project_id: int, targets: Sequence[tuple[UUID, date]]) -> dict[UUID, Event]:
        self.reads += 1
        return super().events(project_id, targets)

    def claims_in(self, batch: BatchRef) -> list[Claim]:
        self.reads += 1
        return super().claims_in(batch)


class BatchWorld:
    """The activity, and shortcuts to what it works on."""

    def __init__(
        self, world: World, writer: BlockEventWriter, *, limit: int = 1_000, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self.world = world
        self.targets = CountedTargets(world.events.connection)
        self.writer = writer
        self.activities = JudgeBatchActivities(
            registry=world.registry,
            batches=Batches(
                registry=world.registry,
                targets=self.targets,
                writer=writer,
                states=EvaluationStates(world.registry),
                memory_bytes=memory_bytes,
            ),
            judge=world.asking,
            trial_eval_limit=limit,
        )

    def claimed(
        self,
        evaluation: Evaluation,
        size: int,
        *,
        stored: bool = True,
        answers: Sequence[str] = ANSWERS,
        versions: Sequence[int] = (),
    ) -> EvaluationBatchInput:
        """A batch of generations that were captured just now; not `stored`: that are gone by now.

        Args:
            versions: of the evaluation, that have claimed them; none: its present one.
        """
        now = datetime.now(UTC)
        ref = BatchRef(project_id=PROJECT, evaluation_id=evaluation.id, dispatch_id=str(uuid4()), number=0)
        events = [_generation(ref, now, answers[number % len(answers)]) for number in range(size)]
        if stored:
            self.world.events.insert(events)
        versions = versions or (evaluation.version,)
        self.targets.claim(
            [_claim(ref, evaluation, event, version) for version in versions for event in events]
        )
        batch = ClaimedBatch(
            ref=ref,
            evaluation_name=evaluation.name,
            evaluation_type=evaluation.evaluation_type,
            size=size,
        )
        return EvaluationBatchInput(batch=batch, origin=Origin.LIVE)

    async def judge(
        self, given: EvaluationBatchInput, *, attempt: int = 1, environment: ActivityEnvironment | None = None
    ) -> BatchTally:
        environment = environment or ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=attempt)
        return await environment.run(self.activities.judge, given)

    def verdicts(self, given: EvaluationBatchInput) -> dict[UUID, Event]:
        """The verdicts of a batch as they are stored, by target."""
        trace = self.world.events.trace(PROJECT, given.batch.ref.dispatch_id)
        verdicts = [event for event in trace if event.event == EVALUATION]
        return {UUID(verdict.properties["$ai_target_id"]): verdict for verdict in verdicts}

    @property
    def asked(self) -> int:
        """Questions that reached the provider."""
        return len(self.world.model.requests)

    async def until_asked(self, number: int) -> None:
        async with asyncio.timeout(30):
            while self.asked < number:  # noqa: ASYNC110  (the server tells nobody)
                await asyncio.sleep(0.01)


def _generation(ref: BatchRef, timestamp: datetime, answer: str) -> Event:
    return Event(
        project_id=PROJECT,
        event=GENERATION,
        uuid=uuid4(),
        distinct_id="user-1",
        timestamp=timestamp,
        properties={
            "$ai_trace_id": ref.dispatch_id,
            "$ai_input": [{"role": "user", "content": "How do I reset my password?"}],
            "$ai_output_choices": [{"role": "assistant", "content": answer}],
        },
    )


def _claim(ref: BatchRef, evaluation: Evaluation, target: Event, version: int) -> Claim:
    return Claim(
        batch=ref,
        evaluation_version=version,
        target=target.uuid,
        timestamp=target.timestamp,
        size=1_000,
        origin=Origin.LIVE,
        verdict_event_id=verdict_event_id(
            project_id=PROJECT,
            evaluation_id=evaluation.id,
            version=version,
            target=target.uuid,
            trigger=AUTOMATIC,
        ),
    )
