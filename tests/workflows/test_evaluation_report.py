"""`evaluation-report`: when runs begin, and what becomes of them; time passes as fast as it can."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from temporalio.testing import WorkflowEnvironment

from assay.contracts.evaluation_reports import ReportFrequency
from assay.contracts.report_runs import ReportTrigger
from assay.contracts.report_workflows import GenerateStatus, ResultsObserved
from assay.errors import StoreUnavailable
from assay.ports.report_data import Window
from tests.harness.temporal import time_skipping_server
from tests.workflows.report_world import World, end_and_replay, start, until_state
from tests.workflows.scripted_batches import until
from tests.workflows.scripted_report_runs import End
from workflows.evaluation_reports import EvaluationReport

DAY = timedelta(days=1)
SOON = timedelta(seconds=5)
SCHEDULED = ReportFrequency.SCHEDULED


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A server for each test: after some of these, one would no longer skip time for the next."""
    async with time_skipping_server() as environment:
        yield environment


async def now_of(skipping: WorkflowEnvironment) -> datetime:
    return (await skipping.get_current_time()).astimezone(UTC)


def a_result_a_second(window: Window) -> int:
    return int((window.until - window.since).total_seconds())


def observed(count: int, up_to: datetime) -> ResultsObserved:
    return ResultsObserved(count=count, up_to=up_to)


async def test_cooldown_and_cap_are_exact_under_racing_signals(skipping: WorkflowEnvironment) -> None:
    world, begin = World(arrivals=a_result_a_second), await now_of(skipping)
    report = world.report(begin, cooldown_minutes=90, daily_run_cap=3)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        for _ in range(8):
            await skipping.sleep(timedelta(hours=9))
            moment = await now_of(skipping)
            await asyncio.gather(
                *(handle.signal(EvaluationReport.results_observed, observed(10, moment)) for _ in range(200))
            )
        await skipping.sleep(timedelta(minutes=1))
        state = await handle.query(EvaluationReport.state)
        await end_and_replay(skipping.client, handle)

    runs = world.of(report)
    per_day = Counter(run.admitted_at.date() for run in runs)
    whole_days = sorted(per_day)[1:-1]
    assert len(whole_days) >= 1
    assert all(per_day[day] == 3 for day in whole_days)
    assert max(per_day.values()) == 3
    for one, other in pairwise(runs):
        wait = other.admitted_at - one.admitted_at
        assert wait >= timedelta(minutes=90)
        if one.admitted_at.date() == other.admitted_at.date():  # as soon as the cooldown is over
            assert wait < timedelta(minutes=90) + SOON
        else:  # or as soon as the day is
            midnight = other.admitted_at.replace(hour=0, minute=0, second=0, microsecond=0)
            assert other.admitted_at - max(midnight, one.admitted_at + timedelta(minutes=90)) < SOON
        assert other.since == one.until
    assert runs[0].since == begin
    assert {refusal.reason for refusal in state.refused} <= {"cooldown", "daily cap of 3 reached"}


async def test_results_that_nobody_told_of_are_found_within_an_hour(skipping: WorkflowEnvironment) -> None:
    world, begin = World(), await now_of(skipping)
    report = world.report(begin)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await until(lambda: len(world.counts) == 1)
        world.arrivals = lambda window: 10
        await skipping.sleep(timedelta(minutes=61))
        await end_and_replay(skipping.client, handle)
    [run] = world.runs
    assert run.trigger is ReportTrigger.THRESHOLD
    assert run.admitted_at - begin < timedelta(minutes=61)
    assert (run.since, run.until) == (begin, run.admitted_at)


async def test_hints_decide_nothing(skipping: WorkflowEnvironment) -> None:
    world, begin = World(arrivals=lambda window: 9), await now_of(skipping)
    report = world.report(begin)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await until_state(handle, lambda state: state.counted == 9)
        moment = world.counts[0].until + SOON
        await handle.signal(EvaluationReport.results_observed, observed(0, moment))
        await handle.signal(EvaluationReport.results_observed, observed(5, world.counts[0].until))
        assert len(world.counts) == 1, "the count has seen them"
        await handle.signal(EvaluationReport.results_observed, observed(1, moment))
        await until(lambda: len(world.counts) == 2)
        state = await until_state(handle, lambda state: state.pending == 0)
        assert (state.counted, world.runs) == (9, [])
        await end_and_replay(skipping.client, handle)


async def test_a_request_during_a_run_is_answered_with_it(skipping: WorkflowEnvironment) -> None:
    world, begin = World(ends=[End(waits=True)]), await now_of(skipping)
    report = world.report(begin, enabled=False)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        answers = await asyncio.gather(*(handle.execute_update(EvaluationReport.generate) for _ in range(8)))
        assert Counter(answer.status for answer in answers) == {
            GenerateStatus.ACCEPTED: 1,
            GenerateStatus.COALESCED: 7,
        }
        assert len({answer.run_id for answer in answers}) == 1
        await until(lambda: len(world.runs) == 1)
        await skipping.client.get_workflow_handle(f"evaluation-report-run-{answers[0].run_id}").signal(
            "release"
        )
        state = await until_state(handle, lambda state: state.gate.running is None)
        again = await handle.execute_update(EvaluationReport.generate)
        assert again.status is GenerateStatus.ACCEPTED
        await skipping.sleep(timedelta(minutes=1))
        await until_state(handle, lambda state: len(state.recent) == 2)
        await end_and_replay(skipping.client, handle)
    assert [run.trigger for run in world.runs] == [ReportTrigger.MANUAL] * 2
    assert {run.since for run in world.runs} == {None}
    assert (state.gate.cap_used, state.gate.accepted_at) == (0, None)
    assert world.reports[report.id].last_delivered_at is None


async def test_an_occurrence_waits_for_the_run_in_flight(skipping: WorkflowEnvironment) -> None:
    world, begin = World(ends=[End(after=timedelta(hours=5))]), await now_of(skipping)
    report = world.report(begin, frequency=SCHEDULED, rrule="FREQ=DAILY", starts_at=begin)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await skipping.sleep(DAY - timedelta(hours=2))
        await handle.execute_update(EvaluationReport.generate)
        await skipping.sleep(timedelta(hours=6))
        await end_and_replay(skipping.client, handle)
    manual, scheduled = world.runs
    due = begin.replace(microsecond=0) + DAY
    assert (scheduled.trigger, scheduled.until) == (ReportTrigger.SCHEDULED, due)
    assert scheduled.admitted_at >= manual.admitted_at + timedelta(hours=5)
    assert world.reports[report.id].next_delivery_date == due + DAY


async def test_after_an_outage_one_run_covers_what_was_missed(skipping: WorkflowEnvironment) -> None:
    world, begin = World(), (await now_of(skipping)).replace(microsecond=0)
    mark, short = begin - 5 * DAY, begin - timedelta(hours=3)
    rule = {
        "frequency": SCHEDULED,
        "rrule": "FREQ=DAILY",
        "starts_at": short - 30 * DAY,
        "last_delivered_at": mark,
    }
    many = world.report(begin, **rule, next_delivery_date=short - 4 * DAY)
    one = world.report(begin, **rule, next_delivery_date=short)
    async with world.worker(skipping.client):
        handles = [await start(skipping.client, report) for report in (many, one)]
        await until(lambda: len(world.runs) == 2)
        await skipping.sleep(timedelta(minutes=5))
        await end_and_replay(skipping.client, *handles)
    [gap], [late] = world.of(many), world.of(one)
    # As far as now; but as far as the occurrence if only one was missed.
    assert gap.since == mark
    assert timedelta() <= gap.admitted_at - gap.until < SOON
    assert (late.since, late.until) == (mark, short)
    for report in (many, one):
        due = world.reports[report.id].next_delivery_date
        assert due == short + DAY


@pytest.mark.parametrize("end", [End(fails=True), End(counts=False)], ids=["fails", "no-numbers"])
async def test_a_failed_run_gives_its_place_back_and_rests(skipping: WorkflowEnvironment, end: End) -> None:
    world, begin = World(arrivals=a_result_a_second, ends=[end] * 3), await now_of(skipping)
    report = world.report(begin, daily_run_cap=1)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await skipping.sleep(timedelta(hours=3))
        state = await handle.query(EvaluationReport.state)
        await end_and_replay(skipping.client, handle)
    runs = world.runs
    waits = [other.admitted_at - one.admitted_at for one, other in pairwise(runs)]
    assert [timedelta(minutes=15 * 2**n) < wait for n, wait in enumerate(waits)] == [True] * 3
    assert len({run.run_id for run in runs}) == 4
    assert {run.since for run in runs} == {begin}, "the period stays open"
    assert world.reports[report.id].last_delivered_at == runs[-1].until
    assert [run.outcome for run in state.recent][-1] == "12 results, 91.67 % passed"
    assert state.gate.cap_used == 1
    assert state.gate.failures == 0


async def test_a_refused_occurrence_is_recorded_and_claimed(skipping: WorkflowEnvironment) -> None:
    world, begin = World(), datetime.now(UTC)
    begin = await now_of(skipping)
    report = world.report(begin, frequency=SCHEDULED, rrule="FREQ=HOURLY", starts_at=begin, daily_run_cap=2)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await skipping.sleep(2 * DAY)
        state = await handle.query(EvaluationReport.state)
        await end_and_replay(skipping.client, handle)
    per_day = Counter(run.admitted_at.date() for run in world.runs)
    assert per_day[(begin + DAY).date()] == 2
    assert len(state.refused) == 5
    assert {refusal.reason for refusal in state.refused} == {"daily cap of 2 reached"}
    assert {refusal.trigger for refusal in state.refused} == {ReportTrigger.SCHEDULED}
    due = world.reports[report.id].next_delivery_date
    assert due is not None
    assert due > begin + 2 * DAY - timedelta(seconds=1)
    for one, other in pairwise(world.runs):
        assert other.since == one.until


async def test_a_report_that_is_deleted_and_restored_keeps_its_cap(skipping: WorkflowEnvironment) -> None:
    world, begin = World(arrivals=lambda window: 1_000), await now_of(skipping)
    midnight = (begin + DAY).replace(hour=0, minute=5, second=0, microsecond=0)
    await skipping.sleep(midnight - begin)
    report = world.report(midnight, cooldown_minutes=60, daily_run_cap=2)
    async with world.worker(skipping.client):
        for _ in range(4):
            handle = await start(skipping.client, report)
            await skipping.sleep(timedelta(hours=2))
            world.edit(report.id, deleted=True)
            await handle.execute_update(EvaluationReport.configure)
            async with asyncio.timeout(40):  # asked for its result, the server would skip time
                while (await handle.describe()).status == 1:  # noqa: ASYNC110  (the server is asked)
                    await asyncio.sleep(0.02)
            world.edit(report.id, deleted=False)
    moments = [str(run.admitted_at)[5:16] for run in world.runs]
    assert len(moments) == 2, moments
    first, second = world.runs
    assert second.admitted_at - first.admitted_at >= timedelta(hours=1)
    assert (first.since, second.since) == (midnight, first.until)


async def test_nobody_waits_for_a_delivery(skipping: WorkflowEnvironment) -> None:
    """The run's end completes its line; until then, two hours long, runs begin as if it were over."""
    slow = End(after=timedelta(hours=2), delivers=True)
    world, begin = World(ends=[slow] * 20), (await now_of(skipping)).replace(microsecond=0)
    hourly = {"frequency": SCHEDULED, "rrule": "FREQ=HOURLY", "starts_at": begin, "daily_run_cap": 24}
    report = world.report(begin, **hourly)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await skipping.sleep(timedelta(hours=6, minutes=30))
        state = await handle.query(EvaluationReport.state)
        assert state.gate.running is None
        answer = await handle.execute_update(EvaluationReport.generate)
        assert answer.status is GenerateStatus.ACCEPTED
        await end_and_replay(skipping.client, handle)
    assert [run.until for run in world.runs[:6]] == [begin + timedelta(hours=n) for n in range(1, 7)]
    assert [run.finished_at is None for run in state.recent] == [False, False, False, True, True]
    assert {run.outcome for run in state.recent[:3]} == {"12 results, 91.67 % passed"}
    assert {run.outcome for run in state.recent[3:]} == {"written; being delivered"}
    assert state.gate.accepted_at == world.runs[5].admitted_at
    assert world.reports[report.id].last_delivered_at == begin + timedelta(hours=6)


async def test_a_delivery_that_breaks_off_takes_nothing_back(skipping: WorkflowEnvironment) -> None:
    end = End(after=timedelta(minutes=5), delivers=True, fails=True)
    world, begin = World(arrivals=lambda window: 10, ends=[end]), await now_of(skipping)
    report = world.report(begin, cooldown_minutes=1440)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await skipping.sleep(timedelta(minutes=10))
        state = await until_state(handle, lambda state: state.recent[0].finished_at is not None)
        await end_and_replay(skipping.client, handle)
    assert (state.gate.failures, state.gate.cap_used) == (0, 1)
    assert [run.outcome for run in state.recent] == ["nobody writes today"]
    assert len(world.runs) == 1


async def test_what_was_due_while_the_evaluation_was_off_is_passed_over(
    skipping: WorkflowEnvironment,
) -> None:
    world, begin = World(), (await now_of(skipping)).replace(microsecond=0)
    report = world.report(begin, frequency=SCHEDULED, rrule="FREQ=WEEKLY", starts_at=begin)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await until_state(handle, lambda state: state.plan is not None)
        world.edit_evaluation(report.id, enabled=False, active_since=None)
        await handle.execute_update(EvaluationReport.configure)
        await skipping.sleep(30 * DAY)
        world.edit_evaluation(report.id, enabled=True, active_since=await now_of(skipping))
        await handle.execute_update(EvaluationReport.configure)
        state = await until_state(handle, lambda state: bool(state.refused))
        await skipping.sleep(timedelta(hours=1))
        assert world.runs == []
        await skipping.sleep(5 * DAY)
        await end_and_replay(skipping.client, handle)
    assert [refusal.reason for refusal in state.refused] == [
        "the evaluation was switched off when it was due"
    ]
    assert [run.until for run in world.runs] == [begin + 35 * DAY]


async def test_a_claim_that_an_outage_held_up_covers_it(skipping: WorkflowEnvironment) -> None:
    world, begin = World(), (await now_of(skipping)).replace(microsecond=0)
    world.faults = {"claiming": [StoreUnavailable("away")] * 160}
    report = world.report(begin, frequency=SCHEDULED, rrule="FREQ=HOURLY", starts_at=begin)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await skipping.sleep(timedelta(hours=2, minutes=50))
        await end_and_replay(skipping.client, handle)
    [run] = world.runs
    assert timedelta(hours=2) < run.until - begin
    assert timedelta() <= run.admitted_at - run.until < timedelta(minutes=1)
    assert world.reports[report.id].next_delivery_date == begin + timedelta(hours=3)


async def test_a_claim_whose_answer_is_lost_for_long_is_not(skipping: WorkflowEnvironment) -> None:
    world, begin = World(), (await now_of(skipping)).replace(microsecond=0)
    world.faults = {"claim": [StoreUnavailable("away")] * 160}
    report = world.report(begin, frequency=SCHEDULED, rrule="FREQ=HOURLY", starts_at=begin)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await skipping.sleep(timedelta(hours=2, minutes=50))
        await end_and_replay(skipping.client, handle)
    assert [run.until - begin for run in world.runs] == [timedelta(hours=1), timedelta(hours=2)]


async def test_an_occurrence_that_waits_is_void_once_results_decide(skipping: WorkflowEnvironment) -> None:
    world, begin = World(ends=[End(waits=True)]), (await now_of(skipping)).replace(microsecond=0)
    report = world.report(begin, frequency=SCHEDULED, rrule="FREQ=DAILY", starts_at=begin)
    world.faults = {"claim": [StoreUnavailable("away")] * 3}
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await skipping.sleep(DAY)
        # While the claim is being made, somebody asks for a report; so the occurrence has to wait.
        answer = await handle.execute_update(EvaluationReport.generate)
        await until(lambda: len(world.runs) == 1 and not world.faults["claim"])
        world.edit(report.id, frequency=ReportFrequency.EVERY_N, next_delivery_date=None)
        await handle.execute_update(EvaluationReport.configure)
        await until_state(handle, lambda state: state.plan is not None and state.plan.threshold == 10)
        await skipping.client.get_workflow_handle(f"evaluation-report-run-{answer.run_id}").signal("release")
        await skipping.sleep(timedelta(minutes=5))
        await end_and_replay(skipping.client, handle)
    assert [run.trigger for run in world.runs] == [ReportTrigger.MANUAL]


async def test_an_edit_takes_effect_at_once(skipping: WorkflowEnvironment) -> None:
    world, begin = World(), (await now_of(skipping)).replace(microsecond=0)
    report = world.report(begin, frequency=SCHEDULED, rrule="FREQ=MONTHLY", starts_at=begin)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await skipping.sleep(DAY)
        sooner = begin + 2 * DAY
        world.edit(report.id, rrule="FREQ=DAILY", next_delivery_date=sooner)
        await handle.execute_update(EvaluationReport.configure)
        await until_state(handle, lambda state: state.next_wake == sooner)
        await skipping.sleep(2 * DAY + timedelta(hours=1))
        await end_and_replay(skipping.client, handle)
    assert [run.until for run in world.runs] == [sooner, sooner + DAY]


async def test_a_paused_report_has_no_timer_and_loses_nothing_it_should_make(
    skipping: WorkflowEnvironment,
) -> None:
    world, begin = World(), (await now_of(skipping)).replace(microsecond=0)
    report = world.report(begin, frequency=SCHEDULED, rrule="FREQ=DAILY", starts_at=begin)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await skipping.sleep(DAY - timedelta(seconds=30))
        world.edit(report.id, enabled=False)  # half a minute before it is due, and nobody tells
        await skipping.sleep(timedelta(minutes=5))
        assert world.runs == []
        state = await until_state(handle, lambda state: state.plan is not None and not state.plan.is_live)
        assert state.next_wake is None
        await skipping.sleep(10 * DAY)
        resumed = begin + 12 * DAY
        world.edit(report.id, enabled=True, next_delivery_date=resumed)
        await handle.execute_update(EvaluationReport.configure)
        await skipping.sleep(DAY)
        await end_and_replay(skipping.client, handle)
    assert [run.until for run in world.runs] == [resumed]


async def test_an_evaluation_that_is_switched_off_is_not_reported_on(skipping: WorkflowEnvironment) -> None:
    world, begin = World(arrivals=lambda window: 50), await now_of(skipping)
    report = world.report(begin)
    world.edit_evaluation(report.id, enabled=False)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await until_state(handle, lambda state: state.plan is not None)
        await skipping.sleep(DAY)
        assert (world.runs, world.counts) == ([], [])
        world.edit_evaluation(report.id, enabled=True)
        await handle.execute_update(EvaluationReport.configure)
        await until(lambda: len(world.runs) == 1)
        await end_and_replay(skipping.client, handle)


async def test_it_ends_with_its_report_once_the_run_in_flight_has(skipping: WorkflowEnvironment) -> None:
    world, begin = World(ends=[End(waits=True)]), await now_of(skipping)
    report = world.report(begin)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        answer = await handle.execute_update(EvaluationReport.generate)
        world.edit(report.id, deleted=True)
        await handle.execute_update(EvaluationReport.configure)
        await until_state(handle, lambda state: state.plan is not None and state.plan.is_gone)
        refused = await handle.execute_update(EvaluationReport.generate)
        assert (refused.status, refused.reason) == (
            GenerateStatus.REFUSED,
            "the report or its evaluation was deleted",
        )
        await until(lambda: len(world.runs) == 1)
        await skipping.client.get_workflow_handle(f"evaluation-report-run-{answer.run_id}").signal("release")
        await handle.result()
        await end_and_replay(skipping.client, handle)


async def test_stores_that_are_away_are_waited_for(skipping: WorkflowEnvironment) -> None:
    away = [StoreUnavailable("away")] * 3
    world, begin = World(arrivals=a_result_a_second), await now_of(skipping)
    world.faults = {"get": list(away), "claim": list(away), "mark": list(away), "count": list(away)}
    by_rule = world.report(begin, frequency=SCHEDULED, rrule="FREQ=HOURLY", starts_at=begin)
    by_results = world.report(begin, trigger_threshold=3_000)
    async with world.worker(skipping.client):
        handles = [await start(skipping.client, report) for report in (by_rule, by_results)]
        await skipping.sleep(timedelta(hours=1, minutes=10))
        await end_and_replay(skipping.client, *handles)
    # The claim was made, and its answer lost: the occurrence is not.
    [scheduled], [threshold] = world.of(by_rule), world.of(by_results)
    assert world.reports[by_rule.id].last_delivered_at == scheduled.until
    assert world.reports[by_results.id].last_delivered_at == threshold.until


async def test_a_long_history_begins_anew_and_remembers_the_gate(skipping: WorkflowEnvironment) -> None:
    world, begin = World(arrivals=lambda window: 10), await now_of(skipping)
    report = world.report(begin, cooldown_minutes=1440)
    async with world.worker(skipping.client):
        handle = await start(skipping.client, report)
        await until(lambda: len(world.runs) == 1)
        await skipping.sleep(timedelta(minutes=1))
        before = await until_state(handle, lambda state: len(state.refused) == 1)
        first = (await handle.describe()).run_id
        for _ in range(1_000):
            await handle.signal(EvaluationReport.results_observed, observed(1, begin + DAY))
        async with asyncio.timeout(40):
            while (await handle.describe()).run_id == first:  # noqa: ASYNC110  (the server is asked)
                await asyncio.sleep(0.05)
        latest = skipping.client.get_workflow_handle_for(EvaluationReport.run, handle.id)
        after = await until_state(latest, lambda state: state.plan is not None)
        assert (after.gate, after.recent, after.refused) == (before.gate, before.recent, before.refused)
        assert len(world.runs) == 1
        await skipping.sleep(DAY)
        await until(lambda: len(world.runs) == 2)
        await latest.terminate()
