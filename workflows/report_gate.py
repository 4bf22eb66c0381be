"""From an occurrence to a run of `evaluation-report`: admitted and begun, or refused and remembered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from temporalio import workflow

from assay.contracts.report_run_workflows import ReportRunInput
from assay.contracts.report_runs import ReportTrigger
from assay.contracts.report_workflows import (
    EvaluationReportInput,
    RecalledRuns,
    RecordedAdmission,
    Refusal,
    ReportPlan,
    RunBrief,
)
from schedules.admission import Admission, Decision, Policy, admit, finished, opens_at
from workflows.report_attendance import Attendance
from workflows.report_steps import RunEnd

_KEPT: Final = 5
"""Refusals that are remembered for people."""


class Gatekeeper:
    """Asks `schedules.admission`, and records its answer with no await in between.

    Args:
        given: of the workflow: what earlier histories remember.
        settled: called when the run in flight is written, or has failed; from then on, another may begin.
        changed: called when anything else has changed that people read.

    Attributes:
        gate: what admission remembers.
        refused: the last refusals, oldest first.
        runs: those that were begun.
    """

    def __init__(
        self, given: EvaluationReportInput, *, settled: Callable[[], None], changed: Callable[[], None]
    ) -> None:
        self.gate = given.gate
        self.refused = given.refused
        self.runs = Attendance(
            given.report, given.recent, told=given.told, settled=self._finished, changed=changed
        )
        self._report = given.report
        self._settled = settled

    @property
    def running(self) -> RunBrief | None:
        """The run in flight."""
        return self.gate.running

    def remember(self, recalled: RecalledRuns) -> None:
        """Take over what earlier workflows of the report have left, and go on with its run."""
        self.gate = recalled.gate
        self.runs.take_up(self.running, recalled.running)

    def admit(
        self, plan: ReportPlan, trigger: ReportTrigger, *, since: datetime | None, until: datetime
    ) -> Decision:
        """Ask for admission; a run that is admitted begins."""
        now = workflow.now()
        self.gate, decision = admit(
            self.gate, Policy.of(plan), trigger, now, report_id=self._report.report_id
        )
        if decision.admission is Admission.ACCEPTED:
            run = ReportRunInput(
                report=self._report,
                run_id=present(decision.run_id),
                trigger=trigger,
                since=since,
                until=until,
                admitted_at=now,
            )
            self.runs.see(
                RecordedAdmission(
                    run=run,
                    evaluation_id=present(plan.evaluation_id),
                    evaluation_name=plan.evaluation_name,
                )
            )
        elif decision.admission is Admission.REFUSED:
            self.refuse(trigger, decision.reason)
        return decision

    def refuse(self, trigger: ReportTrigger, reason: str) -> None:
        """Remember an occurrence that leads to no run."""
        refusal = Refusal(at=workflow.now(), trigger=trigger, reason=reason)
        self.refused = (*self.refused, refusal)[-_KEPT:]

    def opens_at(self, plan: ReportPlan) -> datetime | None:
        """From when on results can lead to a run; None: at any time."""
        return opens_at(self.gate, Policy.of(plan))

    def _finished(self, end: RunEnd) -> None:
        self.gate = finished(self.gate, workflow.now(), counts=end.counts)
        self._settled()


def present[Value](value: Value | None) -> Value:
    """What the state of the workflow says is there.

    Raises:
        RuntimeError: it is not, which is a defect: the workflow waits for a version without it.
    """
    if value is None:
        raise RuntimeError("The state of the report contradicts itself.")
    return value
