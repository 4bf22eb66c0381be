"""`summarization-window` as a workflow, its activities scripted: hours, items, failures, waits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.summarization_windows import (
    SkipReason,
    SummarizationWindowInput,
    SummarizationWindowResult,
    WindowProgress,
)
from assay.domain.summary_windows import HOUR, first_mark
from assay.errors import (
    ModelNotFound,
    ProviderUnavailable,
    RateLimited,
    StoreRejected,
    StoreUnavailable,
    UnsupportedFilter,
)
from assay.temporal.ids import answer_id
from assay.temporal.plugin import AssayPlugin
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import OUTCOME
from schedules.native import NativeSchedule, ensure
from tests.histories.summarization_cases import some_work
from tests.workflows.scripted_batches import until
from tests.workflows.scripted_windows import REF, ScriptedWindow, digest, sampled
from workflows.summarization import Summarization
from workflows.summarization_windows import SummarizationWindow


def _new(count: int = 1) -> list[str]:
    """Names of traces that no other test has."""
    return [uuid4().hex for _ in range(count)]


async def _start(client: Client, mark: datetime | None = None) -> WorkflowHandle[Any, Any]:
    return await client.start_workflow(
        SummarizationWindow.run,
        SummarizationWindowInput(ref=REF, progress=None if mark is None else WindowProgress(mark=mark)),
        id=f"summarization-window-{uuid4()}",
        task_queue=TaskQueue.MAIN,
        priority=fair(Rank.SUMMARIES, 1),
    )


async def _run(
    environment: WorkflowEnvironment, scripted: ScriptedWindow, *, hours: int = 1
) -> SummarizationWindowResult:
    """Work off the last hours, and replay what happened."""
    client = environment.client
    mark = first_mark(await environment.get_current_time()) - (hours - 1) * HOUR
    async with scripted.workers(client):
        handle = await _start(client, mark)
        result: SummarizationWindowResult = await handle.result()
    replayer = Replayer(workflows=[SummarizationWindow], plugins=[AssayPlugin()])
    await replayer.replay_workflow(await handle.fetch_history())
    described = await handle.describe()
    assert described.typed_search_attributes.get(OUTCOME) == result.outcome
    return result


async def test_each_item_is_summarised_recorded_and_embedded(skipping: WorkflowEnvironment) -> None:
    items = _new(3)
    scripted = ScriptedWindow(plans=[sampled(*items)])
    result = await _run(skipping, scripted)

    counts = result.progress.counts
    assert result.outcome == "completed"
    assert (counts.queried, counts.sampled, counts.summarised, counts.embedded) == (30, 3, 3, 3)
    assert counts.cost_usd == pytest.approx(0.003)
    [window] = scripted.planned
    assert (window.ref, result.progress.mark) == (REF, window.until)
    assert {each.of.item.id for each in scripted.recorded} == set(items)
    assert {each.of.until for each in scripted.recorded} == {window.until}
    assert {each.digest for each in scripted.embedded} == {digest(item) for item in items}


async def test_what_is_there_costs_nothing_and_is_recorded_all_the_same(
    skipping: WorkflowEnvironment,
) -> None:
    there, new, *skipped = _new(4)
    skips = dict.fromkeys(skipped, SkipReason.TRACE_TOO_LARGE.value)
    scripted = ScriptedWindow(plans=[sampled(there, new, *skipped)], cached=[there], skips=skips)
    counts = (await _run(skipping, scripted)).progress.counts
    assert (counts.cached, counts.summarised, counts.embedded) == (1, 1, 2)
    assert counts.skipped == {"trace_too_large": 2}
    assert (scripted.asked, len(scripted.recorded)) == ([new], 2)


async def test_items_that_fail_keep_no_other_from_its_summary(skipping: WorkflowEnvironment) -> None:
    good, unknown, unread, unwritten, bare = _new(5)
    scripted = ScriptedWindow(
        plans=[sampled(good, unknown, unread, unwritten, bare)],
        faults={
            ("ask", unknown): [ModelNotFound("no such model")],
            ("prepare", unread): [StoreRejected("a defect")],
            ("record", unwritten): [StoreRejected("a defect")],
            ("embed", bare): [StoreRejected("a defect")],
        },
    )
    result = await _run(skipping, scripted)
    counts = result.progress.counts
    assert result.outcome == "incomplete"
    assert counts.failed == {"model_not_found": 1, "store_rejected": 2}
    assert (counts.summarised, counts.embedded) == (2, 1)


async def test_stores_that_come_back_are_waited_for(skipping: WorkflowEnvironment) -> None:
    [item] = _new()
    steps = ("prepare", "record", "embed")
    scripted = ScriptedWindow(
        plans=[StoreUnavailable("away"), sampled(item)],
        faults={(step, item): [StoreUnavailable("away") for _ in range(3)] for step in steps},
    )
    result = await _run(skipping, scripted)
    assert (result.outcome, result.progress.counts.embedded) == ("completed", 1)
    assert scripted.asked == [item]


async def test_the_weather_passes(skipping: WorkflowEnvironment) -> None:
    [item] = _new()
    scripted = ScriptedWindow(
        plans=[sampled(item)],
        faults={("ask", item): [ProviderUnavailable("503") for _ in range(6)] + [RateLimited("slow")] * 3},
    )
    result = await _run(skipping, scripted)
    assert (result.outcome, len(scripted.asked)) == ("completed", 10)


async def test_weather_that_stays_is_a_failure_of_the_item(skipping: WorkflowEnvironment) -> None:
    [item] = _new()
    scripted = ScriptedWindow(
        plans=[sampled(item)], faults={("ask", item): [ProviderUnavailable("503") for _ in range(100)]}
    )
    counts = (await _run(skipping, scripted)).progress.counts
    assert counts.failed == {"provider_unavailable": 1}
    assert len(scripted.asked) == 16


async def test_an_hour_of_which_the_weather_leaves_nothing_is_not_done(skipping: WorkflowEnvironment) -> None:
    """The mark stays, as the run fails: the next one begins with the same hour."""
    items = _new(3)
    away = {("ask", item): [ProviderUnavailable("503") for _ in range(100)] for item in items}
    scripted = ScriptedWindow(plans=[sampled(*items)], faults=away)
    with pytest.raises(WorkflowFailureError) as failed:
        await _run(skipping, scripted)
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "provider_unavailable"

    one, *others = items = _new(3)
    away = {("ask", item): [ProviderUnavailable("503") for _ in range(100)] for item in others}
    result = await _run(skipping, ScriptedWindow(plans=[sampled(*items)], faults=away))
    assert (result.outcome, result.progress.counts.summarised) == ("incomplete", 1)
    assert one not in others


@pytest.mark.parametrize(
    ("level", "most"), [(AnalysisLevel.TRACE, 6), (AnalysisLevel.GENERATION, 10)], ids=str
)
async def test_a_few_at_a_time(skipping: WorkflowEnvironment, level: AnalysisLevel, most: int) -> None:
    scripted = ScriptedWindow(plans=[sampled(*_new(20), level=level)])
    assert (await _run(skipping, scripted)).progress.counts.summarised == 20
    assert scripted.most_under_way <= most


async def test_a_gap_is_worked_off_hour_by_hour(skipping: WorkflowEnvironment) -> None:
    scripted = ScriptedWindow(plans=[sampled(*_new(1)), sampled(), sampled(*_new(2))])
    result = await _run(skipping, scripted, hours=3)

    windows = [(each.since, each.until) for each in scripted.planned]
    assert [until - since for since, until in windows] == [HOUR] * 3
    assert [since for since, _ in windows[1:]] == [until for _, until in windows[:-1]]
    assert (result.progress.mark, result.progress.windows) == (windows[-1][1], 3)
    assert (result.progress.counts.summarised, result.progress.passed_over) == (3, 0)


async def test_hours_of_long_ago_are_passed_over(skipping: WorkflowEnvironment) -> None:
    scripted = ScriptedWindow()
    result = await _run(skipping, scripted, hours=30)
    assert (result.progress.windows, result.progress.passed_over) == (24, 6)
    assert len(scripted.planned) == 24


async def test_where_nothing_is_to_be_done_the_mark_moves_on(skipping: WorkflowEnvironment) -> None:
    scripted = ScriptedWindow(plans=[sampled(skip=SkipReason.NO_CONSENT)])
    result = await _run(skipping, scripted)
    assert (result.outcome, result.progress.windows) == ("skipped", 1)
    assert result.progress.mark == scripted.planned[0].until


async def test_an_hour_that_is_not_over_is_left_alone(skipping: WorkflowEnvironment) -> None:
    scripted = ScriptedWindow()
    result = await _run(skipping, scripted, hours=0)
    assert (result.outcome, scripted.planned) == ("idle", [])


async def test_a_summary_that_others_have_begun_is_joined(skipping: WorkflowEnvironment) -> None:
    [item] = _new()
    scripted = ScriptedWindow(plans=[sampled(item)])
    other = await skipping.client.start_workflow(
        Summarization.run,
        some_work(digest=digest(item)),
        id=answer_id("summarization", digest(item)),
        task_queue="nobody",
    )
    try:
        counts = (await _run(skipping, scripted)).progress.counts
    finally:
        await other.terminate()
    assert (counts.summarised, scripted.asked) == (1, [])
    assert [work.subject for work in scripted.joined] == [item]


async def _rank(run: WorkflowHandle[Any, Any]) -> tuple[int, str]:
    """Priority and fairness key that a run was started with."""
    started = (await run.fetch_history()).events[0].workflow_execution_started_event_attributes
    return started.priority.priority_key, started.priority.fairness_key


async def test_the_next_hour_has_the_rank_of_the_first(server: Client) -> None:
    mark = first_mark(datetime.now(UTC)) - HOUR
    async with ScriptedWindow().workers(server):
        handle = await _start(server, mark)
        result = await handle.result()
    assert result.progress.windows >= 2
    last = server.get_workflow_handle(handle.id)
    assert await _rank(last) == (Rank.SUMMARIES, "1")
    assert (await last.describe()).run_id != handle.first_execution_run_id


async def _triggered(client: Client, schedule_id: str, runs: int) -> WorkflowHandle[Any, Any]:
    """The run that a Schedule is made to start."""
    handle = client.get_schedule_handle(schedule_id)
    await handle.trigger()
    while (await handle.describe()).info.num_actions < runs:  # noqa: ASYNC110  (it is elsewhere)
        await asyncio.sleep(0.05)
    action: Any = (await handle.describe()).info.recent_actions[-1].action
    run = client.get_workflow_handle_for(SummarizationWindow.run, action.workflow_id)
    await asyncio.gather(run.result(), return_exceptions=True)
    return run


async def test_each_run_goes_on_where_the_last_good_one_has_come_to(server: Client) -> None:
    wanted = NativeSchedule(
        id=f"summarization-window-{uuid4()}",
        workflow="summarization-window",
        argument=SummarizationWindowInput(ref=REF),
        summary="A test",
        every=timedelta(days=300),
        priority=fair(Rank.SUMMARIES, 1),
    )
    scripted = ScriptedWindow(plans=[UnsupportedFilter("The property filter 1 has no key.")])
    await ensure(server, [wanted])
    try:
        async with scripted.workers(server):
            failed = await _triggered(server, wanted.id, 1)
            with pytest.raises(WorkflowFailureError) as failure:
                await failed.result()
            assert isinstance(failure.value.cause, ApplicationError)
            assert failure.value.cause.type == "unsupported_filter"
            good = await (await _triggered(server, wanted.id, 2)).result()
            again = await (await _triggered(server, wanted.id, 3)).result()
    finally:
        await server.get_schedule_handle(wanted.id).delete()
    assert good.outcome == "completed"
    # Unless an hour has come to its end just now, everything is done.
    assert again.outcome == "idle" or again.progress.mark == good.progress.mark + HOUR
    assert [each.until for each in scripted.planned[1:2]] == [good.progress.mark]


async def test_a_summary_that_somebody_ends_is_a_failure_of_its_item(server: Client) -> None:
    good, ended = _new(2)
    scripted = ScriptedWindow(
        plans=[sampled(good, ended)], faults={("ask", ended): [RateLimited("slow", retry_after=600)] * 9}
    )
    async with scripted.workers(server):
        handle = await _start(server)
        child = server.get_workflow_handle(answer_id("summarization", digest(ended)))
        await until(lambda: ended in scripted.asked)
        await child.cancel()
        result: SummarizationWindowResult = await handle.result()
    assert result.outcome == "incomplete"
    assert result.progress.counts.summarised == 1
    assert sum(result.progress.counts.failed.values()) == 1


async def test_a_cancelled_window_ends_as_cancelled(server: Client) -> None:
    [item] = _new()
    scripted = ScriptedWindow(
        plans=[sampled(item)], faults={("ask", item): [RateLimited("slow", retry_after=600)] * 9}
    )
    async with scripted.workers(server):
        handle = await _start(server)
        await until(lambda: item in scripted.asked)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
        assert isinstance(failure.value.cause, CancelledError)
        child = server.get_workflow_handle(answer_id("summarization", digest(item)))
        description = await child.describe()
        assert description.status is not None
        assert description.status.name == "RUNNING"
        assert await _rank(child) == (Rank.SUMMARIES, "1")
        await child.terminate()
