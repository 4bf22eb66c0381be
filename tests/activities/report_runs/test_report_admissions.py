"""Rows of runs before they begin, and of those that come to nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from assay.contracts.evaluation_reports import EvaluationReport
from assay.contracts.evaluations import Evaluation
from assay.contracts.report_refs import RunRef
from assay.contracts.report_run_workflows import FinishReport, ReportRunInput
from assay.contracts.report_runs import GenerationStatus, ReportRunQuery, TranscriptEntry
from assay.contracts.report_workflows import FailedRun, RecordedAdmission
from assay.errors import StoreRejected
from tests.activities.report_run_world import ReportWorld
from tests.activities.world import PROJECT


@pytest.fixture
async def report(reports: ReportWorld, evaluation: Evaluation) -> EvaluationReport:
    return await reports.report(evaluation)


async def record(reports: ReportWorld, run: ReportRunInput, report: EvaluationReport) -> None:
    admission = RecordedAdmission(run=run, evaluation_id=report.evaluation_id)
    await ActivityEnvironment().run(reports.admissions.record, admission)


async def give_up(reports: ReportWorld, run: ReportRunInput) -> FailedRun:
    ref = RunRef(project_id=PROJECT, run_id=run.run_id)
    return await ActivityEnvironment().run(reports.admissions.record_failure, ref)


async def finish(reports: ReportWorld, run: ReportRunInput) -> GenerationStatus:
    given = FinishReport(run=run, fallback_reason="nobody was there")
    return await ActivityEnvironment().run(reports.runs.finish, given)


async def status(reports: ReportWorld, run: ReportRunInput) -> GenerationStatus | None:
    content = (await reports.stored(run)).content
    return None if content is None else content.generation_status


async def test_a_run_is_prepared_in_the_row_that_was_recorded(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, True, False)
    run = reports.run_of(report)
    for _ in range(2):
        await record(reports, run, report)
    recorded = await reports.stored(run)
    assert (recorded.period_start, recorded.period_end) == (run.since, run.until)
    assert (recorded.created_at, recorded.content) == (run.admitted_at, None)
    found = await ActivityEnvironment().run(reports.runs.prepare, run)
    assert (found.total_runs, found.period_start) == (2, run.since)
    await record(reports, run, report)
    assert await status(reports, run) is GenerationStatus.PENDING


async def test_a_period_that_nobody_named_is_worked_out_when_the_run_is_prepared(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    """The event store is not asked before: while it is away, runs are admitted and recorded all the same."""
    run = reports.run_of(report, since=None)
    reports.data.failures = 1
    await record(reports, run, report)
    assert reports.data.failures == 1
    reports.data.failures = 0
    assert (await reports.stored(run)).period_start == run.until
    reports.results(evaluation, True)
    first = await ActivityEnvironment().run(reports.runs.prepare, run)
    assert first.period_start == run.until - timedelta(hours=24)
    reports.results(evaluation, *[True] * 100)
    again = await ActivityEnvironment().run(reports.runs.prepare, run)
    assert (again, (await reports.stored(run)).period_start) == (first, first.period_start)


async def test_what_is_still_alive_of_a_run_that_was_given_up_writes_nothing(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, True)
    run = reports.run_of(report)
    await record(reports, run, report)
    await ActivityEnvironment().run(reports.runs.prepare, run)
    paid = TranscriptEntry(number=2, message={"role": "assistant"}, cost_usd=0.25)
    await reports.registry.report_runs.add_message(PROJECT, run.run_id, paid)

    assert await give_up(reports, run) == FailedRun()

    stored = await reports.stored(run)
    assert stored.content is not None
    assert stored.content.generation_status is GenerationStatus.FAILED
    assert stored.content.metrics is not None
    assert stored.cost_usd == 0.25
    with pytest.raises(StoreRejected):
        await finish(reports, run)
    assert await give_up(reports, run) == FailedRun()
    assert (await reports.stored(run), reports.event(run)) == (stored, None)
    _, listed = await reports.registry.report_runs.list(PROJECT, report.id, ReportRunQuery())
    assert listed == []


async def test_a_report_that_is_stored_does_not_fail(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, True)
    run = reports.run_of(report)
    await ActivityEnvironment().run(reports.runs.prepare, run)
    assert await finish(reports, run) is GenerationStatus.COMPLETED
    assert await give_up(reports, run) == FailedRun(reported_until=run.until)
    assert await status(reports, run) is GenerationStatus.COMPLETED


async def test_a_run_that_nobody_recorded_leaves_no_row(
    reports: ReportWorld, report: EvaluationReport
) -> None:
    run = reports.run_of(report)
    assert await give_up(reports, run) == FailedRun()
    assert await reports.registry.report_runs.get(PROJECT, run.run_id) is None
