"""Report runs on real stores and a scripted author."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from activities.report_admissions import ReportAdmissionActivities
from activities.report_author import Authors, ReportAuthorActivities
from activities.report_numbers import ReportNumbers
from activities.report_reading import ReportReader
from activities.report_runs import ReportRunActivities
from activities.report_tools import ReportToolActivities
from assay.adapters.clickhouse import (
    ClickHouseEvaluationTargets,
    ClickHouseEventStore,
    ClickHouseReportData,
)
from assay.adapters.event_writer import BlockEventWriter
from assay.adapters.sql import SqlRegistry
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluation_reports import EvaluationReport, EvaluationReportSpec
from assay.contracts.evaluations import Evaluation
from assay.contracts.events import EVALUATION, GENERATION, Event, EventRef, utc_day
from assay.contracts.report_data import Window
from assay.contracts.report_refs import ReportRef
from assay.contracts.report_run_workflows import ReportRunInput
from assay.contracts.report_runs import ReportRun, ReportTrigger, TranscriptEntry
from assay.domain.report_author.event import EVALUATION_REPORT, report_event_id
from assay.errors import StoreUnavailable
from tests.activities.world import PROJECT, World

type Call = tuple[str, Mapping[str, Any]]


class FaultyData(ClickHouseReportData):
    """What reports read of the event store, which may be away.

    Attributes:
        failures: how many reads fail from now on.
    """

    failures = 0

    def nth_last_arrival(self, project_id: int, evaluation_id: UUID, n: int) -> datetime | None:
        self._fail()
        return super().nth_last_arrival(project_id, evaluation_id, n)

    def outcome_counts(self, window: Window, *, true_is_failure: bool) -> dict[str, int]:
        self._fail()
        return super().outcome_counts(window, true_is_failure=true_is_failure)

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("The event store is away.")


class ReportWorld:
    """The activities of report runs, and shortcuts to what they work on."""

    def __init__(self, world: World, *, trial_eval_limit: int = 100) -> None:
        self.world = world
        self.registry: SqlRegistry = world.registry
        self.events: ClickHouseEventStore = world.events
        self.model: ScriptedModelServer = world.model
        self.data = FaultyData(self.events.connection)
        self.writer = BlockEventWriter(self.events)
        self.pauses: list[float] = []
        asking = world.asking
        authors = Authors(self.registry, asking.models, trial_eval_limit=trial_eval_limit)
        numbers = ReportNumbers(self.data)
        self.runs = ReportRunActivities(
            registry=self.registry, numbers=numbers, authors=authors, writer=self.writer
        )
        self.admissions = ReportAdmissionActivities(registry=self.registry)
        self.authoring = ReportAuthorActivities(
            registry=self.registry,
            authors=authors,
            models=asking.models,
            gate=asking.gate,
            sleep=self._sleep,
        )
        self.reader = ReportReader(
            registry=self.registry,
            data=self.data,
            events=self.events,
            targets=ClickHouseEvaluationTargets(self.events.connection),
        )
        self.tools = ReportToolActivities(registry=self.registry, reader=self.reader)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def report(self, evaluation: Evaluation, **changes: Any) -> EvaluationReport:
        spec = EvaluationReportSpec(evaluation_id=evaluation.id).model_copy(update=changes)
        return await self.registry.evaluation_reports.create(PROJECT, spec, created_by=None)

    def results(
        self,
        evaluation: Evaluation,
        *outcomes: bool | None,
        judged_after: timedelta = timedelta(),
        **properties: Any,
    ) -> list[str]:
        """Judged generations, each in a trace of its own; None: not applicable. Returns their ids."""
        generations = [_generation(**properties) for _ in outcomes]
        verdicts = [
            _verdict(evaluation.id, generation, outcome, judged_after)
            for generation, outcome in zip(generations, outcomes, strict=True)
        ]
        self.events.insert([*generations, *verdicts])
        return [str(generation.uuid) for generation in generations]

    def run_of(self, report: EvaluationReport, **changes: Any) -> ReportRunInput:
        """A run that somebody asks for; its period holds what has arrived and what arrives soon."""
        now = datetime.now(UTC)
        run = ReportRunInput(
            report=ReportRef(project_id=PROJECT, report_id=report.id),
            run_id=uuid4(),
            trigger=ReportTrigger.MANUAL,
            since=now - timedelta(hours=1),
            until=now + timedelta(hours=1),
            admitted_at=now,
        )
        return run.model_copy(update=changes)

    async def stored(self, run: ReportRunInput) -> ReportRun:
        found = await self.registry.report_runs.get(PROJECT, run.run_id)
        assert found is not None
        return found

    async def transcript(self, run: ReportRunInput) -> list[TranscriptEntry]:
        return await self.registry.report_runs.transcript(PROJECT, run.run_id)

    def event(self, run: ReportRunInput) -> Event | None:
        return self.events.find_event(
            EventRef(
                project_id=PROJECT,
                event=EVALUATION_REPORT,
                uuid=report_event_id(run.run_id),
                day=utc_day(run.until),
            )
        )

    def author_says(self, *turns: Sequence[Call]) -> None:
        """Script the author: the calls of each answer; an answer without calls ends it."""
        self.model.enqueue(*(Reply(content="" if calls else "Done.", calls=calls) for calls in turns))

    @property
    def asked(self) -> int:
        """Questions that reached the provider."""
        return len(self.model.requests)


def a_good_report(generation_id: str) -> list[list[Call]]:
    """What an author does who works as they are told."""
    return [
        [("list_recent_report_runs", {}), ("get_summary_metrics", {})],
        [("sample_eval_results", {"outcome": "fail"})],
        [
            ("set_title", {"title": "Refusals persist"}),
            ("add_citation", {"generation_id": generation_id, "reason": "A refusal."}),
            ("add_section", {"title": "Summary", "content": f"Refusals, as in `{generation_id}`."}),
        ],
        [],
    ]


def _generation(**properties: Any) -> Event:
    return Event(
        project_id=PROJECT,
        event=GENERATION,
        uuid=uuid4(),
        distinct_id="user-1",
        timestamp=datetime.now(UTC),
        properties={
            "$ai_trace_id": f"trace-{uuid4()}",
            "$ai_model": "gpt-5-mini",
            "$ai_input": [{"role": "user", "content": "How do I reset my password?"}],
            "$ai_output_choices": [{"role": "assistant", "content": "I cannot help with that."}],
            **properties,
        },
    )


def _verdict(evaluation_id: UUID, generation: Event, outcome: bool | None, after: timedelta) -> Event:
    decision: dict[str, Any] = (
        {"$ai_evaluation_allows_na": True, "$ai_evaluation_applicable": False}
        if outcome is None
        else {"$ai_evaluation_result": outcome}
    )
    return Event(
        project_id=PROJECT,
        event=EVALUATION,
        uuid=uuid4(),
        distinct_id="user-1",
        timestamp=generation.timestamp + after,
        properties={
            "$ai_evaluation_id": str(evaluation_id),
            "$ai_evaluation_name": "Helpfulness",
            "$ai_evaluation_reasoning": "It helps." if outcome else "The answer refuses.",
            "$ai_target_event_id": str(generation.uuid),
            "$ai_trace_id": generation.properties["$ai_trace_id"],
            **decision,
        },
    )
