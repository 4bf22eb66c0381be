"""`clustering-run`: what a project's users do is put into clusters, which keep their identity between runs.

Id: `clustering-run-{job}-{time}`, `clustering-run-project-{project}-{time}` for a project without clustering
jobs; started by a Temporal Schedule of that name without the time, by `assay clustering run`, or by the API.
Messages: none. Timers: none.
Of each job one run is at work at a time; the others wait for their turn, in the order of their windows. Then
a sample is drawn, read, turned into vectors, put into clusters and compared with the run before; a model
names the clusters that have no name yet, a few per question; then they are counted, and one event tells of
all. Each step is an activity that finds what the one before it has stored, and can be done again.
Failure: names, numbers and sentiment are extras: the run goes on without what could not be had, and says so.
If another step cannot be done within its budget, or somebody cancels the run, it is recorded as failed.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Final

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from activities.cluster_labels import ClusterLabelActivities
from activities.clustering_compute import ClusteringComputeActivities
from activities.clustering_metrics import ClusteringMetricsActivities
from activities.clustering_runs import ClusteringRunActivities
from assay.contracts.clustering_runs import ClusteringRunStatus, LabelSource
from assay.contracts.clustering_workflows import (
    CloseClusteringRun,
    ClusteringPlan,
    ClusteringRunInput,
    ClusteringRunResult,
    ClusteringStep,
    ClusterItems,
    EmitClusters,
    ItemsClustered,
    OpenClusteringRun,
)
from assay.domain.clustering_details import (
    NO_LABELS,
    SKIPPED,
    ClusteringProgress,
    clustering_details,
    clusters_words,
    skip_reason,
)
from assay.domain.clustering_rows import clustering_run_uuid
from assay.domain.clustering_starts import ITEMS
from assay.domain.run_details import failure_details
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.queues import TaskQueue
from assay.temporal.retry import (
    CLUSTER_NUMBERS,
    CLUSTERING_COMPUTE,
    CLUSTERING_STEP,
    CLUSTERING_TURN,
    STORE,
)
from assay.temporal.search_attributes import OUTCOME
from workflows.cluster_naming import Named, Naming

_DUE: Final = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""When a Schedule meant to start the run; Temporal sets it."""

_CANCELLED: Final = "cancelled: Somebody has cancelled it."


@workflow.defn(name="clustering-run")
class ClusteringRunWorkflow:
    """Draw, read, embed, cluster; name, count, tell."""

    @workflow.init
    def __init__(self, given: ClusteringRunInput) -> None:
        self._given = given
        self._id = clustering_run_uuid(workflow.info().workflow_id)
        self._progress = ClusteringProgress()

    @workflow.run
    async def run(self, given: ClusteringRunInput) -> ClusteringRunResult:
        """Make the clusters of one window.

        Raises:
            ApplicationError: with a code of `assay.errors` as its type, when there are none.
        """
        try:
            plan = await self._open()
            skip = plan.skip or await self._made(ClusteringStep(given=given, plan=plan))
            status = ClusteringRunStatus.SKIPPED if skip else ClusteringRunStatus.COMPLETED
            await self._close(status, skip_reason(skip) if skip else "")
        except (ActivityError, ApplicationError, asyncio.CancelledError) as error:
            if is_cancelled_exception(error):
                await self._failed("cancelled", _CANCELLED)
                raise
            code, message = failure_code(error), failure_message(error)
            await self._failed("failed", f"{code}: {message}")
            workflow.set_current_details(failure_details(code, message))
            raise ApplicationError(message, type=code, non_retryable=True) from error
        return self._result(plan, status, skip)

    async def _open(self) -> ClusteringPlan:
        info = workflow.info()
        due = self._given.at or info.typed_search_attributes.get(_DUE) or info.workflow_start_time
        asked = OpenClusteringRun(given=self._given, workflow_id=info.workflow_id, at=due)
        plan = await workflow.execute_activity_method(
            ClusteringRunActivities.open, asked, summary="Record the run", **STORE.options
        )
        while plan.waits_for:
            self._show(plan=plan, doing=f"Waits for run {plan.waits_for} of the same job")
            plan = await workflow.execute_activity_method(
                ClusteringRunActivities.open,
                asked.model_copy(update={"waits_for": plan.waits_for}),
                summary=f"Wait for run {plan.waits_for}",
                **CLUSTERING_TURN.options,
            )
        self._show(plan=plan)
        return plan

    async def _made(self, step: ClusteringStep) -> str:
        """Make the clusters and tell of them; why there was nothing to do, or an empty text."""
        skip = await self._gathered(step)
        if skip:
            return skip
        await self._cluster(step)
        await self._name(step)
        await self._measure(step)
        self._show(doing="Writes the event")
        await workflow.execute_activity_method(
            ClusteringMetricsActivities.emit,
            EmitClusters(step=step, numbers=self._progress.numbers),
            summary="Write the event of the clusters",
            **STORE.options,
        )
        return ""

    async def _gathered(self, step: ClusteringStep) -> str:
        """Draw and read the sample; why there is nothing to put into clusters, or an empty text."""
        what = ITEMS[step.plan.level]
        self._show(doing=f"Draws a sample of the {what}")
        sampled = await workflow.execute_activity_method(
            ClusteringRunActivities.sample,
            step,
            summary=f"Draw a sample of the {what}",
            **CLUSTERING_STEP.options,
        )
        self._number(sampled=sampled)
        if sampled.skip or not sampled.drawn:
            return sampled.skip or "no_items"
        self._show(doing=f"Reads {sampled.drawn:,} {what}")
        read = await workflow.execute_activity_method(
            ClusteringRunActivities.read,
            step,
            summary=f"Read {sampled.drawn:,} {what}",
            **CLUSTERING_STEP.options,
        )
        self._number(read=read)
        return "" if read.with_text else "no_text"

    async def _cluster(self, step: ClusteringStep) -> None:
        self._show(doing="Makes vectors of the texts")
        embedded = await workflow.execute_activity_method(
            ClusteringComputeActivities.embed,
            step,
            task_queue=TaskQueue.COMPUTE,
            summary="Make vectors of the texts",
            **CLUSTERING_STEP.options,
        )
        self._number(embedded=embedded)
        self._show(doing=f"Puts {embedded.made + embedded.cached:,} {ITEMS[step.plan.level]} into clusters")
        clustered = await workflow.execute_activity_method(
            ClusteringComputeActivities.cluster,
            ClusterItems(step=step, model=embedded.model),
            task_queue=TaskQueue.COMPUTE,
            summary=f"Find clusters by the vectors of {embedded.model}",
            **CLUSTERING_COMPUTE.options,
        )
        self._number(clustered=clustered)

    async def _name(self, step: ClusteringStep) -> None:
        """Have clusters named by a model, as far as that is possible; the others have names of keywords."""
        self._show(doing="Sees which clusters need a name")
        wanted = await workflow.execute_activity_method(
            ClusterLabelActivities.plan,
            step,
            summary="Name clusters as before, or by keywords",
            **CLUSTERING_STEP.options,
        )
        self._number(carried=wanted.carried, label_problem=NO_LABELS.get(wanted.skip, wanted.skip))
        self._show(groups=len(wanted.groups))
        await Naming(step, self._named).name(wanted.groups)

    def _named(self, named: Named) -> None:
        """Show what has come of the questions so far."""
        self._number(
            labelled_by_model=named.clusters,
            label_model=named.model,
            label_problem=named.problem,
            cost_usd=named.cost_usd,
        )
        self._show(doing=f"A model names clusters: {named.questions} of {self._progress.groups}")

    async def _measure(self, step: ClusteringStep) -> None:
        """Take numbers and sentiment, where they can be had."""
        self._show(doing="Counts")
        try:
            await workflow.execute_activity_method(
                ClusteringMetricsActivities.measure,
                step,
                summary="Take cost, latency and errors of the clusters",
                **CLUSTER_NUMBERS.options,
            )
        except ActivityError as error:
            self._problem("No numbers", error)
        self._show(doing="Looks at how users feel")
        try:
            sentiment = await workflow.execute_activity_method(
                ClusteringMetricsActivities.measure_sentiment,
                step,
                task_queue=TaskQueue.COMPUTE,
                summary="See how the users of the clusters feel",
                **CLUSTER_NUMBERS.options,
            )
        except ActivityError as error:
            self._problem("No sentiment", error)
        else:
            self._number(sentiment=sentiment)

    async def _failed(self, outcome: str, reason: str) -> None:
        """Record that nothing came of it; `reconcile` does it if this cannot."""
        self._show(doing=reason)
        try:
            await self._close(ClusteringRunStatus.FAILED, reason)
        except ActivityError as error:
            workflow.logger.warning("the run's end is not recorded: %s", failure_message(error))
        workflow.upsert_search_attributes([OUTCOME.value_set(outcome)])

    async def _close(self, status: ClusteringRunStatus, reason: str) -> None:
        await workflow.execute_activity_method(
            ClusteringRunActivities.close,
            CloseClusteringRun(
                given=self._given,
                id=self._id,
                outcome=status,
                reason=reason,
                numbers=self._progress.numbers,
            ),
            summary=f"Record that the run is {status}",
            **STORE.options,
        )

    def _result(self, plan: ClusteringPlan, status: ClusteringRunStatus, skip: str) -> ClusteringRunResult:
        numbers = self._progress.numbers
        clustered = numbers.clustered or ItemsClustered(clusters=0, noise=0)
        by_keywords = clustered.clusters - numbers.labelled_by_model - numbers.carried
        self._show(doing=SKIPPED[skip] if skip else clusters_words(clustered), outcome=status)
        workflow.upsert_search_attributes([OUTCOME.value_set(status)])
        return ClusteringRunResult(
            id=plan.id,
            run_id=plan.run_id,
            outcome=status,
            reason=skip,
            items=0 if skip or numbers.read is None else numbers.read.with_text,
            clusters=clustered.clusters,
            noise=clustered.noise,
            labelled={
                LabelSource.MODEL: numbers.labelled_by_model,
                LabelSource.PREVIOUS: numbers.carried,
                LabelSource.KEYWORDS: by_keywords,
            },
        )

    def _problem(self, what: str, error: ActivityError) -> None:
        if is_cancelled_exception(error):
            raise error
        told = f"{what}: {failure_message(error)} ({failure_code(error)})"
        self._number(problems=(*self._progress.numbers.problems, told))

    def _number(self, **numbers: Any) -> None:
        self._show(numbers=self._progress.numbers.model_copy(update=numbers))

    def _show(self, **changes: Any) -> None:
        self._progress = replace(self._progress, **changes)
        workflow.set_current_details(clustering_details(self._progress))
