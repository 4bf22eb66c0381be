"""How far back a report looks that no earlier one says it of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from assay.contracts.evaluation_reports import EvaluationReportSpec
from schedules.evaluation_reports import following_occurrence

DEFAULT_CADENCE: Final = timedelta(days=1)
"""Where a rule has fewer than two occurrences."""

_LOOKS_BACK: Final = (
    timedelta(hours=3),
    timedelta(days=3),
    timedelta(days=22),
    timedelta(days=100),
    timedelta(days=3 * 366),
)
"""Each holds two occurrences of the next slower kind of rule, and not many more."""


def one_cadence_before(spec: EvaluationReportSpec, until: datetime) -> datetime:
    """Where the period of a scheduled report begins that ends at an instant.

    The distance is that of the last two occurrences, so the report of a day that the clocks made an hour
    longer covers 25 hours.

    Args:
        spec: its rule, start and zone are valid.
        until: the end of the period: an occurrence, or any other instant.
    """
    return until - (_last_gap(spec, until) or _next_gap(spec, until) or DEFAULT_CADENCE)


def _last_gap(spec: EvaluationReportSpec, until: datetime) -> timedelta | None:
    for back in _LOOKS_BACK:
        found = list(_occurrences(spec, until - back, until))
        if len(found) >= 2:
            return found[-1] - found[-2]
    return None


def _next_gap(spec: EvaluationReportSpec, after: datetime) -> timedelta | None:
    first = following_occurrence(spec, after)
    second = None if first is None else following_occurrence(spec, first)
    return None if first is None or second is None else second - first


def _occurrences(spec: EvaluationReportSpec, after: datetime, until: datetime) -> Iterator[datetime]:
    """The occurrences in (after, until], oldest first."""
    occurrence = following_occurrence(spec, after)
    while occurrence is not None and occurrence <= until:
        yield occurrence
        occurrence = following_occurrence(spec, occurrence)
