"""Who writes a report, and that no answer is paid for twice."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs
from temporalio.testing import ActivityEnvironment

from assay.adapters.testing import Reply
from assay.contracts.evaluation_reports import EvaluationReport
from assay.contracts.evaluations import Evaluation, TrialPlace
from assay.contracts.provider_keys import KeyState
from assay.contracts.report_run_workflows import (
    AuthorAsk,
    AuthorStep,
    FinishReport,
    PreparedRun,
    ReportRunInput,
)
from assay.contracts.report_runs import TranscriptEntry
from assay.errors import (
    ProviderAuthenticationFailed,
    ProviderKeyRequired,
    ProviderUnavailable,
    StoreUnavailable,
)
from tests.activities.report_run_world import ReportWorld
from tests.activities.test_evaluations_own_keys import SECRET, judged_by, own_key, stored
from tests.activities.world import PROJECT, World


async def prepared(reports: ReportWorld, report: EvaluationReport) -> tuple[ReportRunInput, PreparedRun]:
    run = reports.run_of(report)
    return run, await ActivityEnvironment().run(reports.runs.prepare, run)


async def ask(reports: ReportWorld, run: ReportRunInput, number: int = 2) -> AuthorStep:
    given = AuthorAsk(project_id=PROJECT, run_id=run.run_id, number=number)
    return await ActivityEnvironment().run(reports.authoring.ask, given)


@pytest.fixture
async def report(reports: ReportWorld, evaluation: Evaluation) -> EvaluationReport:
    reports.results(evaluation, True, False)
    return await reports.report(evaluation)


async def test_an_answer_is_stored_and_then_comes_from_the_transcript(
    reports: ReportWorld, report: EvaluationReport
) -> None:
    run, _ = await prepared(reports, report)
    reports.author_says([("get_summary_metrics", {}), ("set_title", {"title": "News"})])

    first = await ask(reports, run)
    again = await ask(reports, run)

    assert first == again
    assert [name for _, name in first.tool_calls] == ["get_summary_metrics", "set_title"]
    assert first.next_number == 3
    assert first.input_tokens > 0
    assert reports.asked == 1
    sent = reports.model.requests[0].body
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert len(sent["tools"]) == 14


async def test_an_answer_outlives_a_registry_that_is_away_for_a_moment(
    reports: ReportWorld, report: EvaluationReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = await prepared(reports, report)
    store = type(reports.registry.report_runs).add_message
    failures = [StoreUnavailable("away"), StoreUnavailable("away")]

    async def flaky(self: Any, project_id: int, run_id: UUID, entry: TranscriptEntry) -> TranscriptEntry:
        if failures:
            raise failures.pop()
        return await store(self, project_id, run_id, entry)

    monkeypatch.setattr(type(reports.registry.report_runs), "add_message", flaky)
    reports.author_says([])

    await ask(reports, run)

    assert (reports.asked, len(await reports.transcript(run))) == (1, 3)
    assert reports.pauses == [1.0, 2.0]


async def test_a_message_with_very_many_calls_is_cut(reports: ReportWorld, report: EvaluationReport) -> None:
    run, _ = await prepared(reports, report)
    reports.author_says([("get_summary_metrics", {})] * 40)
    step = await ask(reports, run)
    assert len(step.tool_calls) == 16
    assert len((await reports.transcript(run))[2].message["tool_calls"]) == 16


async def test_the_projects_own_key_pays(reports: ReportWorld) -> None:
    evaluation = await judged_by(reports.world, await own_key(reports.world), model="gpt-5")
    reports.results(evaluation, True)
    run, found = await prepared(reports, await reports.report(evaluation))
    await ask(reports, run)
    assert found.author == "gpt-5"
    assert reports.model.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert reports.model.requests[0].body["model"] == "gpt-5"


async def test_a_key_that_is_refused_is_told_and_not_asked_with_again(reports: ReportWorld) -> None:
    key = await own_key(reports.world)
    evaluation = await judged_by(reports.world, key)
    reports.results(evaluation, True)
    run, _ = await prepared(reports, await reports.report(evaluation))
    reports.model.rejected_keys.add(SECRET)

    with pytest.raises(ProviderAuthenticationFailed):
        await ask(reports, run)
    with pytest.raises(ProviderKeyRequired, match="refuses the key"):
        await ask(reports, run)

    assert reports.asked == 1
    assert (await stored(reports.world, key)).state is KeyState.INVALID


async def places(reports: ReportWorld, limit: int) -> int:
    """How many places others could take now."""
    trial = reports.registry.trial
    wanted = [uuid4() for _ in range(limit)]
    taken = await trial.reserve_many(PROJECT, wanted, limit=limit)
    await trial.settle_many(PROJECT, released=wanted)
    return sum(place is TrialPlace.RESERVED for place in taken.values())


async def finish(reports: ReportWorld, run: ReportRunInput) -> None:
    given = FinishReport(run=run, author=None, fallback_reason="nobody wrote")
    await ActivityEnvironment().run(reports.runs.finish, given)


async def test_a_report_takes_one_place_of_the_trial(
    world: World, evaluation: Evaluation, report: EvaluationReport
) -> None:
    one = ReportWorld(world, trial_eval_limit=1)
    run, found = await prepared(one, report)
    assert (found.author is not None, await places(one, 1), await world.used()) == (True, 0, 0)
    one.author_says([("get_summary_metrics", {})], [])

    for number in (2, 4):
        await ask(one, run, number)
        assert await world.used() == 1
    await finish(one, run)

    assert await world.used() == 1
    _, other = await prepared(one, report)
    assert other.no_author_reason == "the trial on the operator's model access is used up"
    await one.writer.aclose()


async def test_a_place_comes_back_if_no_answer_was_paid_for(world: World, report: EvaluationReport) -> None:
    one = ReportWorld(world, trial_eval_limit=1)
    run, _ = await prepared(one, report)
    one.model.enqueue(*[Reply(status=500, body={"error": {"message": "down"}})] * 9)
    with pytest.raises(ProviderUnavailable):
        await ask(one, run)
    assert await places(one, 1) == 0  # another attempt follows

    await finish(one, run)

    assert (await places(one, 1), await world.used()) == (1, 0)
    await one.writer.aclose()


async def test_nobody_writes_while_others_hold_the_last_places(
    world: World, report: EvaluationReport
) -> None:
    one = ReportWorld(world, trial_eval_limit=1)
    await one.registry.trial.reserve(PROJECT, uuid4(), limit=1)
    run, found = await prepared(one, report)
    assert "hold the last places of the trial" in (found.no_author_reason or "")
    with pytest.raises(ProviderKeyRequired, match="hold the last places"):
        await ask(one, run)
    assert one.asked == 0
    await one.writer.aclose()


async def test_a_trial_is_not_touched_on_an_own_key(world: World) -> None:
    none = ReportWorld(world, trial_eval_limit=0)
    evaluation = await judged_by(world, await own_key(world))
    none.results(evaluation, True)
    run, _ = await prepared(none, await none.report(evaluation))
    with capture_logs() as logs:
        await ask(none, run)
        await finish(none, run)
    assert (await world.used(), [each for each in logs if "trial" in each["event"]]) == (0, [])
    await none.writer.aclose()


async def test_tokens_that_nobody_tells_are_estimated(reports: ReportWorld, report: EvaluationReport) -> None:
    run, _ = await prepared(reports, report)
    reports.model.enqueue(Reply(content="x" * 30_000, input_tokens=0, output_tokens=0))
    step = await ask(reports, run)
    sent = reports.model.requests[0].body
    asked = len(json.dumps([sent["messages"], sent["tools"]], ensure_ascii=False))
    assert step.input_tokens == pytest.approx(asked / 3, rel=0.05)
    assert 10_000 <= step.output_tokens < 10_100


async def test_nobody_writes_on_a_trial_that_is_used_up(
    world: World, reports: ReportWorld, report: EvaluationReport
) -> None:
    poor = ReportWorld(world, trial_eval_limit=0)
    run, found = await prepared(poor, report)
    await poor.writer.aclose()
    assert found.author is None
    assert found.no_author_reason == "the trial on the operator's model access is used up"
    with pytest.raises(ProviderKeyRequired, match="trial"):
        await ask(poor, run)
    assert reports.asked == 0


async def test_nobody_writes_about_nothing(reports: ReportWorld, evaluation: Evaluation) -> None:
    empty = await reports.report(await reports.world.evaluation(name="New"))
    _, found = await prepared(reports, empty)
    assert (found.total_runs, found.author) == (0, None)
    assert found.no_author_reason == "there are no results in the period"


async def test_consent_is_asked_for_again_before_each_answer(
    reports: ReportWorld, report: EvaluationReport
) -> None:
    run, found = await prepared(reports, report)
    assert found.author is not None
    await reports.registry.access.set_ai_consent(False)
    with pytest.raises(ProviderKeyRequired, match="has not agreed"):
        await ask(reports, run)
    assert reports.asked == 0


async def test_an_answer_that_was_cut_off_is_not_stored(
    reports: ReportWorld, report: EvaluationReport
) -> None:
    run, _ = await prepared(reports, report)
    reports.model.enqueue(Reply(content="It is", finish_reason="length"))
    with pytest.raises(Exception, match="output limit"):
        await ask(reports, run)
    assert len(await reports.transcript(run)) == 2
