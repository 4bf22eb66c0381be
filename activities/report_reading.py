"""What an author may read, tool by tool: results, generations, traces and earlier reports of one evaluation.

Every value that the model gives has been checked by then (`assay.domain.report_author.tools`), and ids must
have been returned by an earlier query. A report looks into at most `max_sample_size` different results.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from activities.report_traffic import ReportTraffic
from assay.contracts.evaluation_reports import EvaluationReport
from assay.contracts.evaluations import Evaluation
from assay.contracts.report_data import ReportedResult, Window
from assay.contracts.report_runs import ReportRun, ReportRunQuery
from assay.domain.report_author import tools
from assay.domain.report_author.evidence import Evidence
from assay.domain.report_author.results import clipped
from assay.ports import EvaluationTargets, EventStore, Registry, ReportData

_REASON_CHARS: Final = 500
_REASONING_CHARS: Final = 2_000
_MOST_RUNS: Final = 200


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about.

    Attributes:
        evidence: what its author has been shown so far.
    """

    run: ReportRun
    report: EvaluationReport
    evaluation: Evaluation
    evidence: Evidence

    @property
    def window(self) -> Window:
        """The results of the period."""
        run = self.run
        return Window(
            project_id=run.project_id,
            evaluation_id=run.evaluation_id,
            since=run.period_start,
            until=run.period_end,
        )

    @property
    def true_is_failure(self) -> bool:
        """Whether a verdict of true is the bad one."""
        return bool(self.evaluation.output_config.get("true_is_failure"))


class ReportReader:
    """Answers the read tools."""

    def __init__(
        self, *, registry: Registry, data: ReportData, events: EventStore, targets: EvaluationTargets
    ) -> None:
        self._runs = registry.report_runs
        self._data = data
        self._traffic = ReportTraffic(events, targets)

    async def read(self, scope: Scope, call: tools.Arguments) -> dict[str, Any]:
        """The result of a tool, as JSON.

        Raises:
            ToolMisuse: the call names what was not returned before.
            StoreUnavailable: a store did not answer.
        """
        match call:
            case tools.SummaryMetrics():
                return _metrics(scope.run)
            case tools.RecentReports():
                return await self._recent_reports(scope, call)
            case tools.EarlierReport(run_id=run_id):
                return await self._earlier_report(scope, run_id)
            case _:
                return await asyncio.to_thread(self._read_events, scope, call)

    def _read_events(self, scope: Scope, call: tools.Arguments) -> dict[str, Any]:
        match call:
            case tools.Distribution(by=by):
                return self._distribution(scope, by)
            case tools.AllResults(limit=limit, reasoning_chars=chars):
                return self._results(scope, outcome=None, order="random", limit=limit, chars=chars)
            case tools.SampleResults(outcome=outcome, limit=limit, order=order):
                return self._results(scope, outcome=outcome, order=order, limit=limit, chars=_REASONING_CHARS)
            case tools.TopReasons():
                return self._reasons(scope, call)
            case _:
                return self._traffic.read(scope.run.project_id, scope.evidence, call)

    def _distribution(self, scope: Scope, by: str) -> dict[str, Any]:
        buckets = self._data.buckets(scope.window, by=by, true_is_failure=scope.true_is_failure)
        return {"by": by, "buckets": [{"start": each.start.isoformat(), **each.counts} for each in buckets]}

    def _results(
        self, scope: Scope, *, outcome: str | None, order: str, limit: int, chars: int
    ) -> dict[str, Any]:
        found = self._data.results(
            scope.window,
            true_is_failure=scope.true_is_failure,
            outcome=outcome,
            order=order,
            limit=min(limit, scope.report.max_sample_size),
        )
        shown = _within_sample(scope, found)
        return {
            "results": [_row(result, chars) for result in shown],
            "left_off_beyond_sample_size": len(found) - len(shown),
            "sample_size": scope.report.max_sample_size,
        }

    def _reasons(self, scope: Scope, call: tools.TopReasons) -> dict[str, Any]:
        found = self._data.reasons(
            scope.window,
            true_is_failure=scope.true_is_failure,
            outcome=call.outcome,
            limit=min(call.limit, scope.report.max_sample_size),
        )
        return {
            "reasons": [{"reason": clipped(text, _REASON_CHARS), "times": times} for text, times in found]
        }

    async def _recent_reports(self, scope: Scope, call: tools.RecentReports) -> dict[str, Any]:
        own = scope.run
        _, runs = await self._runs.list(own.project_id, own.report_id, ReportRunQuery(limit=_MOST_RUNS))
        earliest = own.created_at - timedelta(days=call.since_days)
        earlier = [run for run in runs if run.id != own.id and earliest <= run.created_at <= own.created_at]
        return {"runs": [_run_row(run) for run in earlier[: call.limit]]}

    async def _earlier_report(self, scope: Scope, run_id: str) -> dict[str, Any]:
        scope.evidence.require_run(run_id)
        run = await self._runs.get(scope.run.project_id, UUID(run_id))
        content = None if run is None else run.content
        if run is None or content is None or run.evaluation_id != scope.run.evaluation_id:
            raise tools.ToolMisuse(f"run_id {run_id}: there is no report of that run on this evaluation")
        return {
            **_run_row(run),
            "sections": [section.model_dump() for section in content.sections],
            "citations": [citation.model_dump() for citation in content.citations],
            "metrics": _metrics(run),
        }


def _within_sample(scope: Scope, found: Sequence[ReportedResult]) -> list[ReportedResult]:
    """Results that were looked at before, and new ones for as long as the sample is not complete."""
    seen = set(scope.evidence.results)
    shown = []
    for result in found:
        if str(result.verdict_id) in seen or len(seen) < scope.report.max_sample_size:
            seen.add(str(result.verdict_id))
            shown.append(result)
    return shown


def _row(result: ReportedResult, chars: int) -> dict[str, Any]:
    row = {
        "result_id": str(result.verdict_id),
        "outcome": result.outcome,
        "reasoning": clipped(result.reasoning, chars),
        "generation_id": result.generation_id,
        "trace_id": result.trace_id,
        "session_id": result.session_id,
        "timestamp": result.timestamp.isoformat(timespec="seconds"),
    }
    return {key: value for key, value in row.items() if value != ""}


def _run_row(run: ReportRun) -> dict[str, Any]:
    content = run.content
    return {
        "run_id": str(run.id),
        "title": "" if content is None else content.title,
        "written_by_a_model": content is not None and content.fallback_reason is None,
        "trigger": run.trigger.value,
        "period_start": run.period_start.isoformat(),
        "period_end": run.period_end.isoformat(),
    }


def _metrics(run: ReportRun) -> dict[str, Any]:
    metrics = None if run.content is None else run.content.metrics
    return {} if metrics is None else metrics.model_dump(mode="json", exclude_none=True)
