"""The chart of a report's page: the pass rate over time, up to the end of the report's period."""

from __future__ import annotations

import asyncio
from datetime import UTC
from typing import NamedTuple

from assay.contracts.report_runs import ReportRun
from assay.domain.report_charts import has_trend, trend_points, trend_svg, trend_window
from assay.domain.report_words import period
from assay.errors import StoreUnavailable
from assay.ports import ReportData

_SECONDS = 10.0
"""How long a page waits for the event store."""


class Chart(NamedTuple):
    """What the page shows in the chart's place.

    Attributes:
        svg: markup; empty where there is no chart, and why is in `words`.
        words: the caption.
    """

    svg: str
    words: str


async def trend(run: ReportRun, data: ReportData, *, true_is_failure: bool) -> Chart:
    """The chart of a run; without the event store, the reason why there is none."""
    window, by = trend_window(run)
    try:
        async with asyncio.timeout(_SECONDS):
            buckets = await asyncio.to_thread(data.buckets, window, by=by, true_is_failure=true_is_failure)
    except (StoreUnavailable, TimeoutError):
        return Chart("", "There is no chart: the event store does not answer at the moment.")
    points = trend_points(buckets)
    if not has_trend(points):
        return Chart("", f"There is no chart: it needs results that passed or failed in two {by}s or more.")
    words = f"Pass rate by {by} in this period and before it, {period(window.since, window.until, UTC)}."
    return Chart(trend_svg(points, title=words), words)
