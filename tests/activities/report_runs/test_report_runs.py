"""Periods, numbers, rows and events of report runs, each once however often it is repeated."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from assay.contracts.evaluation_reports import EvaluationReport, ReportFrequency
from assay.contracts.evaluations import Evaluation
from assay.contracts.report_refs import RunRef
from assay.contracts.report_run_workflows import FinishReport, PreparedRun, RecordDelivery, ReportRunInput
from assay.contracts.report_runs import (
    Delivery,
    DeliveryStatus,
    GenerationStatus,
    ReportRunQuery,
    TranscriptEntry,
)
from assay.errors import StoreUnavailable
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


def after(waited: timedelta) -> ActivityEnvironment:
    """An attempt that long after the first one."""
    environment = ActivityEnvironment()
    info = environment.info
    environment.info = replace(info, current_attempt_scheduled_time=info.scheduled_time + waited)
    return environment


@pytest.mark.parametrize("since", [timedelta(hours=1), None], ids=["numbers", "period"])
async def test_a_store_that_is_away_is_waited_for(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport, since: timedelta | None
) -> None:
    reports.results(evaluation, True)
    run = reports.run_of(report)
    run = run if since else run.model_copy(update={"since": None})
    reports.data.failures = 2
    for waited in (timedelta(), timedelta(minutes=59)):
        with pytest.raises(StoreUnavailable):
            await after(waited).run(reports.runs.prepare, run)
    found = await after(timedelta(hours=9)).run(reports.runs.prepare, run)
    assert (found.has_numbers, found.total_runs) == (True, 1)


async def test_a_store_that_stays_away_is_an_outcome(reports: ReportWorld, report: EvaluationReport) -> None:
    reports.data.failures = 2
    run = reports.run_of(report, since=None)
    found = await after(timedelta(hours=1)).run(reports.runs.prepare, run)
    assert (found.has_numbers, found.author) == (False, None)
    assert found.period_start == run.until - timedelta(hours=24)
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


async def test_what_an_author_cost_is_stored_though_no_report_came_of_it(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, True)
    run = reports.run_of(report)
    await prepare(reports, run)
    for number, cost in ((2, 0.25), (3, None), (4, 0.5)):
        entry = TranscriptEntry(number=number, message={"role": "assistant"}, cost_usd=cost)
        await reports.registry.report_runs.add_message(PROJECT, run.run_id, entry)
    await finish(reports, run, "its author could not go on")
    stored = await reports.stored(run)
    assert (stored.model, stored.cost_usd) == (None, 0.75)


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
    done = first.model_copy(update={"is_done": True, "receipt": {"id": "m"}})
    await runs.save_delivery(PROJECT, done, over=first)
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


async def test_of_hundreds_of_errors_the_first_are_kept_and_all_decide(
    reports: ReportWorld, report: EvaluationReport
) -> None:
    run = reports.run_of(report)
    await prepare(reports, run)
    errors = tuple(f"email:{number}@b.c: no mailbox" for number in range(200))
    record = RecordDelivery(project_id=PROJECT, run_id=run.run_id, attempted=200, errors=errors)
    await ActivityEnvironment().run(reports.runs.record_delivery, record)
    stored = await reports.stored(run)
    assert stored.delivery_status is DeliveryStatus.FAILED
    assert stored.delivery_errors == (*errors[:50], "… and 150 more")
