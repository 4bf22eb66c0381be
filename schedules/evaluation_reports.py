"""When a report is delivered next."""

from __future__ import annotations

from datetime import datetime, timedelta

from assay.contracts.evaluation_reports import EvaluationReportSpec, ReportFrequency
from schedules.recurrence import next_occurrence

LEAD = timedelta(minutes=15)
"""An occurrence that is not farther away than this counts as missed: whoever changes a report just before it
is due means the next time."""


def next_delivery_date(spec: EvaluationReportSpec, now: datetime) -> datetime | None:
    """When a report is due by its rule, in UTC.

    Args:
        spec: its rule, start and zone are valid; what it says of the next delivery is not looked at.
        now: the present moment.

    Returns:
        None if its rule has ended, or if it does not go by a rule.

    Raises:
        ValueError: the rule, start or zone is not valid after all.
    """
    return following_occurrence(spec, now + LEAD)


def following_occurrence(spec: EvaluationReportSpec, after: datetime) -> datetime | None:
    """The first occurrence of a report's rule strictly after an instant, in UTC.

    Returns:
        None if its rule has ended by then, or if it does not go by a rule.

    Raises:
        ValueError: the rule, start or zone is not valid after all.
    """
    if spec.frequency is not ReportFrequency.SCHEDULED or spec.starts_at is None:
        return None
    return next_occurrence(spec.rrule, spec.starts_at, spec.timezone_name, after)
