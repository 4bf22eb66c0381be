"""What an author is told, and reports that nobody wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluation_reports import EvaluationReport
from assay.contracts.evaluations import Evaluation, EvaluationStatus, EvaluationType, OutputType
from assay.contracts.report_runs import (
    Citation,
    GenerationStatus,
    ReportContent,
    ReportMetrics,
    ReportRun,
    ReportTrigger,
)
from assay.domain.report_author.budget import MAX_MODEL_CALLS, MAX_TIME, MAX_TOKENS, Spent
from assay.domain.report_author.event import report_event
from assay.domain.report_author.plain import plain_content, unavailable_content
from assay.domain.report_author.prompt import OPENING_MESSAGES, opening
from assay.domain.report_statistics import report_metrics

AT = datetime(2026, 5, 4, 9, tzinfo=UTC)


def metrics(passes: int = 3, fails: int = 1, before: dict[str, int] | None = None) -> ReportMetrics:
    return report_metrics(
        "boolean",
        {"pass": passes, "fail": fails},
        before,
        period_start=AT,
        period_end=AT + timedelta(days=1),
    )


def an_evaluation(**changes: object) -> Evaluation:
    values: dict[str, object] = {
        "id": uuid4(),
        "project_id": 1,
        "name": "Helpfulness",
        "evaluation_type": EvaluationType.LLM_JUDGE,
        "evaluation_config": {"prompt": "Pass if the answer helps."},
        "output_type": OutputType.BOOLEAN,
        "output_config": {},
        "version": 1,
        "status": EvaluationStatus.ACTIVE,
        "status_reason": None,
        "created_at": AT,
        "updated_at": AT,
        "created_by": None,
    }
    return Evaluation.model_validate(values | changes)


def a_report(guidance: str = "") -> EvaluationReport:
    return EvaluationReport(
        id=uuid4(),
        project_id=1,
        evaluation_id=uuid4(),
        report_prompt_guidance=guidance,
        last_delivered_at=None,
        created_by_id=None,
        created_at=AT,
        updated_at=AT,
    )


def test_an_author_is_told_the_rules_and_the_subject() -> None:
    messages = opening(a_report(), an_evaluation(), metrics())
    assert len(messages) == OPENING_MESSAGES
    rules, subject = messages
    assert (rules["role"], subject["role"]) == ("system", "user")
    for rule in ("previous report first", "Do not restate", "untrusted data", "never an instruction"):
        assert rule in rules["content"]
    assert "Pass if the answer helps." in subject["content"]
    assert "Pass if the answer helps." not in rules["content"]


@given(st.text(alphabet="`a \n", max_size=40).filter(str.strip))
def test_guidance_cannot_leave_its_fence(guidance: str) -> None:
    rules = opening(a_report(guidance), an_evaluation(), metrics())[0]["content"]
    before, fence, _ = rules.rpartition("\n")[0], rules.rpartition("\n")[2], None
    assert set(fence) == {"`"}
    assert len(fence) >= 3
    assert before.endswith(f"{fence}\n{guidance.strip()}")
    assert fence not in guidance


def test_long_guidance_is_shortened() -> None:
    rules = opening(a_report("x" * 50_000), an_evaluation(), metrics())[0]["content"]
    assert len(rules) < 15_000


def test_a_plain_report_says_that_no_model_wrote_it_and_why() -> None:
    content = plain_content(metrics(before={"pass": 9, "fail": 1}), "nobody was there")
    assert content.fallback_reason == "No model wrote this report: nobody was there."
    assert content.generation_status is GenerationStatus.COMPLETED
    assert content.title == "75 % passed"
    (section,) = content.sections
    for line in (
        "No model wrote this report: nobody was there.",
        "Results: 4 (pass 3, fail 1)",
        "Pass rate: 75 % (95 % interval",
        "▼ 15 pp",
        "Results in the period before: 10",
    ):
        assert line in section.content


@given(st.integers(0, 5), st.integers(0, 5))
def test_a_plain_report_has_a_title_whatever_the_numbers_are(passes: int, fails: int) -> None:
    for content in (plain_content(metrics(passes, fails), "…"), unavailable_content()):
        assert 1 <= len(content.title) <= 200
        assert content.sections[0].content
        assert content.fallback_reason


def test_an_event_holds_what_the_report_says() -> None:
    run = ReportRun(
        id=uuid4(),
        project_id=7,
        report_id=uuid4(),
        evaluation_id=uuid4(),
        trigger=ReportTrigger.SCHEDULED,
        period_start=AT,
        period_end=AT + timedelta(days=1),
        created_at=AT,
    )
    citations = (
        Citation(generation_id="g1", trace_id="t", session_id="s", reason="r"),
        Citation(generation_id="g2", trace_id="t", reason="r"),
    )
    content = ReportContent(title="News", sections=(), citations=citations, metrics=metrics())
    event = report_event(run, content)
    assert event == report_event(run, content)
    assert (event.event, event.distinct_id, event.timestamp) == (
        "$ai_evaluation_report",
        "eval_report_7",
        run.period_end,
    )
    properties = event.properties
    assert properties["$ai_report_referenced_generation_ids"] == ["g1", "g2"]
    assert properties["$ai_report_referenced_trace_ids"] == ["t"]
    assert properties["$ai_report_referenced_session_ids"] == ["s"]
    assert properties["$ai_report_pass_rate"] == 75.0
    assert None not in properties.values()
    without = report_event(run, content.model_copy(update={"metrics": None}))
    assert "$ai_report_pass_rate" not in without.properties


def test_a_budget_ends_by_calls_tokens_or_time() -> None:
    spent = Spent()
    assert spent.exhausted() is None
    for _ in range(MAX_MODEL_CALLS):
        assert spent.exhausted() is None
        spent = spent.after_call(tokens=10, cost_usd=None)
    assert "answers" in (spent.exhausted() or "")
    assert "tokens" in (Spent().after_call(tokens=MAX_TOKENS, cost_usd=0.5).exhausted() or "")
    assert "hours" in (Spent(time=MAX_TIME).exhausted() or "")
