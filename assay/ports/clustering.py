"""Where it is kept what is clustered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from uuid import UUID

from assay.contracts.clustering import ClusteringConfig, ClusteringJob, ClusteringJobSpec, JobRef


class ClusteringConfigRepository(Protocol):
    """The clustering configuration of each project."""

    async def get(self, project_id: int) -> ClusteringConfig:
        """The configuration; it is made, without filters, when it is first asked for."""

    async def set_event_filters(self, project_id: int, event_filters: Sequence[Any]) -> ClusteringConfig:
        """Replace all filters."""


class ClusteringJobRepository(Protocol):
    """Clustering jobs of all projects; every call names the project, so no project sees another's."""

    async def create(self, project_id: int, spec: ClusteringJobSpec) -> ClusteringJob:
        """Store a new job and switch off the default jobs of its level.

        Raises:
            LimitReached: the project has `MAX_JOBS` jobs.
            NameTaken: another job of the project has the name.
        """

    async def require_room(self, project_id: int) -> None:
        """Find out early whether `create` would refuse any further job.

        Raises:
            LimitReached: the project has `MAX_JOBS` jobs.
        """

    async def get(self, project_id: int, job_id: UUID) -> ClusteringJob | None:
        """One job, or None."""

    async def list(self, project_id: int) -> list[ClusteringJob]:
        """All jobs of the project, oldest first."""

    async def of_all_projects(self) -> Sequence[JobRef]:
        """The jobs of all projects, for the engine itself."""

    async def update(
        self, project_id: int, job_id: UUID, change: Callable[[ClusteringJob], ClusteringJobSpec]
    ) -> ClusteringJob | None:
        """Read, change and write while no other job of the project changes; None if there is none.

        `change` may raise; then nothing is written.

        Raises:
            NameTaken: another job of the project has the name.
        """

    async def delete(self, project_id: int, job_id: UUID) -> bool:
        """Remove a job for good; whether there was one."""
