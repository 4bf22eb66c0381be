"""The period and the numbers of a report, as the event store has them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from assay.contracts.evaluation_reports import DEFAULT_TRIGGER_THRESHOLD, EvaluationReport, ReportFrequency
from assay.contracts.evaluations import Evaluation
from assay.contracts.report_data import Window
from assay.contracts.report_run_workflows import ReportRunInput
from assay.contracts.report_runs import ReportMetrics, ReportRun
from assay.domain.report_statistics import report_metrics
from assay.ports import ReportData
from schedules.report_periods import one_cadence_before

FALLBACK: Final = timedelta(hours=24)
"""The period of a report that somebody asks for before there are as many results as it is about."""


class ReportNumbers:
    """Finds periods, and measures them.

    Args:
        data: asked in threads, because it blocks.
    """

    def __init__(self, data: ReportData) -> None:
        self._data = data

    async def period_start(self, given: ReportRunInput, report: EvaluationReport) -> datetime:
        """Where the period begins: where the last one ended, or as far back as the report's kind looks.

        One that goes by results looks at as many as make it due, one that goes by a rule at one cadence.

        Raises:
            StoreUnavailable: the event store did not answer.
        """
        if given.since is not None:
            return min(given.since, given.until)
        if report.frequency is ReportFrequency.SCHEDULED:
            return await asyncio.to_thread(one_cadence_before, report, given.until)
        wanted = report.trigger_threshold or DEFAULT_TRIGGER_THRESHOLD
        arrival = await asyncio.to_thread(
            self._data.nth_last_arrival, report.project_id, report.evaluation_id, wanted
        )
        return arrival if arrival is not None and arrival < given.until else given.until - FALLBACK

    async def of_period(self, run: ReportRun, evaluation: Evaluation) -> ReportMetrics:
        """The numbers of a run's period, and of one of the same length before it.

        Raises:
            StoreUnavailable: the event store did not answer.
        """
        return await asyncio.to_thread(self._measured, run, evaluation)

    def _measured(self, run: ReportRun, evaluation: Evaluation) -> ReportMetrics:
        current = Window(
            project_id=run.project_id,
            evaluation_id=run.evaluation_id,
            since=run.period_start,
            until=run.period_end,
        )
        length = run.period_end - run.period_start
        before = current.model_copy(update={"since": run.period_start - length, "until": run.period_start})
        is_swapped = bool(evaluation.output_config.get("true_is_failure"))
        return report_metrics(
            evaluation.output_type.value,
            self._data.outcome_counts(current, true_is_failure=is_swapped),
            self._data.outcome_counts(before, true_is_failure=is_swapped),
            period_start=run.period_start,
            period_end=run.period_end,
        )
