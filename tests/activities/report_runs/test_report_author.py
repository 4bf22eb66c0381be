"""Who writes a report, and that no answer is paid for twice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from assay.adapters.testing import Reply
from assay.contracts.evaluation_reports import EvaluationReport
from assay.contracts.evaluations import Evaluation
from assay.contracts.provider_keys import KeyState
from assay.contracts.report_runs import TranscriptEntry
from assay.contracts.report_workflows import AuthorAsk, AuthorStep, PreparedRun, ReportRunInput
from assay.errors import (
    ProviderAuthenticationFailed,
    ProviderKeyRequired,
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


async def test_a_report_takes_no_place_of_the_trial(reports: ReportWorld, report: EvaluationReport) -> None:
    run, _ = await prepared(reports, report)
    await ask(reports, run)
    assert await reports.world.used() == 0


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
