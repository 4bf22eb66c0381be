"""The runs that `evaluation-report` has begun: when each is written, and what became of it in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from temporalio import workflow

from assay.contracts.report_refs import ReportRef
from assay.contracts.report_workflows import RecordedAdmission, ReportWritten, RunBrief
from workflows import report_steps as steps

_KEPT: Final = 5
"""Runs that are remembered for people."""


class Attendance:
    """Attends the run in flight until its report is written; what is delivered after that is only told.

    Args:
        recent: lines of the last runs, oldest first. Whose `finished_at` is None is still being delivered.
        told: what a run has said last: it may say so before it is attended, or to the history before.
        settled: called, with no await around it, when the run in flight is written and marked, or has failed;
            from then on, another may begin.
        changed: called whenever `recent` has changed.

    Attributes:
        recent: the same from now on.
        in_flight: the run that another must wait for; what a history hands on that ends meanwhile.
        told: what a run has said last; handed on likewise.
    """

    def __init__(
        self,
        report: ReportRef,
        recent: tuple[RunBrief, ...],
        *,
        told: ReportWritten | None,
        settled: Callable[[steps.RunEnd], None],
        changed: Callable[[], None],
    ) -> None:
        self.recent = recent
        self.in_flight: RecordedAdmission | None = None
        self.told = told
        self._report = report
        self._settled = settled
        self._changed = changed
        self._attended: RunBrief | None = None
        self._written: ReportWritten | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def see(self, admission: RecordedAdmission) -> None:
        """Begin the run that has just become the one in flight, and attend it."""
        self.in_flight, brief = admission, admission.brief
        # What has spoken has been started: to try would only put commands between those of others.
        has_begun = self._is_told(brief)
        run = steps.attend_again(self._report, brief.run_id) if has_begun else steps.attend(admission)
        self._attend(brief, run)

    def take_up(self, running: RunBrief | None, admission: RecordedAdmission | None) -> None:
        """Go on with what an earlier history has begun, or was about to begin.

        Args:
            running: the run in flight.
            admission: the same; None where an earlier version has told of it.
        """
        for brief in self.recent:
            if brief.finished_at is None:
                self._begin(self._follow(brief, steps.attend_again(self._report, brief.run_id)))
        if admission is not None and steps.keeps_records():
            self.see(admission)
        elif running is not None:
            self._attend(running, steps.attend_again(self._report, running.run_id))

    def heard(self, written: ReportWritten) -> None:
        """A run says that its report is stored; told again, or of an earlier run, it means nothing."""
        self.told = written
        if self._attended is not None and self._attended.run_id == written.run_id:
            self._written = written

    def _attend(self, brief: RunBrief, run: Coroutine[Any, Any, steps.RunEnd]) -> None:
        self._attended, self._written = brief, self.told if self._is_told(brief) else None
        self._begin(self._see(brief, run))

    def _is_told(self, brief: RunBrief) -> bool:
        """Whether the run has said that its report is stored."""
        return self.told is not None and self.told.run_id == brief.run_id and steps.hears_early()

    async def _see(self, brief: RunBrief, run: Coroutine[Any, Any, steps.RunEnd]) -> None:
        ending = asyncio.create_task(run)
        await workflow.wait_condition(lambda: ending.done() or self._written is not None)
        written = self._written
        end = await ending if written is None else steps.end_of(written)
        end = await steps.recorded(self._report, brief.run_id, end)
        end = await steps.marked(self._report, brief.trigger, end)
        finished_at = workflow.now() if written is None else None
        line = brief.model_copy(update={"finished_at": finished_at, "outcome": end.outcome})
        self.recent = (*self.recent, line)[-_KEPT:]
        self.in_flight = self._attended = self._written = None
        self._settled(end)
        if written is not None:
            await self._follow(line, ending)

    async def _follow(
        self, line: RunBrief, ending: Coroutine[Any, Any, steps.RunEnd] | asyncio.Task[steps.RunEnd]
    ) -> None:
        """Complete the line of a run that is being delivered, if it is still remembered then."""
        outcome = (await ending).outcome
        done = line.model_copy(update={"finished_at": workflow.now(), "outcome": outcome})
        self.recent = tuple(done if each.run_id == done.run_id else each for each in self.recent)
        self._changed()

    def _begin(self, task: Coroutine[Any, Any, None]) -> None:
        attending = asyncio.create_task(task)
        self._tasks.add(attending)
        attending.add_done_callback(self._tasks.discard)
