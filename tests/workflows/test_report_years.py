"""`evaluation-report` over years of rules, zones and changes of clocks, and of changes at bad moments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.workflows.report_edits import Course, change, courses, reach, scheduled, years
from tests.workflows.report_world import World, start
from tests.workflows.report_years import BEGIN, END, ZONES, Case, cases, crossings, reported
from tests.workflows.scripted_report_runs import End
from workflows.evaluation_reports import EvaluationReport

SOON = timedelta(seconds=5)
QUICK = End(after=timedelta())

servers = settings(
    deadline=None,
    # What is wrong is said by the case; looking for a shorter one would start a server for each attempt.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
NOTHING: st.SearchStrategy[tuple[()]] = st.just(())
"""The simplest example, which is always the first one: so that it takes no time from others."""


def zones_with(most: int) -> st.SearchStrategy[tuple[Case, ...]]:
    """A rule for each zone, which leads to so many reports at most."""
    return NOTHING | st.tuples(*(cases(zone, most) for zone in ZONES))


@settings(servers, max_examples=2)
@example(crossings())
@given(zones_with(3))
async def test_reports_come_when_the_model_says(batch: tuple[Case, ...]) -> None:
    await come_when_the_model_says(batch)


@pytest.mark.long
@pytest.mark.timeout(1_800)
@settings(servers, max_examples=40)
@given(zones_with(40))
async def test_many_reports_come_when_the_model_says(batch: tuple[Case, ...]) -> None:
    await come_when_the_model_says(batch)


async def come_when_the_model_says(batch: Sequence[Case]) -> None:
    """Make a report of each case, and let four years pass."""
    world = World(ends=[QUICK] * 10_000)
    async with years() as skipping:
        reports = [scheduled(world, case) for case in batch]
        async with world.worker(skipping.client):
            handles = [await start(skipping.client, report) for report in reports]
            await reach(skipping, END)
            end = (await skipping.get_current_time()).astimezone(UTC)
            for handle in handles:
                await handle.terminate()

    for case, report in zip(batch, reports, strict=True):
        runs, expected = world.of(report), reported(case, until=end)
        assert [run.until for run in runs] == expected, case
        assert all(timedelta() <= run.admitted_at - run.until < SOON for run in runs), case
        assert [run.since for run in runs] == [None, *expected][: len(expected)], case
        later = end + (END - BEGIN)
        following = [due for due in reported(case, until=later) if due > end]
        due = world.reports[report.id].next_delivery_date
        assert due == following[0] if following else due is None or due > later, case


@settings(servers, max_examples=2)
@given(NOTHING | st.tuples(*[courses()] * 8))
async def test_changes_at_bad_moments_neither_lose_nor_double_a_report(batch: tuple[Course, ...]) -> None:
    await lead_to_what_is_expected(batch)


@pytest.mark.long
@pytest.mark.timeout(1_800)
@settings(servers, max_examples=100)
@given(NOTHING | st.tuples(*[courses()] * 8))
async def test_many_changes_neither_lose_nor_double_a_report(batch: tuple[Course, ...]) -> None:
    await lead_to_what_is_expected(batch)


async def lead_to_what_is_expected(batch: Sequence[Course]) -> None:
    """Make a report of each course, and change them as time passes."""
    world = World(ends=[QUICK] * 10_000)
    async with years() as skipping:
        reports = [scheduled(world, course.begins) for course in batch]
        steps = sorted(
            (moment, number, place)
            for number, course in enumerate(batch)
            for place, (moment, _) in enumerate(course.changes)
        )
        async with world.worker(skipping.client):
            handles = [await start(skipping.client, report) for report in reports]
            for moment, number, place in steps:
                await reach(skipping, moment)
                change(world, reports[number].id, moment, batch[number].changes[place][1])
                await handles[number].execute_update(EvaluationReport.configure)
            await skipping.sleep(timedelta(days=40))
            for handle in handles:
                await handle.terminate()

    for course, report in zip(batch, reports, strict=True):
        runs = world.of(report)
        assert [run.until for run in runs] == course.expected, course
        assert [run.since for run in runs] == [None, *course.expected][: len(runs)], course
