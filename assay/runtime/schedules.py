"""Make Temporal have the Schedules that the engine needs, at the start of whoever works on them."""

from __future__ import annotations

from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from assay.errors import SetupError
from assay.ports import Registry
from assay.runtime.settings import Settings
from schedules.job_schedules import JobSchedules
from schedules.native import Change, ensure, native_schedules

log = structlog.get_logger(__name__)


async def ensure_schedules(client: Client, settings: Settings) -> None:
    """Create what is missing and bring up to date what has changed; a paused Schedule stays paused.

    Where this caller may not (a Temporal service with permissions), nothing happens: somebody who may has
    to start a worker once.

    Raises:
        SetupError: Temporal refuses for another reason.
    """
    wanted = native_schedules(
        reconcile_every=timedelta(minutes=settings.reconcile_minutes),
        reconcile_reports_cron=settings.report_reconcile_cron,
    )
    try:
        changes = await ensure(client, wanted)
    except RPCError as error:
        if error.status is not RPCStatusCode.PERMISSION_DENIED:
            raise SetupError(f"Temporal does not take Schedules: {error.message}.") from error
        names = ", ".join(schedule.id for schedule in wanted)
        log.warning("schedules not checked", names=names, reason=error.message)
        return
    changed = {
        schedule: change.value for schedule, change in changes.items() if change is not Change.UNCHANGED
    }
    if changed:
        log.info("schedules changed", **changed)


async def ensure_job_schedules(client: Client, settings: Settings, registry: Registry) -> None:
    """See to the Schedules of clustering jobs, as `reconcile` does from now on.

    Where this caller may not, nothing happens.

    Raises:
        SetupError: Temporal refuses for another reason.
    """
    try:
        kept = await JobSchedules(client, registry, crons=settings.job_crons).keep_all()
    except RPCError as error:
        if error.status is not RPCStatusCode.PERMISSION_DENIED:
            raise SetupError(f"Temporal does not take Schedules: {error.message}.") from error
        log.warning("schedules of clustering jobs not checked", reason=error.message)
        return
    if kept.changed or kept.deleted:
        log.info("schedules of clustering jobs changed", **kept.model_dump())
