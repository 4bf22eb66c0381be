"""Evaluation reports: what is reported, when, and to whom."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from assay.contracts.base import Contract, UtcDatetime
from assay.contracts.lists import ListQuery

DEFAULT_TRIGGER_THRESHOLD = 100
"""Results that make a report due, where nothing else was decided."""


class ReportFrequency(StrEnum):
    """What makes a report due."""

    EVERY_N = "every_n"
    """Enough new results."""
    SCHEDULED = "scheduled"
    """A recurrence rule."""


class EvaluationReportSpec(Contract):
    """What is decided about a report: by a client, and for `next_delivery_date` by the rule it chose.

    Attributes:
        evaluation_id: an evaluation of the same project.
        rrule: RFC 5545 rule without start; empty if there is none.
        starts_at: what the rule is anchored at.
        timezone_name: IANA name of the zone whose clocks the rule follows.
        next_delivery_date: when a scheduled report is due next; None if its rule has ended, or if it is
            not scheduled.
        delivery_targets: where the report goes, as the client wrote it.
        max_sample_size: results that a report looks into at most.
        report_prompt_guidance: what the author of the report should pay attention to.
        trigger_threshold: new results that make the report due.
        cooldown_minutes: least time between two reports that results made due.
        daily_run_cap: automatic runs in one UTC day at most.
    """

    evaluation_id: UUID
    frequency: ReportFrequency = ReportFrequency.EVERY_N
    rrule: str = ""
    starts_at: UtcDatetime | None = None
    timezone_name: str = "UTC"
    next_delivery_date: UtcDatetime | None = None
    delivery_targets: tuple[dict[str, Any], ...] = ()
    max_sample_size: int = 200
    enabled: bool = True
    deleted: bool = False
    report_prompt_guidance: str = ""
    trigger_threshold: int | None = DEFAULT_TRIGGER_THRESHOLD
    cooldown_minutes: int = 60
    daily_run_cap: int = 10


class EvaluationReport(EvaluationReportSpec):
    """A stored report.

    Attributes:
        last_delivered_at: end of the period of the last automatic report.
        created_by_id: id of the user who made it; None once that user was removed.
    """

    id: UUID
    project_id: int
    last_delivered_at: UtcDatetime | None
    created_by_id: int | None
    created_at: UtcDatetime
    updated_at: UtcDatetime


class EvaluationReportQuery(ListQuery):
    """Filter and page of a list of reports.

    Attributes:
        evaluation_id: only reports on this evaluation.
        order_by: created_at, with or without a leading `-`. Empty: newest first.
    """

    evaluation_id: UUID | None = None
