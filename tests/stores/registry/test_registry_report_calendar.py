"""What the engine writes into reports, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta, timezone
from uuid import UUID, uuid4

from assay.contracts.evaluation_reports import EvaluationReport, EvaluationReportSpec
from assay.contracts.report_runs import GenerationStatus, ReportContent, ReportTrigger
from assay.ports import Registry
from tests.stores.registry.report_runs import DAY, NOW, content, daily, new_report, run_of

PROJECT = 1


async def seen(registry: Registry, report: EvaluationReport) -> EvaluationReport:
    found = await registry.evaluation_reports.get(report.project_id, report.id, include_deleted=True)
    assert found is not None
    return found


async def test_an_occurrence_is_claimed_once(registry: Registry, second: Registry) -> None:
    report = await new_report(registry, **daily())
    claims = await asyncio.gather(
        *(
            each.report_calendar.claim_due(PROJECT, report.id, due=NOW, following=NOW + DAY * number)
            for number, each in enumerate([registry, second] * 5, start=1)
        )
    )
    assert claims.count(True) == 1
    following = NOW + DAY * (claims.index(True) + 1)
    assert await seen(registry, report) == report.model_copy(update={"next_delivery_date": following})


async def test_a_claim_needs_the_stored_moment_to_the_microsecond(registry: Registry) -> None:
    due = NOW + timedelta(microseconds=1)
    report = await new_report(registry, **daily(next_delivery_date=due))
    claim = registry.report_calendar.claim_due
    assert not await claim(PROJECT, report.id, due=NOW, following=None)
    assert not await claim(PROJECT + 1, report.id, due=due, following=None)
    assert not await claim(PROJECT, uuid4(), due=due, following=None)
    elsewhere = due.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert await claim(PROJECT, report.id, due=elsewhere, following=None)
    assert (await seen(registry, report)).next_delivery_date is None
    assert not await claim(PROJECT, report.id, due=due, following=None)


async def test_a_claim_and_a_change_that_race_are_both_kept(registry: Registry, second: Registry) -> None:
    report = await new_report(registry, **daily())

    def renamed(current: EvaluationReport) -> EvaluationReportSpec:
        return current.model_copy(update={"report_prompt_guidance": current.report_prompt_guidance + "x"})

    claimed, *_ = await asyncio.gather(
        registry.report_calendar.claim_due(PROJECT, report.id, due=NOW, following=NOW + DAY),
        *(second.evaluation_reports.update(PROJECT, report.id, renamed) for _ in range(5)),
    )
    assert claimed
    stored = await seen(registry, report)
    assert (stored.next_delivery_date, stored.report_prompt_guidance) == (NOW + DAY, "xxxxx")


async def test_the_mark_never_goes_back(registry: Registry, second: Registry) -> None:
    report = await new_report(registry)
    await asyncio.gather(
        *(
            each.report_calendar.set_reported_until(PROJECT, report.id, NOW + DAY * day)
            for day in range(5)
            for each in (registry, second)
        )
    )
    for moment in (NOW, NOW + DAY * 4):
        await registry.report_calendar.set_reported_until(PROJECT, report.id, moment)
    await registry.report_calendar.set_reported_until(PROJECT + 1, report.id, NOW + DAY * 9)
    assert await seen(registry, report) == report.model_copy(update={"last_delivered_at": NOW + DAY * 4})


async def test_reports_that_go_by_results(registry: Registry) -> None:
    report = await new_report(registry)
    on = {"evaluation_id": report.evaluation_id}
    also = await new_report(registry, **on)
    await new_report(registry)
    await new_report(registry, **on, enabled=False)
    await new_report(registry, **on, deleted=True)
    await new_report(registry, **daily(**on))
    found = registry.report_calendar.threshold_reports
    assert await found(PROJECT, report.evaluation_id) == sorted([report.id, also.id])
    assert await found(PROJECT + 1, report.evaluation_id) == []
    assert await found(PROJECT, uuid4()) == []


async def test_all_reports_that_are_not_deleted_page_by_page(registry: Registry) -> None:
    other = (await registry.access.create_project("Other")).id
    made = [
        (report.project_id, report.id)
        for project in (PROJECT, other, PROJECT)
        for report in [await new_report(registry, project, enabled=project == other)]
    ]
    await new_report(registry, deleted=True)

    pages: list[list[tuple[int, UUID]]] = []
    after = None
    while page := await registry.report_calendar.all_live(after, 2):
        pages.append(page)
        after = page[-1][1]
    assert [len(page) for page in pages] == [2, 1]
    assert [found for page in pages for found in page] == sorted(made, key=lambda each: each[1])


async def test_the_history_of_a_report_is_that_of_its_admissions(registry: Registry) -> None:
    report, other = await new_report(registry), await new_report(registry)
    runs = [
        run_of(report, created_at=NOW + DAY * 2, trigger=ReportTrigger.THRESHOLD),
        run_of(report, created_at=NOW, content=content(metrics=None)),
        run_of(report, created_at=NOW + DAY, trigger=ReportTrigger.MANUAL, content=_unwritten()),
        run_of(report, created_at=NOW + DAY * 3, content=_unwritten(GenerationStatus.FAILED)),
        run_of(report, created_at=NOW - timedelta(microseconds=1)),
        run_of(other, created_at=NOW + DAY),
    ]
    for run in runs:
        await registry.report_runs.create(run)

    found = await registry.report_calendar.history(PROJECT, report.id, NOW)

    assert [run.run_id for run in found] == [runs[1].id, runs[2].id, runs[0].id, runs[3].id]
    assert [run.admitted_at for run in found] == [NOW, NOW + DAY, NOW + DAY * 2, NOW + DAY * 3]
    assert [run.generation.value for run in found] == ["completed", "pending", "pending", "failed"]
    assert [run.trigger.value for run in found] == ["scheduled", "manual", "threshold", "scheduled"]
    assert {(run.evaluation_id, run.period_start, run.period_end) for run in found} == {
        (report.evaluation_id, NOW - DAY, NOW)
    }
    assert await registry.report_calendar.history(PROJECT + 1, report.id, NOW) == []


def _unwritten(status: GenerationStatus = GenerationStatus.PENDING) -> ReportContent:
    return content(title="", sections=(), citations=(), generation_status=status)
