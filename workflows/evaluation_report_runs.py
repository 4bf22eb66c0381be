"""`evaluation-report-run`: one report is made and delivered.

Id: `evaluation-report-run-{run}`; started by `evaluation-report`, which is told when the report is stored,
and waits for the result.
Messages: none. Timers: a run that nobody asked for waits until what arrived in its period can be read.
Failure: without numbers the run ends as `metrics_unavailable` and its period stays open. Without a model, or
where its author fails or does not come to an end, the report is made of the numbers and says so. Each
recipient is tried for two hours, apart from the others; who is not reached is an error of the delivery, not
of the run. Only stores that stay away for a day, or a defect, fail it. Whatever is repeated, there is one row
and one event, and each message of the conversation once.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

from activities.report_runs import ReportRunActivities
from assay.contracts.report_refs import RunRef
from assay.contracts.report_run_workflows import (
    DeliverOutcome,
    DeliverReport,
    FinishReport,
    PreparedRun,
    RecipientList,
    RecordDelivery,
    ReportRunInput,
    RunFinished,
)
from assay.contracts.report_runs import DeliveryStatus, GenerationStatus, ReportTrigger
from assay.contracts.report_workflows import ReportWritten
from assay.domain.report_author.budget import Spent
from assay.domain.report_run_details import (
    RunProgress,
    closing_words,
    finish_summary,
    made_words,
    progress_details,
    settle_summary,
)
from assay.domain.report_targets import delivery_status
from assay.domain.run_details import failure_details
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.retry import DELIVERY, REPORT_NUMBERS, STORE
from assay.temporal.search_attributes import OUTCOME
from workflows.report_authoring import Authoring

SETTLE: Final = timedelta(seconds=30)
"""After this, results that were taken in before an instant can be read by everybody."""

_GONE: Final = "The report or its evaluation was deleted"


@workflow.defn(name="evaluation-report-run")
class EvaluationReportRun:
    """Take the numbers, have the text written, store both, deliver."""

    @workflow.init
    def __init__(self, run: ReportRunInput) -> None:
        self._run = run
        self._ref = RunRef(project_id=run.report.project_id, run_id=run.run_id)
        self._progress = RunProgress()

    @workflow.run
    async def run(self, run: ReportRunInput) -> RunFinished:
        """Make and deliver one report.

        Raises:
            ApplicationError: with a code of `assay.errors` as its type, when something is wrong that no
                retry mends.
        """
        try:
            await self._settle()
            prepared = await self._prepare()
            if not prepared.is_eligible:
                return self._gone(prepared)
            reason = await self._authored(prepared)
            generation = await self._finish(prepared, reason)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            code, message = failure_code(error), failure_message(error)
            workflow.set_current_details(failure_details(code, message))
            workflow.upsert_search_attributes([OUTCOME.value_set("failed")])
            raise ApplicationError(message, type=code, non_retryable=True) from error
        author = prepared.author if reason is None else None
        await self._tell(prepared, generation, author)
        delivery = await self._deliver()
        return self._finished(prepared, generation, author, delivery)

    async def _settle(self) -> None:
        """Wait until nothing of the period is still on its way to where it can be read."""
        ready = self._run.until + SETTLE
        if self._run.trigger is not ReportTrigger.MANUAL and workflow.now() < ready:
            self._show(doing="Waits until what arrived can be read")
            await workflow.sleep(ready - workflow.now(), summary=settle_summary(self._run.until))

    async def _prepare(self) -> PreparedRun:
        self._show(doing="Takes the numbers of the period")
        prepared = await workflow.execute_activity_method(
            ReportRunActivities.prepare,
            self._run,
            summary="Take the numbers of the period",
            **REPORT_NUMBERS.options,
        )
        self._show(prepared=prepared)
        return prepared

    async def _authored(self, prepared: PreparedRun) -> str | None:
        """Have the report written; why no model has, or None if one has."""
        if not prepared.has_numbers:
            return "there are no numbers"
        if prepared.author is None:
            return prepared.no_author_reason or "there is no model to ask"
        self._show(doing=f"{prepared.author} writes the report")
        reason = await Authoring(self._run, self._spent).write()
        self._show(fallback_reason=reason)
        return reason

    def _spent(self, spent: Spent) -> None:
        self._show(spent=spent)

    async def _finish(self, prepared: PreparedRun, reason: str | None) -> GenerationStatus:
        self._show(doing="Stores the report")
        return await workflow.execute_activity_method(
            ReportRunActivities.finish,
            FinishReport(run=self._run, author=prepared.author, fallback_reason=reason),
            summary=finish_summary(reason),
            **STORE.options,
        )

    async def _tell(self, prepared: PreparedRun, generation: GenerationStatus, author: str | None) -> None:
        """Tell the workflow of the report, if there is one, that it need not wait for the delivery."""
        parent = workflow.info().parent
        if parent is None:
            return
        written = ReportWritten(
            run_id=self._run.run_id,
            period_end=prepared.period_end,
            counts=generation is GenerationStatus.COMPLETED,
            words=f"{made_words(generation, author)}; being delivered",
        )
        # By its id alone: it may have continued as new, or have been started anew.
        report = workflow.get_external_workflow_handle(parent.workflow_id)
        try:
            await report.signal("report_written", written)
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("nobody to tell of the report: %s", failure_message(error))

    async def _deliver(self) -> DeliveryStatus:
        """Deliver to everybody at once. The report is written: nothing that happens here fails the run."""
        self._show(doing="Delivers the report")
        try:
            listed = await workflow.execute_activity_method(
                ReportRunActivities.list_recipients,
                self._ref,
                summary="List the recipients",
                **STORE.options,
            )
            errors = await self._delivered(listed)
            attempted = len(listed.keys) + len(listed.problems)
            await workflow.execute_activity_method(
                ReportRunActivities.record_delivery,
                RecordDelivery(
                    project_id=self._ref.project_id,
                    run_id=self._ref.run_id,
                    attempted=attempted,
                    errors=tuple(errors),
                ),
                summary=f"Record the delivery: {attempted - len(errors)} of {attempted}",
                **STORE.options,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            self._show(errors=(failure_message(error),))
            return DeliveryStatus.FAILED
        return delivery_status(attempted, len(errors))

    async def _delivered(self, listed: RecipientList) -> list[str]:
        """The errors of all deliveries."""
        self._show(recipients=len(listed.keys), errors=listed.problems)
        errors = await asyncio.gather(*(self._deliver_to(key) for key in listed.keys))
        return [*listed.problems, *filter(None, errors)]

    async def _deliver_to(self, key: str) -> str | None:
        """Deliver to one recipient; why they do not have everything, or None."""
        error = await self._delivery_error(key)
        problems = () if error is None else (f"{key}: {error}",)
        self._show(served=self._progress.served + 1, errors=(*self._progress.errors, *problems))
        return problems[0] if problems else None

    async def _delivery_error(self, key: str) -> str | None:
        try:
            # By name: what delivers knows Slack and mail, and a workflow need not.
            outcome: DeliverOutcome = await workflow.execute_activity(
                "deliver-report",
                DeliverReport(project_id=self._ref.project_id, run_id=self._ref.run_id, recipient_key=key),
                result_type=DeliverOutcome,
                summary=f"Deliver to {key}"[:200],
                **DELIVERY.options,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return f"not delivered: {failure_message(error)}"
        return outcome.error

    def _gone(self, prepared: PreparedRun) -> RunFinished:
        self._show(doing=_GONE)
        workflow.upsert_search_attributes([OUTCOME.value_set("gone")])
        return RunFinished(
            generation=GenerationStatus.PENDING,
            delivery=DeliveryStatus.PENDING,
            period_end=prepared.period_end,
            counts=False,
            words=_GONE,
        )

    def _finished(
        self,
        prepared: PreparedRun,
        generation: GenerationStatus,
        author: str | None,
        delivery: DeliveryStatus,
    ) -> RunFinished:
        words = closing_words(generation, author, delivery, self._progress.errors)
        self._show(doing=words[0].upper() + words[1:], delivery=delivery)
        is_complete = generation is GenerationStatus.COMPLETED
        outcome = "plain" if is_complete and author is None else generation.value
        workflow.upsert_search_attributes([OUTCOME.value_set(outcome)])
        return RunFinished(
            generation=generation,
            delivery=delivery,
            period_end=prepared.period_end,
            counts=is_complete,
            words=words,
        )

    def _show(self, **changes: Any) -> None:
        self._progress = replace(self._progress, **changes)
        workflow.set_current_details(progress_details(self._progress))
