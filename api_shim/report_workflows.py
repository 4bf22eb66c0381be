"""Reports as Temporal knows them: telling what was decided anew, and asking for a run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from temporalio.exceptions import TemporalError

from api_shim.operations import Call
from assay.contracts.evaluation_reports import EvaluationReport, EvaluationReportQuery
from assay.contracts.evaluations import Evaluation
from assay.contracts.report_workflows import GenerateStatus
from assay.errors import FieldError, ServiceUnavailable
from assay.temporal import reports

log = structlog.get_logger(__name__)

_PATIENCE_SECONDS: Final = 2.0
"""How long a change, which is stored already, waits until the workflows know of it."""

_ANSWER_SECONDS: Final = 5.0
"""How long a request for a run waits for Temporal, or for a worker that answers."""

_AT_ONCE: Final = 20
_REPORTS_GO_BY: Final = ("name", "enabled", "deleted", "output_type")
"""What the workflows of its reports know of an evaluation."""


async def ask_for_run(call: Call[Any, Any], report_id: UUID) -> None:
    """Have a report made now; one that is being made already is the answer too.

    Raises:
        FieldError: its workflow refuses.
        ServiceUnavailable: Temporal, or every worker, is away.
    """
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            outcome = await reports.generate_report(call.deps.temporal, call.project.id, report_id)
    except (TemporalError, TimeoutError) as error:
        raise ServiceUnavailable("No worker took the request; send it again.") from error
    if outcome.status is GenerateStatus.REFUSED:
        raise FieldError(outcome.reason or "No report can be made now.", attr=None)


async def report_decided(call: Call[Any, Any], report: EvaluationReport) -> None:
    """A report was stored: let its workflow know, which begins with the first time.

    Never fails: what is not told here, the schedule `reconcile-reports` finds.
    """
    await _tried(_tell_of(call, report), report_id=str(report.id))


async def evaluation_decided(call: Call[Any, Any], before: Evaluation, after: Evaluation) -> None:
    """An evaluation was changed: let the workflows of its reports know if it matters to them.

    Never fails, as `report_decided`.
    """
    if any(getattr(before, field) != getattr(after, field) for field in _REPORTS_GO_BY):
        await _tried(_tell_all_on(call, after), evaluation_id=str(after.id))


async def _tried(telling: Awaitable[None], **about: str) -> None:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await telling
    except Exception as error:  # whatever it is, the change is stored and its caller must hear that
        log.warning("report workflows not told", reason=str(error) or type(error).__name__, **about)


async def _tell_of(call: Call[Any, Any], report: EvaluationReport) -> None:
    evaluation = await call.deps.registry.evaluations.get(
        call.project.id, report.evaluation_id, include_deleted=True
    )
    await _tell(call, [report.id], evaluation_name="" if evaluation is None else evaluation.name)


async def _tell_all_on(call: Call[Any, Any], evaluation: Evaluation) -> None:
    offset = 0
    while True:
        query = EvaluationReportQuery(
            evaluation_id=evaluation.id, order_by=("created_at",), limit=_AT_ONCE, offset=offset
        )
        count, found = await call.deps.registry.evaluation_reports.list(call.project.id, query)
        await _tell(call, [report.id for report in found], evaluation_name=evaluation.name)
        offset += len(found)
        if not found or offset >= count:
            return


async def _tell(call: Call[Any, Any], report_ids: Sequence[UUID], *, evaluation_name: str) -> None:
    """Tell them all, even if some cannot be told.

    Raises:
        ExceptionGroup: what went wrong.
    """
    told = await asyncio.gather(
        *(
            reports.configure_report(
                call.deps.temporal, call.project.id, each, evaluation_name=evaluation_name
            )
            for each in report_ids
        ),
        return_exceptions=True,
    )
    failures = [outcome for outcome in told if isinstance(outcome, Exception)]
    if failures:
        raise ExceptionGroup("Some workflows were not told.", failures)
