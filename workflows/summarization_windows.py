"""`summarization-window`: hour by hour, a sample of a project's traces or generations is summarised.

Id: `summarization-window-{job}-{time}`, `summarization-window-project-{project}-{time}` for a project without
clustering jobs; started by a Temporal Schedule of that name without the time, one at a time.
Messages: none.
Timers: the wait before a summary is tried again that failed because of the weather.
An execution works off one hour and continues as new while there are more. It goes on from the mark in the
result of the run before, which the Schedule hands over, and makes up for a day at most.
Failure: an item that fails is counted and keeps no other from its summary. A store that is away is waited
for; if the sample cannot be drawn, or the weather keeps all of several items from a summary, the run fails,
its mark stays, and the next run begins with the same hour.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

from activities.job_workflows import JobWorkflowActivities
from activities.summarization_windows import SummarizationWindowActivities
from activities.summary_embeddings import SummaryEmbeddingActivities
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.summarization import SummarizationInput, SummarizationResult
from assay.contracts.summarization_windows import (
    EmbedSummary,
    ItemOfWindow,
    PlanWindow,
    PreparedItem,
    RecordSummary,
    SummarizationWindowInput,
    SummarizationWindowResult,
    WindowCounts,
    WindowItem,
    WindowPlan,
    WindowProgress,
)
from assay.domain.run_details import failure_details
from assay.domain.summaries.details import summary_facts, summary_line
from assay.domain.summary_windows import Window, first_mark, next_window
from assay.domain.window_details import item_line, window_details, window_line
from assay.errors import WorkError, catalogue
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.ids import answer_id
from assay.temporal.queues import TaskQueue
from assay.temporal.retry import AWAIT_RUN, STORE, WINDOW_STEP
from assay.temporal.search_attributes import OUTCOME, PROJECT, TRIGGER, pairs
from workflows.summarization import Summarization

AT_A_TIME: Final[Mapping[AnalysisLevel, int]] = MappingProxyType(
    {AnalysisLevel.TRACE: 6, AnalysisLevel.GENERATION: 10}
)

_PAUSES: Final = (timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=45))
"""A summary is begun again after each of them, while it fails because of the weather: nobody waits."""

_WEATHER: Final = frozenset(
    error.code for error in catalogue() if issubclass(error, WorkError) and error.retryable
)

_SEVERAL: Final = 2
"""So many items fail because of the provider; a single one may be to blame itself."""


@workflow.defn(name="summarization-window")
class SummarizationWindow:
    """Draw a sample of an hour; have each item summarised, write it down, embed it."""

    @workflow.init
    def __init__(self, given: SummarizationWindowInput) -> None:
        self._ref = given.ref
        self._before = given.progress
        self._window: Window | None = None
        self._plan: WindowPlan | None = None
        self._counts = WindowCounts()

    @workflow.run
    async def run(self, given: SummarizationWindowInput) -> SummarizationWindowResult:
        """Work off the next hour, if it is over.

        Raises:
            ApplicationError: no sample could be drawn, or nothing came of it; its type is a code of
                `assay.errors`.
        """
        before = self._before or WindowProgress(mark=_mark())
        self._window = next_window(before.mark, workflow.now())
        self._show()
        if self._window is None:
            return self._result(before, "idle")
        try:
            await self._work_off(self._window)
        except (ActivityError, ApplicationError) as error:
            if is_cancelled_exception(error):
                raise
            raise _failed(error) from error
        progress = _after(before, self._window, self._counts)
        if next_window(progress.mark, workflow.now()) is not None:
            workflow.continue_as_new(SummarizationWindowInput(ref=self._ref, progress=progress))
        return self._result(progress, self._outcome(progress))

    async def _work_off(self, window: Window) -> None:
        self._plan = plan = await workflow.execute_activity_method(
            SummarizationWindowActivities.plan,
            PlanWindow(ref=self._ref, since=window.since, until=window.until),
            summary=f"Draw a sample of {window_line(window)}",
            **WINDOW_STEP.options,
        )
        self._count(queried=plan.queried, sampled=len(plan.items))
        places = asyncio.Semaphore(AT_A_TIME.get(plan.level, 1))
        await asyncio.gather(*(self._turn(self._of(plan, window, item), places) for item in plan.items))
        if (code := _weather(self._counts)) is not None:
            raise ApplicationError("Not one of several summaries was made.", type=code, non_retryable=True)

    async def _turn(self, of: ItemOfWindow, places: asyncio.Semaphore) -> None:
        """Summarise an item when it is its turn, whatever becomes of it."""
        async with places:
            try:
                await self._summarise(of)
            except (ActivityError, ChildWorkflowError) as error:
                # Somebody may have ended that one summary; or everything.
                if is_cancelled_exception(error) and workflow.cancellation_reason() is not None:
                    raise
                self._count(failed={failure_code(error): 1})

    async def _summarise(self, of: ItemOfWindow) -> None:
        prepared: PreparedItem = await workflow.execute_activity_method(
            SummarizationWindowActivities.prepare,
            of,
            summary=item_line("Read", of.item),
            **WINDOW_STEP.options,
        )
        if prepared.skip or prepared.work is None:
            self._count(skipped={prepared.skip: 1})
            return
        made = None if prepared.cached else await self._summary(prepared.work)
        record = RecordSummary(of=of, work=prepared.work, trace_id=prepared.trace_id, events=prepared.events)
        await workflow.execute_activity_method(
            SummarizationWindowActivities.record,
            record,
            summary=item_line("Record the summary of", of.item),
            **STORE.options,
        )
        if made is None:
            self._count(cached=1)
        else:
            self._count(summarised=1, cost_usd=made.cost_usd)
        await self._embed(prepared.work, of.item)

    async def _embed(self, work: SummarizationInput, item: WindowItem) -> None:
        """See to the vector; without one, the summary counts all the same."""
        try:
            await workflow.execute_activity_method(
                SummaryEmbeddingActivities.embed,
                EmbedSummary(project_id=work.project_id, digest=work.digest),
                task_queue=TaskQueue.COMPUTE,
                summary=item_line("Embed the summary of", item),
                **WINDOW_STEP.options,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("summary not embedded: %s", failure_message(error))
        else:
            self._count(embedded=1)

    async def _summary(self, work: SummarizationInput) -> SummarizationResult:
        for pause in _PAUSES:
            try:
                return await self._made(work)
            except (ActivityError, ChildWorkflowError) as error:
                if is_cancelled_exception(error) or failure_code(error) not in _WEATHER:
                    raise
                await workflow.sleep(pause, summary=f"Until it is tried again after {failure_code(error)}")
        return await self._made(work)

    async def _made(self, work: SummarizationInput) -> SummarizationResult:
        """Have the summary made, or wait for who makes it already."""
        try:
            return await workflow.execute_child_workflow(
                Summarization.run,
                work,
                id=answer_id("summarization", work.digest),
                task_queue=TaskQueue.MAIN,
                # Others may have joined it, and what it asks is of use to the next run.
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
                search_attributes=pairs((PROJECT, str(work.project_id)), (TRIGGER, "window")),
                static_summary=summary_line(work),
                static_details=summary_facts(work),
            )
        except WorkflowAlreadyStartedError:
            return await workflow.execute_activity_method(
                JobWorkflowActivities.await_summary,
                work,
                summary="Wait for the summary that somebody asked for",
                **AWAIT_RUN.options,
            )

    def _of(self, plan: WindowPlan, window: Window, item: WindowItem) -> ItemOfWindow:
        return ItemOfWindow(
            ref=self._ref, job_name=plan.job_name, level=plan.level, until=window.until, item=item
        )

    def _count(self, **counts: Any) -> None:
        self._counts += WindowCounts(**counts)
        self._show()

    def _show(self) -> None:
        workflow.set_current_details(window_details(self._window, self._plan, self._counts, self._before))

    def _outcome(self, progress: WindowProgress) -> str:
        if self._plan is not None and self._plan.skip:
            return "skipped"
        return "incomplete" if progress.counts.failed else "completed"

    def _result(self, progress: WindowProgress, outcome: str) -> SummarizationWindowResult:
        workflow.upsert_search_attributes([OUTCOME.value_set(outcome)])
        return SummarizationWindowResult(progress=progress, outcome=outcome)


def _mark() -> datetime:
    """Where the run before has come to."""
    last = workflow.get_last_completion_result(SummarizationWindowResult)
    return first_mark(workflow.now()) if last is None else last.progress.mark


def _after(before: WindowProgress, window: Window, counts: WindowCounts) -> WindowProgress:
    return WindowProgress(
        mark=window.until,
        windows=before.windows + 1,
        passed_over=before.passed_over + window.passed_over,
        counts=before.counts + counts,
    )


def _weather(counts: WindowCounts) -> str | None:
    """Why nothing came of an hour, if the weather kept each of several items from its summary."""
    if counts.summarised or counts.cached or sum(counts.failed.values()) < _SEVERAL:
        return None
    code = max(counts.failed, key=lambda each: (counts.failed[each], each))
    return code if set(counts.failed) <= _WEATHER else None


def _failed(error: ActivityError | ApplicationError) -> ApplicationError:
    code, message = failure_code(error), failure_message(error)
    workflow.set_current_details(failure_details(code, message))
    workflow.upsert_search_attributes([OUTCOME.value_set("failed")])
    return ApplicationError(message, type=code, non_retryable=True)
