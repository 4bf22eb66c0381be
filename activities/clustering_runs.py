"""The activities of `clustering-run` around its work: record it, draw and read its items, record its end.

Each can be done again: the row of a run, the sample and what is read of it depend on the run and the events
alone, and replace what an earlier attempt has left. Reading goes on where the attempt before it ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from temporalio import activity

from assay.contracts.clustering import ClusteringJob
from assay.contracts.clustering_runs import (
    ClusteringRun,
    ClusteringRunCounts,
    ClusteringRunQuery,
    ClusteringTrigger,
    ItemsDrawn,
)
from assay.contracts.clustering_workflows import (
    CloseClusteringRun,
    ClusteringNumbers,
    ClusteringPlan,
    ClusteringRunInput,
    ClusteringStep,
    ItemsRead,
    ItemsSampled,
    OpenClusteringRun,
)
from assay.domain.clustering_parameters import run_parameters
from assay.domain.clustering_rows import opened_run
from assay.domain.filters.parsing import parse_filters
from assay.errors import RunAhead
from assay.ports import ClusteringArtefacts, ClusteringSources, Registry
from assay.temporal.heartbeat import heartbeating
from assay.temporal.metrics import CLUSTERING_ITEMS, CLUSTERING_RUNS

_PAGE: Final = 200
"""Items that are read before the next sign of how far reading is: a large trace takes seconds."""


class ClusteringRunActivities:
    """Begins and ends runs, and finds what they are about."""

    def __init__(
        self, *, registry: Registry, sources: ClusteringSources, artefacts: ClusteringArtefacts
    ) -> None:
        self._registry = registry
        self._runs = registry.clustering_runs
        self._sources = sources
        self._artefacts = artefacts

    @activity.defn(name="open-clustering-run")
    async def open(self, given: OpenClusteringRun) -> ClusteringPlan:
        """Record a run that begins, and say what it is about; or which other run of its job it waits for.

        Raises:
            RunAhead: it still waits for the run that it is known to wait for.
            StoreUnavailable: the registry did not answer.
        """
        async with heartbeating():
            asked = given.given
            job = await self._job(asked)
            run = opened_run(
                asked,
                job,
                workflow_id=given.workflow_id,
                at=given.at,
                now=datetime.now(UTC),
                before=await self._newest(asked) if job is None else None,
            )
            at_work = await self._runs.open(run)
            if at_work.run_id == given.waits_for:
                raise RunAhead(f"It waits for run {at_work.run_id} of the same job.")
            is_its_turn = at_work.id == run.id
            run = at_work if is_its_turn else run
            return ClusteringPlan(
                waits_for="" if is_its_turn else at_work.run_id,
                skip=await self._skip(asked, job),
                id=run.id,
                run_id=run.run_id,
                level=run.level,
                job_name=run.job_name,
                since=run.window_start,
                until=run.window_end,
                previous=run.previous,
                next_cluster_id=await self._runs.first_cluster_id(run),
            )

    @activity.defn(name="sample-clustering-items")
    async def sample(self, step: ClusteringStep) -> ItemsSampled:
        """Draw the sample.

        Raises:
            UnsupportedFilter: a filter of the job cannot be evaluated.
            StoreUnavailable: a store did not answer.
        """
        async with heartbeating():
            job = await self._job(step.given)
            if step.given.job_id is not None and job is None:
                return ItemsSampled(skip="job_gone", found=0, drawn=0)
            filters = await self._filters(step.given, job)
            return await asyncio.to_thread(self._sampled, step, filters)

    @activity.defn(name="read-clustering-items")
    async def read(self, step: ClusteringStep) -> ItemsRead:
        """Read what the items say.

        Raises:
            StoreUnavailable: the event store did not answer.
        """
        after, read = _resumed()
        while True:
            async with heartbeating(after, read.model_dump()):
                bad = await self._registry.evaluations.true_is_failure(step.given.project_id)
                page = await asyncio.to_thread(self._read_page, step, after, bad)
                if page is None:
                    return read
                after, found = page
                read = ItemsRead(
                    with_text=read.with_text + found.with_text,
                    summarised=read.summarised + found.summarised,
                    said=read.said + found.said,
                )

    @activity.defn(name="close-clustering-run")
    async def close(self, given: CloseClusteringRun) -> None:
        """Record how a run ended; one that has ended already is left as it is.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        async with heartbeating():
            run = await self._runs.get(given.given.project_id, given.id)
            if run is None or run.status.has_ended:
                return
            ended = _ended(run, given, datetime.now(UTC))
            if await self._runs.close(ended):
                CLUSTERING_RUNS.labels(level=run.level, outcome=given.outcome).inc()
                CLUSTERING_ITEMS.labels(level=run.level).inc(ended.counts.items)

    async def _job(self, given: ClusteringRunInput) -> ClusteringJob | None:
        if given.job_id is None:
            return None
        return await self._registry.clustering_jobs.get(given.project_id, given.job_id)

    async def _newest(self, given: ClusteringRunInput) -> ClusteringRun | None:
        """The newest run of the job; runs of none tell nothing of each other."""
        if given.job_id is None:
            return None
        _, runs = await self._runs.list(given.project_id, ClusteringRunQuery(job_id=given.job_id, limit=1))
        return next(iter(runs), None)

    async def _skip(self, given: ClusteringRunInput, job: ClusteringJob | None) -> str:
        """Why there is nothing to do. What somebody asks for is done for a job that is off, too."""
        if given.job_id is None:
            has_jobs = bool(await self._registry.clustering_jobs.list(given.project_id))
            return "has_jobs" if has_jobs else ""
        if job is None:
            return "job_gone"
        is_off = not job.enabled and given.trigger is ClusteringTrigger.SCHEDULED
        return "job_off" if is_off else ""

    async def _filters(self, given: ClusteringRunInput, job: ClusteringJob | None) -> Any:
        if job is None:
            config = await self._registry.clustering_config.get(given.project_id)
            return list(config.event_filters)
        return list(job.event_filters) if isinstance(job.event_filters, tuple) else job.event_filters

    def _sampled(self, step: ClusteringStep, filters: Any) -> ItemsSampled:
        given, plan = step.given, step.plan
        drawn = ItemsDrawn(since=plan.since, until=plan.until, lot=_lot(given), limit=given.max_items)
        found, items = self._sources.draw(given.project_id, plan.level, parse_filters(filters), drawn)
        self._artefacts.put_draw(*step.place, items)
        return ItemsSampled(found=found, drawn=len(items))

    def _read_page(
        self, step: ClusteringStep, after: str, bad: Collection[UUID]
    ) -> tuple[str, ItemsRead] | None:
        """The id of the last item of the next page, and what is in the page; None: there is none.

        Args:
            bad: evaluations whose verdict `true` is the bad one.
        """
        drawn = self._artefacts.items(*step.place, after=after, limit=_PAGE)
        if not drawn:
            return None
        level = step.plan.level
        items = list(self._sources.read(step.given.project_id, level, drawn, true_is_failure=bad))
        self._artefacts.put_items(*step.place, items)
        read = ItemsRead(
            with_text=sum(bool(item.text) for item in items),
            summarised=sum(bool(item.title) for item in items),
            said=sum(bool(item.said) for item in items),
        )
        return drawn[-1].id, read


def _lot(given: ClusteringRunInput) -> str:
    """Another job draws another sample; the same job draws the same items in every run."""
    return f"project-{given.project_id}" if given.job_id is None else str(given.job_id)


def _resumed() -> tuple[str, ItemsRead]:
    """Where the attempt before this one has come to."""
    details = activity.info().heartbeat_details
    if not details:
        return "", ItemsRead(with_text=0)
    after, read = details
    return after, ItemsRead.model_validate(read)


def _ended(run: ClusteringRun, given: CloseClusteringRun, now: datetime) -> ClusteringRun:
    numbers = given.numbers
    clustered = numbers.clustered
    reached = run.next_cluster_id if clustered is None else clustered.next_cluster_id
    return run.model_copy(
        update={
            "status": given.outcome,
            "reason": given.reason,
            "counts": _counts(numbers),
            "next_cluster_id": max(run.next_cluster_id, reached),
            "parameters": run_parameters(given.given, numbers),
            "cost_usd": numbers.cost_usd,
            "finished_at": now,
        }
    )


def _counts(numbers: ClusteringNumbers) -> ClusteringRunCounts:
    sampled, read, clustered = numbers.sampled, numbers.read, numbers.clustered
    drawn = 0 if sampled is None else sampled.drawn
    with_text = 0 if read is None else read.with_text
    return ClusteringRunCounts(
        found=0 if sampled is None else sampled.found,
        items=0 if clustered is None else with_text,
        without_text=0 if read is None else drawn - with_text,
        clusters=0 if clustered is None else clustered.clusters,
        noise=0 if clustered is None else clustered.noise,
        died=() if clustered is None else clustered.died,
    )
