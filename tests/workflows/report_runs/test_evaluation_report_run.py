"""`evaluation-report-run` on the time-skipping server, its activities real, its author scripted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor, Worker

from activities.report_author import Authors
from assay.adapters.testing import Reply
from assay.contracts.evaluations import Evaluation
from assay.contracts.report_run_workflows import ReportRunInput, RunFinished
from assay.contracts.report_runs import DeliveryStatus, GenerationStatus, ReportTrigger
from assay.domain.report_author.budget import MAX_MODEL_CALLS
from assay.errors import DeliveryUnavailable, StoreRejected
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import OUTCOME
from tests.activities.report_run_world import ReportWorld, a_good_report
from tests.activities.world import PROJECT
from tests.workflows.report_runs.deliveries import ScriptedDeliveries
from workflows.evaluation_report_runs import SETTLE, EvaluationReportRun


@asynccontextmanager
async def workers(
    skipping: WorkflowEnvironment,
    reports: ReportWorld,
    deliveries: ScriptedDeliveries,
    *interceptors: Interceptor,
) -> AsyncIterator[None]:
    activities: list[Callable[..., Any]] = [
        reports.runs.prepare,
        reports.runs.finish,
        reports.runs.list_recipients,
        reports.runs.record_delivery,
        reports.tools.use,
        reports.tools.check,
        deliveries.deliver,
    ]
    async with (
        Worker(
            skipping.client,
            task_queue=TaskQueue.MAIN,
            workflows=[EvaluationReportRun],
            activities=activities,
            interceptors=interceptors,
        ),
        Worker(
            skipping.client,
            task_queue=TaskQueue.LLM,
            activities=[reports.authoring.ask],
            interceptors=interceptors,
        ),
    ):
        yield


async def run(
    skipping: WorkflowEnvironment,
    reports: ReportWorld,
    given: ReportRunInput,
    deliveries: ScriptedDeliveries | None = None,
    *interceptors: Interceptor,
) -> tuple[RunFinished, WorkflowHandle[EvaluationReportRun, RunFinished]]:
    async with workers(skipping, reports, deliveries or ScriptedDeliveries(), *interceptors):
        handle = await skipping.client.start_workflow(
            EvaluationReportRun.run, given, id=f"run-{uuid4()}", task_queue=TaskQueue.MAIN
        )
        return await handle.result(), handle


@pytest.fixture
async def evaluation(reports: ReportWorld) -> Evaluation:
    return await reports.world.evaluation()


async def test_an_author_reads_and_writes_a_report(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(
        evaluation,
        delivery_targets=({"type": "email", "value": "a@example.com, b@example.com"},),
        report_prompt_guidance="Write for engineers.",
    )
    _, failed = reports.results(evaluation, True, False)
    reports.author_says(*a_good_report(failed))
    deliveries = ScriptedDeliveries()
    given = reports.run_of(report)

    finished, handle = await run(skipping, reports, given, deliveries)

    stored = await reports.stored(given)
    assert stored.content is not None
    assert (stored.content.title, stored.model) == ("Refusals persist", "gpt-5-mini")
    assert stored.content.fallback_reason is None
    assert [section.title for section in stored.content.sections] == ["Summary"]
    assert [citation.generation_id for citation in stored.content.citations] == [failed]
    assert stored.content.citations[0].trace_id.startswith("trace-")
    metrics = stored.content.metrics
    assert metrics is not None
    assert (metrics.total_runs, metrics.pass_rate) == (2, 50.0)
    assert stored.cost_usd is not None
    assert stored.delivery_status is DeliveryStatus.DELIVERED
    assert sorted(deliveries.delivered) == ["email:a@example.com", "email:b@example.com"]

    event = reports.event(given)
    assert event is not None
    assert event.properties["$ai_evaluation_report_run_id"] == str(given.run_id)
    assert event.properties["$ai_report_pass_rate"] == 50.0
    assert event.timestamp == given.until

    assert (finished.generation, finished.counts) == (GenerationStatus.COMPLETED, True)
    assert finished.words == "written by gpt-5-mini; delivered"
    description = await handle.describe()
    assert description.typed_search_attributes[OUTCOME] == "completed"
    system = reports.model.requests[0].body["messages"][0]["content"]
    assert system.endswith("```\nWrite for engineers.\n```")


@pytest.mark.parametrize(("verdict", "cited"), [(False, 1), (True, 0)], ids=["failures", "none"])
async def test_without_a_model_key_the_scripted_author_writes(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation, verdict: bool, cited: int
) -> None:
    report = await reports.report(evaluation)
    reports.results(evaluation, verdict)
    given = reports.run_of(report)

    await run(skipping, reports, given)

    stored = await reports.stored(given)
    assert stored.content is not None
    assert stored.content.fallback_reason is None
    assert len(stored.content.citations) == cited
    assert "A scripted author wrote this." in stored.content.sections[0].content


async def test_histories_carry_no_words(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation)
    (failed,) = reports.results(evaluation, False)
    reports.author_says(*a_good_report(failed))

    _, handle = await run(skipping, reports, reports.run_of(report))

    history = (await handle.fetch_history()).to_json()
    assert failed not in history
    assert "refuses" not in history
    assert "Refusals" not in history


class KilledAfterEffect(Interceptor):
    """Every first attempt of an activity has its effect and is then taken for lost."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Killed(next)


class _Killed(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        result = await super().execute_activity(input)
        if activity.info().attempt == 1:
            raise ApplicationError("The worker was killed.")
        return result


async def test_a_worker_that_is_killed_after_every_step_repeats_nothing(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation, delivery_targets=({"type": "email", "value": "a@example.com"},))
    (failed,) = reports.results(evaluation, False)
    script = a_good_report(failed)
    reports.author_says(*script)
    given = reports.run_of(report)

    finished, _ = await run(skipping, reports, given, None, KilledAfterEffect())

    assert reports.asked == len(script)
    transcript = await reports.transcript(given)
    calls = sum(len(calls) for calls in script)
    assert [entry.number for entry in transcript] == list(range(2 + len(script) + calls))
    stored = await reports.stored(given)
    assert stored.content is not None
    assert len(stored.content.sections) == len(stored.content.citations) == 1
    assert reports.event(given) is not None
    assert finished.counts
    assert (await reports.registry.report_runs.deliveries(PROJECT, given.run_id))[0].recipient.address == (
        "a@example.com"
    )


async def test_a_bad_citation_is_mended(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation)
    (failed,) = reports.results(evaluation, False)
    reports.author_says(
        [("sample_eval_results", {})],
        [
            ("set_title", {"title": "Refusals"}),
            ("add_section", {"title": "Summary", "content": f"See `{failed}`."}),
            ("add_citation", {"generation_id": str(uuid4()), "reason": "Made up."}),
        ],
        [],
        [("add_citation", {"generation_id": failed, "reason": "A refusal."})],
        [],
    )
    given = reports.run_of(report)

    await run(skipping, reports, given)

    stored = await reports.stored(given)
    assert stored.content is not None
    assert [citation.generation_id for citation in stored.content.citations] == [failed]
    assert stored.content.fallback_reason is None
    mending = reports.model.requests[3].body["messages"][-1]
    assert mending["role"] == "user"
    assert failed in mending["content"]


async def test_an_author_who_does_not_mend_gets_no_second_chance(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation)
    reports.results(evaluation, False)
    made_up = str(uuid4())
    reports.author_says(
        [
            ("set_title", {"title": "Refusals"}),
            ("add_section", {"title": "Summary", "content": f"See `{made_up}`."}),
        ],
        [],
        [],
    )
    given = reports.run_of(report)

    finished, handle = await run(skipping, reports, given)

    stored = await reports.stored(given)
    assert stored.content is not None
    assert stored.content.fallback_reason == (
        "No model wrote this report: what its author wrote is no report: section 1 names 1 ids that it "
        "does not cite."
    )
    assert made_up not in stored.content.model_dump_json()
    assert stored.model is None
    assert (stored.cost_usd or 0) > 0  # what was paid was paid
    assert reports.asked == 3
    assert finished.counts
    description = await handle.describe()
    assert description.typed_search_attributes[OUTCOME] == "plain"


async def test_an_author_without_an_end_is_stopped(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation)
    reports.results(evaluation, False)
    reports.author_says(*[[("get_summary_metrics", {})] for _ in range(MAX_MODEL_CALLS + 5)])
    given = reports.run_of(report)

    await run(skipping, reports, given)

    assert reports.asked == MAX_MODEL_CALLS
    stored = await reports.stored(given)
    assert stored.content is not None
    assert f"within {MAX_MODEL_CALLS} answers" in (stored.content.fallback_reason or "")


async def test_an_author_that_is_too_dear_is_stopped(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation)
    reports.results(evaluation, False)
    reports.model.enqueue(
        *[Reply(calls=[("get_summary_metrics", {})], input_tokens=800_000) for _ in range(5)]
    )
    given = reports.run_of(report)

    await run(skipping, reports, given)

    assert reports.asked == 2
    stored = await reports.stored(given)
    assert stored.content is not None
    assert "1,500,000 tokens" in (stored.content.fallback_reason or "")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(status=500, body={"error": {"message": "down"}}), "provider_unavailable"),
        (Reply(status=400, body={"error": {"message": "no tools"}}), "request_rejected"),
    ],
    ids=["down", "refused"],
)
async def test_without_a_model_the_numbers_go_out(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation, reply: Reply, code: str
) -> None:
    report = await reports.report(evaluation)
    reports.results(evaluation, True, True, False)
    reports.model.enqueue(*[reply] * 30)
    given = reports.run_of(report)

    finished, _ = await run(skipping, reports, given)

    stored = await reports.stored(given)
    assert stored.content is not None
    assert "its author could not go on" in (stored.content.fallback_reason or "")
    assert code in (stored.content.fallback_reason or "")
    assert "Pass rate: 66.7 %" in stored.content.sections[0].content
    assert finished.counts
    assert finished.words.startswith("made of the numbers alone")


async def test_without_consent_nobody_is_asked(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation)
    reports.results(evaluation, True)
    await reports.registry.access.set_ai_consent(False)
    given = reports.run_of(report)

    await run(skipping, reports, given)

    stored = await reports.stored(given)
    assert stored.content is not None
    assert "has not agreed to AI processing" in (stored.content.fallback_reason or "")
    assert (reports.asked, await reports.transcript(given)) == (0, [])


async def test_an_event_store_that_is_away_keeps_the_period_open(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation, delivery_targets=({"type": "email", "value": "a@example.com"},))
    reports.data.failures = 1_000
    given = reports.run_of(report)
    deliveries = ScriptedDeliveries()

    finished, _ = await run(skipping, reports, given, deliveries)

    assert (finished.generation, finished.counts) == (GenerationStatus.METRICS_UNAVAILABLE, False)
    stored = await reports.stored(given)
    assert stored.content is not None
    assert stored.content.generation_status is GenerationStatus.METRICS_UNAVAILABLE
    assert stored.content.metrics is None
    assert deliveries.delivered == ["email:a@example.com"]
    assert 1_000 - reports.data.failures > 60  # for an hour, half a minute apart


async def test_an_event_store_that_comes_back_within_the_hour_is_waited_for(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation)
    reports.results(evaluation, True)
    reports.data.failures = 20
    finished, _ = await run(skipping, reports, reports.run_of(report))
    assert (finished.generation, finished.counts) == (GenerationStatus.COMPLETED, True)


async def test_who_is_not_reached_is_no_reason_to_fail_the_others(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(
        evaluation,
        delivery_targets=(
            {"type": "email", "value": "good@example.com, refused@example.com, away@example.com"},
            {"type": "slack", "integration_id": 1, "channel": ""},
        ),
    )
    given = reports.run_of(report)
    deliveries = ScriptedDeliveries(
        refused={"email:refused@example.com": "No such mailbox."},
        unreachable={"email:away@example.com": DeliveryUnavailable("The mail server is away.")},
    )

    finished, _ = await run(skipping, reports, given, deliveries)

    stored = await reports.stored(given)
    assert stored.delivery_status is finished.delivery is DeliveryStatus.PARTIAL_FAILURE
    assert stored.delivery_errors == (
        "A Slack target names no integration or no channel.",
        "email:refused@example.com: No such mailbox.",
        "email:away@example.com: not delivered: The mail server is away.",
    )
    assert deliveries.delivered.count("email:good@example.com") == 1
    assert deliveries.delivered.count("email:away@example.com") > 100
    assert finished.counts


async def test_a_run_that_nobody_asked_for_waits_for_stragglers(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation)
    now = await skipping.get_current_time()
    given = reports.run_of(
        report, trigger=ReportTrigger.SCHEDULED, since=now - timedelta(hours=1), until=now, admitted_at=now
    )

    _, handle = await run(skipping, reports, given)

    timers = [
        event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
        for event in (await handle.fetch_history()).events
        if event.HasField("timer_started_event_attributes")
    ]
    assert len(timers) == 1
    assert SETTLE - timedelta(seconds=5) < timers[0] <= SETTLE


async def test_a_report_that_is_gone_ends_the_run(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation)
    await reports.registry.evaluation_reports.update(
        PROJECT, report.id, lambda stored: stored.model_copy(update={"deleted": True})
    )
    given = reports.run_of(report)

    finished, _ = await run(skipping, reports, given)

    assert (finished.counts, finished.generation) == (False, GenerationStatus.PENDING)
    assert await reports.registry.report_runs.get(PROJECT, given.run_id) is None


async def test_a_defect_fails_the_run_with_its_code(
    skipping: WorkflowEnvironment,
    reports: ReportWorld,
    evaluation: Evaluation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = await reports.report(evaluation)
    reports.results(evaluation, True)

    async def refuses(*_: object) -> None:
        raise StoreRejected("The registry refuses it.")

    monkeypatch.setattr(Authors, "choose", refuses)
    with pytest.raises(WorkflowFailureError) as failure:
        await run(skipping, reports, reports.run_of(report))
    assert isinstance(failure.value.cause, ApplicationError)
    assert failure.value.cause.type == "store_rejected"


async def test_the_next_report_reads_the_one_before(
    skipping: WorkflowEnvironment, reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation)
    (failed,) = reports.results(evaluation, False)
    reports.author_says(*a_good_report(failed))
    first = reports.run_of(report)
    await run(skipping, reports, first)
    reports.model.reset()

    reports.author_says(
        [("list_recent_report_runs", {})],
        [("get_report_run", {"run_id": str(first.run_id)})],
        [("set_title", {"title": "Still"}), ("add_section", {"title": "Summary", "content": "As before."})],
        [],
    )
    second = reports.run_of(report, admitted_at=datetime.now(UTC))
    await run(skipping, reports, second)

    shown = json.loads((await reports.transcript(second))[5].message["content"])
    assert shown["title"] == "Refusals persist"
    assert shown["sections"][0]["title"] == "Summary"
