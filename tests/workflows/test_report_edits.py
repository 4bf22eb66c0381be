"""`evaluation-report` when people change, pause and ask at moments at which it is about to act."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from temporalio.client import Client

from assay.contracts.evaluation_reports import ReportFrequency
from assay.contracts.report_runs import ReportTrigger
from assay.contracts.report_workflows import GenerateOutcome, GenerateStatus, ResultsObserved
from tests.workflows.report_edits import MOMENT, change, reach, scheduled, years
from tests.workflows.report_world import Handle, World, end_and_replay, start, until_state
from tests.workflows.report_years import BEGIN, Case
from tests.workflows.scripted_batches import until
from tests.workflows.scripted_report_runs import End
from workflows.evaluation_reports import EvaluationReport

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SOON = timedelta(seconds=5)
LENGTH = End().after
QUICK = End(after=timedelta())

DAILY = Case("FREQ=DAILY", BEGIN, "UTC")
TWO_HOURS_LATER = {"rrule": "FREQ=DAILY;BYHOUR=12"}


@dataclass
class WatchedWorld(World):
    """A registry in which something happens around the first claim.

    Attributes:
        before, after: what happens just before the row of the report is moved on, and just after.
    """

    before: Callable[[], Awaitable[None]] | None = None
    after: Callable[[], Awaitable[None]] | None = None

    async def claim_due(
        self, project_id: int, report_id: UUID, *, due: datetime, following: datetime | None
    ) -> bool:
        if self.before is not None:
            happens, self.before = self.before, None
            await happens()
        is_ours = await super().claim_due(project_id, report_id, due=due, following=following)
        if self.after is not None:
            happens, self.after = self.after, None
            await happens()
        return is_ours


@pytest.mark.parametrize(
    ("changes", "afterwards"),
    [
        ({}, [BEGIN + 2 * DAY, BEGIN + 3 * DAY]),
        (TWO_HOURS_LATER, [BEGIN + DAY + 2 * HOUR, BEGIN + 2 * DAY + 2 * HOUR, BEGIN + 3 * DAY + 2 * HOUR]),
        ({"timezone_name": "Asia/Kolkata"}, [BEGIN + 2 * DAY, BEGIN + 3 * DAY]),
        ({"enabled": False}, []),
    ],
    ids=["nothing", "rule", "zone", "pause"],
)
@pytest.mark.parametrize("is_first", [True, False], ids=["before", "after"])
async def test_a_change_while_an_occurrence_is_claimed(
    changes: dict[str, object], afterwards: list[datetime], is_first: bool
) -> None:
    """What is decided before the claim decides on it; what is decided after it takes nothing back, but for a pause."""
    world, due = WatchedWorld(), BEGIN + DAY
    report = scheduled(world, DAILY)

    async def happens() -> None:
        change(world, report.id, due, changes)
        await handle.execute_update(EvaluationReport.configure)

    if is_first:
        world.before = happens
    else:
        world.after = happens
    async with years() as skipping, world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await reach(skipping, BEGIN + 3 * DAY + 3 * HOUR)
        await end_and_replay(skipping.client, handle)
    is_reported = not changes or (not is_first and "enabled" not in changes)
    expected = [due, *afterwards] if is_reported else afterwards
    assert [run.until for run in world.runs] == expected
    assert [run.since for run in world.runs] == [None, *expected][: len(expected)]


async def test_looking_at_the_instant_at_which_it_is_due_changes_nothing(server: Client) -> None:
    """On the real server: the one that skips time stands still when an update meets a timer."""
    world, due = World(ends=[QUICK] * 99), datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
    case = Case("FREQ=DAILY", due - DAY, "UTC")
    reports = [
        world.report(due - HOUR, frequency=ReportFrequency.SCHEDULED, **case._asdict()) for _ in range(6)
    ]
    async with world.worker(server):
        handles = [await start(server, report) for report in reports]
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
        await asyncio.gather(
            *(handle.execute_update(EvaluationReport.configure) for handle in handles for _ in range(5))
        )
        await until(lambda: len(world.runs) == len(reports))
        for handle in handles:
            await until_state(handle, lambda state: state.next_wake == due + DAY)
        await end_and_replay(server, *handles)
    assert [[run.until for run in world.of(report)] for report in reports] == [[due]] * len(reports)


async def test_the_day_of_the_cap_begins_at_midnight_in_utc() -> None:
    """Whatever day it is in the zone of the rule."""
    world = World(ends=[QUICK] * 99)
    half_past = Case("FREQ=DAILY;BYHOUR=3,4,5,6;BYMINUTE=30;BYSECOND=0", BEGIN, "Asia/Kolkata")
    report = scheduled(world, half_past, daily_run_cap=3)
    async with years() as skipping, world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await reach(skipping, BEGIN + 4 * DAY)
        state = await handle.query(EvaluationReport.state)
        await end_and_replay(skipping.client, handle)
    midnights = [datetime.combine((BEGIN + n * DAY).date(), time.min, UTC) for n in range(1, 5)]
    assert [run.until for run in world.runs] == [
        midnights[0] - 2 * HOUR, midnights[0] - HOUR,
        *(midnight + hours * HOUR for midnight in midnights[:-1] for hours in (0, 1, 22)),
        midnights[-1], midnights[-1] + HOUR,
    ]  # fmt: skip
    assert [refusal.at.replace(microsecond=0) for refusal in state.refused] == [
        midnight - HOUR for midnight in midnights[1:]
    ]
    assert all(other.since == one.until for one, other in pairwise(world.runs)), "no period is lost"


async def test_cooldown_and_cap_are_exact_whatever_else_is_asked_for() -> None:
    """200 messages of all kinds at once: just after the day begins, before the cooldown ends, and at any time.

    Not at the very instants: the server that skips time stands still when an update meets a timer. And it loses
    updates that nobody has taken up when a workflow begins anew, which more messages would lead to.
    """
    world = World(arrivals=lambda window: int((window.until - window.since).total_seconds()))
    report = world.report(BEGIN, cooldown_minutes=90, daily_run_cap=3)
    midnight = datetime.combine((BEGIN + DAY).date(), time.min, UTC)
    waves = {
        midnight + MOMENT: 0,  # the first of the day is being made
        midnight + 1.5 * HOUR - 0.75 * LENGTH: 1,  # goes on while the second would be due
        midnight + 11 * HOUR: 1,
    }
    async with years() as skipping, world.worker(skipping.client):
        handle = await start(skipping.client, report)
        for moment, accepted in waves.items():
            await reach(skipping, moment)
            answers = await everybody_asks(handle, moment)
            assert len({answer.run_id for answer in answers}) == 1
            assert Counter(answer.status for answer in answers) == Counter(
                {GenerateStatus.ACCEPTED: accepted, GenerateStatus.COALESCED: len(answers) - accepted}
            )
        await reach(skipping, midnight + 5 * DAY - HOUR)
        await end_and_replay(skipping.client, handle)

    by_results = [run for run in world.runs if run.trigger is ReportTrigger.THRESHOLD]
    asked_for = [run for run in world.runs if run.trigger is ReportTrigger.MANUAL]
    assert len(asked_for) == sum(waves.values())
    assert all(other.admitted_at - one.admitted_at >= LENGTH for one, other in pairwise(world.runs))
    per_day = Counter(run.admitted_at.date() for run in by_results)
    assert set(per_day.values()) == {3}
    assert len(per_day) == 6
    for one, other in pairwise(by_results):
        opens = one.admitted_at + timedelta(minutes=90)
        if one.admitted_at.date() != other.admitted_at.date():
            opens = datetime.combine(other.admitted_at.date(), time.min, UTC)
        assert timedelta() <= other.admitted_at - opens < LENGTH + SOON
        assert other.since == one.until


async def everybody_asks(handle: Handle, moment: datetime) -> list[GenerateOutcome]:
    """200 messages, in any order; returns what became of those that ask for a report."""
    results = ResultsObserved(count=10, up_to=moment)
    messages: list[Callable[[], Awaitable[GenerateOutcome | None]]] = [
        *[lambda: handle.signal(EvaluationReport.results_observed, results)] * 160,
        *[lambda: handle.execute_update(EvaluationReport.configure)] * 20,
        *[lambda: handle.execute_update(EvaluationReport.generate)] * 20,
    ]
    Random(moment.isoformat()).shuffle(messages)
    answers = await asyncio.gather(*(send() for send in messages))
    return [answer for answer in answers if answer is not None]
