"""Report runs that end as a test says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from assay.contracts.report_run_workflows import ReportRunInput, RunFinished
from assay.contracts.report_runs import DeliveryStatus, GenerationStatus
from assay.contracts.report_workflows import ReportWritten


@dataclass(frozen=True)
class End:
    """How a run ends: after a while, or once a test says so; with numbers or without.

    Attributes:
        delivers: whether it says that its report is stored before it begins to wait.
        stores: whether its report is stored before it fails, and nobody hears of it.
    """

    after: timedelta = timedelta(seconds=20)
    counts: bool = True
    fails: bool = False
    waits: bool = False
    delivers: bool = False
    stores: bool = False


@workflow.defn(name="evaluation-report-run", sandboxed=False)
class ScriptedRun:
    """Ends as it is told to."""

    def __init__(self) -> None:
        self._released = False

    @workflow.run
    async def run(self, given: ReportRunInput) -> RunFinished:
        seconds, counts, fails, waits, delivers, stores = await workflow.execute_activity(
            "next-run-end", given, result_type=list, start_to_close_timeout=timedelta(seconds=10)
        )
        if delivers:
            await self._tell(given, counts)
        if waits:
            await workflow.wait_condition(lambda: self._released)
        else:
            await workflow.sleep(seconds)
        if stores:
            await self._written(given, counts)
        if fails:
            raise ApplicationError("nobody writes today", non_retryable=True)
        if not delivers:
            await self._written(given, counts)
        return RunFinished(
            generation=GenerationStatus.COMPLETED if counts else GenerationStatus.METRICS_UNAVAILABLE,
            delivery=DeliveryStatus.DELIVERED,
            period_end=given.until,
            counts=counts,
            words="12 results, 91.67 % passed" if counts else "no numbers",
        )

    async def _written(self, given: ReportRunInput, counts: bool) -> None:
        await workflow.execute_activity(
            "write-report", args=[given, counts], start_to_close_timeout=timedelta(seconds=10)
        )

    async def _tell(self, given: ReportRunInput, counts: bool) -> None:
        await self._written(given, counts)
        parent = workflow.info().parent
        assert parent is not None
        written = ReportWritten(
            run_id=given.run_id, period_end=given.until, counts=counts, words="written; being delivered"
        )
        report = workflow.get_external_workflow_handle(parent.workflow_id)
        for _ in range(2):
            await report.signal("report_written", written)

    @workflow.signal
    def release(self) -> None:
        self._released = True
