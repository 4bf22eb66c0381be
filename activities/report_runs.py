"""The beginning and the end of a report run: its period and numbers, and what is stored and told of it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from temporalio import activity

from activities.judge_models import JudgeModel
from activities.report_admissions import admitted_run
from activities.report_author import Authors
from activities.report_numbers import FALLBACK, ReportNumbers
from assay.contracts.evaluation_reports import EvaluationReport
from assay.contracts.evaluations import Evaluation
from assay.contracts.events import Event
from assay.contracts.report_refs import RunRef
from assay.contracts.report_run_workflows import (
    FinishReport,
    PreparedRun,
    RecipientList,
    RecordDelivery,
    ReportRunInput,
)
from assay.contracts.report_runs import (
    Delivery,
    GenerationStatus,
    ReportContent,
    ReportMetrics,
    ReportRun,
    TranscriptEntry,
)
from assay.domain.report_author.conversation import Conversation
from assay.domain.report_author.event import report_event
from assay.domain.report_author.plain import plain_content, unavailable_content
from assay.domain.report_author.prompt import opening
from assay.domain.report_targets import addressees, delivery_status, told_errors
from assay.errors import EventsRejected, StoreRejected, StoreUnavailable
from assay.ports import EventWriter, Registry
from assay.temporal.heartbeat import heartbeating
from assay.temporal.retry import NUMBERS_PATIENCE

log = structlog.get_logger(__name__)

_NOTHING_TO_SAY = "there are no results in the period"
_NOT_WRITTEN = "its author left no report"


class ReportRunActivities:
    """Prepares, finishes and accounts for runs.

    Every one of these can be repeated at any point: rows and events have ids that follow from the run.
    """

    def __init__(
        self, *, registry: Registry, numbers: ReportNumbers, authors: Authors, writer: EventWriter
    ) -> None:
        self._registry = registry
        self._runs = registry.report_runs
        self._numbers = numbers
        self._authors = authors
        self._writer = writer

    @activity.defn(name="prepare-report-run")
    async def prepare(self, given: ReportRunInput) -> PreparedRun:
        """Fix the period, take its numbers, and open the conversation with the author, if there is one.

        Raises:
            StoreUnavailable: a store did not answer. That the event store still does not after
                `NUMBERS_PATIENCE` is an outcome.
        """
        async with heartbeating():
            project_id = given.report.project_id
            report = await self._registry.evaluation_reports.get(project_id, given.report.report_id)
            evaluation = report and await self._registry.evaluations.get(project_id, report.evaluation_id)
            if report is None or not isinstance(evaluation, Evaluation):
                start = given.until if given.since is None else given.since
                return PreparedRun(is_eligible=False, period_start=start, period_end=given.until)
            run = await self._begun(given, report)
            return await self._prepared(run, report, evaluation)

    @activity.defn(name="finish-report")
    async def finish(self, given: FinishReport) -> GenerationStatus:
        """Store the report in its row and as an event; one that is stored already stays as it is.

        Raises:
            StoreUnavailable: a store did not answer.
            StoreRejected: somebody has recorded that nothing comes of the run.
        """
        async with heartbeating():
            run = await self._run(given.run.report.project_id, given.run.run_id)
            await self._authors.done(run.project_id, run.id)
            content = run.content
            if content is None or content.generation_status is GenerationStatus.PENDING:
                content = await self._write(run, given)
            if content.generation_status is GenerationStatus.FAILED:
                raise StoreRejected("The run was given up.")
            await self._tell(report_event(run, content))
            return content.generation_status

    @activity.defn(name="list-recipients")
    async def list_recipients(self, given: RunRef) -> RecipientList:
        """Decide to whom the run is delivered; what is known of a delivery already stays as it is.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        async with heartbeating():
            run = await self._run(given.project_id, given.run_id)
            report = await self._registry.evaluation_reports.get(
                given.project_id, run.report_id, include_deleted=True
            )
            named = addressees(() if report is None else report.delivery_targets)
            known = {
                delivery.recipient.key for delivery in await self._runs.deliveries(given.project_id, run.id)
            }
            for recipient in named.recipients:
                if recipient.key not in known:
                    new = Delivery(run_id=run.id, recipient=recipient)
                    await self._runs.save_delivery(given.project_id, new)
            return RecipientList(
                keys=tuple(recipient.key for recipient in named.recipients), problems=named.problems
            )

    @activity.defn(name="record-delivery")
    async def record_delivery(self, given: RecordDelivery) -> None:
        """Store what became of all deliveries of a run.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        async with heartbeating():
            status = delivery_status(given.attempted, len(given.errors))
            await self._runs.record_delivery(
                given.project_id, given.run_id, status, told_errors(given.errors)
            )

    async def _begun(self, given: ReportRunInput, report: EvaluationReport) -> ReportRun:
        """The run's row, with its period, which the first attempt fixes that works it out."""
        # An earlier version of the report's workflow has recorded no admission.
        run = await self._runs.create(admitted_run(given, report.evaluation_id))
        if run.period_start < run.period_end:
            return run
        return await self._runs.begin_period(run.project_id, run.id, await self._period_start(given, report))

    async def _period_start(self, given: ReportRunInput, report: EvaluationReport) -> datetime:
        try:
            return await self._numbers.period_start(given, report)
        except StoreUnavailable as error:
            _give_up(error)
            return given.until - FALLBACK

    async def _prepared(
        self, run: ReportRun, report: EvaluationReport, evaluation: Evaluation
    ) -> PreparedRun:
        metrics = await self._measured(run, evaluation)
        prepared = PreparedRun(
            has_numbers=metrics is not None,
            evaluation_name=evaluation.name,
            period_start=run.period_start,
            period_end=run.period_end,
        )
        if metrics is None:
            return prepared
        author = await self._author(run, evaluation, metrics)
        if isinstance(author, JudgeModel):
            await self._open(run, report, evaluation, metrics)
        return prepared.model_copy(
            update={
                "total_runs": metrics.total_runs,
                "pass_rate": metrics.pass_rate,
                "author": author.model if isinstance(author, JudgeModel) else None,
                "no_author_reason": None if isinstance(author, JudgeModel) else author,
            }
        )

    async def _measured(self, run: ReportRun, evaluation: Evaluation) -> ReportMetrics | None:
        """The numbers: those that the row has, else the store's, which are kept in the row."""
        if run.content is not None and run.content.metrics is not None:
            return run.content.metrics
        try:
            metrics = await self._numbers.of_period(run, evaluation)
        except StoreUnavailable as error:
            _give_up(error)
            return None
        pending = ReportContent(
            title="", sections=(), metrics=metrics, generation_status=GenerationStatus.PENDING
        )
        stored = await self._runs.write_content(run.project_id, run.id, pending, model=None, cost_usd=None)
        return metrics if stored.content is None else stored.content.metrics

    async def _author(
        self, run: ReportRun, evaluation: Evaluation, metrics: ReportMetrics
    ) -> JudgeModel | str:
        """Who writes, or why nobody does."""
        if metrics.total_runs == 0:
            return _NOTHING_TO_SAY
        chosen = await self._authors.choose(evaluation, run.id)
        return chosen if isinstance(chosen, JudgeModel) else chosen.reason

    async def _open(
        self, run: ReportRun, report: EvaluationReport, evaluation: Evaluation, metrics: ReportMetrics
    ) -> None:
        for number, message in enumerate(opening(report, evaluation, metrics)):
            entry = TranscriptEntry(number=number, message=message)
            await self._runs.add_message(run.project_id, run.id, entry)

    async def _write(self, run: ReportRun, given: FinishReport) -> ReportContent:
        """Make the report and store it in its row.

        Returns:
            The report in the row, which may be that of another attempt.
        """
        entries = await self._runs.transcript(run.project_id, run.id)
        content = await asyncio.to_thread(self._content, run, given, entries)
        costs = [entry.cost_usd for entry in entries if entry.cost_usd is not None]
        stored = await self._runs.write_content(
            run.project_id,
            run.id,
            content,
            model=given.author if content.fallback_reason is None else None,
            cost_usd=sum(costs) if costs else None,
        )
        return content if stored.content is None else stored.content

    @staticmethod
    def _content(run: ReportRun, given: FinishReport, entries: list[TranscriptEntry]) -> ReportContent:
        metrics = None if run.content is None else run.content.metrics
        if metrics is None:
            return unavailable_content()
        if given.fallback_reason is not None:
            return plain_content(metrics, given.fallback_reason)
        conversation = Conversation.of([entry.message for entry in entries])
        if conversation.draft.problems(conversation.evidence):
            return plain_content(metrics, _NOT_WRITTEN)
        return conversation.draft.content(metrics)

    async def _tell(self, event: Event) -> None:
        """Write the event; again changes nothing."""
        written = await self._writer.write([event], size=len(event.model_dump_json()))
        for reason in written.refused.values():
            raise EventsRejected(reason)

    async def _run(self, project_id: int, run_id: UUID) -> ReportRun:
        run = await self._runs.get(project_id, run_id)
        if run is None:
            raise StoreRejected(f"There is no report run {run_id}.")
        return run


def _give_up(error: StoreUnavailable) -> None:
    """Go on without the event store if it has been waited for long enough, or else raise, to be retried."""
    if _waited() < NUMBERS_PATIENCE:
        raise error
    log.warning("numbers of a report not read", reason=error.detail)


def _waited() -> timedelta:
    """From the first attempt to this one. Temporal remembers both moments, whichever worker died between."""
    info = activity.info()
    return info.current_attempt_scheduled_time - info.scheduled_time
