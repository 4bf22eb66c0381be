"""`evaluation-report`: decides when a report is made, and is the only one to decide it for that report.

Id: `evaluation-report-{report}`, from the creation of the report until it or its evaluation is deleted.
Messages: update `configure` (something was decided anew: look it up), update `generate` (make a report now;
answered with what became of it), signal `results_observed` (so many results were stored; a hint, never the
count), signal `report_written` (of a run: what is left of it is to deliver), query `state`.
Timers: until the report is due; for a report that goes by results, until the end of what keeps it from a run
(cooldown, daily cap, rest after a failure), and an hour from each count to the next, because hints can be
lost. A paused report has none.
Failure: whatever asks for a run passes `schedules.admission`, with no await between its answer and the
record of it. A run is in the registry before it starts: a workflow that begins asks there what earlier ones
have admitted, waits for what of it goes on, and starts what of it never was. The run is a child that outlives
this workflow; one that fails gives its place in the day back, and its period stays open for the next. One
that is written keeps nobody waiting while it is delivered. An occurrence that passed while nobody worked is
in the registry still: one run covers what was missed; one that passed while the evaluation was switched off
is passed over. While a store is away, it is waited for, and `generate` still works.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from assay.contracts.report_runs import ReportTrigger
from assay.contracts.report_workflows import (
    EvaluationReportInput,
    GenerateOutcome,
    GenerateStatus,
    ReportPlan,
    ReportState,
    ReportWritten,
    ResultsObserved,
)
from assay.domain.report_details import state_details, wake_summary
from assay.domain.run_details import failure_details
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.search_attributes import EVALUATION
from schedules.admission import Admission, Decision
from schedules.result_count import ResultCount
from workflows import report_steps as steps
from workflows.report_gate import Gatekeeper, present

_MAX_EVENTS: Final = 1_000
"""History events after which the workflow continues as new, once no run is in flight."""

_TOO_MANY_EVENTS: Final = 10_000
"""And from here on all the same: a run may be parked for a day while results are reported all along."""

_REST: Final = timedelta(minutes=1)
"""After a failure that no retry mends: a person may mend it."""

_MOMENT: Final = timedelta(seconds=1)
_COUNT_AGAIN: Final = timedelta(minutes=5)
"""After a count that failed."""

_SWITCHED_OFF: Final = "the evaluation was switched off when it was due"


@workflow.defn(name="evaluation-report")
class EvaluationReport:
    """Plan, wait, ask for admission, attend the run, plan again."""

    @workflow.init
    def __init__(self, given: EvaluationReportInput) -> None:
        self._report = given.report
        self._keeper = Gatekeeper(given, settled=self._settled, changed=self._show)
        self._results = ResultCount(
            pending=given.pending,
            counted=given.counted,
            counted_until=given.counted_until,
            held_until=given.held_until,
        )
        self._owed = given.owed
        self._plan: ReportPlan | None = None
        self._stale = True
        self._is_recalled = given.is_continued

    @workflow.run
    async def run(self, given: EvaluationReportInput) -> None:
        """See that the report is made when it is due, until it is gone."""
        steps.keeps_records()
        steps.hears_early()
        if self._is_recalled:
            self._keeper.runs.take_up(self._keeper.running, given.running)
        while not await self._has_ended():
            if not self._is_recalled:
                await self._recall()
            elif self._stale or self._plan is None:
                await self._make_plan()
            elif self._is_long():
                await self._continue_as_new()
            elif not await self._act(self._plan):
                await self._wait(self._plan)

    @workflow.update(description="Something about the report was decided anew.")
    def configure(self) -> None:
        """Look up what was decided; a refusal that rests on what was decided before is void."""
        self._stale = True
        self._results = self._results.held(None)

    @workflow.update(description="Make a report now, whatever its rule says.")
    async def generate(self) -> GenerateOutcome:
        """Make a report now; if one is being made, that is the answer."""
        await workflow.wait_condition(lambda: self._plan is not None)
        plan = present(self._plan)
        if plan.is_gone:
            reason = "the report or its evaluation was deleted"
            return GenerateOutcome(status=GenerateStatus.REFUSED, reason=reason)
        decision = self._admit(plan, ReportTrigger.MANUAL, since=None, until=workflow.now())
        return GenerateOutcome(status=GenerateStatus(decision.admission), run_id=decision.run_id)

    @workflow.signal(description="Results of the evaluation were stored.")
    def results_observed(self, observed: ResultsObserved) -> None:
        """Add to what was heard of since the last count, unless that has seen it."""
        self._results = self._results.heard(observed)
        self._show()

    @workflow.signal(description="A report is stored; what is left of its run is to deliver it.")
    def report_written(self, written: ReportWritten) -> None:
        """Let the next run begin; it may be the word of a run that is still to be taken up."""
        self._keeper.runs.heard(written)

    @workflow.query(description="How the report stands.")
    def state(self) -> ReportState:
        """How the report stands."""
        return ReportState(
            plan=self._plan,
            gate=self._keeper.gate,
            next_wake=None if self._plan is None else self._next_wake(self._plan),
            pending=self._results.pending,
            counted=self._results.counted,
            recent=self._keeper.runs.recent,
            refused=self._keeper.refused,
        )

    async def _recall(self) -> None:
        """Take up what earlier workflows of the report have left; and its mark, if nobody has moved it."""
        try:
            recalled = await steps.recall(self._report)
            if recalled.reported_until is not None:
                await steps.mark(self._report, recalled.reported_until)
        except ActivityError as error:
            await self._rest(error)
            return
        self._is_recalled = True
        self._keeper.remember(recalled)

    async def _make_plan(self) -> None:
        """Look up what was decided."""
        self._stale = False
        try:
            plan = await steps.look_up(self._report)
        except ActivityError as error:
            await self._rest(error)
            return
        before, self._plan = self._plan, plan
        if before is not None and _since(before) != _since(plan):
            self._results = ResultCount()  # that was of results that are reported now
        if not plan.is_live or plan.threshold is not None:
            self._owed = None
        if plan.evaluation_id is not None and (before is None or before.evaluation_id != plan.evaluation_id):
            workflow.upsert_search_attributes([EVALUATION.value_set(str(plan.evaluation_id))])
        self._show()

    async def _act(self, plan: ReportPlan) -> bool:
        """Do what is due; False if nothing is."""
        if not plan.is_live or self._keeper.running is not None:
            return False
        if self._owed is not None:
            self._admit(plan, ReportTrigger.SCHEDULED, since=plan.reported_until, until=self._owed)
            self._owed = None
        elif plan.due is not None and plan.due <= workflow.now():
            await self._claim(plan.due, plan.live_since)
        elif self._is_to_count(plan):
            await self._count(plan, present(_since(plan)))
        else:
            return False
        return True

    async def _claim(self, due: datetime, live_since: datetime | None) -> None:
        """Claim an occurrence, and only then have it lead to a run: it cannot lead to a second one."""
        try:
            claimed = await steps.claim(self._report, due, live_since)
        except ActivityError as error:
            await self._rest(error)
            return
        if claimed.is_passed_over:
            self._keeper.refuse(ReportTrigger.SCHEDULED, _SWITCHED_OFF)
        elif claimed.until is None:
            await workflow.sleep(_MOMENT, summary="Let a change of the report come to its end")
        # Meanwhile somebody may have asked for a report; then this one waits its turn.
        self._owed, self._stale = claimed.until, True

    async def _count(self, plan: ReportPlan, since: datetime) -> None:
        """Count, and ask for admission if there are enough results."""
        until, self._results = workflow.now(), self._results.counting()
        try:
            counted = await steps.count(self._report, present(plan.evaluation_id), since, until)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("results not counted: %s", failure_message(error))
            self._results = self._results.held(workflow.now() + _COUNT_AGAIN)
            return
        self._results = self._results.found(counted, until)
        if not self._stale and counted >= present(plan.threshold):
            self._admit(plan, ReportTrigger.THRESHOLD, since=since, until=workflow.now())

    async def _wait(self, plan: ReportPlan) -> None:
        """Wait until there is something to do."""
        wake = self._next_wake(plan)
        self._show()
        try:
            await workflow.wait_condition(
                lambda: self._stale or self._is_long() or self._is_to_count(plan),
                timeout=None if wake is None else max(wake - workflow.now(), timedelta()),
                timeout_summary=wake_summary(plan, self._results.held_until),
            )
        except TimeoutError:
            # A change that nobody told of still decides on what is due now.
            self._stale = True

    async def _rest(self, error: ActivityError) -> None:
        """Wait after a failure that no retry mends, which would end the workflow."""
        if is_cancelled_exception(error):
            raise error
        workflow.set_current_details(failure_details(failure_code(error), failure_message(error)))
        await workflow.sleep(_REST, summary="Rest after a failure")
        self._stale = True

    def _admit(
        self, plan: ReportPlan, trigger: ReportTrigger, *, since: datetime | None, until: datetime
    ) -> Decision:
        """Ask for a run; results are not counted while they could not lead to one."""
        decision = self._keeper.admit(plan, trigger, since=since, until=until)
        if decision.admission is Admission.REFUSED:
            self._results = self._results.held(self._keeper.opens_at(plan))
        self._show()
        return decision

    def _settled(self) -> None:
        """The run in flight is written, or has failed."""
        self._stale = True
        self._show()

    async def _has_ended(self) -> bool:
        """Whether the report is gone and nobody waits for anything."""
        if self._stale or self._plan is None or not self._plan.is_gone or self._keeper.running is not None:
            return False
        await workflow.wait_condition(workflow.all_handlers_finished)
        return not self._stale  # it may have been restored meanwhile

    async def _continue_as_new(self) -> None:
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not self._is_long():  # somebody has asked for a run meanwhile
            return
        workflow.continue_as_new(
            EvaluationReportInput(
                report=self._report,
                is_continued=True,
                gate=self._keeper.gate,
                running=self._keeper.runs.in_flight,
                pending=self._results.pending,
                counted=self._results.counted,
                counted_until=self._results.counted_until,
                held_until=self._results.held_until,
                owed=self._owed,
                recent=self._keeper.runs.recent,
                refused=self._keeper.refused,
                told=self._keeper.runs.told,
            )
        )

    def _is_long(self) -> bool:
        info = workflow.info()
        events = info.get_current_history_length()
        if self._keeper.running is not None:
            return events >= _TOO_MANY_EVENTS
        return events >= _MAX_EVENTS or info.is_continue_as_new_suggested()

    def _is_to_count(self, plan: ReportPlan) -> bool:
        if plan.threshold is None or not plan.is_live or self._keeper.running is not None:
            return False
        return self._results.is_to_count(plan.threshold, workflow.now())

    def _next_wake(self, plan: ReportPlan) -> datetime | None:
        """When there is something to do, if nothing happens meanwhile."""
        if not plan.is_live or self._keeper.running is not None:
            return None
        return plan.due if plan.threshold is None else self._results.next_look()

    def _show(self) -> None:
        workflow.set_current_details(state_details(self.state(), workflow.now()))


def _since(plan: ReportPlan) -> datetime | None:
    """From where on results are in no report yet."""
    return plan.reported_until or plan.anchor
