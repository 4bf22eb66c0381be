"""The usual way, to compare with: one workflow for each event and evaluation, with an activity for each step.

It uses the same stores, the same event writer (which joins inserts of many callers) and the same processes
for Hog as the engine, so that the difference is how the work is cut. Its workflows run without the sandbox,
which makes them quicker.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import activity, workflow

from activities.hog_judging import HogJudge
from assay.contracts.evaluations import Evaluation, Judgement, RunEvaluationInput
from assay.contracts.events import Event
from assay.domain.evaluations import verdict_event_id
from assay.domain.verdicts import Occasion, verdict_event
from assay.ports import EventStore, EventWriter, HogRunner, Registry

_VERDICT_BYTES = 1_500
_TIMEOUT = timedelta(minutes=5)


@workflow.defn(name="bench-per-event", sandboxed=False)
class PerEvent:
    """Judge one event."""

    @workflow.run
    async def run(self, run: RunEvaluationInput) -> None:
        """Fetch the evaluation, judge the event, write the verdict."""
        evaluation = await workflow.execute_activity_method(
            PerEventActivities.fetch_evaluation, run, start_to_close_timeout=_TIMEOUT
        )
        verdict = await workflow.execute_activity_method(
            PerEventActivities.judge, args=[run, evaluation], start_to_close_timeout=_TIMEOUT
        )
        await workflow.execute_activity_method(
            PerEventActivities.write, verdict, start_to_close_timeout=_TIMEOUT
        )


class PerEventActivities:
    """The steps."""

    def __init__(
        self, *, registry: Registry, events: EventStore, writer: EventWriter, hog: HogRunner
    ) -> None:
        self._registry = registry
        self._events = events
        self._writer = writer
        self._judge = HogJudge(hog)

    @activity.defn(name="bench-fetch-evaluation")
    async def fetch_evaluation(self, run: RunEvaluationInput) -> Evaluation:
        """The evaluation as it is stored."""
        evaluation = await self._registry.evaluations.get(run.project_id, run.evaluation_id)
        assert evaluation is not None
        return evaluation

    @activity.defn(name="bench-judge")
    async def judge(self, run: RunEvaluationInput, evaluation: Evaluation) -> Event:
        """The verdict of the program on the event."""
        target = await asyncio.to_thread(self._events.find_event, run.target)
        assert target is not None
        blank = Judgement(
            evaluation_version=evaluation.version,
            verdict_event_id=verdict_event_id(
                project_id=run.project_id,
                evaluation_id=run.evaluation_id,
                version=evaluation.version,
                target=run.target.uuid,
                trigger=run.trigger,
            ),
        )
        [judgement] = await self._judge.judge(evaluation, [(target, blank)])
        assert isinstance(judgement, Judgement)
        return verdict_event(Occasion.of_run(run), judgement, source=target)

    @activity.defn(name="bench-write-verdict")
    async def write(self, verdict: Event) -> None:
        """Store the verdict."""
        await self._writer.write([verdict], size=_VERDICT_BYTES)
