"""Clustering jobs as Temporal knows them: their Schedules follow what is decided about them."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import UUID

import structlog

from api_shim.operations import Call
from schedules.job_schedules import JobSchedules

log = structlog.get_logger(__name__)

_PATIENCE_SECONDS: Final = 2.0
"""How long a change, which is stored already, waits until Temporal knows of it."""


async def jobs_decided(call: Call[Any, Any], *gone: UUID) -> None:
    """A job was made, changed or deleted: see to the Schedules of its project.

    Never fails: what is missed here, the Schedule `reconcile` makes good.

    Args:
        gone: jobs that were deleted.
    """
    deps, project_id = call.deps, call.project.id
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            schedules = JobSchedules(deps.temporal, deps.registry, crons=deps.job_crons)
            await schedules.keep_project(project_id, gone=gone)
    except Exception as error:  # whatever it is, the change is stored and its caller must hear that
        reason = str(error) or type(error).__name__
        log.warning("schedules of clustering jobs not changed", project_id=project_id, reason=reason)
