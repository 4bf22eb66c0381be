"""Keep the Schedules of clustering jobs as they have to be.

They are derived from the registry and never the truth about a job: whoever changes a job sees to its own
Schedules, and `reconcile` to all of them.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from typing import Final
from uuid import UUID

from temporalio.client import Client

from assay.contracts.clustering import JobRef
from assay.contracts.summarization_windows import SchedulesKept
from assay.ports import Registry
from schedules.job_kinds import PREFIXES, JobCrons, possible, wanted
from schedules.native import Change, NativeSchedule, ensure, is_as_listed, remove

_PAGE: Final = 1_000
"""Schedules per call of a list."""

_LOOKED_INTO: Final = 50
"""Schedules that seem to be in order, each time."""


class JobSchedules:
    """Keeps Temporal's Schedules as the jobs in the registry want them.

    Args:
        crons: when things are done for them.
    """

    def __init__(self, client: Client, registry: Registry, *, crons: JobCrons) -> None:
        self._client = client
        self._registry = registry
        self._crons = crons

    async def keep_all(self) -> SchedulesKept:
        """See to the Schedules of all projects; those that no job wants any more are deleted.

        One that the list shows in order is not looked into, which takes a call each: only a few of them by
        turns, as a list does not tell everything that another version may want otherwise.

        Raises:
            StoreUnavailable: the registry did not answer.
            RPCError: Temporal does not answer, or does not let this caller.
        """
        # Before the registry is read: the Schedule of a job that is made meanwhile is no leftover.
        there = {
            listed.id: listed
            async for listed in await self._client.list_schedules(page_size=_PAGE)
            if listed.id.startswith(PREFIXES)
        }
        jobs: dict[int, list[JobRef]] = {
            project_id: [] for project_id in await self._registry.access.project_ids()
        }
        for job in await self._registry.clustering_jobs.of_all_projects():
            jobs.setdefault(job.project_id, []).append(job)
        schedules = [
            schedule
            for project_id, mine in jobs.items()
            for schedule in wanted(project_id, mine, crons=self._crons)
        ]
        settled = [
            schedule.id
            for schedule in schedules
            if schedule.id in there and is_as_listed(schedule, there[schedule.id])
        ]
        looked_into = random.sample(settled, min(len(settled), _LOOKED_INTO))
        return await self._keep(schedules, there, set(settled).difference(looked_into))

    async def keep_project(self, project_id: int, *, gone: Collection[UUID] = ()) -> SchedulesKept:
        """See to the Schedules of one project.

        Args:
            gone: jobs that were deleted.

        Raises:
            StoreUnavailable, RPCError: see `keep_all`.
        """
        jobs = [JobRef.of(job) for job in await self._registry.clustering_jobs.list(project_id)]
        known = [None, *(job.id for job in jobs), *gone]
        there = [schedule_id for job_id in known for schedule_id in possible(project_id, job_id)]
        return await self._keep(wanted(project_id, jobs, crons=self._crons), there)

    async def _keep(
        self, schedules: Sequence[NativeSchedule], there: Iterable[str], settled: Collection[str] = ()
    ) -> SchedulesKept:
        kept = {schedule.id for schedule in schedules}
        changes = await ensure(self._client, (each for each in schedules if each.id not in settled))
        deleted = await remove(self._client, (each for each in there if each not in kept))
        return SchedulesKept(
            schedules=len(kept),
            changed=sum(change is not Change.UNCHANGED for change in changes.values()),
            deleted=len(deleted),
        )
