"""Which stretch of time the chart of a report shows, and how finely."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from assay.contracts.report_data import Window
from assay.contracts.report_runs import ReportRun

_LEAST = timedelta(hours=24)
_MOST = timedelta(days=90)
_MOST_BY_HOUR = timedelta(hours=72)


def trend_window(run: ReportRun) -> tuple[Window, str]:
    """The run's period and as much before it, at least a day, at most 90.

    Returns:
        The window, which begins with a whole `hour` or `day`, and which of them it is cut into.
    """
    length = max(2 * (run.period_end - run.period_start), _LEAST)
    by = "hour" if length <= _MOST_BY_HOUR else "day"
    window = Window(
        project_id=run.project_id,
        evaluation_id=run.evaluation_id,
        since=_beginning(run.period_end - min(length, _MOST), by),
        until=run.period_end,
    )
    return window, by


def _beginning(instant: datetime, by: str) -> datetime:
    hour = instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour if by == "hour" else hour.replace(hour=0)
