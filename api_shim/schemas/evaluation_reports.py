"""Bodies and query parameters of evaluation reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, override
from uuid import UUID

from pydantic import ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from api_shim.filters import SingleIdFilter
from api_shim.pagination import PageQuery
from api_shim.partial import without_default
from assay.contracts.evaluation_reports import DEFAULT_TRIGGER_THRESHOLD, EvaluationReport, ReportFrequency
from assay.contracts.wire import (
    Boolean,
    Choice,
    Integer,
    Reference,
    RequestModel,
    ResponseModel,
    Rule,
    Text,
    Timestamp,
    refusal,
)
from assay.contracts.wire_json import read_json
from assay.contracts.wire_rules import InstantRule
from schedules.recurrence import check_start
from schedules.recurrence_rules import MAX_RULE_LENGTH, parse_rule
from schedules.zones import time_zone

_MAX_INT32 = 2**31 - 1
_EXAMPLE: JsonDict = {
    "evaluation": "0199d5a8-6f2e-7c31-9a54-0c8e1f6b7d20",
    "frequency": "scheduled",
    "rrule": "FREQ=WEEKLY;BYDAY=MO",
    "starts_at": "2026-11-23T08:00:00Z",
    "timezone_name": "Europe/Berlin",
    "delivery_targets": [{"type": "email", "value": "team@example.com"}],
}
_TARGETS: JsonDict = {
    "type": "array",
    "items": {
        "anyOf": [
            {
                "type": "object",
                "title": "email",
                "required": ["type", "value"],
                "properties": {
                    "type": {"type": "string", "const": "email"},
                    "value": {"type": "string", "description": "One or more addresses, separated by commas."},
                },
            },
            {
                "type": "object",
                "title": "slack",
                "required": ["type", "integration_id", "channel"],
                "properties": {
                    "type": {"type": "string", "const": "slack"},
                    "integration_id": {"type": "integer"},
                    "channel": {"type": "string"},
                },
            },
        ]
    },
}


@dataclass(frozen=True, slots=True)
class _Checked(Rule):
    """A value that a text rule reads and a function checks.

    Attributes:
        text: what reads the value.
        check: raises ValueError for a value that is not empty and will not do; its text goes to the client.
    """

    text: Text
    check: Callable[[str], object]

    @override
    def read(self, value: Any, source: Any) -> str:
        text = self.text.read(value, source)
        if text:
            _refuse_invalid(self.check, text)
        return text

    @override
    def describe(self, schema: dict[str, Any]) -> None:
        self.text.describe(schema)


class _Start(InstantRule):
    """A point in time that recurrence rules can be anchored at."""

    @override
    def read(self, value: Any, source: Any) -> datetime:
        instant = InstantRule.read(self, value, source)
        _refuse_invalid(check_start, instant)
        return instant


class _DeliveryTargets(Rule):
    """A list of objects, each an e-mail or a Slack target; keys that targets do not have are kept."""

    @override
    def read(self, value: Any, source: Any) -> list[dict[str, Any]]:
        targets = read_json(value)
        if not isinstance(targets, list):
            raise refusal("invalid_input", "Delivery targets must be a list.")
        for target in targets:
            _check_target(target)
        return targets


def _check_target(target: Any) -> None:
    if not isinstance(target, dict):
        raise refusal("invalid_input", "Each delivery target must be an object.")
    match target.get("type"):
        case "email":
            if not _is_filled(target.get("value")):
                raise refusal("invalid_input", "An email target needs an address as its value.")
        case "slack":
            if not _is_integration_id(target.get("integration_id")):
                raise refusal("invalid_input", "A Slack target needs an integration_id, which is a number.")
            if not _is_filled(target.get("channel")):
                raise refusal("invalid_input", "A Slack target needs a channel.")
        case _:
            raise refusal("invalid_input", 'The type of a delivery target must be "email" or "slack".')


def _is_filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_integration_id(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdigit()
    return isinstance(value, int) and not isinstance(value, bool)


def _refuse_invalid[Value](check: Callable[[Value], object], value: Value) -> None:
    try:
        check(value)
    except ValueError as error:
        raise refusal("invalid_input", "{problem}", problem=str(error)) from None


class EvaluationReportListQuery(PageQuery):
    """Filter and page of the list of reports, newest first."""

    evaluation: SingleIdFilter = None
    """Only reports on this evaluation."""


class EvaluationReportRequest(RequestModel):
    """A report, as clients write it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    evaluation: Reference
    """Id of an evaluation of the project, deleted ones included."""
    frequency: Annotated[ReportFrequency, Choice()] = ReportFrequency.EVERY_N
    """What makes a report due: enough new results, or a rule."""
    rrule: Annotated[str, _Checked(Text(max_length=MAX_RULE_LENGTH, blank=True), parse_rule)] = ""
    """RFC 5545 recurrence rule, HOURLY or longer and without DTSTART; needed by a scheduled report."""
    starts_at: Annotated[datetime, _Start()] | None = None
    """What the rule is anchored at; needed by a scheduled report."""
    timezone_name: Annotated[str, _Checked(Text(max_length=64), time_zone)] = "UTC"
    """IANA name of the time zone whose clocks the rule follows."""
    delivery_targets: Annotated[list[dict[str, Any]], _DeliveryTargets(), WithJsonSchema(_TARGETS)] = Field(
        default_factory=list
    )
    """Where the report goes. A Slack target needs a Slack integration of the project."""
    max_sample_size: Annotated[int, Integer(1, _MAX_INT32)] = 200
    """Results that a report looks into at most."""
    enabled: Boolean = True
    """Whether reports are made when they are due."""
    deleted: Boolean = False
    """Whether the report is hidden; can be undone."""
    report_prompt_guidance: Annotated[str, Text(blank=True)] = ""
    """What the author of the report should pay attention to."""
    trigger_threshold: Annotated[
        Annotated[int, Integer(10, 10_000)] | None, Field(json_schema_extra=without_default)
    ] = DEFAULT_TRIGGER_THRESHOLD
    """New results that make a report due; must be sent for a new report with the frequency `every_n`."""
    cooldown_minutes: Annotated[int, Integer(60, 1440)] = 60
    """Least time between two reports that results made due."""
    daily_run_cap: Annotated[int, Integer(1, 24)] = 10
    """Reports in one UTC day at most, not counting those asked for by hand."""


class EvaluationReportResponse(ResponseModel):
    """A report."""

    id: UUID
    evaluation: UUID
    frequency: ReportFrequency
    rrule: str
    starts_at: Timestamp | None
    timezone_name: str
    next_delivery_date: Timestamp | None
    """When a scheduled report is due next; null if its rule has ended."""
    delivery_targets: tuple[dict[str, Any], ...]
    max_sample_size: int
    enabled: bool
    deleted: bool
    last_delivered_at: Timestamp | None
    report_prompt_guidance: str
    trigger_threshold: int | None
    cooldown_minutes: int
    daily_run_cap: int
    created_by: int | None
    """Id of the user who made it."""
    created_at: Timestamp

    @classmethod
    def of(cls, report: EvaluationReport) -> EvaluationReportResponse:
        """The representation of `report`."""
        fields: dict[str, Any] = {"evaluation": report.evaluation_id, "created_by": report.created_by_id}
        fields |= {name: getattr(report, name) for name in cls.model_fields if name not in fields}
        return cls(**fields)
