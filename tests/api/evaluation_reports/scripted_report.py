"""An `evaluation-report` workflow that remembers what it was told and answers as a test wants."""

from __future__ import annotations

import asyncio
from uuid import UUID

from temporalio import workflow
from temporalio.client import Client

from assay.contracts.report_workflows import EvaluationReportInput, GenerateOutcome, GenerateStatus
from assay.temporal.ids import evaluation_report_id

REFUSAL = "The evaluation of this report was deleted."

_OUTCOMES = (
    GenerateOutcome(status=GenerateStatus.ACCEPTED, run_id=UUID(int=1)),
    GenerateOutcome(status=GenerateStatus.COALESCED, run_id=UUID(int=1)),
    GenerateOutcome(status=GenerateStatus.REFUSED, reason=REFUSAL),
    GenerateOutcome(status=GenerateStatus.REFUSED),
)


@workflow.defn(name="evaluation-report")
class ScriptedReport:
    """Accepts a request, lets the next one coalesce with it, and refuses all others."""

    @workflow.init
    def __init__(self, given: EvaluationReportInput) -> None:
        self._project_id = given.report.project_id
        self._told: list[str] = []

    @workflow.run
    async def run(self, _: EvaluationReportInput) -> None:
        await asyncio.Event().wait()

    @workflow.update
    async def configure(self) -> None:
        self._told.append(f"configure in {self._project_id}")

    @workflow.update
    async def generate(self) -> GenerateOutcome:
        asked = self._told.count("generate")
        self._told.append("generate")
        return _OUTCOMES[min(asked, len(_OUTCOMES) - 1)]

    @workflow.query
    def told(self) -> list[str]:
        return self._told


async def told(temporal: Client, report_id: str) -> list[str]:
    """What the workflow of a report was told, oldest first."""
    handle = temporal.get_workflow_handle(evaluation_report_id(UUID(report_id)))
    return await handle.query(ScriptedReport.told)
