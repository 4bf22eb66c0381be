"""Periods, numbers, rows and events of report runs, each once however often it is repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from assay.contracts.evaluation_reports import EvaluationReport, ReportFrequency
from assay.contracts.evaluations import Evaluation
from assay.contracts.report_runs import Delivery, DeliveryStatus, GenerationStatus, ReportRunQuery
from assay.contracts.report_workflows import (
    FinishReport,
    PreparedRun,
    RecordDelivery,
    ReportRunInput,
    RunRef,
)
from tests.activities.report_run_world import ReportWorld
from tests.activities.world import PROJECT


async def prepare(reports: ReportWorld, run: ReportRunInput) -> PreparedRun:
    return await ActivityEnvironment().run(reports.runs.prepare, run)


async def finish(reports: ReportWorld, run: ReportRunInput, reason: str | None = "…") -> GenerationStatus:
    given = FinishReport(run=run, author="gpt-5-mini", fallback_reason=reason)
    return await ActivityEnvironment().run(reports.runs.finish, given)


@pytest.fixture
async def report(reports: ReportWorld, evaluation: Evaluation) -> EvaluationReport:
    return await reports.report(evaluation)


async def test_a_period_and_its_numbers_stay_as_they_were_first_found(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, True, False)
    run = reports.run_of(report)
    first = await prepare(reports, run)
    reports.results(evaluation, True)

    assert await prepare(reports, run) == first
    assert (first.total_runs, first.pass_rate) == (2, 50.0)
    assert len(await reports.transcript(run)) == 2
    stored = await reports.stored(run)
    assert (stored.created_at, stored.period_end) == (run.admitted_at, run.until)
    _, listed = await reports.registry.report_runs.list(PROJECT, report.id, ReportRunQuery())
    assert listed == []  # a run that is not written is nobody's business yet


async def test_the_period_before_is_just_as_long(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, True, True, True, False)
    now = datetime.now(UTC) + timedelta(seconds=2)
    run = reports.run_of(report, since=now, until=now + timedelta(hours=1))
    await prepare(reports, run)
    content = (await reports.stored(run)).content
    assert content is not None
    assert content.metrics is not None
    assert (content.metrics.total_runs, content.metrics.previous_total_runs) == (0, 4)
    assert content.metrics.previous_pass_rate == 75.0


async def test_who_asks_for_a_report_gets_as_many_results_as_make_it_due(
    reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation, trigger_threshold=10)
    reports.results(evaluation, *[False] * 5)
    run = reports.run_of(report, since=None)
    found = await prepare(reports, run)
    assert (found.period_start, found.total_runs) == (run.until - timedelta(hours=24), 5)

    for _ in range(2):
        reports.results(evaluation, *[True] * 5)
    again = await prepare(reports, reports.run_of(report, since=None))
    assert (again.total_runs, again.pass_rate) == (10, 100.0)


async def test_who_asks_for_a_scheduled_report_gets_one_cadence(
    reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(
        evaluation,
        frequency=ReportFrequency.SCHEDULED,
        rrule="FREQ=WEEKLY",
        starts_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        trigger_threshold=None,
    )
    run = reports.run_of(report, since=None)
    assert (await prepare(reports, run)).period_start == run.until - timedelta(days=7)


async def test_a_store_that_comes_back_is_waited_for(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, True)
    reports.data.failures = 2
    found = await prepare(reports, reports.run_of(report))
    assert (found.has_numbers, found.total_runs) == (True, 1)
    first, second = reports.pauses
    assert 4 <= first <= 8 <= second <= 16


async def test_a_store_that_is_away_is_an_outcome(reports: ReportWorld, report: EvaluationReport) -> None:
    reports.data.failures = 3
    run = reports.run_of(report)
    found = await prepare(reports, run)
    assert (found.has_numbers, found.author) == (False, None)
    assert await finish(reports, run, "there are no numbers") is GenerationStatus.METRICS_UNAVAILABLE
    event = reports.event(run)
    assert event is not None
    assert event.properties["$ai_report_generation_status"] == "metrics_unavailable"
    assert "$ai_report_total_runs" not in event.properties


async def test_a_report_is_finished_once(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, True)
    run = reports.run_of(report)
    await prepare(reports, run)
    assert await finish(reports, run, "nobody was there") is GenerationStatus.COMPLETED
    first, event = await reports.stored(run), reports.event(run)
    assert await finish(reports, run, "of another reason") is GenerationStatus.COMPLETED
    assert await reports.stored(run) == first
    again = reports.event(run)
    assert event is not None
    assert again is not None
    assert again.properties == event.properties
    assert first.content is not None
    assert first.content.fallback_reason == "No model wrote this report: nobody was there."


async def test_a_transcript_without_a_report_leads_to_the_numbers(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, True)
    run = reports.run_of(report)
    await prepare(reports, run)
    await finish(reports, run, None)
    content = (await reports.stored(run)).content
    assert content is not None
    assert "its author left no report" in (content.fallback_reason or "")


async def test_recipients_keep_what_they_have_when_they_are_listed_again(
    reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(
        evaluation, delivery_targets=({"type": "email", "value": "a@example.com,b@example.com"},)
    )
    run = reports.run_of(report)
    await prepare(reports, run)
    ref = RunRef(project_id=PROJECT, run_id=run.run_id)
    listed = await ActivityEnvironment().run(reports.runs.list_recipients, ref)
    assert listed.keys == ("email:a@example.com", "email:b@example.com")

    runs = reports.registry.report_runs
    first: Delivery = (await runs.deliveries(PROJECT, run.run_id))[0]
    await runs.save_delivery(PROJECT, first.model_copy(update={"is_done": True, "receipt": {"id": "m"}}))
    assert await ActivityEnvironment().run(reports.runs.list_recipients, ref) == listed
    kept, other = await runs.deliveries(PROJECT, run.run_id)
    assert (kept.is_done, kept.receipt, other.is_done) == (True, {"id": "m"}, False)


async def test_what_became_of_the_deliveries_is_recorded(
    reports: ReportWorld, report: EvaluationReport
) -> None:
    run = reports.run_of(report)
    await prepare(reports, run)
    record = RecordDelivery(project_id=PROJECT, run_id=run.run_id, attempted=2, errors=("No mailbox.",))
    await ActivityEnvironment().run(reports.runs.record_delivery, record)
    stored = await reports.stored(run)
    assert stored.delivery_status is DeliveryStatus.PARTIAL_FAILURE
    assert stored.delivery_errors == ("No mailbox.",)
