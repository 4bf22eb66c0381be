"""What the page of a report run says."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api_shim.pages import page_response
from api_shim.report_chart import Chart
from api_shim.report_view import report_view
from assay.contracts.access import Project
from assay.contracts.report_runs import (
    Citation,
    DeliveryStatus,
    GenerationStatus,
    ReportContent,
    ReportRun,
    ReportSection,
    ReportTrigger,
)
from assay.ports.report_data import Bucket
from tests.api.report_pages.conftest import (
    CONTENT,
    END,
    GENERATION,
    START,
    MakeRun,
    Results,
    fortnight,
    signed,
)
from tests.harness.api import ApiWorld
from tests.harness.markup import Elements


async def page_of(world: ApiWorld, run: ReportRun, results: Results | None = None) -> str:
    """The markup of a run's page."""
    async with world.client(key=None, report_data=results or Results(fortnight())) as visitor:
        response = await visitor.get(signed(run))
    assert response.status_code == 200, response.text
    return response.text


def read(markup: str) -> str:
    """The text of a page, as people read it."""
    return " ".join(Elements(markup.partition("<body>")[2].replace("<", " <")).text.split())


async def test_everything_about_a_run_is_on_its_page(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run(
        evaluation={"name": "Follows the refund policy"},
        report={"timezone_name": "Europe/Berlin", "delivery_targets": ({"type": "email", "value": "a@b.c"},)},
        delivery_status=DeliveryStatus.PARTIAL_FAILURE,
        delivery_errors=("a@b.c: the mailbox is full",),
    )
    markup = await page_of(world, run)
    text = read(markup)
    assert "<title>Refunds are refused too often · Follows the refund policy</title>" in markup
    for part in (
        "9 Nov 2026 09:00 to 16 Nov 2026 09:00 (Europe/Berlin)",
        "9 Nov 2026 08:00 to 16 Nov 2026 08:00 (UTC)",
        "Pass rate 80 % 95 % interval (Wilson): 77.6 % to 82.2 %",
        "▼ 5 pp from 85 % in the period before",
        "in about 2 of 1,000 such comparisons, so this change is probably real (p = 0.002).",
        "Passed 960 79.7 % 851 85 % Failed 240 19.9 % 150 15 % Not applicable 4 0.3 % 0 0 %",
        "All results 1,204 1,001",
        "What went wrong The assistant refuses refunds that the policy allows",
        "Pass rate by day in this period and before it, 2 Nov 2026 00:00 to 16 Nov 2026 08:00 (UTC).",
        f"Evidence A refund within 30 days was refused. Generation {GENERATION} Trace trace-1",
        "Session session-1",
        "Some recipients did not get this report. a@b.c: the mailbox is full",
        "Written by gpt-5-mini for US$ 0.0123. The numbers above are counted, not written by the model.",
        "Made by Assay on 16 Nov 2026 09:01 (Europe/Berlin), on schedule.",
        f"Run {run.id}",
    ):
        assert part in text
    assert f'<a href="#evidence-1"><code>{GENERATION}</code></a>' in markup
    assert 'id="evidence-1"' in markup
    assert "<svg" in markup


async def test_the_period_is_told_once_where_the_zone_is_utc(world: ApiWorld, make_run: MakeRun) -> None:
    assert read(await page_of(world, await make_run())).count("9 Nov 2026 08:00 to") == 1


async def test_the_chart_shows_the_period_and_as_much_before_it(world: ApiWorld, make_run: MakeRun) -> None:
    results = Results(fortnight())
    run = await make_run()
    await page_of(world, run, results)
    [(window, by, true_is_failure)] = results.asked
    assert (window.project_id, window.evaluation_id) == (run.project_id, run.evaluation_id)
    assert (window.since, window.until) == (datetime(2026, 11, 2, tzinfo=UTC), END)
    assert (by, true_is_failure) == ("day", False)


@pytest.mark.parametrize(
    ("length", "since", "by"),
    [
        (timedelta(minutes=20), datetime(2026, 11, 15, 8, tzinfo=UTC), "hour"),
        (timedelta(hours=36), datetime(2026, 11, 13, 8, tzinfo=UTC), "hour"),
        (timedelta(hours=37), datetime(2026, 11, 13, tzinfo=UTC), "day"),
        (timedelta(days=400), datetime(2026, 8, 18, tzinfo=UTC), "day"),
    ],
)
async def test_short_periods_are_shown_by_hour_and_long_ones_in_part(
    world: ApiWorld, make_run: MakeRun, length: timedelta, since: datetime, by: str
) -> None:
    results = Results(fortnight())
    await page_of(world, await make_run(period_start=END - length), results)
    assert (results.asked[0][0].since, results.asked[0][1]) == (since, by)


async def test_the_page_does_without_the_event_store_and_says_so(world: ApiWorld, make_run: MakeRun) -> None:
    markup = await page_of(world, await make_run(), Results(None))
    assert "<svg" not in markup
    assert "There is no chart: the event store does not answer at the moment." in read(markup)
    assert "The assistant refuses refunds" in read(markup)


async def test_a_page_does_not_wait_for_an_event_store_that_hangs(
    world: ApiWorld, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api_shim.report_chart._SECONDS", 0.05)
    answered = threading.Event()
    try:
        markup = await page_of(world, await make_run(), Results(fortnight(), after=answered))
    finally:
        answered.set()
    assert "the event store does not answer" in read(markup)


async def test_where_true_is_a_failure_the_chart_counts_so(
    world: ApiWorld, make_run: MakeRun, project: Project
) -> None:
    results, run = Results(fortnight()), await make_run()
    await world.registry.evaluations.update(
        project.id,
        run.evaluation_id,
        lambda current: current.model_copy(update={"output_config": {"true_is_failure": True}}),
    )
    await page_of(world, run, results)
    assert results.asked[0][2] is True


async def test_without_passes_and_failures_there_is_nothing_to_draw(
    world: ApiWorld, make_run: MakeRun
) -> None:
    markup = await page_of(world, await make_run(), Results([Bucket(start=START, counts={"na": 3})]))
    assert "<svg" not in markup
    assert "There is no chart: it needs results that passed or failed in two days or more." in read(markup)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"content": None}, "This report is still being written."),
        (
            {"content": CONTENT.model_copy(update={"generation_status": GenerationStatus.PENDING})},
            "This report is still being written.",
        ),
        (
            {"content": CONTENT.model_copy(update={"generation_status": GenerationStatus.FAILED})},
            "Nothing came of this report",
        ),
        (
            {
                "content": ReportContent(
                    title="No numbers", sections=(), generation_status=GenerationStatus.METRICS_UNAVAILABLE
                )
            },
            "There are no numbers: the event store did not answer in time.",
        ),
        (
            {
                "content": CONTENT.model_copy(update={"fallback_reason": "The model did not answer in time."}),
                "model": None,
            },
            "No model wrote this text; it was put together from the numbers. The model did not answer in time.",
        ),
        ({"trigger": ReportTrigger.MANUAL}, "asked for by a person"),
        ({"trigger": ReportTrigger.THRESHOLD}, "because enough new results had come"),
        ({"delivery_status": DeliveryStatus.DELIVERED}, "Every recipient has this report."),
        ({"delivery_status": DeliveryStatus.FAILED}, "No recipient got this report."),
        ({}, "This report has no recipients."),
        ({"report": {"delivery_targets": ({"type": "email", "value": "a@b.c"},)}}, "It is on its way."),
    ],
    ids=["no content", "pending", "nothing", "no numbers", "fallback", "manual", "threshold", "delivered", "failed",
         "nobody", "on its way"],
)  # fmt: skip
async def test_how_a_run_went_is_told_in_words(
    world: ApiWorld, make_run: MakeRun, fields: dict[str, Any], words: str
) -> None:
    assert words in read(await page_of(world, await make_run(**fields)))


HOSTILE = '"><script>alert(1)</script><img src=https://pixel.example/x onerror=alert(1)>'


async def test_nothing_of_a_run_becomes_markup(world: ApiWorld, make_run: MakeRun) -> None:
    content = ReportContent(
        title=HOSTILE,
        sections=(
            ReportSection(title=HOSTILE, content=HOSTILE),
            ReportSection(
                title="x",
                content="[a](javascript:alert(1)) ![b](https://pixel.example/x.png) <svg onload=alert(1)>",
            ),
        ),
        citations=(Citation(generation_id=HOSTILE, trace_id=HOSTILE, session_id=HOSTILE, reason=HOSTILE),),
        metrics=CONTENT.metrics and CONTENT.metrics.model_copy(update={"result_counts": {HOSTILE: 1}}),
        fallback_reason=HOSTILE,
    )
    run = await make_run(
        evaluation={"name": HOSTILE},
        content=content,
        delivery_status=DeliveryStatus.FAILED,
        delivery_errors=(HOSTILE,),
    )
    markup = await page_of(world, run)
    elements = Elements(markup)
    assert {"script", "img", "iframe", "object", "form"}.isdisjoint(elements.tags)
    assert elements.tags.count("svg") == 1
    for name, value in elements.attributes:
        assert name not in ("src", "style", "srcset")
        assert not name.startswith("on")
        assert name != "href" or value in ("data:,", "https://pixel.example/x.png")
    assert elements.text.count("<script>alert(1)</script>") == 13  # each place that shows something of it


async def test_what_utf_8_has_no_form_for_does_not_break_the_page(world: ApiWorld, make_run: MakeRun) -> None:
    errors = ("half a pair: \ud83d",)
    run = (await make_run()).model_copy(update={"delivery_errors": errors})
    report = await world.registry.evaluation_reports.get(run.project_id, run.report_id)
    assert report is not None
    view = report_view(run, report, "Name", Chart("", ""), link_ends=None)
    assert b"half a pair: ?" in page_response("report.html", {"report": view}).body
