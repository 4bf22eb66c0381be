"""What authors get to read, from real stores, and what they do not."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.report_tools import ReportToolActivities
from assay.contracts.evaluation_reports import EvaluationReport
from assay.contracts.evaluations import Evaluation
from assay.contracts.report_run_workflows import CheckDraft, FinishReport, ReportRunInput, ToolUse
from assay.contracts.report_runs import TranscriptEntry
from assay.domain.report_author.conversation import Conversation, Message
from tests.activities.report_run_world import Call, ReportWorld
from tests.activities.world import PROJECT


class Author:
    """Uses tools in a run, as the workflow would."""

    def __init__(self, reports: ReportWorld, run: ReportRunInput) -> None:
        self.reports, self.run = reports, run
        self.number = 2

    @classmethod
    async def of(cls, reports: ReportWorld, report: EvaluationReport, **changes: Any) -> Author:
        run = reports.run_of(report, **changes)
        await ActivityEnvironment().run(reports.runs.prepare, run)
        return cls(reports, run)

    async def use(self, *calls: Call) -> list[Any]:
        """Call tools in one message; returns their results."""
        asked_at = self.number
        functions = [
            {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
            for n, (name, given) in enumerate(calls)
        ]
        message = {"role": "assistant", "tool_calls": functions}
        entry = TranscriptEntry(number=asked_at, message=message)
        await self.reports.registry.report_runs.add_message(PROJECT, self.run.run_id, entry)
        for number in range(asked_at + 1, asked_at + 1 + len(calls)):
            given = ToolUse(
                project_id=PROJECT,
                run_id=self.run.run_id,
                number=number,
                call_id="c",
                asked_at_number=asked_at,
            )
            done = await ActivityEnvironment().run(self.reports.tools.use, given)
            assert await ActivityEnvironment().run(self.reports.tools.use, given) == done
        self.number = asked_at + 1 + len(calls)
        entries = await self.reports.transcript(self.run)
        return [json.loads(entry.message["content"]) for entry in entries if entry.number > asked_at]

    async def one(self, name: str, **given: Any) -> Any:
        """Call one tool."""
        [result] = await self.use((name, given))
        return result


@pytest.fixture
async def report(reports: ReportWorld, evaluation: Evaluation) -> EvaluationReport:
    return await reports.report(evaluation)


async def test_numbers_come_from_the_run(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, True, True, False, None)
    author = await Author.of(reports, report)
    numbers, over_time, reasons = await author.use(
        ("get_summary_metrics", {}),
        ("get_result_distribution_over_time", {"by": "hour"}),
        ("get_top_outcome_reasons", {"outcome": "pass"}),
    )
    assert numbers["result_counts"] == {"pass": 2, "fail": 1, "na": 1}
    assert numbers["pass_rate"] == 66.67
    assert [(each["pass"], each["fail"], each["na"]) for each in over_time["buckets"]] == [(2, 1, 1)]
    assert reasons["reasons"] == [{"reason": "It helps.", "times": 2}]


async def test_results_lead_to_generations_and_traces(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    (failed,) = reports.results(evaluation, False)
    reports.results(evaluation, True)
    author = await Author.of(reports, report)

    sample = await author.one("sample_eval_results", outcome="fail")
    [row] = sample["results"]
    assert (row["generation_id"], row["outcome"], row["reasoning"]) == (failed, "fail", "The answer refuses.")
    detail, preview, trace, traces = await author.use(
        ("get_generation_detail", {"generation_id": failed}),
        ("sample_generation_details", {"generation_ids": [failed, failed]}),
        ("get_trace_detail", {"trace_id": row["trace_id"]}),
        ("sample_trace_details", {"trace_ids": [row["trace_id"]]}),
    )
    assert detail["input"] == "user: How do I reset my password?"
    assert detail["output"] == "assistant: I cannot help with that."
    assert detail["evaluations"] == [
        {"name": "Helpfulness", "result": False, "reasoning": "The answer refuses."}
    ]
    assert [each["generation_id"] for each in preview["generations"]] == [failed]
    [event] = trace["events"]
    assert event["generation_id"] == failed
    assert "I cannot help with that." in event["text"]
    assert traces["traces"][0]["trace_id"] == row["trace_id"]


async def test_long_texts_are_shown_in_part(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    (failed,) = reports.results(evaluation, False, **{"$ai_input": "long " * 40_000})
    author = await Author.of(reports, report)
    await author.one("list_all_eval_results")
    detail = await author.one("get_generation_detail", generation_id=failed)
    preview = await author.one("sample_generation_details", generation_ids=[failed])
    assert 35_000 < len(detail["input"]) < 45_000
    assert detail["output"] == "assistant: I cannot help with that."
    assert len(preview["generations"][0]["input"]) < 600


async def test_an_overview_is_short(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, *[True] * 5)
    author = await Author.of(reports, report)
    overview = await author.one("list_all_eval_results", limit=3, reasoning_chars=20)
    assert len(overview["results"]) == 3


async def test_what_no_query_returned_cannot_be_read(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    (failed,) = reports.results(evaluation, False, **{"$ai_trace_id": "trace-of-this"})
    author = await Author.of(reports, report)
    refused = await author.use(
        ("get_generation_detail", {"generation_id": failed}),
        ("sample_generation_details", {"generation_ids": [failed]}),
        ("get_trace_detail", {"trace_id": "trace-of-this"}),
        ("sample_trace_details", {"trace_ids": ["trace-of-this"]}),
        ("get_report_run", {"run_id": str(author.run.run_id)}),
        ("add_citation", {"generation_id": failed, "reason": "Guessed."}),
        ("drop_table", {}),
    )
    assert all(set(each) == {"error"} for each in refused)


async def test_results_of_other_evaluations_and_periods_are_not_shown(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(await reports.world.evaluation(name="Other"), True)
    reports.results(evaluation, True)
    run = reports.run_of(report)
    author = await Author.of(reports, report, since=run.since, until=run.admitted_at - timedelta(minutes=30))
    assert (await author.one("sample_eval_results"))["results"] == []


async def test_reports_on_other_evaluations_cannot_be_read(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    other = await reports.report(await reports.world.evaluation(name="Other"))
    foreign = reports.run_of(other)
    await ActivityEnvironment().run(reports.runs.prepare, foreign)
    author = await Author.of(reports, report)
    # Even if a query had returned the id.
    entry = TranscriptEntry(
        number=0, message={"role": "assistant", "tool_calls": _calling("list_recent_report_runs")}
    )
    shown = TranscriptEntry(
        number=1,
        message={
            "role": "tool",
            "tool_call_id": "c",
            "content": json.dumps({"runs": [{"run_id": str(foreign.run_id)}]}),
        },
    )
    for each in (entry, shown):
        await reports.registry.report_runs.add_message(PROJECT, author.run.run_id, each)
    refused = await author.one("get_report_run", run_id=str(foreign.run_id))
    assert "there is no report of that run" in refused["error"]


async def test_a_report_looks_into_no_more_results_than_its_sample(
    reports: ReportWorld, evaluation: Evaluation
) -> None:
    report = await reports.report(evaluation, max_sample_size=3)
    reports.results(evaluation, *[True] * 6, *[False] * 6)
    author = await Author.of(reports, report)
    lists = await author.use(
        ("list_all_eval_results", {}),
        ("sample_eval_results", {"outcome": "fail"}),
        ("sample_eval_results", {"outcome": "pass"}),
        ("sample_eval_results", {"order": "random"}),
    )
    seen = {row["result_id"] for each in lists for row in each["results"]}
    assert len(seen) == 3
    assert (await author.one("get_summary_metrics"))["total_runs"] == 12


async def test_a_verdict_of_another_day_leads_to_its_generation_by_the_trace(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    (failed,) = reports.results(evaluation, False, judged_after=timedelta(days=2))
    author = await Author.of(reports, report)
    await author.one("sample_eval_results")
    detail = await author.one("get_generation_detail", generation_id=failed)
    assert detail["output"] == "assistant: I cannot help with that."


async def test_true_may_be_the_bad_verdict(reports: ReportWorld) -> None:
    evaluation = await reports.world.evaluation(output_config={"allows_na": False, "true_is_failure": True})
    report = await reports.report(evaluation)
    (found,) = reports.results(evaluation, True)
    author = await Author.of(reports, report)
    numbers, failures = await author.use(
        ("get_summary_metrics", {}), ("sample_eval_results", {"outcome": "fail"})
    )
    assert numbers["fail_count"] == 1
    assert [row["generation_id"] for row in failures["results"]] == [found]


async def test_writing_answers_with_what_is_still_to_be_cited(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    (failed,) = reports.results(evaluation, False)
    author = await Author.of(reports, report)
    await author.one("sample_eval_results")
    section, citation = await author.use(
        ("add_section", {"title": "Summary", "content": f"See `{failed}`."}),
        ("add_citation", {"generation_id": failed, "reason": "A refusal."}),
    )
    assert section == {"ok": True, "sections": 1, "still_to_cite": [failed]}
    assert citation == {"ok": True, "sections": 1}


async def test_reading_has_an_end_and_writing_goes_on(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, *[True] * 5)
    author = await Author.of(reports, report)
    reports.tools = ReportToolActivities(
        registry=reports.registry, reader=reports.reader, max_read_chars=1_000
    )
    first = await author.one("sample_eval_results")
    assert len(json.dumps(first)) > 1_000
    metrics, title = await author.use(("get_summary_metrics", {}), ("set_title", {"title": "News"}))
    assert metrics == {"error": "The budget for reading is used up: write the report."}
    assert title["ok"]


async def test_conversations_are_not_read_on_the_event_loop(
    reports: ReportWorld,
    evaluation: Evaluation,
    report: EvaluationReport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (failed,) = reports.results(evaluation, False)
    author = await Author.of(reports, report)
    readers: set[int] = set()
    read = Conversation.of

    def watched(messages: Sequence[Message]) -> Conversation:
        readers.add(threading.get_ident())
        return read(messages)

    monkeypatch.setattr(Conversation, "of", watched)
    await author.one("sample_eval_results")
    await author.one("add_section", title="Summary", content=f"See `{failed}`.")
    check = CheckDraft(project_id=PROJECT, run_id=author.run.run_id, number=author.number, mend=False)
    await ActivityEnvironment().run(reports.tools.check, check)
    given = FinishReport(run=author.run, author=None, fallback_reason=None)
    await ActivityEnvironment().run(reports.runs.finish, given)
    assert readers
    assert threading.get_ident() not in readers


async def test_a_draft_is_told_what_is_wrong_once(
    reports: ReportWorld, evaluation: Evaluation, report: EvaluationReport
) -> None:
    reports.results(evaluation, True)
    author = await Author.of(reports, report)
    await author.one("set_title", title="News")
    check = CheckDraft(project_id=PROJECT, run_id=author.run.run_id, number=author.number, mend=True)
    for _ in range(2):
        found = await ActivityEnvironment().run(reports.tools.check, check)
        assert found.problems == ("it has no sections",)
    last = (await reports.transcript(author.run))[-1]
    assert (last.number, last.message["role"]) == (author.number, "user")
    assert "call add_section" in last.message["content"]
    assert len(await reports.transcript(author.run)) == author.number + 1


def _calling(name: str) -> list[dict[str, Any]]:
    return [{"id": "c", "type": "function", "function": {"name": name, "arguments": "{}"}}]
